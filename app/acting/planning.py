"""Which plan an act has, and what of it is told before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from app.acting import deciding, doing, rewards
from app.acting.ports import Act, ActName, Consequence, Refused
from app.acting.seen import Plan, Planned, Seen
from app.acting.telling import sentences
from app.acting.terms import REASON_MOST, RIGHTS
from app.cases.moving import is_held
from app.users.rights import Action, Proposal, may_approve
from app.users.viewer import Viewer

PLANS: Final[Mapping[ActName, Callable[[Act, Seen, str], Planned]]] = {
    "release": deciding.release, "block": deciding.block, "close_account": deciding.close_account,
    "approve": deciding.approve, "reject": deciding.reject, "hold": deciding.hold, "lock": doing.lock,
    "unlock": doing.unlock, "step_up": doing.step_up, "revoke_token": rewards.revoke_token,
    "release_token": rewards.release_token, "reissue_token": rewards.reissue_token,
    "judge_pair": doing.judge_pair, "mark_context": doing.mark_context, "add_to_list": doing.add_to_list,
    "label": doing.label,
}  # fmt: skip
SENIORS: Final = frozenset[ActName]({"approve", "reject"})
"""May be done to a case that somebody else has."""
PARTED: Final = "They go on in a case of their own, which stays open."
STAYS_APART: Final = "The case of the other accounts stays apart; the two can be merged."
UNDO_BY: Final = {
    True: "You, until something else is done with the case.",
    False: "You, or a senior, until somebody has said otherwise.",
}
"""By whether the act moved the case itself."""


def planned(act: Act, seen: Seen, reason: str, viewer: Viewer) -> Planned:
    """What the act comes to for this viewer, or why it cannot be done; the right to it is looked at last."""
    case = seen.case
    if not reason.strip():
        return Refused("incomplete", "Say why, in your own words.", "reason", version=case.version)
    if len(reason) > REASON_MOST:
        return Refused(
            "too_long", f"A reason has at most {REASON_MOST:,} characters.", "reason", version=case.version
        )
    if case.state == "escalated" and not viewer.may("approve"):
        return Refused("forbidden", "It is escalated: a senior takes it from here.", version=case.version)
    if act.name not in SENIORS and is_held(case, viewer.actor, seen.now_ms):
        return Refused("taken", "Somebody else has this case.", version=case.version)
    plan = PLANS[act.name](act, seen, reason)
    if isinstance(plan, Plan) and seen.beyond:
        left = f"Outside what you see, and left as they are: {', '.join(sorted(seen.beyond))}."
        parted, stays = ((PARTED,), (STAYS_APART,)) if plan.decides else ((), ())
        return replace(plan, shown=(*plan.shown, left, *parted), stays=(*plan.stays, *stays))
    return plan


def allowed(act: Act, plan: Plan, seen: Seen, viewer: Viewer) -> bool:
    """Whether the viewer has the right to it; who approves has the right to what is approved as well."""
    if not viewer.may(RIGHTS[act.name]) or not viewer.may(plan.right):
        return False
    if act.name != "approve":
        return True
    case = seen.case
    action: Action = "close_account" if case.proposal == "close_account" else "release_above"
    by = (case.proposed_by or "").removeprefix("user:")
    return may_approve(viewer.user_id, viewer.role, Proposal(action, by))


def consequence(act: Act, plan: Plan, seen: Seen, viewer: Viewer) -> Consequence:
    """The plan as it is told."""
    touched = {kind: [one for one in plan.effects if one.kind == kind] for kind in ("token", "held_reward")}
    return Consequence(
        name=act.name,
        sentences=sentences(plan, seen.terms.currency),
        effects=plan.effects,
        stays=plan.stays,
        accounts=len(plan.whom),
        tokens=len(touched["token"]) + len(touched["held_reward"]),
        decisions=sum(one.kind == "held_points" for one in plan.effects),
        points=plan.points,
        value_minor=plan.value_minor,
        told=plan.told,
        right=plan.right,
        allowed=allowed(act, plan, seen, viewer),
        needs_second=plan.needs_second,
        can_undo=plan.can_undo,
        undo_by=UNDO_BY[plan.wish is not None] if plan.can_undo else "",
        version=seen.case.version,
    )
