"""
What a person may do with a case, and what becomes of it: the whole law of moves, without a store. Pure.

`decide` answers what to change, or why not. Whoever calls it holds the case's row until what it answers is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from app.cases.letting_go import NOTHING, LetGoBefore, why_second
from app.cases.ports import NOTE_MOST, REASON_MOST, Case, Refusal, Why, Wish
from app.cases.states import MoveName, Resolution, after, moves
from app.cases.terms import HOUR_MS, CaseTerms

RELEASES: Final = frozenset[Resolution]({"legitimate", "inconclusive"})
"""Resolutions that let held points go."""
RESERVED_MS: Final = 8 * HOUR_MS
"""An assigned case is its assignee's for a shift; then anybody may take it, so that an absence stops nothing."""
WAKE_MOST_MS: Final = 30 * 24 * HOUR_MS
"""A case waits for a month at most: the law gives a member's request no longer (docs/cases.md)."""
EVIDENCE_MOST: Final = 200
"""Things opened that a closing record names."""
ASKED: Final = frozenset[MoveName]({
    "claim", "let_go", "assign", "wait", "hold", "escalate", "propose", "approve", "reject", "close", "merge", "split",
    "reopen", "wake",
})  # fmt: skip
"""Moves people ask for; the others are the worker's, or `undo`."""
UNDOABLE: Final = frozenset[MoveName]({
    "claim", "let_go", "assign", "wait", "hold", "escalate", "propose", "reject", "close", "reopen", "wake",
})  # fmt: skip
"""What can be taken back by who did it, while it is the last. Not an approval: two people decided. Not a merge or a
split, which each have the other for that."""
RESTORED: Final = (
    "state", "escalated", "assignee", "lease_ms", "waiting_for", "wake_ms", "hold_ms", "proposal", "proposed",
    "proposed_by", "resolution", "closed_ms", "closed_by", "overridden", "spent_ms", "reopened",
)  # fmt: skip
"""What an undo puts back."""
REASONED: Final = frozenset[MoveName]({"close", "propose", "approve", "reject"})
"""Moves whose reason is a record: it may be as long as a note."""
DECIDING: Final = frozenset[MoveName]({"close", "propose"})
"""Moves by which the case is decided, or proposed to be, for all of its accounts."""
PERSON: Final = "user:"
"""How the names of actors begin who are people; a key is whoever holds it, and nobody's second pair of eyes."""
_FREE: Final = {"assignee": None, "lease_ms": None}
_AWAKE: Final = {"waiting_for": None, "wake_ms": None}
_UNPROPOSED: Final = {"proposal": None, "proposed": None, "proposed_by": None}


class Change(NamedTuple):
    """
    A move that may be made.

    fields: what of the case becomes what.
    detail: for the record of moves; no personal data.
    """

    fields: Mapping[str, Any]
    detail: Mapping[str, Any]


class Asked(NamedTuple):
    """A move as asked for: of which case, what, by whom, when, under which terms, and what they let go before it."""

    case: Case
    wish: Wish
    actor: str
    now_ms: int
    terms: CaseTerms
    before: LetGoBefore = NOTHING

    def refuse(self, why: Why, message: str, field: str = "") -> Refusal:
        """Why not."""
        return Refusal(why, message, field, self.case)


def decide(
    case: Case, wish: Wish, actor: str, now_ms: int, terms: CaseTerms, before: LetGoBefore = NOTHING
) -> Change | Refusal:
    """What the move changes, or why it may not be made. `before`: what the actor let go in the last 24 hours."""
    asked = Asked(case, wish, actor, now_ms, terms, before)
    refusal = _fits(asked)
    if refusal is not None:
        return refusal
    to = after(case.state, wish.move, escalated=case.escalated)
    if to is None:
        can = ", ".join(name for name in moves(case.state) if name in ASKED)
        return asked.refuse(
            "illegal", f"A case that is {case.state} cannot {wish.move}. It can: {can}.", "move"
        )
    change = _MOVES[wish.move](asked)
    if isinstance(change, Refusal):
        return change
    return Change({"state": to, **change.fields}, change.detail)


def is_held(case: Case, actor: str, now_ms: int) -> bool:
    """Whether somebody else has the case now."""
    return case.assignee not in {None, actor} and case.lease_ms is not None and case.lease_ms > now_ms


def is_by_two(case: Case) -> bool:
    """Whether one person proposed how the case is closed and another approved it; not undone by the first alone."""
    return case.state == "closed" and case.proposed_by is not None


def lets_go(case: Case, wish: Wish) -> bool:
    """Whether a move, made by one person, lets go of what the case holds."""
    return wish.move == "close" and case.hold_ms is not None and wish.resolution in RELEASES


