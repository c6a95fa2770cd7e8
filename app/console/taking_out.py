"""Handing out a file: the one way there is, which writes down who took what before anything leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlencode

from anyio import to_thread
from starlette.responses import Response

from app.console.accounts.naming import who
from app.console.visit import Visit
from app.reviewing.export import Cell, rows_as_csv
from app.reviewing.noting import Noting

EVENT: Final = "file.exported"
FILTERS_MOST: Final = 500
"""Characters of the filters that are noted: all that a person sets by hand."""
WITHHELD: Final = "given"
"""In the place of a filter's value that may name a member."""


class Taken(NamedTuple):
    """
    A file as it is handed out.

    name:       `cases.csv`.
    program_id: of the programme it is about; empty: several.
    filters:    what was asked for, by name, or as an address has it. No member's data: see `WITHHELD`.
    columns, rows: what is in it.
    """

    name: str
    program_id: str
    filters: str | Mapping[str, str]
    columns: Sequence[str]
    rows: Iterable[Sequence[Cell]]


class TakingOut:
    """
    Args:
        noting: where it is written down.
    """

    def __init__(self, noting: Noting) -> None:
        self._noting = noting

    async def table(self, visit: Visit, taken: Taken) -> Response:
        """The file as CSV. Raises RecordAway: it could not be written down, and nothing leaves."""

        def written() -> bytes:
            rows = list(taken.rows)
            body = "".join(rows_as_csv(taken.columns, rows)).encode()
            filters = taken.filters if isinstance(taken.filters, str) else urlencode(taken.filters)
            detail = f"{len(rows)} rows; {filters[:FILTERS_MOST] or 'no filter'}"
            self._noting.note(visit.now_ms, taken.program_id, EVENT, taken.name, who(visit), detail)
            return body

        body = await to_thread.run_sync(written)
        headers = {
            **visit.console.headers, "Content-Disposition": f'attachment; filename="{taken.name}"',
        }  # fmt: skip
        return Response(body, 200, headers, "text/csv; charset=utf-8")
