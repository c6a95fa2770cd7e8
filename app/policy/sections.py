"""A policy file as written: its sections, key by key. An unknown key or a wrong type is refused by name."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from app.cases.terms import CasesSection
from app.redeeming.terms import TokensSection
from detectors.actions import Action
from detectors.caps import CapMeasure, Per, Period
from detectors.limits import Measure
from detectors.policy import CodeMethod, Locale, Mode, SharedContext, StepUpMethod

Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(ge=0, lt=1)]
Code = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$", max_length=64)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]


class SegmentSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[segment]`: what is usual, a dimensionless ratio and points."""

    burn_per_earn: Annotated[float, Meta(gt=0, le=100)] | UnsetType = UNSET
    month_points: Annotated[int, Meta(ge=1, le=10**9)] | UnsetType = UNSET
    points_per_minor: Annotated[float, Meta(ge=0, le=10**6)] | UnsetType = UNSET


class LevelsSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[risk_levels]`: from which risk each word is used."""

    medium: Share | UnsetType = UNSET
    high: Share | UnsetType = UNSET
    critical: Share | UnsetType = UNSET


class CutoffsSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cutoffs.<event type>]`: replaces all cut-offs of the type; an absent action is never asked for."""

    challenge: Share | None = None
    review: Share | None = None
    block: Share | None = None


class ListedSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[block_list]`, `[watch_list]`: what an entry does."""

    action: Action | UnsetType = UNSET
    weight: Weight | UnsetType = UNSET


class LimitSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[limits.<CODE>]`: changes a limit that exists, or makes a new one; `enabled = false` drops it."""

    enabled: bool = True
    role: str | UnsetType = UNSET
    measure: Measure | UnsetType = UNSET
    kinds: tuple[str, ...] | UnsetType = UNSET
    window_s: int | UnsetType = UNSET
    max: int | UnsetType = UNSET
    applies_to: tuple[str, ...] | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    weight: float | UnsetType = UNSET
    exempt_channels: tuple[str, ...] | UnsetType = UNSET
    exempt_contexts: tuple[str, ...] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class StepUpSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[step_up]`: how a challenge can be passed. The same fields as `detectors.policy.StepUp`."""

    methods: tuple[StepUpMethod, ...] | UnsetType = UNSET
    life_minutes: Annotated[int, Meta(ge=1, le=1_440)] | UnsetType = UNSET
    return_urls: tuple[Annotated[str, Meta(min_length=1, max_length=2_000)], ...] | UnsetType = UNSET
    passkey_points: Annotated[int, Meta(ge=0, le=10**12)] | UnsetType = UNSET
    passkey_fallback: tuple[CodeMethod, ...] | UnsetType = UNSET


class CapSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[caps.<CODE>]`: changes a cap that exists, or makes a new one; `enabled = false` drops it."""

    enabled: bool = True
    applies_to: tuple[str, ...] | UnsetType = UNSET
    per: Per | UnsetType = UNSET
    max: Annotated[int, Meta(ge=0, le=10**15)] | UnsetType = UNSET
    measure: CapMeasure | UnsetType = UNSET
    window: Period | int | UnsetType = UNSET
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    complete_within_s: Annotated[int, Meta(le=90 * 86_400)] | UnsetType = UNSET
    reward_ids: tuple[str, ...] | UnsetType = UNSET
    campaign_ids: tuple[str, ...] | UnsetType = UNSET
    partner_ids: tuple[str, ...] | UnsetType = UNSET
    reasons: tuple[str, ...] | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class HoldsSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[holds]`: how a hold ends that nobody decided on. The same fields as `detectors.holds.Holds`."""

    release_below_points: Annotated[int, Meta(ge=0, le=10**9)] | UnsetType = UNSET
    release_below_minor: Annotated[int, Meta(ge=0, le=10**12)] | UnsetType = UNSET


class RuleSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[[rules]]`: an analyst's rule. The same fields as `detectors.policy.Rule`."""

    code: Code
    when: Annotated[str, Meta(min_length=1, max_length=2_000)]
    applies_to: tuple[str, ...]
    effect: Action
    message: Annotated[str, Meta(min_length=1, max_length=500)]
    weight: Weight = 0.5


class Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the file, or one programme in it, says. `rules` and `contexts` add to those of the layer below."""

    mode: Mode | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    hold_hours: Annotated[int, Meta(ge=1, le=720)] | UnsetType = UNSET
    segment: SegmentSection = SegmentSection()
    risk_levels: LevelsSection = LevelsSection()
    cutoffs: dict[str, CutoffsSection] = {}
    weights: dict[str, Share] = {}
    fallback: dict[str, Action] = {}
    block_list: ListedSection = ListedSection()
    watch_list: ListedSection = ListedSection()
    limits: dict[Code, LimitSection] = {}
    rules: tuple[RuleSection, ...] = ()
    contexts: tuple[SharedContext, ...] = ()
    tokens: TokensSection = TokensSection()
    cases: CasesSection = CasesSection()
    step_up: StepUpSection = StepUpSection()
    holds: HoldsSection = HoldsSection()
    caps: dict[Code, CapSection] = {}


class Document(Section, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file."""

    name: Name
    programs: dict[str, Section] = {}
