"""Which moves of a case a viewer is offered. Pure."""

from __future__ import annotations

from typing import Final

from app.cases.ports import Case, Wish
from app.cases.states import MoveName, after
from app.console.may_move import turned_down
from app.users.viewer import Viewer

TITLES: Final[dict[MoveName, str]] = {
    "escalate": "Escalate to a senior", "wait": "Set to wait", "wake": "Take it up again", "assign": "Give to somebody",
    "split": "Take accounts out", "close": "Close without acting", "reopen": "Reopen",
}  # fmt: skip
KEYS: Final[dict[MoveName, str]] = {"escalate": "e"}


def offered_moves(viewer: Viewer, case: Case, now_ms: int) -> list[tuple[MoveName, str, str]]:
    """What the viewer may do to the case now: the move, its title, its key."""
    return [
        (move, title, KEYS.get(move, ""))
        for move, title in TITLES.items()
        if after(case.state, move, escalated=case.escalated) is not None
        and (move != "split" or case.accounts > 1)
        and (move != "escalate" or not case.escalated)
        and (move != "reopen" or case.resolution != "merged")
        and turned_down(viewer, case, Wish(move=move), now_ms) is None
    ]
