"""A date of birth that tells people apart."""

from __future__ import annotations

from datetime import date
from typing import Final

EARLIEST_YEAR: Final = 1900
"""Nobody born before is alive; older dates are typing errors."""
PLACEHOLDERS: Final = frozenset({"1900-01-01", "1970-01-01"})
"""What forms and databases fill in for `unknown` (the first of a century, the Unix epoch). It costs those
born on 1970-01-01 one piece of evidence; agreeing on a placeholder would link strangers."""


def canonical_birth(text: str) -> str | None:
    """The date as YYYY-MM-DD, or None where the calendar has no such day or it stands for `unknown`."""
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return None
    known = born.isoformat()
    return known if born.year >= EARLIEST_YEAR and known not in PLACEHOLDERS else None
