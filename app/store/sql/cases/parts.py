"""Which part of a case somebody sees who is limited to some partners or stores."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from app.cases.ports import Case, Scope
from app.store.sql.case_tables import case_accounts, case_decisions
from app.store.sql.tables import decisions


def beyond_of(connection: Connection, scope: Scope, case_id: str, names: Sequence[str]) -> frozenset[str]:
    """Those of these accounts that none of the case's flagged decisions ties to the scope's partners and stores."""
    beyond: set[str] = set()
    of, at = case_decisions.c, decisions.c
    for column, limit in ((at.partner_id, scope.partners), (at.store_id, scope.stores)):
        if limit is None:
            continue
        query = (
            select(of.account_id)
            .join_from(case_decisions, decisions, of.decision_id == at.decision_id)
            .where(of.case_id == case_id, column.in_(sorted(limit)))
        )
        beyond |= set(names) - set(connection.scalars(query.distinct()))
    return frozenset(beyond)


def outside(connection: Connection, scope: Scope, case: Case) -> frozenset[str]:
    """Accounts of this case that the scope does not show."""
    if scope.partners is None and scope.stores is None:
        return frozenset()
    of = case_accounts.c
    query = select(of.account_id).where(of.case_id == case.case_id, of.left_ms.is_(None))
    return beyond_of(connection, scope, case.case_id, connection.scalars(query).all())
