"""What each role may do, and of which programmes, partners and stores. Pure; docs/console.md shows the same table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal, NamedTuple, get_args

Role = Literal["viewer", "analyst", "senior", "programme_admin", "auditor", "security_admin"]
Action = Literal[
    "own_profile",
    "view_playbook",
    "view_queue",
    "view_case",
    "view_account",
    "view_dashboard",
    "work_case",
    "label",
    "judge_pair",
    "step_up",
    "lock_account",
    "token_reissue",
    "token_revoke",
    "reveal_personal",
    "mark_context",
    "view_lists",
    "edit_lists",
    "close_case",
    "close_account",
    "release_above",
    "approve",
    "export",
    "view_policy",
    "edit_policy",
    "view_audit",
    "manage_users",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_SELF: Final[frozenset[Action]] = frozenset({"own_profile", "view_playbook"})
_READING: Final = _SELF | frozenset[Action](
    {"view_queue", "view_case", "view_account", "view_dashboard", "view_lists"}
)
_WORKING: Final = _READING | frozenset[Action](
    {
        "work_case", "close_case", "label", "judge_pair", "step_up", "lock_account", "token_reissue",
        "token_revoke", "reveal_personal",
    }
)  # fmt: skip
_DECIDING: Final = _WORKING | frozenset[Action](
    {"mark_context", "edit_lists", "close_account", "release_above", "approve", "export", "view_policy"}
)

RIGHTS: Final[Mapping[Role, frozenset[Action]]] = {
    "viewer": _READING,
    "analyst": _WORKING,
    "senior": _DECIDING,
    "programme_admin": _DECIDING | {"edit_policy", "view_audit"},
    "auditor": _READING | {"view_policy", "view_audit", "export"},
    "security_admin": _SELF | {"view_audit", "manage_users"},
}
"""Graduated from viewer to programme_admin, each with all of the one before. Who watches (auditor) does not act, and who
says who may act (security_admin) sees no member."""


def may(role: Role, action: Action) -> bool:
    """Whether the role has the right."""
    return action in RIGHTS[role]


Limit = frozenset[str] | None
"""Ids somebody is limited to; None: to none at all."""


class Scope(NamedTuple):
    """
    Of what somebody sees anything. Each part limits on its own; None does not limit.

    An empty set admits nothing: so what two limits have in common never becomes "no limit".
    """

    programs: Limit = None
    partners: Limit = None
    stores: Limit = None

    def admits(self, program_id: str, partners: Collection[str] = (), stores: Collection[str] = ()) -> bool:
        """
        Whether something of this programme, which touched these partners and stores, may be seen.

        Who is limited to stores sees what touched one of them, and nothing that touched none.
        """
        return (
            (self.programs is None or program_id in self.programs)
            and (self.partners is None or not self.partners.isdisjoint(partners))
            and (self.stores is None or not self.stores.isdisjoint(stores))
        )

    def within(self, other: Scope) -> Scope:
        """What both admit: never more than either."""
        return Scope(*(_both(mine, theirs) for mine, theirs in zip(self, other, strict=True)))

    @property
    def is_whole_programme(self) -> bool:
        """Whether neither partners nor stores limit it."""
        return self.partners is None and self.stores is None


EVERYTHING: Final = Scope()


def _both(mine: Limit, theirs: Limit) -> Limit:
    if mine is None:
        return theirs
    return mine if theirs is None else mine & theirs


class Proposal(NamedTuple):
    """
    Something that waits for a second pair of eyes.

    action:      what is asked for: `close_account`, `release_above`.
    proposed_by: user id.
    """

    action: Action
    proposed_by: str


FOUR_EYES: Final[frozenset[Action]] = frozenset({"close_account", "release_above"})
"""Never done by one person: closing an account for fraud (a decision with serious effect: GDPR 22, and Amsterdam Court
of Appeal, 4 April 2023, on token human involvement), and releasing more than the programme lets one release."""


def needs_second(action: Action, points: int = 0, limit_points: int = 0) -> bool:
    """
    Whether `action` waits for another's approval: closing always, releasing where it is more than the limit.

    Args:
        action: What is asked for.
        points: At stake.
        limit_points: What one person may release, by the programme's policy.
    """
    if action == "release_above":
        return points > limit_points
    return action in FOUR_EYES


def may_approve(user_id: str, role: Role, proposal: Proposal) -> bool:
    """Whether this user is the second pair of eyes: another person, with the right to approve and to do it."""
    return user_id != proposal.proposed_by and may(role, "approve") and may(role, proposal.action)
