"""One move for many cases: first what it would do to each, then, confirmed, each at the version that was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from anyio import to_thread
from msgspec import structs
from starlette.responses import Response

from app.cases.desk import BULK_MOST, CaseDesk
from app.cases.ports import Case, Note, Refusal, Scope, Wish
from app.console import case_words
from app.console.colleagues import Colleagues
from app.console.may_move import may_move, turned_down
from app.console.programmes import Programmes, scope_of
from app.console.queue import VERSION_DIGITS, Queue, who
from app.console.queue_deeds import (
    CHOSEN,
    DEEDS,
    FIELDS,
    HOLDS,
    UNSAID,
    WAITS,
    Deed,
    choice_of,
    faults_of,
    most_text,
    wish_of,
)
from app.console.queue_query import read_text
from app.console.queue_shown import QUEUE
from app.console.visit import Gesture, Post, Visit, turned

BULK: Final = f"{QUEUE}/bulk"
INVALID: Final = 422
_STAND_IN: Final = "-"
"""For a text that is still to be written, so that a look says what else is against it."""


class Outcome(NamedTuple):
    """Of one case: as it was seen, and what would become or has become of it, or why not."""

    case: Case
    done: Case | Note | Refusal


class Look(NamedTuple):
    """What is to be done as typed so far: the wish (None: a note), what is missing by field, who could be given cases."""

    deed: Deed
    wish: Wish | None
    faults: Mapping[str, str]
    workers: Sequence[tuple[str, str]]


class Bulk:
    """
    Args:
        desk: the use cases of cases.
        queue: says refusals in words.
        programmes: which programmes there are.
        colleagues: to whom a case can be given.
    """

    def __init__(self, desk: CaseDesk, queue: Queue, programmes: Programmes, colleagues: Colleagues) -> None:
        self._desk, self._queue, self._programmes, self._colleagues = desk, queue, programmes, colleagues

    def gestures(self) -> list[Gesture]:
        """What can be done here; each deed asks for its own right besides."""
        return [Post(BULK, "work_case", self.act), Post(f"{BULK}/undo", "work_case", self.undo)]

    async def act(self, visit: Visit) -> Response:
        """Looked at, or done."""
        asked = read_text(visit.form.text("query"))
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        scope, back = scope_of(visit, chosen.program_id), f"{QUEUE}?{asked.query()}"
        deed = next((one for one in DEEDS if one == visit.form.text("deed")), None)
        if deed is None:
            raise turned(INVALID, "Choose what to do with the cases.", back)
        if deed != "note" and not may_move(visit.viewer, deed):
            raise turned(403, "Your role does not include this.")
        cases = await self._marked(visit, scope, back)
        if not cases:
            return visit.back(back, "Mark some cases first, then choose what to do with them.", "note")
        workers = await to_thread.run_sync(self._colleagues.workers, chosen.program_id, visit.now_ms)
        form = visit.form
        look = Look(deed, wish_of(visit, deed, workers), faults_of(form, deed, workers), workers)
        if form.text("step") != "confirm" or look.faults or form.text("looked") != choice_of(form, deed):
            return await self._looked(visit, look, scope, cases)
        return await self._done(visit, deed, look.wish, scope, cases, back)

    async def undo(self, visit: Visit) -> Response:
        """Take back what a bulk move did, each where nothing has happened since."""
        asked = read_text(visit.form.text("query"))
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        scope, back = scope_of(visit, chosen.program_id), f"{QUEUE}?{asked.query()}"
        seen = _seen(visit)
        if len(seen) > BULK_MOST:
            raise turned(413, again=back)
        found = [
            await self._desk.undo(scope, case_id, who(visit), version) for case_id, version in seen.items()
        ]
        kept = sum(isinstance(one, Refusal) for one in found)
        told = f"Taken back: {case_words.number_of(len(found) - kept, 'case')}."
        if kept:
            told += f" {case_words.number_of(kept, 'case')} had changed since and stayed as they are."
        return visit.back(back, told, "warn" if kept else "good")

    async def _marked(self, visit: Visit, scope: Scope, back: str) -> Sequence[Case]:
        """The cases that were marked and are there; who names one that is not theirs is told there is none."""
        marked = list(dict.fromkeys(visit.form.many("case")))
        if len(marked) > BULK_MOST:
            raise turned(413, f"At most {BULK_MOST} cases go at once. Nothing was done.", back)
        found = await self._desk.some(scope, marked) if marked else []
        if len(found) < len(marked):
            raise turned(404, "Not all of these cases are there, or yours to see. Nothing was done.", back)
        return found

    async def _looked(self, visit: Visit, look: Look, scope: Scope, cases: Sequence[Case]) -> Response:
        form, deed = visit.form, look.deed
        confirming, is_chosen = form.text("step") == "confirm", not CHOSEN.intersection(look.faults)
        faults = {
            name: told
            for name, told in look.faults.items()
            if confirming or (form.text("step") and name in CHOSEN)
        }
        looked = [Outcome(case, await self._would(visit, look.wish, scope, case)) for case in cases]
        return visit.page(
            "queue/bulk.html",
            f"{DEEDS[deed]}: {case_words.number_of(len(cases), 'case')}",
            INVALID if faults else 200,
            deed=deed,
            label=DEEDS[deed],
            outcomes=await self._told(visit, looked, "" if is_chosen else UNSAID.get(deed, "")),
            titled=case_words.typology,
            able=sum(not isinstance(one.done, Refusal) for one in looked),
            query=form.text("query"),
            faults=faults,
            choice=choice_of(form, deed),
            is_chosen=is_chosen,
            changed=confirming and not faults,
            typed={name: form.text(name) for name in FIELDS},
            workers=look.workers,
            waits=WAITS.items(),
            holds=HOLDS.items(),
            decided=case_words.DECIDED,
            most=most_text(deed),
        )

    async def _would(self, visit: Visit, wish: Wish | None, scope: Scope, case: Case) -> Case | Refusal:
        """What would become of a case; a note changes nothing of it."""
        if wish is None:
            return case
        if (refusal := turned_down(visit.viewer, case, wish, visit.now_ms)) is not None:
            return refusal
        if wish.reason is None and wish.move == "close":
            wish = structs.replace(wish, reason=_STAND_IN)
        rows = await self._desk.preview(scope, [case.case_id], who(visit), wish)
        return rows[0].outcome

    async def _done(
        self, visit: Visit, deed: Deed, wish: Wish | None, scope: Scope, cases: Sequence[Case], back: str
    ) -> Response:
        seen = _seen(visit)
        outcomes = [Outcome(case, await self._do(visit, wish, scope, case, seen)) for case in cases]
        able = [one.done for one in outcomes if isinstance(one.done, Case)]
        return visit.page(
            "queue/done.html",
            f"{DEEDS[deed]}: done",
            deed=deed,
            outcomes=await self._told(visit, outcomes),
            titled=case_words.typology,
            able=sum(not isinstance(one.done, Refusal) for one in outcomes),
            undoable=[f"{case.case_id}:{case.version}" for case in able],
            query=visit.form.text("query"),
            back=back,
        )

    async def _do(
        self, visit: Visit, wish: Wish | None, scope: Scope, case: Case, seen: Mapping[str, int]
    ) -> Case | Note | Refusal:
        """At the version that was shown: what changed in between is refused, and so is what the role is turned down."""
        if wish is None:
            return await self._desk.note(scope, case.case_id, who(visit), visit.form.text("reason"))
        if (refusal := turned_down(visit.viewer, case, wish, visit.now_ms)) is not None:
            return refusal
        version = seen.get(case.case_id, 0)
        return await self._desk.move(scope, case.case_id, who(visit), wish, version)

    async def _told(
        self, visit: Visit, outcomes: Sequence[Outcome], unsaid: str = ""
    ) -> Sequence[tuple[Case, str, str]]:
        """Case, what it becomes in words ("" where refused), why not ("" where not refused)."""

        def told() -> list[tuple[Case, str, str]]:
            workers = self._colleagues.names([getattr(one.done, "assignee", None) for one in outcomes])
            return [
                (one.case, "", self._queue.why_not(one.done, visit).removesuffix(" Nothing was done."))
                if isinstance(one.done, Refusal)
                else (one.case, unsaid or _becomes(one.case, one.done, workers), "")
                for one in outcomes
            ]

        return await to_thread.run_sync(told)


def _becomes(before: Case, after: Case | Note, names: Mapping[str, str]) -> str:
    """What a move leads to, in a few words."""
    if isinstance(after, Note) or after == before:
        return "a note is added"
    if after.resolution is not None:
        overridden = ", against the recommendation" if after.overridden else ""
        return f"closed as {case_words.RESOLUTIONS[after.resolution].lower()}{overridden}"
    if after.assignee != before.assignee and after.assignee is not None:
        return f"reserved for {names.get(after.assignee, after.assignee)}"
    if after.hold_ms != before.hold_ms:
        return "points held" if before.hold_ms is None else "points held until another instant"
    return case_words.STATES[after.state].lower()


def _seen(visit: Visit) -> dict[str, int]:
    """Case → the version that was shown, `cas_1:7`."""
    found = {}
    for one in visit.form.many("seen"):
        case_id, _, version = one.rpartition(":")
        if version.isascii() and version.isdecimal() and len(version) <= VERSION_DIGITS:
            found[case_id] = int(version)
    return found
