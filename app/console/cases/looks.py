"""
What somebody opened of a case before deciding it, and for how long: what the record of a close tells.

A page of a case counts as opened when the server has sent it; nothing in the browser is asked. The time from one page
of any case to the same person's next one counts for the first, at most `PAGE_MOST_MS`; after the last page nothing is
known, and nothing counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Protocol

PAGE_MOST_MS: Final = 5 * 60_000
"""Five minutes for a page: longer than reading any takes, shorter than a break."""
TABS: Final[Mapping[str, str]] = {
    "why": "Why it was flagged",
    "timeline": "Timeline",
    "things": "Devices and payment",
    "links": "Linked accounts",
    "record": "Record",
}
"""The pages of a case and their names; each counts as evidence under its key, and `record` under `record`."""


class Looked(NamedTuple):
    """What was opened, in the order it first was, and the time that counts, milliseconds."""

    evidence: tuple[str, ...] = ()
    spent_ms: int = 0

    @property
    def sections(self) -> tuple[str, ...]:
        """The pages among it."""
        return tuple(name for name in TABS if name in self.evidence)

    @property
    def pieces(self) -> int:
        """Single decisions, things and pairs among it."""
        return len(self.evidence) - len(self.sections)


class Looks(Protocol):
    """Where it is kept. Synchronous; every method raises RecordAway."""

    def program_of(self, case_id: str) -> str | None:
        """The programme of a case; None where there is no such case."""
        ...

    def look(self, case_id: str, user_id: str, what: str, now_ms: int) -> None:
        """Note that this user opened something of a case."""
        ...

    def looked(self, case_id: str, user_id: str) -> Looked:
        """What this user opened of a case."""
        ...
