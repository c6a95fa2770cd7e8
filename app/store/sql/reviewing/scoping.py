"""What a viewer's scope admits, as conditions on rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, FromClause, and_, select, true

from app.store.sql.case_tables import case_places
from app.users.rights import Scope


def of_place(rows: FromClause, scope: Scope) -> ColumnElement[bool]:
    """Rows with `partner_id` and `store_id`: those of the scope's partners and stores."""
    wanted: list[ColumnElement[bool]] = [true()]
    if scope.partners is not None:
        wanted.append(rows.c.partner_id.in_(sorted(scope.partners)))
    if scope.stores is not None:
        wanted.append(rows.c.store_id.in_(sorted(scope.stores)))
    return and_(*wanted)


def of_cases(rows: FromClause, scope: Scope) -> ColumnElement[bool]:
    """Rows with `case_id`: those of cases that touched one of the scope's partners, and one of its stores."""
    wanted: list[ColumnElement[bool]] = [true()]
    for kind, some in (("partner", scope.partners), ("store", scope.stores)):
        if some is not None:
            place: Any = (
                select(case_places.c.case_id)
                .where(
                    case_places.c.case_id == rows.c.case_id,
                    case_places.c.kind == kind,
                    case_places.c.value.in_(sorted(some)),
                )
                .exists()
            )
            wanted.append(place)
    return and_(*wanted)
