"""Acts that decide a case: released as honest, blocked, closed for good, approved, sent back. Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from app.acting.parts import Part, blocked, closing, released
from app.acting.ports import Act, ActName, Effect, Refused
from app.acting.seen import Plan, Planned, Seen, held_word, moved, whom_of
from app.acting.steps import Revoke, SetHold
from app.acting.terms import BLOCK_FOR_MS, TOKENS_AT_ONCE
from app.cases.letting_go import why_second
from app.cases.moving import RELEASES
from app.cases.ports import Wish
from app.cases.states import Resolution
from app.feedback.ports import LabelName

TOO_MANY: Final = Refused(
    "impossible", f"More than {TOKENS_AT_ONCE} live tokens: name fewer of the accounts.", "account_ids"
)

UNTIL_THEN: Final = "Another person has to approve it; until then nothing happens to the member."


def release(act: Act, seen: Seen, reason: str) -> Planned:
    """Honest: label, let go, unlock what was locked for this case, close."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    part = released(whom, seen)
    held = seen.case.hold_ms is not None or part.lets_go
    value = max(seen.case.value_minor if held else 0, part.worth(seen))
    opens = not seen.closed.isdisjoint(whom)  # what two people closed, two people open
    why = why_second(value, seen.before, seen.terms) if held else ""
    if opens or why:
        return _proposed(act, seen, reason, "legitimate", whom, why)
    wish = Wish(
        move="close", resolution="legitimate", reason=reason, evidence=act.evidence, spent_ms=act.spent_ms
    )
    plan = _decided(seen, wish, whom, part)
    return replace(plan, let_go_minor=value if held else 0) if isinstance(plan, Plan) else plan


def block(act: Act, seen: Seen, reason: str) -> Planned:
    """Fraud or abuse, closed as that: it is not paid out, and nothing of it can be redeemed."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    label = act.label or "fraud"
    if label not in {"fraud", "policy_abuse"}:
        return Refused("incomplete", "An account is blocked for fraud or for policy abuse.", "label")
    if len(seen.tokens) > TOKENS_AT_ONCE:
        return TOO_MANY
    expires_ms = None if act.forever else act.expires_ms or seen.now_ms + BLOCK_FOR_MS
    wish = Wish(
        move="close", resolution=_resolution(label), reason=reason, evidence=act.evidence,
        spent_ms=act.spent_ms,
    )  # fmt: skip
    return _decided(seen, wish, whom, blocked(act, seen, whom, expires_ms))


def close_account(act: Act, seen: Seen, reason: str) -> Planned:
    """A proposal: what another's approval would then do is told."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    if len(seen.tokens) > TOKENS_AT_ONCE:
        return TOO_MANY
    if all(name in seen.closed for name in whom):
        return Refused("impossible", "It is closed already.", "account_ids")
    return _proposed(act, seen, reason, _resolution(act.label or "fraud"), whom)


def approve(act: Act, seen: Seen, reason: str) -> Planned:
    """What another proposed is done."""
    found = _awaiting(seen)
    if isinstance(found, Refused):
        return found
    if seen.beyond:
        message = f"{min(seen.beyond)[:80]} is outside what you see: somebody who sees all of it approves."
        return Refused("forbidden", message, "account_ids")
    whom = whom_of(found, seen)
    if isinstance(whom, Refused):
        return whom
    if seen.case.proposed in RELEASES:
        part = released(whom, seen)
    elif len(seen.tokens) > TOKENS_AT_ONCE:
        return TOO_MANY
    else:
        closes = seen.case.proposal == "close_account"
        expires_ms = None if closes or found.forever else found.expires_ms or seen.now_ms + BLOCK_FOR_MS
        part = blocked(found, seen, whom, expires_ms)
        part += closing(whom, seen, closes=True) if closes else Part()
    wish = Wish(move="approve", reason=reason, evidence=act.evidence, spent_ms=act.spent_ms)
    plan = _decided(seen, wish, whom, part)
    if isinstance(plan, Refused):
        return plan
    stays = (
        "Two people decided it: it is not taken back by one. Who did not propose it and may approve can reopen the case.",
    )
    return replace(plan, can_undo=False, stays=stays, right="approve")


