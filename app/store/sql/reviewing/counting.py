"""
Counts the record into daily figures, each change once.

How far it is read, how each decision stood when it was counted and the sums are kept in one transaction: killed anywhere,
the next step goes on where the last one committed. What comes later (an outcome, a passed challenge, a label) is counted
by the difference.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from sqlalchemy import delete, select, text, update

from app.reviewing.counting import DAY_MS, VERDICTS, Counted, Standing, Verdict, changed, counts
from app.store.sql.dialect import insert_rows
from app.store.sql.figure_tables import counted_decisions, daily_figures, review_cursors
from app.store.sql.reach import in_one, reading
from app.store.sql.tables import decisions, head, labels, outcomes, step_ups

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row

    from app.store.sql.dialect import Insert

ASKED_AT_ONCE: Final = 500
"""Names in one question: SQLite before 3.32 takes 999 parameters."""
_COLUMNS: Final = [
    decisions.c[name]
    for name in (
        "seq", "program_id", "account_id", "event_id", "decision_id", "type", "occurred_ms", "decision", "origin",
        "points", "burned", "answer", "passed_ms", "partner_id", "store_id",
    )
]  # fmt: skip
_LABEL: Final = [labels.c[name] for name in ("program_id", "account_id", "event_id", "label")]

Place = tuple[str, int, str, str]
"""Programme, day, partner, store."""
Name = tuple[str, str]


class _Reason(msgspec.Struct):
    code: str
    detector: str


class _Answer(msgspec.Struct):
    reasons: list[_Reason] = []


_decode: Final = msgspec.json.Decoder(_Answer).decode


class _Said(NamedTuple):
    """The last word on events and accounts, by programme and id."""

    events: Mapping[Name, Verdict]
    accounts: Mapping[Name, Verdict]

    def of(self, row: Row[Any]) -> Verdict:
        account: Verdict = self.accounts.get((row.program_id, row.account_id), "")
        return self.events.get((row.program_id, row.event_id), account)


class SqlCounting:
    """Keeps the figures. Any number of workers may: the lock of the cursors is held by one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def step(self, limit: int) -> int:
        """Count on by at most `limit` numbers of the record and of the labels; how many there were. Raises RecordAway."""
        with reading(self._engine) as connection:
            if all(upto <= seq for seq, upto in _ends(connection).values()):
                return 0
        return in_one(self._engine, lambda writer: _count(writer, limit))


def _ends(connection: Connection) -> dict[str, tuple[int, int]]:
    """Source → how far it is counted, and how far it goes."""
    last_label = select(labels.c.seq).order_by(labels.c.seq.desc()).limit(1).scalar_subquery()
    last_entry = select(head.c.seq).scalar_subquery()
    rows = connection.execute(select(review_cursors.c.source, review_cursors.c.seq, last_entry, last_label))
    ends = {source: (seq, {"record": last, "labels": label or 0}) for source, seq, last, label in rows}
    return {source: (seq, upto[source]) for source, (seq, upto) in ends.items() if source in upto}


def _count(connection: Connection, limit: int) -> int:
    connection.execute(  # the lock
        update(review_cursors).where(review_cursors.c.source == "labels").values(seq=review_cursors.c.seq)
    )
    if connection.dialect.name == "postgresql":  # numbers of labels are given before they are committed:
        connection.execute(text("LOCK TABLE labels IN SHARE MODE"))  # wait for those under way
    ends = _ends(connection)
    after, upto = {}, {}
    for source, (seq, last) in ends.items():
        after[source], upto[source] = seq, min(last, seq + limit)
    fresh = _rows(connection, (decisions.c.seq > after["record"]) & (decisions.c.seq <= upto["record"]))
    moved = {
        row.seq: row
        for row in [
            *_told(connection, after["record"], upto["record"]),
            *_labelled(connection, after["labels"], upto["labels"]),
        ]
        if row.seq <= after["record"]
    }
    said = _said(connection, [*fresh, *moved.values()])
    sums: Counter[tuple[Place, Name]] = Counter()
    kept: dict[int, Standing] = {}
    for row in fresh:
        kept[row.seq] = standing = _standing(row, said)
        _add(sums, row, counts(_counted(row, standing)))
    before = _before(connection, moved)
    for seq, row in moved.items():
        was = before.get(seq) or Standing(burned=row.burned is not None)
        kept[seq] = standing = _standing(row, said)
        _add(sums, row, changed(_counted(row, was), standing))
    _keep(connection, kept, before.keys())
    _write(connection, sums)
    for source, seq in upto.items():
        connection.execute(update(review_cursors).where(review_cursors.c.source == source).values(seq=seq))
    return max(upto[source] - after[source] for source in upto)


def _rows(connection: Connection, which: ColumnElement[bool]) -> Sequence[Row[Any]]:
    return connection.execute(select(*_COLUMNS).where(which).order_by(decisions.c.seq)).all()


