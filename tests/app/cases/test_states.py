"""No illegal move, no dead end but closed, and a way to closed from everywhere: the law of moves, walked at random."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs

from app.cases.moving import ASKED, UNDOABLE, decide
from app.cases.ports import Refusal, Wish
from app.cases.states import LEGAL, STATES, after, moves
from app.cases.terms import DEFAULT_CASES
from tests.app.api.memory_cases import OPENED_MS, case_of

PEOPLE = ("user:ann", "user:ben")
RESOLUTIONS = ("fraud", "policy_abuse", "legitimate", "inconclusive")


def reached(start):
    found, ahead = {start}, [start]
    while ahead:
        for to in LEGAL[ahead.pop()].values():
            if to not in found:
                found.add(to)
                ahead.append(to)
    return found


def test_every_state_can_reach_closed_and_only_closed_is_left_by_one_way():
    assert set(LEGAL) == set(STATES)
    assert all("closed" in reached(state) for state in STATES)
    assert all(len(moves(state)) > 1 for state in STATES if state != "closed")
    assert moves("closed") == ("reopen",)


def test_what_goes_back_to_the_queue_goes_back_to_the_seniors():
    assert after("in_progress", "let_go") == "open"
    assert after("in_progress", "let_go", escalated=True) == "escalated"
    assert after("closed", "claim") is None


def test_every_move_that_can_be_undone_can_be_asked_for():
    assert UNDOABLE <= ASKED


class Walk(RuleBasedStateMachine):
    """Two people do whatever comes to their minds; the clock goes on."""

    def __init__(self):
        super().__init__()
        self.case = case_of(accounts=3, hold_ms=OPENED_MS, value_minor=9_000)
        self.now_ms = OPENED_MS

    @rule(
        move=st.sampled_from(sorted(ASKED | {"join", "expire", "opened"})), who=st.sampled_from(PEOPLE),
        reason=st.sampled_from([None, " ", "because"]), resolution=st.sampled_from([None, "merged", *RESOLUTIONS]),
        hours=st.sampled_from([None, -1, 1, 72, 80, 1_000]), closes=st.booleans(), names=st.sampled_from([(), ("m-1",)]),
        waits=st.sampled_from([None, "member"]), other=st.sampled_from([None, "cas_1", "cas_2"]),
    )  # fmt: skip
    def move(self, *, move, who, reason, resolution, hours, closes, names, waits, other):
        wish = Wish(
            move=move, reason=reason, resolution=resolution, close_account=closes, account_ids=names,
            waiting_for=waits, into=other, assignee=other,
            until_ms=None if hours is None else self.now_ms + hours * 3_600_000,
        )  # fmt: skip
        before = self.case
        change = decide(before, wish, who, self.now_ms, DEFAULT_CASES)
        if isinstance(change, Refusal):
            assert change.message
            assert self.case == before
            return
        assert LEGAL[before.state].get(move) is not None
        self.case = structs.replace(before, **change.fields)
        if before.assignee not in {None, who} and (before.lease_ms or 0) > self.now_ms:
            assert move in {"assign", "approve", "reject", "escalate", "reopen"}
        if move == "approve":
            assert who != before.proposed_by
        if self.case.state == "closed" != before.state and move != "merge":
            releases = before.hold_ms is not None and self.case.resolution in {"legitimate", "inconclusive"}
            assert move == "approve" or not releases

    @rule(minutes=st.integers(1, 600))
    def wait(self, minutes):
        self.now_ms += minutes * 60_000

    @invariant()
    def fits_its_state(self):
        case = self.case
        assert (case.state == "closed") == (case.resolution is not None) == (case.closed_ms is not None)
        assert (case.state == "waiting") == (case.wake_ms is not None) == (case.waiting_for is not None)
        assert case.state != "approval" or (case.proposed_by is not None and case.proposed is not None)
        assert case.state not in {"closed", "waiting", "approval"} or case.lease_ms is None
        assert case.state != "closed" or case.hold_ms is None
        assert moves(case.state)


Walk.TestCase.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)
TestWalk = Walk.TestCase