def as_before(before: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an undo writes, of what was kept at the move it takes back."""
    return {name: before[name] for name in RESTORED}


def _fits(asked: Asked) -> Refusal | None:
    wish = asked.wish
    if wish.move not in ASKED:
        return asked.refuse("illegal", f"`{wish.move}` is not a move that can be asked for.", "move")
    most = NOTE_MOST if wish.move in REASONED else REASON_MOST
    if wish.reason is not None and len(wish.reason) > most:
        return asked.refuse("too_long", f"The reason has more than {most:,} characters.", "reason")
    if len(wish.evidence) > EVIDENCE_MOST or any(len(one) > REASON_MOST for one in wish.evidence):
        return asked.refuse("too_long", f"Name at most {EVIDENCE_MOST} things opened.", "evidence")
    if is_held(asked.case, asked.actor, asked.now_ms) and wish.move not in _ANYBODY:
        return asked.refuse("taken", f"{asked.case.assignee} has this case.")
    return None


def _claim(asked: Asked) -> Change:
    lease_ms = asked.now_ms + asked.terms.lease_ms
    touched_ms = asked.now_ms if asked.case.touched_ms is None else asked.case.touched_ms
    return Change(
        {"assignee": asked.actor, "lease_ms": lease_ms, "touched_ms": touched_ms, **_AWAKE},
        {"until": lease_ms},
    )


def _let_go(asked: Asked) -> Change | Refusal:
    if asked.case.assignee != asked.actor:
        return asked.refuse("not_yours", "You do not have this case.")
    return Change(_FREE, {})


def _assign(asked: Asked) -> Change | Refusal:
    wish = asked.wish
    if not wish.assignee:
        return asked.refuse("incomplete", "Say to whom.", "assignee")
    until_ms = asked.now_ms + RESERVED_MS if wish.until_ms is None else wish.until_ms
    if not asked.now_ms < until_ms <= asked.now_ms + WAKE_MOST_MS:
        return asked.refuse("too_late", "A case is reserved for 30 days at most.", "until_ms")
    return Change(
        {"assignee": wish.assignee, "lease_ms": until_ms}, {"assignee": wish.assignee, "until": until_ms}
    )


def _wait(asked: Asked) -> Change | Refusal:
    wish = asked.wish
    if wish.until_ms is None or wish.waiting_for is None:
        field = "until_ms" if wish.until_ms is None else "waiting_for"
        return asked.refuse("incomplete", "Say for whom the case waits, and until when.", field)
    if not asked.now_ms < wish.until_ms <= asked.now_ms + WAKE_MOST_MS:
        return asked.refuse("too_late", "A case waits until some instant in the next 30 days.", "until_ms")
    return Change(
        {"waiting_for": wish.waiting_for, "wake_ms": wish.until_ms, "lease_ms": None},
        {"waiting_for": wish.waiting_for, "until": wish.until_ms},
    )


def _hold(asked: Asked) -> Change | Refusal:
    until_ms, most_ms = asked.wish.until_ms, asked.terms.hold_hours * HOUR_MS
    if until_ms is None:
        return asked.refuse("incomplete", "Say until when.", "until_ms")
    if not asked.now_ms < until_ms <= asked.now_ms + most_ms:
        return asked.refuse(
            "too_late", f"Points are held for {asked.terms.hold_hours} h at most.", "until_ms"
        )
    if asked.case.hold_ms is not None and until_ms < asked.case.hold_ms:
        return asked.refuse(
            "illegal", "They are held for longer already: a hold is not cut short.", "until_ms"
        )
    return Change({"hold_ms": until_ms}, {"until": until_ms})


def _escalate(_: Asked) -> Change:
    return Change({"escalated": True, **_FREE, **_AWAKE, **_UNPROPOSED}, {})


def _wake(_: Asked) -> Change:
    return Change(_AWAKE, {})


def _propose(asked: Asked) -> Change | Refusal:
    refusal = _reasoned(asked)
    if refusal is not None:
        return refusal
    wish = asked.wish
    proposal = "close_account" if wish.close_account else "release"
    fields = {"proposal": proposal, "proposed": wish.resolution, "proposed_by": asked.actor}
    return Change({**fields, **_FREE, **_AWAKE}, {**_looked(asked), "proposal": proposal})


def _approve(asked: Asked) -> Change | Refusal:
    if not asked.actor.startswith(PERSON):
        return asked.refuse("needs_second", "A second pair of eyes is a person, in the console.")
    if asked.case.proposed_by == asked.actor:
        return asked.refuse("same_person", "Who proposed it cannot approve it: ask somebody else.")
    return _closed(asked, asked.case.proposed, proposal=asked.case.proposal)


def _reject(asked: Asked) -> Change | Refusal:
    if not asked.wish.reason:
        return asked.refuse("incomplete", "Say why.", "reason")
    return Change({**_UNPROPOSED, **_FREE}, {"proposal": asked.case.proposal})


def _close(asked: Asked) -> Change | Refusal:
    refusal = _reasoned(asked)
    if refusal is not None:
        return refusal
    if asked.wish.close_account:
        return asked.refuse(
            "needs_second", "Closing an account needs a second person: propose it.", "close_account"
        )
    if lets_go(asked.case, asked.wish):
        why = why_second(asked.case.value_minor, asked.before, asked.terms)
        if why:
            return asked.refuse("needs_second", f"{why} Propose it.", "resolution")
    return _closed(asked, asked.wish.resolution)


def _reasoned(asked: Asked) -> Refusal | None:
    """Whether a decision says what it is and why: a box ticked is no human decision (docs/cases.md)."""
    if asked.wish.resolution in {None, "merged"}:
        return asked.refuse("incomplete", "Say what it was.", "resolution")
    if not (asked.wish.reason or "").strip():
        return asked.refuse("incomplete", "Say why, in your own words.", "reason")
    return None


def _closed(asked: Asked, resolution: Resolution | None, **detail: object) -> Change:
    overridden = resolution != asked.case.recommendation
    spent_ms = (asked.case.spent_ms or 0) + (asked.wish.spent_ms or 0)
    fields = {
        "resolution": resolution, "closed_ms": asked.now_ms, "closed_by": asked.actor, "overridden": overridden,
        "spent_ms": spent_ms, "hold_ms": None, **_FREE, **_AWAKE,
    }  # fmt: skip
    return Change(fields, {**_looked(asked), **detail, "resolution": resolution, "overridden": overridden})


def _looked(asked: Asked) -> Mapping[str, object]:
    wish = asked.wish
    return {"evidence": list(wish.evidence), "spent_ms": wish.spent_ms or 0, "resolution": wish.resolution}


def _merge(asked: Asked) -> Change | Refusal:
    if not asked.wish.into or asked.wish.into == asked.case.case_id:
        return asked.refuse("incomplete", "Say into which other case.", "into")
    return merged(asked.wish.into, asked.actor, asked.now_ms)


def merged(into: str, actor: str, now_ms: int) -> Change:
    """What becomes of a case that ends in another."""
    fields = {
        "state": "closed", "resolution": "merged", "merged_into": into, "closed_ms": now_ms, "closed_by": actor,
        "hold_ms": None, **_FREE, **_AWAKE, **_UNPROPOSED,
    }  # fmt: skip
    return Change(fields, {"into": into})


def _split(asked: Asked) -> Change | Refusal:
    leaving = len(set(asked.wish.account_ids))
    if not 0 < leaving < asked.case.accounts:
        return asked.refuse("incomplete", "Name some accounts of the ring, and not all.", "account_ids")
    return Change({}, {"account_ids": sorted(set(asked.wish.account_ids))})


def _reopen(asked: Asked) -> Change | Refusal:
    if not asked.wish.reason:
        return asked.refuse("incomplete", "Say why.", "reason")
    if is_by_two(asked.case):
        if not asked.actor.startswith(PERSON):
            return asked.refuse("needs_second", "Two people closed it: a person reopens it, in the console.")
        if asked.case.proposed_by == asked.actor:
            return asked.refuse("same_person", "Who proposed closing it cannot reopen it: ask somebody else.")
    if asked.case.resolution == "merged":
        return asked.refuse("illegal", f"It goes on in {asked.case.merged_into}.", "move")
    fields = {"resolution": None, "closed_ms": None, "closed_by": None, "overridden": None, **_UNPROPOSED}
    return Change({**fields, "reopened": asked.case.reopened + 1}, {})


_ANYBODY: Final = frozenset[MoveName]({"assign", "approve", "reject", "escalate", "reopen"})
"""May be done to a case that somebody else has: a senior's part."""
_MOVES: Final[Mapping[MoveName, Callable[[Asked], Change | Refusal]]] = {
    "claim": _claim, "let_go": _let_go, "assign": _assign, "wait": _wait, "hold": _hold, "escalate": _escalate,
    "propose": _propose, "approve": _approve, "reject": _reject, "close": _close, "merge": _merge, "split": _split,
    "reopen": _reopen, "wake": _wake,
}  # fmt: skip
