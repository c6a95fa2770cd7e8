"""The audit as the console shows it: filtered, a page at a time, and whether its chain holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

LOOKED_THROUGH: Final = 50_000
"""Rows a page looks through at most, newest first: some 60 ms. Rows are found by their number alone, and what is looked
for may be old: then the next page goes on from there."""
VERIFIED_MOST: Final = 20_000
"""Rows verified from a page: a quarter of a second. `earnest audit verify` reads all of them."""
EXPORTED_MOST: Final = 50_000
"""Rows of a file: 10 MB, what a spreadsheet opens."""


class AuditRow(NamedTuple):
    """A row of the audit. `ip` are the first digits of a keyed hash: the same address, the same digits."""

    seq: int
    at_ms: int
    program_id: str
    event: str
    subject: str
    actor: str
    ip: str
    detail: str


class Asked(NamedTuple):
    """Which rows; what is empty or None does not choose. `event` may end in a dot: all of that family."""

    programs: Collection[str] | None = None
    event: str = ""
    subject: str = ""
    actor: str = ""
    from_ms: int | None = None
    to_ms: int | None = None


class AuditPage(NamedTuple):
    """
    Rows, newest first.

    next_seq: where the next page begins; None where there is none.
    is_short: fewer rows than asked for, because enough were looked through.
    """

    rows: Sequence[AuditRow]
    next_seq: int | None
    is_short: bool


class Chain(NamedTuple):
    """
    Whether the chain holds.

    rows:   that were read; `of`: that there are.
    end:    the mac it ends with, hexadecimal.
    broken: where and how, where it does not hold.
    """

    rows: int
    of: int
    end: str
    broken: str


class Audits(Protocol):
    """Where the audit is read. Raises RecordAway."""

    def page(self, asked: Asked, before_seq: int | None, limit: int) -> AuditPage: ...
    def all(self, asked: Asked, most: int) -> Iterator[AuditRow]:
        """Everything asked for, newest first, at most so many."""
        ...

    def verify(self, most: int) -> Chain:
        """Read the newest so many rows, and say whether they are as they were written."""
        ...
