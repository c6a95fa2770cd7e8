"""The sources of an account's timeline, each by an index, each from a place on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, and_, literal, or_, select

from app.ports.record import EventErased
from app.reviewing.timeline import KINDS, Kind, Moment, Place
from app.store.sql.case_tables import case_accounts, case_moves
from app.store.sql.events import WITH_KEY, opened
from app.store.sql.lock_tables import disputes, lock_changes
from app.store.sql.reach import reading
from app.store.sql.reviewing.scoping import of_cases, of_place
from app.store.sql.tables import account_keys, decisions, labels, outcomes, step_ups
from app.store.sql.token_tables import redemptions, tokens

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Engine, FromClause, Row

    from app.store.sql.account_keys import AccountKeys
    from app.users.rights import Scope

Source = tuple[Select[Any], "ColumnElement[Any]", "ColumnElement[Any]"]
"""The account's rows, their instant, and the key that sets apart those of one instant."""


def _of(rows: FromClause, program_id: str, account_id: str) -> ColumnElement[bool]:
    return and_(rows.c.program_id == program_id, rows.c.account_id == account_id)


def _events(program_id: str, account_id: str, scope: Scope) -> Source:
    query = (
        select(
            *(decisions.c[name] for name in _EVENT),
            account_keys.c.wrapped_key,
        )
        .select_from(WITH_KEY)
        .where(_of(decisions, program_id, account_id), of_place(decisions, scope))
    )
    return query, decisions.c.occurred_ms, decisions.c.seq


_EVENT: Final = (
    "seq", "occurred_ms", "decision_id", "program_id", "account_id", "event_id", "type", "decision", "risk_score",
    "points", "partner_id", "store_id", "sealed_event", "passed_ms",
)  # fmt: skip


def _told(table: Any, at: str, program_id: str, account_id: str, scope: Scope) -> Source:
    """Rows of what was told of decisions; who sees only some places sees what was told of those."""
    query = select(table).where(_of(table, program_id, account_id))
    if not scope.is_whole_programme:
        theirs = select(decisions.c.seq).where(
            decisions.c.decision_id == table.c.decision_id, of_place(decisions, scope)
        )
        query = query.where(theirs.exists())
    return query, table.c[at], table.c.seq


def _labels(program_id: str, account_id: str, scope: Scope) -> Source:
    columns = [
        labels.c[name] for name in ("seq", "labelled_ms", "label", "typology", "source", "labelled_by")
    ]
    named = select(*columns, literal("").label("decision_id")).where(_of(labels, program_id, account_id))
    of_events = (
        select(*columns, decisions.c.decision_id)
        .join_from(
            decisions,
            labels,
            (labels.c.program_id == decisions.c.program_id) & (labels.c.event_id == decisions.c.event_id),
        )
        .where(
            _of(decisions, program_id, account_id), labels.c.account_id.is_(None), of_place(decisions, scope)
        )
    )
    both = named.union_all(of_events).subquery()
    return select(both), both.c.labelled_ms, both.c.seq


def _locks(program_id: str, account_id: str, _: Scope) -> Source:
    changes = lock_changes.c
    columns = changes.version, changes.locked, changes.at_ms, changes.asked_by, changes.actor
    return select(*columns).where(_of(lock_changes, program_id, account_id)), changes.at_ms, changes.version


def _tokens(program_id: str, account_id: str, _: Scope) -> Source:
    columns = [
        tokens.c[name] for name in ("token_id", "issued_ms", "purpose", "state", "points", "campaign_id")
    ]
    return select(*columns).where(_of(tokens, program_id, account_id)), tokens.c.issued_ms, tokens.c.token_id


def _redemptions(program_id: str, account_id: str, _: Scope) -> Source:
    query = (
        select(
            *(redemptions.c[name] for name in ("redemption_id", "token_id", "at_ms", "actor")),
            disputes.c.at_ms.label("disputed_ms"),
        )
        .outerjoin(
            disputes,
            (disputes.c.program_id == redemptions.c.program_id)
            & (disputes.c.redemption_id == redemptions.c.redemption_id),
        )
        .where(_of(redemptions, program_id, account_id))
    )
    return query, redemptions.c.at_ms, redemptions.c.redemption_id


def _cases(program_id: str, account_id: str, scope: Scope) -> Source:
    names = ("seq", "case_id", "at_ms", "actor", "move", "from_state", "to_state")
    query = (
        select(*(case_moves.c[name] for name in names))
        .join_from(case_accounts, case_moves, case_moves.c.case_id == case_accounts.c.case_id)
        .where(_of(case_accounts, program_id, account_id), of_cases(case_moves, scope))
    )
    return query, case_moves.c.at_ms, case_moves.c.seq


