"""Practice cases: what an analyst sees of one decision of the demo programme, and what it really was."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from app.playbook.loading import PlaybookFaulty, load
from app.playbook.shapes import Answers, Move
from detectors.actions import Action

FILE: Final = Path(__file__).with_name("practice.json")
OFFERED: Final[tuple[Move, ...]] = (
    "release", "mark_context", "judge_pair", "hold", "step_up", "lock", "list", "report", "close",
)  # fmt: skip
"""What can be answered: revoking a token is left out, since the demo programme's redemptions come without one."""


class Line(Struct, frozen=True, array_like=True):
    """
    A line of the timeline.

    before_ms: how long before the decision in question; 0 is that decision.
    who:       "" for the member, else another account by the letter it has here.
    points:    signed as they move the balance; None where none are moved.
    balance:   before it, where the caller told it.
    """

    before_ms: int
    who: str
    type: str
    points: int | None
    balance: int | None
    channel: str
    where: str
    note: str
    decision: Action


class Thing(Struct, frozen=True, array_like=True):
    """A device, network, card, store or account that the event touches: since when the member has it, and who else."""

    name: str
    told: str


class Case(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One practice case.

    member:  what is known of the account, in a sentence or two.
    reasons: code and message, by contribution.
    truth:   what it was, told after the answer.
    """

    id: str
    typology: str
    is_fraud: bool
    type: str
    points: int
    decision: Action
    risk: float
    member: str
    reasons: tuple[tuple[str, str], ...]
    things: tuple[Thing, ...]
    lines: tuple[Line, ...]
    truth: str


@cache
def cases(file: Path = FILE) -> Mapping[str, Case]:
    """
    All of them by id, in order.

    Raises:
        PlaybookFaulty: The file is not what `app.playbook.making` writes.
    """
    try:
        made = msgspec.json.decode(file.read_bytes(), type=tuple[Case, ...])
    except (OSError, msgspec.MsgspecError) as fault:
        raise PlaybookFaulty([f"{file.name}: {fault}"]) from None
    return {case.id: case for case in made}


def answers(case: Case) -> Answers:
    """What would be right, and why."""
    practice = load().typologies[case.typology].practice
    if practice is None:
        raise PlaybookFaulty(
            [f"{case.typology}.toml: practice is missing, and there are practice cases of it"]
        )
    return practice.fraud if case.is_fraud else practice.honest


def judged(case: Case, move: Move) -> str:
    """`best`, `fine` or `not_this`."""
    right = answers(case)
    if move == right.best:
        return "best"
    return "fine" if move in right.fine else "not_this"


def consequence(case: Case, move: Move) -> str:
    """What the move leads to, as the case really was."""
    told = load().moves[move]
    return told.if_fraud if case.is_fraud else told.if_honest
