"""What a programme's policy says of cases: which decisions open one, what points are worth, and how soon is soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace

from app.policy.vocabulary import hint
from detectors.policy import EVENT_TYPES

Opens = Literal["challenge", "review", "block", "never"]
"""The mildest decision that opens a case."""
Minor = Annotated[int, Meta(ge=0, le=10**12)]
Hours = Annotated[int, Meta(ge=1, le=720)]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


class CaseTerms(Struct, frozen=True):
    """
    `[cases]` of the policy. Amounts are in minor units of the programme's currency.

    currency:      of the programme, ISO 4217: what points are worth, and every amount of its cases, is told in it.
    point_minor:   what a point is worth: a cent, what retail programmes pay for one.
    opens:         event type → the mildest decision that opens a case; `review` for those not named.
    late_hours:    what was handed in longer than this after it happened opens none: history is not news.
    touch_minutes: a case of priority 1 is looked at within 15 min (docs/cases.md).
    p1_hours, p2_hours, p3_hours: and decided within 4 h, 24 h, 72 h.
    urgent_minor:  from which value held points make a case priority 1: 10 EUR, the reward that a member would ask after.
    serious_minor: from which expected loss a case is priority 2: 50 EUR, the field's line for a second pair of eyes.
    four_eyes_minor: from which value releasing held points needs a second person: the same 50 EUR.
    lease_minutes: how long a claim holds.
    hold_hours:    how long points may be held for a case, at most.
    """

    currency: str = "EUR"
    point_minor: float = 1.0
    opens: Mapping[str, Opens] = {}
    late_hours: int = 168
    touch_minutes: int = 15
    p1_hours: int = 4
    p2_hours: int = 24
    p3_hours: int = 72
    urgent_minor: int = 1_000
    serious_minor: int = 5_000
    four_eyes_minor: int = 5_000
    lease_minutes: int = 15
    hold_hours: int = 72

    def decide_ms(self, priority: int) -> int:
        """How long a case of this priority may take, milliseconds."""
        return (self.p1_hours, self.p2_hours, self.p3_hours)[priority - 1] * HOUR_MS

    @property
    def lease_ms(self) -> int:
        """How long a claim holds, milliseconds."""
        return self.lease_minutes * MINUTE_MS


class CasesSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[cases]` as written; an absent key stays as in the layer below, `opens` type by type."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")] | UnsetType = UNSET
    point_minor: Annotated[float, Meta(ge=0, le=10**6)] | UnsetType = UNSET
    opens: dict[str, Opens] = {}
    late_hours: Annotated[int, Meta(ge=0, le=8_760)] | UnsetType = UNSET
    touch_minutes: Annotated[int, Meta(ge=1, le=1_440)] | UnsetType = UNSET
    p1_hours: Hours | UnsetType = UNSET
    p2_hours: Hours | UnsetType = UNSET
    p3_hours: Hours | UnsetType = UNSET
    urgent_minor: Minor | UnsetType = UNSET
    serious_minor: Minor | UnsetType = UNSET
    four_eyes_minor: Minor | UnsetType = UNSET
    lease_minutes: Annotated[int, Meta(ge=1, le=480)] | UnsetType = UNSET
    hold_hours: Hours | UnsetType = UNSET


DEFAULT_CASES: Final = CaseTerms()


def overlay_cases(base: CaseTerms, section: CasesSection, at: str, problems: list[str]) -> CaseTerms:
    """The terms `base` with what the section says; each problem found is added to `problems`."""
    said = {name: value for name, value in asdict(section).items() if value is not UNSET}
    terms = replace(base, **said | {"opens": {**base.opens, **section.opens}})
    problems += [
        f"{at}cases.opens.{name}: is none of {', '.join(EVENT_TYPES)}{hint(name, EVENT_TYPES)}"
        for name in section.opens
        if name not in EVENT_TYPES
    ]
    if not terms.p1_hours <= terms.p2_hours <= terms.p3_hours:
        problems.append(f"{at}cases: must not fall: p1_hours, p2_hours, p3_hours")
    return terms
