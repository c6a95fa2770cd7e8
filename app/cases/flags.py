"""Which decisions a case is made of, what each adds to it, and what it is called. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta, Struct

from app.cases.states import Resolution
from app.cases.terms import HOUR_MS, CaseTerms
from app.ports.journal import Action
from detectors.actions import SEVERITY
from detectors.event import Event
from detectors.locked import CODE as ACCOUNT_LOCKED
from detectors.typologies import points_to

OTHER: Final = "other"
"""The typology of what points to none: an anomaly alone, a watch list, a programme's own rule."""
ABUSE: Final = frozenset({
    "gamify", "earn_burn_return", "tier_gaming", "double_earn", "signup_farm", "referral_ring", "promo_stack",
    "pool_abuse", "brokering",
})  # fmt: skip
"""Typologies that break a programme's terms and are no crime in themselves: docs/cases.md."""
SPENDS: Final = frozenset({"redeem", "transfer"})
GAINS: Final = frozenset({"earn", "adjust", "purchase", "return"})
REASONS_KEPT: Final = 5
"""Principal reasons shown: what credit practice takes to be readable."""


class Flag(NamedTuple):
    """
    A decision that belongs into a case.

    gained_points, spent_points: what it would have brought in or let out; of an event that moves none but opens the
        way to the balance (a log-in, a changed address), the balance is what could be spent.
    held_ms: until when its points are held; None where they are not.
    """

    seq: int
    decision_id: str
    program_id: str
    account_id: str
    account_key: bytes
    type: str
    occurred_ms: int
    decision: Action
    risk_score: float
    reasons: tuple[str, ...]
    gained_points: int
    spent_points: int
    held_ms: int | None
    partner_id: str | None
    store_id: str | None


class Figures(NamedTuple):
    """What is known of an account in a case; the same summed over its accounts is the case's."""

    risk_score: float = 0.0
    gained_points: int = 0
    spent_points: int = 0
    decisions: int = 0
    challenged: int = 0
    reviewed: int = 0
    blocked: int = 0
    typology: str = OTHER
    reasons: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """At stake."""
        return self.gained_points + self.spent_points


class _Reason(Struct):
    code: str


class _Act(Struct):
    type: str
    until: datetime | None = None


class Said(Struct):
    """What of a decision's answer a case needs."""

    reasons: Annotated[tuple[_Reason, ...], Meta(max_length=1_000)] = ()
    actions: tuple[_Act, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Of its reasons, the weightiest first."""
        return tuple(reason.code for reason in self.reasons)

    @property
    def held_ms(self) -> int | None:
        """Until when its points are held."""
        held = [act.until for act in self.actions if act.type == "hold_points" and act.until is not None]
        return int(held[0].timestamp() * 1_000) if held else None


_read: Final = msgspec.json.Decoder(Said).decode


def said(answer: bytes) -> Said:
    """Read a decision's answer. An odd one says nothing."""
    try:
        return _read(answer)
    except msgspec.MsgspecError:
        return Said()


def opens(
    terms: CaseTerms, *, type_: str, decision: Action, source: str, codes: tuple[str, ...], late_ms: int
) -> bool:
    """
    Whether a decision belongs into a case. Shadow mode answers `allow`, so it opens none.

    Not what the fallback answered while nothing could be counted; not what a person has decided already (a block-list
    entry, a lock); not history.
    """
    mildest = terms.opens.get(type_, "review")
    if mildest == "never" or SEVERITY[decision] < SEVERITY[mildest]:
        return False
    decided_before = (source == "list" and decision == "block") or codes[:1] == (ACCOUNT_LOCKED,)
    return source != "fallback" and not decided_before and late_ms <= terms.late_hours * HOUR_MS


def stakes(event: Event) -> tuple[int, int]:
    """Points an event brings in, and points it lets out or opens the way to."""
    points = abs(event.points or 0)
    if event.type in SPENDS:
        return 0, points
    if event.type in GAINS:
        return points, 0
    return 0, max(0, event.balance_before or 0)


def typology_of(codes: Iterable[str]) -> str:
    """What the weightiest reason that points anywhere points to first."""
    return next((found[0] for code in codes if (found := points_to(code))), OTHER)


def recommended(typology: str) -> Resolution:
    """What the alert says it is: how often analysts decide otherwise is the override rate."""
    return "policy_abuse" if typology in ABUSE else "fraud"


def with_flag(figures: Figures, flag: Flag) -> Figures:
    """An account's figures with one more decision. Attempts on a balance do not add up: the largest counts."""
    riskier = flag.risk_score >= figures.risk_score or not figures.decisions
    typology = typology_of(flag.reasons)
    return Figures(
        max(figures.risk_score, flag.risk_score),
        figures.gained_points + flag.gained_points,
        max(figures.spent_points, flag.spent_points),
        figures.decisions + 1,
        figures.challenged + (flag.decision == "challenge"),
        figures.reviewed + (flag.decision == "review"),
        figures.blocked + (flag.decision == "block"),
        typology if (riskier and typology != OTHER) or figures.typology == OTHER else figures.typology,
        flag.reasons[:REASONS_KEPT] if riskier else figures.reasons,
    )


def together(accounts: Iterable[Figures]) -> Figures:
    """The figures of a case, of those of its accounts."""
    all_ = sorted(accounts, key=lambda one: one.risk_score, reverse=True)
    return Figures(
        risk_score=all_[0].risk_score if all_ else 0.0,
        gained_points=sum(one.gained_points for one in all_),
        spent_points=sum(one.spent_points for one in all_),
        decisions=sum(one.decisions for one in all_),
        challenged=sum(one.challenged for one in all_),
        reviewed=sum(one.reviewed for one in all_),
        blocked=sum(one.blocked for one in all_),
        typology=next((one.typology for one in all_ if one.typology != OTHER), OTHER),
        reasons=all_[0].reasons if all_ else (),
    )


def one_account(earlier: Figures, later: Figures) -> Figures:
    """The figures of one account that two cases knew."""
    spent_points = max(earlier.spent_points, later.spent_points)
    return together((earlier, later))._replace(spent_points=spent_points)
