"""The dashboard's sums, and how the queue stands, read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, case, func, select

from app.reviewing.counting import DAY_MS, Figure
from app.reviewing.figures import Count, Queue
from app.store.sql.case_tables import case_places, cases
from app.store.sql.figure_tables import daily_figures, review_cursors
from app.store.sql.reach import reading
from app.store.sql.reviewing.scoping import of_place
from app.store.sql.tables import head

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.users.rights import Scope

_its: Final = daily_figures.c


class SqlFigures:
    """`app.reviewing.figures.Figures`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def counts(
        self, program_id: str, scope: Scope, figures: Iterable[Figure], first_day: int, last_day: int
    ) -> Mapping[Figure, Sequence[Count]]:
        """Each figure's counts of the days, both included, as far as the scope shows them."""
        where = [
            _its.program_id == program_id,
            _its.whole == int(scope.is_whole_programme),
            _its.figure.in_(list(figures)),
            _its.day.between(first_day, last_day),
        ]
        if not scope.is_whole_programme:
            where.append(of_place(daily_figures, scope))
        query = (
            select(_its.figure, _its.day, _its.name, func.sum(_its["count"]))
            .where(*where)
            .group_by(_its.figure, _its.day, _its.name)
            .order_by(_its.figure, _its.day, _its.name)
        )
        found: dict[Figure, list[Count]] = {}
        with reading(self._engine) as connection:
            for figure, day, name, count in connection.execute(query):
                if count:
                    found.setdefault(figure, []).append(Count(day, name, int(count)))
        return found

    def queue(self, program_id: str, scope: Scope, first_day: int, last_day: int, now_ms: int) -> Queue:
        """How the queue stands."""
        mine = _mine(program_id, scope)
        from_ms, to_ms = first_day * DAY_MS, (last_day + 1) * DAY_MS
        standing = (
            select(
                cases.c.priority,
                func.count(),
                func.sum(case((cases.c.due_ms < now_ms, 1), else_=0)),
                func.min(cases.c.opened_ms),
            )
            .where(mine, cases.c.state != "closed")
            .group_by(cases.c.priority)
        )
        opened = and_(cases.c.opened_ms >= from_ms, cases.c.opened_ms < to_ms)
        closed = and_(cases.c.closed_ms >= from_ms, cases.c.closed_ms < to_ms)
        with reading(self._engine) as connection:
            rows = connection.execute(standing).all()
            touch = connection.execute(
                select(func.avg(cases.c.touched_ms - cases.c.opened_ms)).where(
                    mine, opened, cases.c.touched_ms.is_not(None)
                )
            ).scalar()
            done, in_time, took = connection.execute(_closed(mine & closed)).one()
        return Queue(
            open={priority: count for priority, count, _, _ in rows},
            overdue=sum(late for _, _, late, _ in rows),
            oldest_ms=min((oldest for _, _, _, oldest in rows), default=None),
            closed=done,
            in_time=in_time or 0,
            touch_ms=None if touch is None else float(touch),
            close_ms=None if took is None else float(took),
        )

    def left(self) -> int:
        """Entries of the record, of all programmes, that are not counted yet."""
        counted = select(review_cursors.c.seq).where(review_cursors.c.source == "record").scalar_subquery()
        with reading(self._engine) as connection:
            return max(0, int(connection.execute(select(head.c.seq - counted)).scalar_one()))


def _mine(program_id: str, scope: Scope) -> ColumnElement[bool]:
    """The scope's cases; those of a few stores are begun at their stores, not at the programme's cases."""
    wanted = [cases.c.program_id == program_id]
    for kind, some in (("partner", scope.partners), ("store", scope.stores)):
        if some is not None:
            there = select(case_places.c.case_id).where(
                case_places.c.program_id == program_id,
                case_places.c.kind == kind,
                case_places.c.value.in_(sorted(some)),
            )
            wanted.append(cases.c.case_id.in_(there))
    return and_(*wanted)


def _closed(which: ColumnElement[bool]) -> Any:
    in_time = case((cases.c.closed_ms <= cases.c.due_ms, 1), else_=0)
    return select(func.count(), func.sum(in_time), func.avg(cases.c.closed_ms - cases.c.opened_ms)).where(
        which
    )
