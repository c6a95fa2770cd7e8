"""The people who work the programme's cases: some are decided, some wait, and most are left for whoever comes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from app.cases.ports import ALL, Case, Cases, Filter, Refusal, Scope, Wish
from app.cases.states import Resolution
from app.cases.terms import HOUR_MS
from app.demo.caller import Caller
from app.demo.chance import Chance
from app.demo.intents import Label
from app.ports.instants import Clock
from tokens.who import Who

PROGRAM: Final = Scope("default")
ALL_OF_THEM: Final = 500
"""Cases looked at in one go: the demo's week has some twenty."""
FULL: Final = 25
"""Open cases above which somebody closes the least urgent one: an office that keeps up, and a queue one can read."""
WANTED: Final[Mapping[str, int]] = {
    "legitimate": 1, "fraud": 2, "policy_abuse": 2, "waiting": 1, "approval": 1, "escalated": 1, "in_progress": 1,
}  # fmt: skip
"""How many cases of each resolution or state there are when somebody comes in; the others are open."""
LOOKED: Final = ("why", "timeline", "links")
SPENT_MS: Final = (90_000, 540_000)
"""Between a minute and a half and nine minutes a case."""
WAITS_MS: Final = 20 * HOUR_MS

NOTES: Final[Mapping[str, str]] = {
    "fraud": "Called the member: none of this was theirs. The device was never seen at their home address.",
    "policy_abuse": "Same handset behind all of it, and the purchases stop as soon as the points are in.",
    "legitimate": "Talked to the store: a known regular who brings colleagues along. They all shop since.",
    "waiting": "Wrote to the member and asked for the receipt; they answer by tomorrow.",
    "approval": "Proposed to close the account. Please look at the timeline before you approve.",
    "escalated": "More hangs on this than I should decide alone. Please look at who else the device belongs to.",
    "in_progress": "Looking at the other accounts of this handset first.",
}
WHY: Final[Mapping[Resolution, str]] = {
    "fraud": "Not the member's own doing: they were called and knew nothing of it, and nothing fits their habits.",
    "policy_abuse": "Against the terms, by people who are who they say: the points came from no real purchases.",
    "legitimate": "Unusual and explained: every one of them is a customer of their own.",
}


class Staff(NamedTuple):
    """Who works here, as actors."""

    analyst: str
    senior: str
    lead: str


class Office:
    """
    Works cases by the law everybody's moves obey. Synchronous.

    Args:
        cases: where they are kept.
        caller: labels go by the API, so that every web process minds them.
        truth: account_id → what it is; an account that is not in it is honest.
        staff: who acts.
        chance: how long they looked.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        cases: Cases,
        caller: Caller,
        truth: Mapping[str, Label],
        staff: Staff,
        chance: Chance,
        clock: Clock,
    ) -> None:
        self._cases, self._caller, self._truth = cases, caller, truth
        self._staff, self._chance, self._clock = staff, chance, clock

    def settle_in(self) -> None:
        """Do what is not done yet, so that it may be interrupted and called again. Raises RecordAway; as `Caller.ask`."""
        there = self._all(ALL)
        missing = Counter(WANTED) - Counter(one.resolution or one.state for one in there)
        free = [one for one in there if one.state == "open" and one.touched_ms is None]
        for end in missing.elements():
            case = self._fit(end, free)
            if case is not None:
                free.remove(case)
                self._bring(case, end)

    def keep_up(self) -> None:
        """Close the least urgent case that nobody touched, where the desk is full. Raises as `settle_in`."""
        free = [one for one in self._all(Filter(states=("open",))) if one.touched_ms is None]
        if len(free) > FULL:
            self._bring(free[-1], self._is(free[-1]))

    def _all(self, chosen: Filter) -> list[Case]:
        page = self._cases.page(PROGRAM, chosen, "rank", limit=ALL_OF_THEM, cursor=None)
        return list(page.items)

    def _is(self, case: Case) -> Resolution:
        """What it really is, as far as its first account goes."""
        known = self._truth.get(case.account_id)
        return "legitimate" if known is None else known.label

    def _fit(self, end: str, free: list[Case]) -> Case | None:
        """One to bring to this end: what is decided is decided rightly; the first ones are left to look at."""
        decided = [one for one in free if end not in WHY or self._is(one) == end]
        return next(iter(decided[1::2] or decided[-1:]), None)

    def _bring(self, case: Case, end: str) -> None:
        staff = self._staff
        actor = {"in_progress": staff.senior, "approval": staff.lead}.get(end, staff.analyst)
        if self._refused(self._cases.claim(PROGRAM, case.case_id, Who(actor), self._clock())):
            return
        self._cases.note(PROGRAM, case.case_id, Who(actor), NOTES[end], self._clock())
        wish = self._wish(case, end)
        if wish is None:
            return
        moved = self._cases.move(PROGRAM, case.case_id, Who(actor), wish, None, self._clock())
        if wish.move == "close" and not self._refused(moved):
            known = self._truth.get(case.account_id)
            label = {"account_id": case.account_id, "label": end, "source": "analyst"}
            self._caller.tell("/v1/labels", label | ({} if known is None else {"typology": known.typology}))

    def _wish(self, case: Case, end: str) -> Wish | None:
        spent_ms = self._chance.randint(*SPENT_MS)
        if end == "waiting":
            return Wish(move="wait", waiting_for="member", until_ms=self._clock() + WAITS_MS)
        if end == "escalated":
            return Wish(move="escalate", reason=NOTES[end])
        if end == "in_progress":
            return None
        resolution = self._is(case)
        said = Wish(
            move="close", resolution=resolution, reason=WHY[resolution], evidence=LOOKED, spent_ms=spent_ms
        )
        if end == "approval":
            return Wish(
                move="propose", close_account=True, resolution=resolution, reason=WHY[resolution],
                evidence=LOOKED, spent_ms=spent_ms,
            )  # fmt: skip
        return said

    @staticmethod
    def _refused(done: Case | Refusal) -> bool:
        """Somebody was quicker, or the law says no: then it is left."""
        return isinstance(done, Refusal)
