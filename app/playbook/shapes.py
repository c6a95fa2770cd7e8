"""The playbook's content as it is written: shapes that refuse what is missing, unknown or empty."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct

Sentence = Annotated[str, Meta(min_length=8, max_length=400)]
Passage = Annotated[str, Meta(min_length=80, max_length=1_200)]
Title = Annotated[str, Meta(min_length=4, max_length=60)]
Some = Annotated[tuple[Sentence, ...], Meta(min_length=1)]

Family = Literal["taken_over", "many_accounts", "moving_points", "purchases", "machines", "insiders"]
FAMILIES: Final[dict[Family, str]] = {
    "taken_over": "Taken-over accounts",
    "many_accounts": "Many accounts, one hand",
    "moving_points": "Points that change hands",
    "purchases": "Purchases, receipts and returns",
    "machines": "Machines, codes and links",
    "insiders": "Insiders and partners",
}
"""In the order they are shown."""
Move = Literal[
    "release", "mark_context", "judge_pair", "hold", "step_up", "revoke_token", "lock", "list", "report", "close"
]  # fmt: skip
LADDER: Final[tuple[Move, ...]] = get_args(Move)
"""What an analyst can do, the mildest first: what can be taken back comes before what cannot."""


class MoveText(Struct, frozen=True, forbid_unknown_fields=True):
    """What a move does, how it is undone, and what it leads to where there is fraud and where there is none."""

    title: Title
    does: Sentence
    undo: Sentence
    if_fraud: Sentence
    if_honest: Sentence


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to do, and how."""

    move: Move
    how: Sentence


class Answers(Struct, frozen=True, forbid_unknown_fields=True):
    """What is best in a practice case, what would do as well, and what it teaches."""

    best: Move
    lesson: Sentence
    fine: tuple[Move, ...] = ()


class Practice(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Practice cases of a typology.

    types:    event types the decision in question may have, the usual one first.
    channels: only decisions on these; empty: on any.
    traits:   ways of life that look alike, as the demo programme names them; the likeliest first.
    """

    types: Annotated[tuple[str, ...], Meta(min_length=1)]
    traits: tuple[str, ...]
    fraud: Answers
    honest: Answers
    channels: tuple[str, ...] = ()


class Typology(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One kind of fraud or abuse.

    number:         in the field's list.
    label:          what an analyst calls it when it is confirmed.
    looks:          how it looks in the console; reason codes stand between backticks.
    checks:         in order.
    actions:        from the mildest to the gravest.
    say_to_member:  neutral words.
    tell_apart:     how the usual false positive differs.
    """

    number: Annotated[int, Meta(ge=1, le=25)]
    title: Title
    family: Family
    label: Literal["fraud", "policy_abuse"]
    summary: Annotated[str, Meta(min_length=20, max_length=160)]
    story: Passage
    looks: Some
    checks: Annotated[tuple[Sentence, ...], Meta(min_length=3)]
    say_to_member: Sentence
    false_positive: Sentence
    tell_apart: Some
    escalate: Some
    actions: Annotated[tuple[Step, ...], Meta(min_length=2)]
    law: tuple[Sentence, ...] = ()
    practice: Practice | None = None


class ReasonText(Struct, frozen=True, forbid_unknown_fields=True):
    """A word on a reason code: what to look at, and what it is mistaken for."""

    check: Sentence
    mistaken_for: Sentence
