"""What was wrong with which row: the first thousand are kept whole, all of them are counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app.faults import Fault, one

FAULTS_KEPT: Final = 1_000
"""Rows told one by one. More than anybody reads; the counts by reason go on, so memory does not."""
REASONS_KEPT: Final = 1_000
"""Different reasons counted. Unknown fields have names of their own, so their number has no other bound."""
OTHER_REASONS: Final = "other reasons"
WHOLE_FILE: Final = 0
"""The row of a fault that is not one row's: the file cannot be opened, or ends in the middle."""
CONFLICT: Final = Fault("/event_id", "conflict: an earlier row has this event_id with another body")


class RowFault(NamedTuple):
    """
    A row that was left out, and why.

    Rows count as a person does, from 1: lines of NDJSON, rows of Parquet; in CSV the header is row 1 and the
    first event row 2, as a spreadsheet shows it. Row 0 is the file itself. Nothing a row holds is repeated
    but its event_id, where that is readable.
    """

    file: str
    row: int
    event_id: str | None
    errors: tuple[Fault, ...]


class UnreadableHistory(Exception):
    """No event can be had from these sources. The message says why, file by file."""


class FaultBook:
    """Collects faults within bounded memory."""

    def __init__(self) -> None:
        self._kept: list[RowFault] = []
        self._reasons: Counter[str] = Counter()
        self.rows = 0

    @property
    def kept(self) -> Sequence[RowFault]:
        """The first faults, at most FAULTS_KEPT."""
        return self._kept

    @property
    def reasons(self) -> Mapping[str, int]:
        """Reason, as "pointer message" → rows it was told of. A row may have several."""
        return self._reasons

    @property
    def room(self) -> int:
        """How many more are kept; all others are only counted."""
        return FAULTS_KEPT - len(self._kept)

    def add(self, fault: RowFault) -> None:
        """One faulty row, or one faulty file."""
        self.rows += fault.row != WHOLE_FILE
        if self.room:
            self._kept.append(fault)
        for error in set(fault.errors):
            self._tally(error, 1)

    def count(self, error: Fault, rows: int) -> None:
        """So many more rows of this one fault, which are not told one by one."""
        self.rows += rows
        if rows:
            self._tally(error, rows)

    def _tally(self, error: Fault, rows: int) -> None:
        reason = f"{error.pointer} {error.message}".strip()
        known = reason in self._reasons or len(self._reasons) < REASONS_KEPT
        self._reasons[reason if known else OTHER_REASONS] += rows

    def file(self, name: str, message: str) -> None:
        """Something that is wrong with a whole file."""
        self.add(RowFault(name, WHOLE_FILE, None, one("malformed", "", message).items))
