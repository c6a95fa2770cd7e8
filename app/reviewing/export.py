"""A table as CSV that a spreadsheet reads as text and numbers, never as a formula; streamed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

Cell = str | int | float | None
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet run a cell, full-width forms included. Source: OWASP, CSV injection."""
ROWS_AT_ONCE: Final = 500
"""Rows a piece: some 50 kB."""


def rows_as_csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """
    The table in pieces, RFC 4180. Numbers stay numbers, also negative ones; text that could be a formula gets an
    apostrophe in front, by which spreadsheets show it as it is.
    """
    page = StringIO()
    writer = csv.writer(page, quoting=csv.QUOTE_MINIMAL)
    writer.writerow([tame(name) for name in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([tame(cell) for cell in row])
        if number % ROWS_AT_ONCE == 0:
            yield page.getvalue()
            page.seek(0)
            page.truncate()
    if page.tell():
        yield page.getvalue()


def tame(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULAS) else cell
