"""Which moves of a case whose role includes: asked before every move, of one case or of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.cases.moving import is_by_two, is_held
from app.cases.ports import Case, Refusal, Wish
from app.cases.states import MoveName
from app.users.rights import Action
from app.users.viewer import Viewer

RIGHTS: Final[Mapping[MoveName, Action]] = {
    "claim": "work_case", "let_go": "work_case", "assign": "work_case", "wait": "work_case", "wake": "work_case",
    "hold": "work_case", "escalate": "work_case", "merge": "work_case", "split": "work_case", "reopen": "close_case",
    "close": "close_case", "propose": "release_above", "approve": "approve", "reject": "approve",
}  # fmt: skip
"""Move → the right it needs. Proposing to close an account needs `close_account` instead of `release_above`."""


def may_move(viewer: Viewer, move: MoveName, *, close_account: bool = False) -> bool:
    """Whether the role includes the move at all, whatever the case."""
    right = "close_account" if move == "propose" and close_account else RIGHTS.get(move)
    return right is not None and viewer.may(right)


def turned_down(viewer: Viewer, case: Case, wish: Wish, now_ms: int) -> Refusal | None:
    """Why this viewer may not do this to this case; None where nothing of their role is against it."""
    if not may_move(viewer, wish.move, close_account=wish.close_account):
        return Refusal("illegal", "Your role does not include this.", "move", case)
    if viewer.may("approve"):
        return None
    if wish.move == "reopen" and is_by_two(case):
        return Refusal("illegal", "Two people closed it: somebody who may approve reopens it.", "move", case)
    if case.state == "escalated":
        return Refusal("illegal", "It is escalated: a senior takes it from here.", "move", case)
    if is_held(case, viewer.actor, now_ms):
        return Refusal("taken", "Somebody else has this case.", "", case)
    return None
