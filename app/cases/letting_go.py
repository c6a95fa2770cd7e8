"""When letting go of held points or rewards needs a second person: also of much in many small parts. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from app.cases.terms import HOUR_MS, CaseTerms
from detectors.amounts import amount

LOOKED_BACK_MS: Final = 24 * HOUR_MS
"""What one person let go counts for a day, so that no pause within a shift begins a new sum."""
LINES_IN_ALL: Final = 10
"""So many times the line for one account or ring is the line for all that one person lets go in a day: 500 EUR where
nothing else is said, some fifty small cases of a shift. Beyond it somebody else looks, however small each was."""


class LetGoBefore(NamedTuple):
    """
    What one person let go in the last 24 hours, minor units, without a second one. What was let go counts also where the
    act was taken back: it stays let go.

    of_case_minor: of this case's accounts, from this case or another.
    in_all_minor:  in the programme.
    """

    of_case_minor: int = 0
    in_all_minor: int = 0


NOTHING: Final = LetGoBefore()


def why_second(value_minor: int, before: LetGoBefore, terms: CaseTerms) -> str:
    """Why letting go of this much more needs a second person, in a sentence with the sum that decides it; "" if none."""
    of_case, in_all = before.of_case_minor + value_minor, before.in_all_minor + value_minor
    if of_case >= terms.four_eyes_minor:
        with_it = "With what you released of it within 24 hours this" if before.of_case_minor else "This"
        return f"{with_it} is {amount(of_case, terms.currency)}: a second person has to approve."
    if in_all >= LINES_IN_ALL * terms.four_eyes_minor:
        with_all = f"With all you released within 24 hours this is {amount(in_all, terms.currency)}"
        return f"{with_all}: a second person has to approve."
    return ""
