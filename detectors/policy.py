"""What a programme decides by, as frozen data: cut-offs, weights, limits, rules. `app.policy` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from detectors.actions import ACTIONS, Action
from detectors.caps import Cap
from detectors.default_limits import DEFAULT_LIMITS
from detectors.holds import SMALL_ONES, Holds
from detectors.limits import Limit
from detectors.snapshot import Segment

EVENT_TYPES: Final = (
    "signup", "profile_change", "login", "login_failed", "earn", "redeem", "transfer", "adjust", "return",
    "purchase", "expire", "referral", "close",
)  # fmt: skip
"""As the contract spells them, without the synonyms."""
IN_FILES: Final = ("velocity", "earn_burn", "duplicates", "takeover", "insider", "anomaly")
"""As the contract lists them: the columns of a replay, where no links are redeemed."""
DETECTORS: Final = (*IN_FILES, "links")
"""All that judge."""
Mode = Literal["enforce", "shadow"]
Locale = Literal["en", "de"]
RiskLevel = Literal["low", "medium", "high", "critical"]


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """From which risk in (0, 1] the findings of the detectors ask for an action; None: they never do."""

    challenge: float | None = None
    review: float | None = None
    block: float | None = None
    steps: tuple[tuple[float, Action], ...] = field(init=False, repr=False, compare=False)
    """The same as (risk, action), rising."""

    def __post_init__(self) -> None:
        """Order the steps, once."""
        given = ((self.challenge, "challenge"), (self.review, "review"), (self.block, "block"))
        steps = tuple(sorted((risk, action) for risk, action in given if risk is not None))
        object.__setattr__(self, "steps", steps)

    def action(self, risk: float) -> Action:
        """The sternest action whose cut-off the risk reaches."""
        asked: Action = "allow"
        for cutoff, action in self.steps:
            if risk >= cutoff:
                asked = action
        return asked

    def problems(self) -> list[str]:
        """What is wrong with these cut-offs, in words."""
        found = [
            f"{action} must be above 0 and at most 1" for risk, action in self.steps if not 0 < risk <= 1
        ]
        ranks = [ACTIONS.index(action) for _, action in self.steps]
        if ranks != sorted(ranks) or len({risk for risk, _ in self.steps}) != len(self.steps):
            found.append("cut-offs must rise: challenge < review < block")
        return found


@dataclass(frozen=True, slots=True)
class RiskLevels:
    """From which risk in (0, 1] an event is called medium, high and critical."""

    medium: float = 0.3
    high: float = 0.5
    critical: float = 0.85

    def level(self, risk: float) -> RiskLevel:
        """The word for this risk."""
        if risk >= self.critical:
            return "critical"
        if risk >= self.high:
            return "high"
        return "medium" if risk >= self.medium else "low"


@dataclass(frozen=True, slots=True)
class Listed:
    """What an entry of a list does: the least the decision becomes, and its weight in the risk, in [0, 1)."""

    action: Action
    weight: float


@dataclass(frozen=True, slots=True)
class Rule:
    """
    An analyst's rule.

    code:       stable upper-case id; the reason code of a hit.
    when:       a CEL expression over the names of `docs/policy.md`; true is a hit.
    applies_to: the event types it is evaluated for.
    effect:     the least the decision becomes; `allow` sets the detectors' findings aside (lists, limits and
                sterner rules stand).
    weight:     its part in the risk, in [0, 1).
    message:    for the analyst.
    """

    code: str
    when: str
    applies_to: tuple[str, ...]
    effect: Action
    message: str
    weight: float = 0.5


@dataclass(frozen=True, slots=True)
class SharedContext:
    """A device or address many honest members share: its kind, its value as sent, and which context it is."""

    kind: Literal["device", "ip"]
    value: str
    context: str


CodeMethod = Literal["sms_otp", "totp"]
"""How a code reaches the member: by text message, or it stands in their app."""
StepUpMethod = Literal["sms_otp", "totp", "passkey"]


@dataclass(frozen=True, slots=True)
class StepUp:
    """
    How a challenged member may prove that it is them.

    methods:      in the order they are offered.
    life_minutes: how long a challenge can be passed: a code is on its way for a minute, and finding the telephone
                  takes a few more.
    return_urls:  where the hosted page may send the member back to: an origin and the beginning of a path.
    passkey_points: from how many points on a member who has a passkey must use it; None: from none.
    passkey_fallback: by what else such a member may prove it then, in place of the passkey.
    """

    methods: tuple[StepUpMethod, ...] = ("passkey", "totp", "sms_otp")
    life_minutes: int = 15
    return_urls: tuple[str, ...] = ()
    passkey_points: int | None = None
    passkey_fallback: tuple[CodeMethod, ...] = ()

    def demands_passkey(self, points: int | None) -> bool:
        """Whether so many points ask for a passkey of whoever has one."""
        return self.passkey_points is not None and (points or 0) >= self.passkey_points


_ASK: Final = Cutoffs(challenge=0.5, block=0.85)
_ASK_ONLY: Final = Cutoffs(challenge=0.5)
_LOOK: Final = Cutoffs(review=0.5, block=0.85)
_LOOK_ONLY: Final = Cutoffs(review=0.5)

DEFAULT_CUTOFFS: Final[Mapping[str, Cutoffs]] = {
    "signup": _LOOK, "profile_change": _ASK, "login": _ASK, "login_failed": _ASK_ONLY,
    "earn": _LOOK, "redeem": _ASK, "transfer": _ASK, "adjust": _LOOK, "return": _LOOK_ONLY,
    "purchase": _ASK, "expire": _LOOK_ONLY, "referral": _LOOK, "close": _ASK_ONLY,
}  # fmt: skip
"""0.5 and 0.85 are the field's starting points (docs/decisions/0002). Where the member can prove who
acts, ask (challenge); where points come in or nobody is there to ask, look (review)."""

DEFAULT_WEIGHTS: Final[Mapping[str, float]] = {
    "velocity": 1.0, "earn_burn": 0.9, "duplicates": 0.95, "takeover": 0.95, "insider": 0.0, "anomaly": 0.65,
    "links": 1.0,
}  # fmt: skip
"""How far a detector's word counts, in [0, 1]. Limits are the programme's own; nothing decides about an
employee; a rare event reaches a review (0.8 × 0.65 = 0.52) only at the end of the scale."""

DEFAULT_FALLBACK: Final[Mapping[str, Action]] = {
    "signup": "review", "profile_change": "challenge", "login": "allow", "login_failed": "allow",
    "earn": "allow", "redeem": "challenge", "transfer": "challenge", "adjust": "review", "return": "allow",
    "purchase": "challenge", "expire": "allow", "referral": "review", "close": "challenge",
}  # fmt: skip
"""The answer while the hot store is away: never a silent yes to points going out."""

DEFAULT_SEGMENT: Final = Segment(burn_per_earn=0.7, month_points=500)
"""25 to 35 of 100 points are never spent in a healthy programme; a household spends 500 euros a month."""


@dataclass(frozen=True, slots=True)
class Policy:
    """
    Everything one programme decides by. Limits and rules are indexed by event type once, here.

    version:    of the whole policy file: its name and the beginning of its hash.
    mode:       `shadow` keeps the would-be answer and lets everything pass.
    hold_hours: how long points of a reviewed event are held, at most.
    segment:    what is usual in this programme.
    step_up:    how a challenge can be passed.
    holds:      how a hold ends that nobody decided on.
    caps:       how much is let through at all.
    timezone:   IANA name; where the days of caps begin. The same as of one-time tokens (`tokens.timezone`).
    """

    version: str = "built-in"
    mode: Mode = "enforce"
    locale: Locale = "en"
    hold_hours: int = 72
    segment: Segment = DEFAULT_SEGMENT
    cutoffs: Mapping[str, Cutoffs] = field(default_factory=lambda: DEFAULT_CUTOFFS)
    weights: Mapping[str, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)
    fallback: Mapping[str, Action] = field(default_factory=lambda: DEFAULT_FALLBACK)
    risk_levels: RiskLevels = RiskLevels()
    block_list: Listed = Listed("block", 0.95)
    watch_list: Listed = Listed("review", 0.5)
    limits: tuple[Limit, ...] = DEFAULT_LIMITS
    rules: tuple[Rule, ...] = ()
    contexts: tuple[SharedContext, ...] = ()
    step_up: StepUp = StepUp()
    holds: Holds = SMALL_ONES
    caps: tuple[Cap, ...] = ()
    timezone: str = "UTC"
    limits_by_type: Mapping[str, tuple[Limit, ...]] = field(init=False, repr=False, compare=False)
    rules_by_type: Mapping[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    caps_by_type: Mapping[str, tuple[Cap, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index by event type; a limit that acts on nothing (`allow`) only scores."""
        acting = [limit for limit in self.limits if limit.action != "allow"]
        limits = {name: tuple(one for one in acting if name in one.applies_to) for name in EVENT_TYPES}
        rules = {name: tuple(one for one in self.rules if name in one.applies_to) for name in EVENT_TYPES}
        caps = {name: tuple(one for one in self.caps if name in one.applies_to) for name in EVENT_TYPES}
        object.__setattr__(self, "caps_by_type", caps)
        object.__setattr__(self, "limits_by_type", limits)
        object.__setattr__(self, "rules_by_type", rules)


DEFAULT: Final = Policy()
"""The policy of a programme that has said nothing."""