_SOURCES: Final[dict[Kind, Callable[[str, str, Any], Source]]] = {
    "event": _events,
    "outcome": lambda *asked: _told(outcomes, "told_ms", *asked),
    "step_up": lambda *asked: _told(step_ups, "passed_ms", *asked),
    "label": _labels,
    "lock": _locks,
    "token": _tokens,
    "redemption": _redemptions,
    "case": _cases,
}


class SqlMoments:
    """`app.reviewing.timeline.Moments`."""

    def __init__(self, engine: Engine, keys: AccountKeys) -> None:
        self._engine, self._keys = engine, keys

    def moments(
        self,
        program_id: str,
        account_id: str,
        kind: Kind,
        *,
        scope: Scope,
        after: Place | None,
        limit: int,
        types: Collection[str] | None = None,
    ) -> Sequence[Moment]:
        """An account's moments of one kind that stand after a place, newest first. Raises RecordAway."""
        query, at, key = _SOURCES[kind](program_id, account_id, scope)
        if kind == "event" and types is not None:
            query = query.where(decisions.c.type.in_(sorted(types)))
        if after is not None:
            query = query.where(_beyond(kind, at, key, after))
        query = query.order_by(at.desc(), key.desc()).limit(limit)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [self._moment(kind, row) for row in rows]

    def _moment(self, kind: Kind, row: Row[Any]) -> Moment:
        return self._happened(row) if kind == "event" else _READ[kind](row)

    def _happened(self, row: Row[Any]) -> Moment:
        try:
            event = opened(self._keys, row)
        except EventErased:
            event = None
        profile = None if event is None else event.profile
        given = (
            ()
            if profile is None
            else [n for n in profile.__struct_fields__ if getattr(profile, n) is not None]
        )
        return Moment(
            at_ms=row.occurred_ms, kind="event", key=row.seq, what=row.type, ref=row.decision_id,
            decision=row.decision if row.passed_ms is None else "challenge", risk_score=row.risk_score,
            points=row.points, channel=(event and event.channel) or "", store_id=row.store_id or "",
            partner_id=row.partner_id or "", changed=tuple(given), erased=event is None,
        )  # fmt: skip


def _beyond(kind: Kind, at: ColumnElement[Any], key: ColumnElement[Any], after: Place) -> ColumnElement[bool]:
    """After a place in the order of all: at an instant, the kinds of lower rank were there before."""
    rank = KINDS.index(kind)
    if rank < after.rank:
        return at < after.at_ms
    if rank > after.rank:
        return at <= after.at_ms
    return and_(at <= after.at_ms, or_(at < after.at_ms, key < after.key))


def _label(row: Row[Any]) -> Moment:
    return Moment(
        at_ms=row.labelled_ms, kind="label", key=row.seq, what=row.label, ref=row.decision_id,
        actor=row.labelled_by, detail=row.typology or "",
    )  # fmt: skip


def _lock(row: Row[Any]) -> Moment:
    what = "locked" if row.locked else "unlocked"
    return Moment(
        at_ms=row.at_ms, kind="lock", key=row.version, what=what, actor=row.actor, detail=row.asked_by
    )


def _token(row: Row[Any]) -> Moment:
    return Moment(
        at_ms=row.issued_ms, kind="token", key=row.token_id, what=row.state, ref=row.token_id, points=row.points,
        detail=row.purpose,
    )  # fmt: skip


def _redemption(row: Row[Any]) -> Moment:
    return Moment(
        at_ms=row.at_ms, kind="redemption", key=row.redemption_id, what="redeemed", ref=row.token_id,
        actor=row.actor, detail="" if row.disputed_ms is None else "disputed by the member",
    )  # fmt: skip


def _case(row: Row[Any]) -> Moment:
    return Moment(
        at_ms=row.at_ms, kind="case", key=row.seq, what=row.move, ref=row.case_id, actor=row.actor,
        detail=row.to_state,
    )  # fmt: skip


_READ: Final[dict[Kind, Callable[[Any], Moment]]] = {
    "outcome": lambda row: Moment(
        at_ms=row.told_ms, kind="outcome", key=row.seq, what=row.outcome, ref=row.decision_id, actor=row.told_by,
        points=row.points,
    ),
    "step_up": lambda row: Moment(
        at_ms=row.passed_ms, kind="step_up", key=row.seq, what="passed", ref=row.decision_id, actor=row.passed_by,
        detail=row.method,
    ),
    "label": _label,
    "lock": _lock,
    "token": _token,
    "redemption": _redemption,
    "case": _case,
}  # fmt: skip
