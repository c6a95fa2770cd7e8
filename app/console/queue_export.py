"""The filtered queue as CSV, all of it and not only a page."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.cases.desk import CaseDesk
from app.cases.ports import Case
from app.console import case_words
from app.console.programmes import Programmes, scope_of
from app.console.queue_query import PERSONAL, read
from app.console.queue_shown import QUEUE
from app.console.taking_out import WITHHELD, Taken, TakingOut
from app.console.telling import when
from app.console.visit import Gesture, Get, Visit, turned
from app.reviewing.export import Cell

EXPORT: Final = f"{QUEUE}/cases.csv"
EXPORT_MOST: Final = 20_000
"""Cases in one file: 4 MB, what a spreadsheet opens at once; who needs more narrows the filter."""
AT_ONCE: Final = 1_000
COLUMNS: Final = (
    "case_id", "program_id", "kind", "state", "priority", "typology", "typology_title", "account_id", "accounts",
    "risk_score", "points", "value_minor", "loss_minor", "currency", "challenged", "reviewed", "blocked", "reasons",
    "opened_at", "due_at", "closed_at", "assignee", "resolution", "recommendation", "overridden",
)  # fmt: skip


class Export:
    """
    Args:
        desk: the use cases of cases.
        programmes: which programmes there are.
        taking_out: hands out the file.
    """

    def __init__(self, desk: CaseDesk, programmes: Programmes, taking_out: TakingOut) -> None:
        self._desk, self._programmes, self._taking_out = desk, programmes, taking_out

    def gestures(self) -> list[Gesture]:
        """What can be done here."""
        return [Get(EXPORT, "export", self.file)]

    async def file(self, visit: Visit) -> Response:
        """`cases.csv`."""
        asked = read(visit.request.query_params.multi_items())
        if asked.faults:
            raise turned(422, f"{asked.faults[0]} A file of other cases than asked for would mislead.", QUEUE)
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        scope, currency = scope_of(visit, chosen.program_id), visit.console.currency(chosen.program_id)
        wanted = asked.chosen(visit.viewer.actor, visit.now_ms, currency)
        there = (await self._desk.counts(scope, wanted)).total
        if there > EXPORT_MOST:
            told = f"These are {there:,} cases; a file holds {EXPORT_MOST:,}. Narrow the filter."
            raise turned(422, told, f"{QUEUE}?{asked.query()}")
        found: list[Case] = []
        cursor = None
        while True:
            page = await self._desk.list(scope, wanted, asked.order, limit=AT_ONCE, cursor=cursor)
            found += page.items
            cursor = page.next_cursor
            if cursor is None or len(found) > EXPORT_MOST:
                break
        filters = asked.query(but=PERSONAL) + (f"&account={WITHHELD}" if asked.one("account") else "")
        rows = (_row(case, currency) for case in found)
        taken = Taken("cases.csv", chosen.program_id, filters, COLUMNS, rows)
        return await self._taking_out.table(visit, taken)


def _row(case: Case, currency: str) -> list[Cell]:
    words: dict[str, Cell] = {
        "typology_title": case_words.typology(case.typology),
        "currency": currency,
        "reasons": " ".join(case.reasons),
        "opened_at": when(case.opened_ms, 0).iso,
        "due_at": when(case.due_ms, 0).iso,
        "closed_at": None if case.closed_ms is None else when(case.closed_ms, 0).iso,
        "overridden": None if case.overridden is None else int(case.overridden),
    }
    return [words[name] if name in words else getattr(case, name) for name in COLUMNS]
