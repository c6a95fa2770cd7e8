"""Saved views in SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, bindparam, func, select

from app.console.saved_views import SavedView
from app.store.sql.case_tables import cases
from app.store.sql.console_tables import console_views
from app.store.sql.moves import Moves
from app.store.sql.reach import in_one, reading

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_MOVES: Final = Moves("app.store.sql", "console_moves")
_NEXT: Final = select(func.min(cases.c.program_id)).where(cases.c.program_id > bindparam("after"))
_SHOWN: Final = 50
"""Of shared views of others, the oldest."""


class SqlViews:
    """
    `app.console.saved_views.Views`. Every method raises RecordAway: nothing was done then.

    Args:
        engine: A database at this version's migration.
        new_id: prefix → a fresh id.
    """

    def __init__(self, engine: Engine, new_id: Callable[[str], str]) -> None:
        self._engine, self._new_id = engine, new_id

    def views(self, user_id: str, shared_of: Collection[str] | None) -> Sequence[SavedView]:
        """One's own, then what others share of these programmes (None: of all), each oldest first."""
        of = console_views.c
        theirs = and_(of.user_id != user_id, of.is_shared == 1)
        if shared_of is not None:
            theirs = and_(theirs, of.program_id.in_(sorted(shared_of)))
        query = select(*(of[name] for name in SavedView.__struct_fields__))
        ordered = (of.made_ms, of.view_id)
        with reading(self._engine) as connection:
            mine = connection.execute(query.where(of.user_id == user_id).order_by(*ordered)).all()
            others = connection.execute(query.where(theirs).order_by(*ordered).limit(_SHOWN)).all()
        return [
            SavedView(
                row.view_id,
                row.user_id,
                row.name,
                row.program_id,
                row.query,
                bool(row.is_shared),
                bool(row.is_default),
            )
            for row in [*mine, *others]
        ]

    def save(self, view: SavedView, most: int, now_ms: int) -> str | None:
        """The view's id; None where the user has `most` others."""

        def save(connection: Connection) -> str | None:
            _MOVES(connection, "hold", user_id=view.user_id)
            row = _MOVES(
                connection, "save", view_id=self._new_id("viw"), user_id=view.user_id, title=view.name,
                program_id=view.program_id, query=view.query, is_shared=int(view.is_shared), now_ms=now_ms, most=most,
            ).first()  # fmt: skip
            return None if row is None else str(row.view_id)

        return in_one(self._engine, save)

    def begin_with(self, user_id: str, view_id: str) -> None:
        """Make it the user's first; "": none is."""
        in_one(
            self._engine,
            lambda connection: _MOVES(connection, "begin_with", user_id=user_id, view_id=view_id),
        )

    def forget(self, user_id: str, view_id: str) -> bool:
        """False where the user has no such view."""

        def forget(connection: Connection) -> bool:
            return _MOVES(connection, "forget", user_id=user_id, view_id=view_id).first() is not None

        return in_one(self._engine, forget)

    def programmes(self) -> Sequence[str]:
        """Programmes that have a case, in order; one step in the index each."""
        found: list[str] = []
        with reading(self._engine) as connection:
            after = ""
            while (name := connection.scalar(_NEXT, {"after": after})) is not None:
                found.append(name)
                after = name
        return found
