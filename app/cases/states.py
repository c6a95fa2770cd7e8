"""The states of a case and the moves between them. Pure: who may move and when is said elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

State = Literal["open", "in_progress", "waiting", "escalated", "approval", "closed"]
"""`open`: for anybody to take. `in_progress`: claimed. `waiting`: for the member or somebody else. `escalated`: for a
senior. `approval`: decided by one, to be approved by another. `closed`: with a resolution."""
STATES: Final[tuple[State, ...]] = get_args(State)
Resolution = Literal["fraud", "policy_abuse", "legitimate", "inconclusive", "merged"]
MoveName = Literal[
    "opened", "claim", "let_go", "assign", "wait", "wake", "hold", "escalate", "propose", "approve", "reject",
    "close", "merge", "join", "split", "reopen", "undo", "expire", "release", "act",
]  # fmt: skip
"""`opened` begins a case. `join`: accounts or another case came in. `expire`: a lease ended. `release`: a hold ended
with nobody deciding, and the policy lets go. `act`: something was done from the case (`app.acting`), which stays as it
is. The others are what people ask for."""

_FROM_DESK: Final[Mapping[MoveName, State]] = {
    "claim": "in_progress", "wait": "waiting", "escalate": "escalated", "propose": "approval", "close": "closed",
    "merge": "closed", "release": "closed",
}  # fmt: skip
LEGAL: Final[Mapping[State, Mapping[MoveName, State]]] = {
    "open": {**_FROM_DESK, "assign": "open", "hold": "open", "join": "open", "split": "open"},
    "in_progress": {
        **_FROM_DESK, "let_go": "open", "expire": "open", "assign": "open", "hold": "in_progress",
        "join": "in_progress", "split": "in_progress",
    },
    "waiting": {**_FROM_DESK, "wake": "open", "hold": "waiting", "join": "waiting", "split": "waiting"},
    "escalated": {
        **_FROM_DESK, "assign": "escalated", "hold": "escalated", "join": "escalated", "split": "escalated",
    },
    "approval": {"approve": "closed", "reject": "open", "escalate": "escalated", "merge": "closed", "join": "approval"},
    "closed": {"reopen": "open"},
}  # fmt: skip
"""State → move → the state it leads to. Not here: `undo`, which restores what was before, and `act`."""


def after(state: State, move: MoveName, *, escalated: bool = False) -> State | None:
    """
    The state a move leads to; None where it is not legal.

    Args:
        state: As it stands.
        move: What is wanted.
        escalated: Whether it was given to seniors: what goes back to the queue goes back to them.
    """
    to = LEGAL[state].get(move)
    return "escalated" if to == "open" and escalated else to


def moves(state: State) -> tuple[MoveName, ...]:
    """What can be done to a case in this state, sorted."""
    return tuple(sorted(LEGAL[state]))
