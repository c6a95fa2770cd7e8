"""What can be done about an account without a case: see who it is, label, lock, unlock, open a case."""

from __future__ import annotations

from typing import Final, Protocol, get_args

from anyio import to_thread
from starlette.responses import Response

from app.cases.desk import CaseDesk
from app.cases.ports import NOTE_MOST, Refusal
from app.console.accounts.naming import ONE, Named, named, who
from app.console.accounts.showing import AccountPages
from app.console.programmes import scope_of
from app.console.revealing import reason_of
from app.console.visit import Gesture, Post, Visit, turned
from app.feedback.desk import FeedbackDesk, LabelWish
from app.feedback.ports import LabelName
from app.locking.switch import Switch, Wish
from app.reviewing import hrefs
from app.reviewing.account import FIELDS
from app.reviewing.overview import Overviews
from app.reviewing.revealing import Sealed, reveal_profile
from app.seal import place
from detectors.typologies import TYPOLOGIES
from tokens.who import Who

REASON_MOST: Final = 500
"""Characters of the reason of a lock: a few sentences."""
SOURCE: Final = "analyst"
"""Of labels given here."""
LABELS: Final = get_args(LabelName)


class Opens(Protocol):
    """Opens a case by hand. Raises RecordAway."""

    def open(self, program_id: str, account_id: str, typology: str, who: Who, now_ms: int) -> str: ...


class AccountDeeds:
    """
    Args:
        pages: the account's, to show it again.
        overviews: whether the viewer sees it.
        sealed: its profile.
        feedback: takes labels.
        switch: locks and unlocks.
        opens: opens a case.
        cases: whose notes say why.
    """

    def __init__(
        self,
        pages: AccountPages,
        overviews: Overviews,
        sealed: Sealed,
        feedback: FeedbackDesk,
        switch: Switch,
        opens: Opens,
        cases: CaseDesk,
    ) -> None:
        self._pages, self._overviews, self._sealed = pages, overviews, sealed
        self._feedback, self._switch, self._opens, self._cases = feedback, switch, opens, cases

    def gestures(self) -> list[Gesture]:
        """What can be done."""
        return [
            Post(f"{ONE}/reveal", "reveal_personal", self.reveal),
            Post(f"{ONE}/label", "label", self.label),
            Post(f"{ONE}/label/undo/{{undo}}", "label", self.unlabel),
            Post(f"{ONE}/lock", "lock_account", self.lock),
            Post(f"{ONE}/unlock", "lock_account", self.unlock),
            Post(f"{ONE}/case", "work_case", self.open_case),
        ]

    async def reveal(self, visit: Visit) -> Response:
        """Who it is, in clear, on this one page; written down first."""
        one, reason = await self._seen(visit), reason_of(visit.form)
        fields = [name for name in FIELDS if name in visit.form.many("field")]
        if reason is None or not fields:
            fault = "Choose what to show." if reason else "Choose why you look."
            return await self._pages.page(visit, one, faults={"reveal": fault})

        def opened() -> dict[str, str]:
            found = reveal_profile(
                self._sealed, *one, fields, who=who(visit), reason=reason, now_ms=visit.now_ms
            )
            return dict(found)

        return await self._pages.page(visit, one, clear=await to_thread.run_sync(opened))

    async def label(self, visit: Visit) -> Response:
        """Say what it turned out to be."""
        one = await self._seen(visit)
        name = next((label for label in LABELS if label == visit.form.text("label")), None)
        typology = visit.form.text("typology")
        if name is None or (typology and typology not in TYPOLOGIES):
            return await self._pages.page(visit, one, faults={"label": "Choose what it turned out to be."})
        wish = LabelWish(
            one.program_id, name, SOURCE, visit.viewer.actor, one.account_id,
            typology=typology if typology and name != "legitimate" else None,
        )  # fmt: skip
        _, undo = await self._feedback.label(wish, who(visit))
        handle = visit.console.sealing.to_text((visit.viewer.user_id, undo.text), _place(one))
        back = f"{one.href}/label/undo/{handle}"
        return visit.back(one.href, f"Labelled {name.replace('_', ' ')}.", undo=back)

    async def unlabel(self, visit: Visit) -> Response:
        """Take one's own label of this account back, if it is still the last word."""
        one = await self._seen(visit)
        made = visit.console.sealing.of_text(visit.path["undo"], _place(one), tuple[str, str])
        if made is None or made[0] != visit.viewer.user_id:
            raise turned(404)
        done = await self._feedback.withdraw(one.program_id, made[1], who(visit))
        if not done:
            return visit.back(one.href, "Somebody has said otherwise since: nothing was taken back.", "warn")
        return visit.back(one.href, "The label was taken back.")

    async def lock(self, visit: Visit) -> Response:
        """Stop redeeming."""
        return await self._turn(visit, locked=True)

    async def unlock(self, visit: Visit) -> Response:
        """Let it redeem again."""
        return await self._turn(visit, locked=False)

    async def open_case(self, visit: Visit) -> Response:
        """A case of it for the queue, with why as its first note; the one there is, where there is one."""
        one, why = await self._seen(visit), visit.form.text("why")
        typology = visit.form.text("typology")
        if typology not in TYPOLOGIES or not why:
            fault = "Say what it looks like, and why somebody should look."
            return await self._pages.page(visit, one, faults={"case": fault}, typed={"why": why})
        if len(why) > NOTE_MOST:
            fault = f"At most {NOTE_MOST:,} characters; these are {len(why):,}."
            return await self._pages.page(visit, one, faults={"case": fault}, typed={"why": why})
        case_id = await self._cases.open_case(*one)
        if case_id is None:
            case_id = await to_thread.run_sync(self._opens.open, *one, typology, who(visit), visit.now_ms)
        told = await self._cases.note(scope_of(visit, one.program_id), case_id, who(visit), why)
        if isinstance(told, Refusal):
            return visit.back(one.href, told.message, "warn")
        return visit.back(hrefs.case(case_id), "The case is open, and your words are its note.")

    async def _turn(self, visit: Visit, *, locked: bool) -> Response:
        one, reason = await self._seen(visit), visit.form.text("why")
        if not 0 < len(reason) <= REASON_MOST:
            fault = "Say why: whoever looks at this account next will ask."
            return await self._pages.page(visit, one, faults={"lock": fault}, typed={"lock": reason})
        stands = await self._switch.standing(*one)
        if not locked and stands is not None and stands.locked and stands.asked_by == "member":
            fault = "The member switched it off: a proof on the page of the lock switches it on."
            return await self._pages.page(visit, one, faults={"lock": fault}, typed={"lock": reason})
        seen = 0 if stands is None else stands.version
        row = await self._switch.change(Wish(*one, locked, "analyst", who(visit), reason, version=seen))
        if row.locked != locked:
            return visit.back(one.href, "Somebody switched it this very moment: look again.", "warn")
        return visit.back(one.href, "Redeeming is locked." if locked else "Redeeming is unlocked.")

    async def _seen(self, visit: Visit) -> Named:
        one = named(visit)
        if not await to_thread.run_sync(self._overviews.is_there, *one, visit.viewer.scope):
            raise turned(404)
        return one


def _place(one: Named) -> bytes:
    """What the handle of a label is bound to: ids alone would take back whose label they name."""
    return place("label undo", *one)