def reject(act: Act, seen: Seen, reason: str) -> Planned:
    """Sent back to the queue: nothing happens to the member."""
    found = _awaiting(seen)
    if isinstance(found, Refused):
        return found
    effect = moved(seen, wish := Wish(move="reject", reason=reason, spent_ms=act.spent_ms))
    if isinstance(effect, Refused):
        return effect
    return Plan(
        whom=(seen.case.account_id,), effects=(effect,), wish=wish, right="approve", can_undo=False,
        stays=("Sent back it can be proposed again.",),
        shown=("The case goes back to the queue. Nothing happens to the member.",),
    )  # fmt: skip


def hold(act: Act, seen: Seen, reason: str) -> Planned:
    """Held points stay held until then, as long as the programme's policy lets them be."""
    whom = whom_of(act, seen)
    if isinstance(whom, Refused):
        return whom
    held = [one for one in seen.held if one.account_id in whom]
    if not held:
        return Refused("impossible", "No points are held. Lock redeeming instead.", "account_ids")
    if act.until_ms is not None and any(act.until_ms < one.due_ms for one in held):
        return Refused("illegal", "They are held for longer already: a hold is not cut short.", "until_ms")
    wish = Wish(move="hold", until_ms=act.until_ms, reason=reason)
    effect = moved(seen, wish)
    if isinstance(effect, Refused):
        return effect
    until_ms, word = wish.until_ms or 0, held_word(wish.until_ms or 0)
    steps = tuple([SetHold(one.decision_id, until_ms, one.planned) for one in held])
    effects = [Effect("held_points", one.decision_id, held_word(one.due_ms), word) for one in held]
    hours = seen.terms.hold_hours
    shown = (
        f"Nobody deciding until then, it ends as the programme's policy says. It is {hours} h at most at a time: "
        "for longer somebody renews it, with a reason."
    )
    return Plan(
        whom=whom, steps=steps, effects=(effect, *effects), wish=wish, points=sum(one.points for one in held),
        shown=(shown,),
        told={"en": f"Your points are being checked; within {hours} hours you get them, or hear why not.",
              "de": f"Ihre Punkte werden geprüft; binnen {hours} Stunden bekommen Sie sie oder hören, warum nicht."},
    )  # fmt: skip


# ------------------------------------------------------------ what they share


def _decided(seen: Seen, wish: Wish, whom: tuple[str, ...], part: Part) -> Planned:
    effect = moved(seen, wish)
    if isinstance(effect, Refused):
        return effect
    stays = []
    if part.lets_go:
        stays.append("What was let go stays let go.")
    if any(isinstance(one, Revoke) for one in part.steps):
        stays.append("Revoked tokens stay revoked: their content is destroyed.")
    return Plan(
        whom=whom, steps=part.steps, effects=(effect, *part.effects), wish=wish, stays=tuple(stays),
        right="close_case", points=part.points, value_minor=part.worth(seen),
    )  # fmt: skip


def _proposed(
    act: Act, seen: Seen, reason: str, resolution: Resolution, whom: tuple[str, ...], why: str = ""
) -> Planned:
    closes = act.name == "close_account"
    wish = Wish(
        move="propose", resolution=resolution, close_account=closes, reason=reason, evidence=act.evidence,
        spent_ms=act.spent_ms,
    )  # fmt: skip
    effect = moved(seen, wish)
    if isinstance(effect, Refused):
        return effect
    then = (
        "Approved, the account is labelled, its live tokens are revoked, and it neither earns nor redeems any more."
        if closes
        else "Approved, what is held is let go, what was closed is open again, and the case closes as legitimate."
    )
    return Plan(
        whom=whom, effects=(effect,), wish=wish, needs_second=True,
        right="close_account" if closes else "release_above",
        shown=(*([why] if why else []), UNTIL_THEN, then),
    )  # fmt: skip


def _awaiting(seen: Seen) -> Act | Refused:
    """What was proposed; where that was by the case alone, its own words for it."""
    if seen.case.state != "approval":
        return Refused("illegal", "Nothing waits for approval.", version=seen.case.version)
    if seen.proposed is not None:
        return seen.proposed.act
    name: ActName = "close_account" if seen.case.proposal == "close_account" else "release"
    return Act(name=name, label="policy_abuse" if seen.case.proposed == "policy_abuse" else "fraud")


def _resolution(label: LabelName) -> Resolution:
    return "policy_abuse" if label == "policy_abuse" else "fraud"