def _told(connection: Connection, after: int, upto: int) -> Iterable[Row[Any]]:
    """Decisions that something was told of in this stretch of the record."""
    for table in (outcomes, step_ups):
        told = select(table.c.decision_id).where(table.c.seq > after, table.c.seq <= upto)
        ids = list(connection.scalars(told))
        for start in range(0, len(ids), ASKED_AT_ONCE):
            yield from _rows(connection, decisions.c.decision_id.in_(ids[start : start + ASKED_AT_ONCE]))


def _labelled(connection: Connection, after: int, upto: int) -> Iterable[Row[Any]]:
    """Decisions that count otherwise by a label of this stretch: alerts and redemptions of what was labelled."""
    new = connection.execute(select(*_LABEL).where(labels.c.seq > after, labels.c.seq <= upto)).all()
    matters = (
        (decisions.c.decision != "allow")
        | decisions.c.passed_ms.is_not(None)
        | (decisions.c.type == "redeem")
    )
    for column, names in (
        (decisions.c.event_id, {(row.program_id, row.event_id) for row in new if row.event_id is not None}),
        (
            decisions.c.account_id,
            {(row.program_id, row.account_id) for row in new if row.account_id is not None},
        ),
    ):
        for program_id, some in _by_program(names):
            yield from _rows(connection, (decisions.c.program_id == program_id) & column.in_(some) & matters)


def _said(connection: Connection, rows: Collection[Row[Any]]) -> _Said:
    """The newest label of each event and account among these rows."""
    found = []
    for column, names in (
        (labels.c.event_id, {(row.program_id, row.event_id) for row in rows}),
        (labels.c.account_id, {(row.program_id, row.account_id) for row in rows}),
    ):
        last: dict[Name, Verdict] = {}
        for program_id, some in _by_program(names):
            query = (
                select(column, labels.c.label)
                .where(labels.c.program_id == program_id, column.in_(some))
                .order_by(labels.c.labelled_ms, labels.c.seq)
            )
            last |= {(program_id, name): VERDICTS[label] for name, label in connection.execute(query)}
        found.append(last)
    return _Said(*found)


def _by_program(names: Collection[Name]) -> Iterable[tuple[str, list[str]]]:
    by_program: dict[str, list[str]] = {}
    for program_id, name in sorted(names):
        by_program.setdefault(program_id, []).append(name)
    for program_id, its in by_program.items():
        for start in range(0, len(its), ASKED_AT_ONCE):
            yield program_id, its[start : start + ASKED_AT_ONCE]


def _standing(row: Row[Any], said: _Said) -> Standing:
    return Standing(said.of(row), row.passed_ms is not None, row.burned is not None)


def _counted(row: Row[Any], standing: Standing) -> Counted:
    decided = row.decision if row.passed_ms is None else "challenge"
    alert = decided != "allow"
    return Counted(
        decided,
        row.origin == "event",
        row.points or 0 if row.type == "redeem" else 0,
        tuple((one.code, one.detector) for one in _decode(row.answer).reasons) if alert else (),
        standing,
    )


def _add(sums: Counter[tuple[Place, Name]], row: Row[Any], found: Mapping[Any, int]) -> None:
    place = (row.program_id, row.occurred_ms // DAY_MS, row.partner_id or "", row.store_id or "")
    for name, more in found.items():
        sums[place, name] += more


def _before(connection: Connection, moved: Collection[int]) -> dict[int, Standing]:
    seqs, found = sorted(moved), {}
    for start in range(0, len(seqs), ASKED_AT_ONCE):
        some = counted_decisions.c.seq.in_(seqs[start : start + ASKED_AT_ONCE])
        for seq, verdict, passed, burned in connection.execute(select(counted_decisions).where(some)):
            found[seq] = Standing(verdict, bool(passed), bool(burned))
    return found


def _keep(connection: Connection, kept: Mapping[int, Standing], before: Collection[int]) -> None:
    """Remember how decisions stand that a label or a passed challenge speaks of; the others tell it themselves."""
    gone = sorted(before)
    for start in range(0, len(gone), ASKED_AT_ONCE):
        some = counted_decisions.c.seq.in_(gone[start : start + ASKED_AT_ONCE])
        connection.execute(delete(counted_decisions).where(some))
    rows = [
        {"seq": seq, "verdict": one.verdict, "passed": int(one.passed), "burned": int(one.burned)}
        for seq, one in kept.items()
        if one.verdict or one.passed
    ]
    insert_rows(connection, counted_decisions, rows)


def _write(connection: Connection, sums: Mapping[tuple[Place, Name], int]) -> None:
    """Add to the sums of each place, and of the whole programme."""
    rows: Counter[tuple[Any, ...]] = Counter()
    for ((program_id, day, partner_id, store_id), (figure, name)), more in sums.items():
        rows[program_id, 1, figure, day, name, "", ""] += more
        rows[program_id, 0, figure, day, name, partner_id, store_id] += more
    names = daily_figures.c.keys()
    insert_rows(
        connection,
        daily_figures,
        [dict(zip(names, (*key, more), strict=True)) for key, more in sorted(rows.items()) if more],
        _and_more,
    )


def _and_more(insert: Insert) -> Insert:
    return insert.on_conflict_do_update(
        index_elements=[column.name for column in daily_figures.primary_key],
        set_={"count": daily_figures.c.count + insert.excluded["count"]},
    )
