"""What releasing and blocking come to, step by step, from what stands now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.acting.ports import Act, Effect
from app.acting.seen import Seen, end_word, held_word, lock_word
from app.acting.steps import Closing, Delist, Enlist, LetGo, Revoke, SayLabel, SetHold, Step, Switch
from app.acting.terms import UNLOCKED_FIRST_MS
from app.feedback.ports import LabelName
from tokens.states import LIVE

RELEASED: Final = "let go"
KEPT: Final = "not paid out"


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a plan: what is done, what that changes, and points and money that move by it."""

    steps: tuple[Step, ...] = ()
    effects: tuple[Effect, ...] = ()
    points: int = 0
    face_minor: int = 0

    def __add__(self, other: Part) -> Part:
        """Both, in this order."""
        points, face_minor = self.points + other.points, self.face_minor + other.face_minor
        return Part(self.steps + other.steps, self.effects + other.effects, points, face_minor)

    @property
    def lets_go(self) -> bool:
        """Whether held points or rewards go out by it."""
        freed = (isinstance(one, SetHold) and one.planned == "released" for one in self.steps)
        return any(freed) or any(isinstance(one, LetGo) for one in self.steps)

    def worth(self, seen: Seen) -> int:
        """In minor units."""
        return round(self.points * seen.terms.point_minor) + self.face_minor


def released(whom: tuple[str, ...], seen: Seen) -> Part:
    """What was held goes out, what was done from this case before is taken back; what others locked stays."""
    part = labelled(whom, seen, "legitimate", None)
    # opened before it is taken from the block list, where nobody takes an account that two people closed
    part += closing(tuple([name for name in whom if name in seen.closed]), seen, closes=False)
    opened: set[str] = set()
    for own in seen.own:  # what was done from this case before
        if isinstance(own, Switch) and not own.locked and own.account_id in whom:
            row = seen.locks.get(own.account_id)
            if row is not None and row.locked and row.version == own.version:
                opened.add(own.account_id)
                effect = Effect("redeeming", own.account_id, lock_word(row), "on")
                part += Part((own,), (effect,))
        elif isinstance(own, Delist) and own.account_id in whom:
            listed = seen.listed.get(own.account_id)
            if listed is not None and listed.entry_id == own.entry_id:
                what = f"block:account:{own.account_id}"
                part += Part((own,), (Effect("list", what, end_word(listed.expires_ms), ""),))
    for held in seen.held:
        if held.account_id in whom and (held.account_id in opened or not seen.is_locked(held.account_id)):
            due_ms = seen.now_ms + (UNLOCKED_FIRST_MS if held.account_id in opened else 0)
            effect = Effect("held_points", held.decision_id, held_word(held.due_ms), RELEASED)
            part += Part((SetHold(held.decision_id, due_ms, "released"),), (effect,), held.points)
    for token in seen.tokens:
        if token.account_id in whom and token.held_ms is not None and token.state in LIVE:
            effect = Effect("held_reward", token.token_id, "held", RELEASED)
            worth = token.reward.face_value_minor or 0
            part += Part((LetGo(token.token_id),), (effect,), token.reward.points or 0, worth)
    return part


def blocked(act: Act, seen: Seen, whom: tuple[str, ...], expires_ms: int | None) -> Part:
    """Nothing of it can be redeemed, and what is held is not paid out."""
    part = labelled(whom, seen, act.label or "fraud", act.typology or seen.case.typology)
    for token in seen.tokens:
        if token.account_id in whom:
            effect = Effect("token", token.token_id, token.state, "revoked")
            worth = token.reward.face_value_minor or 0
            part += Part((Revoke(token.token_id),), (effect,), token.reward.points or 0, worth)
    for name in whom:
        if not seen.is_locked(name):
            effect = Effect("redeeming", name, "on", "off, by analyst")
            part += Part((Switch(name, locked=True, by="analyst"),), (effect,))
        listed = seen.listed.get(name)
        if listed is None or _is_shorter(listed.expires_ms, expires_ms):
            before = "" if listed is None else end_word(listed.expires_ms)
            effect = Effect("list", f"block:account:{name}", before, end_word(expires_ms))
            part += Part((Enlist("block", "account", name, expires_ms),), (effect,))
    for held in seen.held:
        if held.account_id in whom and held.planned != "escalated":
            effect = Effect("held_points", held.decision_id, held_word(held.due_ms), KEPT)
            part += Part((SetHold(held.decision_id, held.due_ms, "escalated"),), (effect,), held.points)
    return part


def labelled(whom: tuple[str, ...], seen: Seen, label: LabelName, typology: str | None) -> Part:
    """The label, where it is not the last word already."""
    said = [name for name in whom if seen.words.get(name) != label]
    return Part(
        tuple([SayLabel(name, label, typology) for name in said]),
        tuple([Effect("label", name, seen.words.get(name, ""), label) for name in said]),
    )


def closing(whom: tuple[str, ...], seen: Seen, *, closes: bool) -> Part:
    """The accounts closed, or no more."""
    changed = tuple([name for name in whom if (name in seen.closed) != closes])
    if not changed:
        return Part()
    words = ("open", "closed") if closes else ("closed", "open")
    return Part((Closing(changed, closes),), tuple([Effect("account", name, *words) for name in changed]))


def _is_shorter(one: int | None, other: int | None) -> bool:
    return one is not None and (other is None or one < other)
