"""Acts on one token: revoked, let go, issued anew. None of them can be taken back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from app.acting.ports import Act, Effect, Refused, TellsIn
from app.acting.seen import Plan, Planned, Seen
from app.acting.steps import LetGo, Replace, Revoke
from app.acting.terms import REMADE_FOR_S, RIGHTS
from app.cases.letting_go import why_second
from tokens.states import LIVE
from tokens.token import Token
from tokens.vault import holds_nothing

OVER_TOLD: Final[Mapping[TellsIn, str]] = {
    "en": "The link says that there is no such reward, or that it is over.",
    "de": "Der Link sagt, dass es diese Prämie nicht gibt oder dass sie vorbei ist.",
}
WORKS_TOLD: Final[Mapping[TellsIn, str]] = {
    "en": "The link works again.",
    "de": "Der Link funktioniert wieder.",
}
NEW_TOLD: Final[Mapping[TellsIn, str]] = {
    "en": "A new link arrives; the old one says that it is over.",
    "de": "Ein neuer Link kommt; der alte sagt, dass er vorbei ist.",
}
ENDABLE: Final = LIVE | {"frozen"}
NO_TOKEN: Final = Refused("unknown", "There is no such token of these accounts.", "token_id")


def revoke_token(act: Act, seen: Seen, _reason: str) -> Planned:
    """One token is over, for good."""
    token = seen.token
    if token is None:
        return NO_TOKEN
    if token.state not in ENDABLE:
        return Refused("impossible", f"The token is {token.state} already.", "token_id")
    stays = ("A revoked token stays revoked: its content is destroyed. Another can be issued.",)
    return replace(_ended(token, Revoke(token.token_id), seen, act), stays=stays, told=OVER_TOLD)


def release_token(act: Act, seen: Seen, _reason: str) -> Planned:
    """One held reward goes on. A large one goes with its case, which another person approves."""
    token = seen.token
    if token is None:
        return NO_TOKEN
    if token.held_ms is None or token.state not in LIVE:
        return Refused("impossible", f"The token is {token.state}, and not held.", "token_id")
    worth = _worth(token, seen)
    why = why_second(worth, seen.before, seen.terms)
    if why:
        return Refused("needs_second", f"{why} So it is let go with its case, by a release.", "name")
    effect = Effect("held_reward", token.token_id, "held", "let go")
    stays = ("What was let go stays let go; while it is not redeemed the token can be revoked.",)
    plan = _of(token, LetGo(token.token_id), effect, seen, act)
    return replace(plan, stays=stays, told=WORKS_TOLD, let_go_minor=worth)


def reissue_token(act: Act, seen: Seen, _reason: str) -> Planned:
    """Another with the same reward, to the same address, where that address can be trusted."""
    token = seen.token
    if token is None:
        return NO_TOKEN
    why_not = next((message for found, message in _hindrances(token, seen) if found), None)
    if why_not is not None:
        return Refused("impossible", why_not, "token_id")
    shown = (
        "Another link with the same reward goes to the address the first one went to. It ends when that would have.",
    )
    plan = _ended(token, Replace(token.token_id), seen, act)
    stays = ("The old link stays over. The new one can be revoked.",)
    return replace(plan, shown=shown, stays=stays, told=NEW_TOLD)


def _hindrances(token: Token, seen: Seen) -> list[tuple[bool, str]]:
    """What can stand in the way of another in its place, and how that is said, the first that counts."""
    return [
        (token.state not in ENDABLE, f"The token is {token.state}: its content is destroyed."),
        (
            token.purpose == "redemption",
            "It is one decision's, which has one token, ever. Ask for another decision.",
        ),
        (token.held_ms is not None, "Its reward is held: release it, or revoke it."),
        (
            token.channel == "none",
            "Your backend delivers this link itself: revoke it, and let that issue another.",
        ),
        (
            token.shut is None or not holds_nothing(token.shut),
            "Its content opens with the member's link alone: revoke it, and let your backend issue another.",
        ),
        (token.recipient is None, "The address it went to is erased."),
        (seen.renewed, "The member's contacts changed within 72 h: a new link could go to a thief."),
        (token.expires_ms - seen.now_ms < REMADE_FOR_S * 1_000, "It ends within minutes anyway."),
    ]


def _ended(token: Token, step: Revoke | Replace, seen: Seen, act: Act) -> Plan:
    return _of(token, step, Effect("token", token.token_id, token.state, "revoked"), seen, act)


def _of(token: Token, step: Revoke | LetGo | Replace, effect: Effect, seen: Seen, act: Act) -> Plan:
    return Plan(
        whom=(token.account_id,), steps=(step,), effects=(effect,), right=RIGHTS[act.name], can_undo=False,
        points=token.reward.points or 0, value_minor=_worth(token, seen),
    )  # fmt: skip


def _worth(token: Token, seen: Seen) -> int:
    return token.reward.face_value_minor or round((token.reward.points or 0) * seen.terms.point_minor)
