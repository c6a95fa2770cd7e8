"""Who used what, and who is linked with whom, as the graph and the panels ask."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import select

from app.reviewing.graph import Link
from app.reviewing.panels import Use
from app.store.sql.figure_tables import identifier_uses, identifiers
from app.store.sql.reach import reading
from app.store.sql.reviewing.scoping import of_place
from app.store.sql.tables import accounts, decisions, links

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, Select

    from app.users.rights import Scope

_decode: Final = msgspec.msgpack.Decoder(tuple[tuple[str, str, float], ...]).decode
_its: Final = identifier_uses.c
_USES: Final = select(
    *(_its[name] for name in Use._fields if name != "accounts"), identifiers.c.accounts
).join_from(
    identifier_uses,
    identifiers,
    (identifiers.c.program_id == _its.program_id)
    & (identifiers.c.kind == _its.kind)
    & (identifiers.c.digest == _its.digest),
)
_ACCOUNTS: Final = select(_its.account_id)
"""By what they used: the index of digests holds all that is asked. Asked for more columns, or of several for an order,
SQLite goes by account and reads the whole programme: 30 ms at a million decisions instead of 0.2."""


def _shown(program_id: str, account: Any, scope: Scope) -> ColumnElement[bool]:
    """Whether the account did anything at a place of the scope."""
    theirs = select(decisions.c.seq).where(
        decisions.c.program_id == program_id, decisions.c.account_id == account, of_place(decisions, scope)
    )
    return theirs.exists()


class SqlUses:
    """`app.reviewing.panels.Uses` and `app.reviewing.graph.Neighbours`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_account(self, program_id: str, account_id: str, limit: int, scope: Scope) -> Sequence[Use]:
        """What an account used, the latest first."""
        query = _USES.where(_its.program_id == program_id, _its.account_id == account_id)
        return self._read(
            _scoped(query, program_id, scope).order_by(_its.last_ms.desc(), _its.kind).limit(limit)
        )

    def of_identifier(
        self, program_id: str, kind: str, digest: bytes, limit: int, scope: Scope
    ) -> Sequence[Use]:
        """Who used it, by account id, as far as the scope shows them."""
        this = (_its.program_id == program_id, _its.kind == kind, _its.digest == digest)
        found = _scoped(_ACCOUNTS.where(*this), program_id, scope).order_by(_its.account_id).limit(limit)
        with reading(self._engine) as connection:
            names = connection.scalars(found).all()
        return self._read(_USES.where(*this, _its.account_id.in_(names)).order_by(_its.account_id))

    def shared_by(
        self, program_id: str, account_ids: Collection[str], limit: int, scope: Scope
    ) -> Sequence[Use]:
        """What these accounts share with anybody, the least shared first."""
        query = _USES.where(
            _its.program_id == program_id,
            _its.account_id.in_(sorted(account_ids)),
            identifiers.c.accounts > 1,
        )
        order = identifiers.c.accounts, _its.kind, _its.digest, _its.account_id
        return self._read(_scoped(query, program_id, scope).order_by(*order).limit(limit))

    def users_of(
        self, program_id: str, wanted: Collection[tuple[str, bytes]], limit: int, scope: Scope
    ) -> Sequence[str]:
        """The accounts that used any of these identifiers, in order."""
        digests: dict[str, list[bytes]] = {}
        for kind, digest in sorted(wanted):
            digests.setdefault(kind, []).append(digest)
        found: set[str] = set()
        with reading(self._engine) as connection:
            for kind, some in digests.items():  # SQLite finds no index for pairs in a list
                these = (_its.program_id == program_id, _its.kind == kind, _its.digest.in_(some))
                query = _scoped(_ACCOUNTS.where(*these), program_id, scope).limit(limit)
                found.update(connection.scalars(query))
        return sorted(found)[:limit]

    def links_of(
        self, program_id: str, account_ids: Collection[str], limit: int, scope: Scope
    ) -> Sequence[Link]:
        """Who was found to be the same hand as any of these, likeliest first; only accounts that are recorded."""
        mine, others = accounts.alias("mine"), accounts.alias("others")
        query = (
            select(
                mine.c.account_id.label("one"),
                others.c.account_id.label("other"),
                links.c.probability,
                links.c.evidence,
                links.c.found_ms,
            )
            .join_from(
                mine,
                links,
                (links.c.program_id == mine.c.program_id) & (links.c.account_key == mine.c.account_key),
            )
            .outerjoin(  # an inner one would be begun at the programme's accounts
                others,
                (others.c.program_id == links.c.program_id) & (others.c.account_key == links.c.other_key),
            )
            .where(mine.c.program_id == program_id, mine.c.account_id.in_(sorted(account_ids)))
            .order_by(links.c.probability.desc(), others.c.account_id)
            .limit(limit)
        )
        if not scope.is_whole_programme:
            query = query.where(_shown(program_id, others.c.account_id, scope))
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            Link(row.one, row.other, row.probability, _decode(row.evidence), row.found_ms)
            for row in rows
            if row.other is not None
        ]

    def _read(self, query: Select[Any]) -> Sequence[Use]:
        with reading(self._engine) as connection:
            return [Use(*row) for row in connection.execute(query)]


def _scoped(query: Select[Any], program_id: str, scope: Scope) -> Select[Any]:
    return query if scope.is_whole_programme else query.where(_shown(program_id, _its.account_id, scope))
