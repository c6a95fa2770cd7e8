"""The dashboard and its files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.charts.drawing import DrawingRoom
from app.console.dashboard.period import STANDING, Period, read_period
from app.console.dashboard.shown import charts, percent, queue_tiles, rate_tiles, tables
from app.console.place import HOME, Place
from app.console.programmes import Chosen, Programmes, remember
from app.console.taking_out import Taken, TakingOut
from app.console.visit import Gesture, Get, Visit, turned
from app.playbook.entries import entry_for
from app.reviewing.figures import Dashboard, Figures, dashboard, day_of
from detectors.policy import Policy

DASHBOARD: Final = f"{HOME}/dashboard"
LEFT_TOLD: Final = 3_000
"""Entries not counted yet that are told of: some seconds' in a rush. Fewer are always on their way."""
PLACE: Final = Place("dashboard", "Dashboard", DASHBOARD, "view_dashboard", key="d")


class DashboardPage:
    """
    Args:
        figures: where the sums are kept.
        room: draws the charts.
        programmes: which programmes there are.
        policy_of: the policy a programme decides by, which says who gives which reason.
        taking_out: hands out the files.
    """

    def __init__(
        self,
        figures: Figures,
        room: DrawingRoom,
        programmes: Programmes,
        policy_of: Callable[[str], Policy],
        taking_out: TakingOut,
    ) -> None:
        self._figures, self._room, self._programmes, self._policy_of = figures, room, programmes, policy_of
        self._taking_out = taking_out

    def gestures(self) -> list[Gesture]:
        """What can be done here."""
        return [
            Get(DASHBOARD, "view_dashboard", self.show),
            Get(f"{DASHBOARD}/{{name}}.csv", "export", self.file),
        ]

    async def show(self, visit: Visit) -> Response:
        """The figures of a programme and a period."""
        chosen, period, found = await self._found(visit)
        wanted = charts(found, period)
        drawn = await self._room.draw(*wanted.values())
        page = visit.page(
            "dashboard/index.html",
            "Dashboard",
            chosen=chosen,
            period=period,
            periods=[(days, f"{DASHBOARD}?{_standing(days, chosen)}") for days in STANDING],
            query=period.query(chosen.program_id),
            found=found,
            told_from=LEFT_TOLD,
            queue=queue_tiles(found, visit.now_ms),
            rates=rate_tiles(found),
            tables=tables(found, visit.now_ms),
            drawn=dict(zip(wanted, drawn, strict=True)),
            percent=percent,
            limited=not visit.viewer.scope.is_whole_programme,
        )
        return remember(visit, page, chosen.program_id)

    async def file(self, visit: Visit) -> Response:
        """One table, whole: `earnest-reasons-2026-05-01-2026-05-30.csv` would be a name; what is in it says the rest."""
        name = visit.path["name"]
        chosen, period, found = await self._found(visit)
        if period.fault:
            raise turned(422, f"{period.fault} A file of other days than asked for would mislead.", DASHBOARD)
        table = tables(found, visit.now_ms).get(name)
        if table is None:
            raise turned(404, "There is no such table.", DASHBOARD)
        filters = {"period": period.chosen, "from": period.first, "to": period.last}
        columns = [column.name for column in table.columns]
        taken = Taken(f"{name}.csv", chosen.program_id, filters, columns, table.rows)
        return await self._taking_out.table(visit, taken)

    async def _found(self, visit: Visit) -> tuple[Chosen, Period, Dashboard]:
        chosen = await self._programmes.chosen(visit, visit.query.get("program", ""))
        period = read_period(visit.query, day_of(visit.now_ms))
        policy = self._policy_of(chosen.program_id)
        read = partial(
            dashboard, self._figures, chosen.program_id, visit.viewer.scope, period.first_day, period.last_day,
            visit.now_ms, lambda code: _stage(code, policy),
        )  # fmt: skip
        return chosen, period, await to_thread.run_sync(read)


def _stage(code: str, policy: Policy) -> str:
    entry = entry_for(code, policy)
    return "" if entry is None else entry.stage


def _standing(days: int, chosen: Chosen) -> str:
    return Period(0, 0, str(days)).query(chosen.program_id)
