"""Finding an account: by an id that belongs to it, by its mailbox or telephone, or among those that were here last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.accounts.naming import ACCOUNTS, ID_MOST, who
from app.console.place import Place
from app.console.programmes import Chosen, Programmes, remember
from app.console.revealing import REASON_WORDS, reason_of
from app.console.visit import Gesture, Get, Post, Visit
from app.reviewing import hrefs
from app.reviewing.finding import RECENT_SHOWN, Finding
from app.reviewing.noting import Noting
from app.reviewing.panels import Use, Uses

PLACE: Final = Place("accounts", "Accounts", ACCOUNTS, "view_account", "a")
SHARERS_SHOWN: Final = 50
INVALID: Final = 422
CONTACTS: Final = {"email": "E-mail address", "phone": "Telephone number"}
Digest = Callable[[str, str, str], bytes]


class Search:
    """
    Args:
        finding: looks ids up.
        uses: who used which mailbox.
        digest: programme, kind, value → keyed hash; ValueError where the value is none.
        noting: where it is written down who looked for whom.
        programmes: which there are.
    """

    def __init__(
        self, finding: Finding, uses: Uses, digest: Digest, noting: Noting, programmes: Programmes
    ) -> None:
        self._finding, self._uses, self._digest = finding, uses, digest
        self._noting, self._programmes = noting, programmes

    def gestures(self) -> list[Gesture]:
        """What can be done here."""
        return [
            Get(ACCOUNTS, "view_account", self.show),
            Post(f"{ACCOUNTS}/find", "reveal_personal", self.find),
        ]

    async def show(self, visit: Visit) -> Response:
        """What has the id asked for; one alone is gone to at once. Without a question, who was here last."""
        chosen = await self._programmes.chosen(visit, visit.query.get("program", ""))
        asked, scope = visit.query.get("q", "").strip(), visit.viewer.scope
        can_be_one = 0 < len(asked) <= ID_MOST and "\0" not in asked
        found = (
            await to_thread.run_sync(self._finding.named, chosen.programs, asked, scope) if can_be_one else []
        )
        if len({hit.href for hit in found}) == 1:
            return visit.back(found[0].href)
        return remember(visit, await self._page(visit, chosen, asked=asked, hits=found), chosen.program_id)

    async def find(self, visit: Visit) -> Response:
        """Who has a mailbox or a number: by its keyed hash, and written down before anybody is named."""
        chosen = await self._programmes.chosen(visit, visit.form.text("program"))
        kind, value, reason = visit.form.text("kind"), visit.form.text("value"), reason_of(visit.form)
        faults = {} if reason else {"reason": "Say why you look for this person."}
        digest = b""
        try:
            digest = self._digest(chosen.program_id, kind, value) if kind in CONTACTS else b""
        except ValueError:
            faults["value"] = f"This is no {CONTACTS[kind].lower()}."
        if faults or not digest:
            return await self._page(
                visit, chosen, status=INVALID, faults=faults or {"value": "Choose a kind."}
            )

        def look() -> Sequence[Use]:
            self._noting.note(
                visit.now_ms, chosen.program_id, "personal.searched", digest.hex(), who(visit), f"{reason}: {kind}"
            )  # fmt: skip
            return self._uses.of_identifier(
                chosen.program_id, kind, digest, SHARERS_SHOWN, visit.viewer.scope
            )

        return await self._page(visit, chosen, sharers=await to_thread.run_sync(look))

    async def _page(self, visit: Visit, chosen: Chosen, *, status: int = 200, **given: object) -> Response:
        recent = await to_thread.run_sync(
            self._finding.recent, chosen.program_id, visit.viewer.scope, RECENT_SHOWN
        )
        shown = {"asked": "", "hits": [], "sharers": None, "faults": {}} | given
        return visit.page(
            "accounts/search.html", "Accounts", status,
            chosen=chosen, recent=recent, href=hrefs.account, decision=hrefs.decision, contacts=CONTACTS,
            reasons=REASON_WORDS, most=ID_MOST, **shown,
        )  # fmt: skip
