"""Every question of the hot paths is answered from an index: SQLite's own plans say so."""

import pytest
from sqlalchemy import event

from app.seal import Seal
from app.store.sql import open_engine
from app.store.sql.record import SqlRecord


@pytest.fixture
def asked(sqlite_url):
    """A record, and the plans of all that is asked of it."""
    engine = open_engine(sqlite_url)
    plans = []

    @event.listens_for(engine, "before_cursor_execute")
    def explain(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and not executemany:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in cursor.fetchall())

    yield SqlRecord(engine, Seal(bytes(32))), plans
    engine.dispose()


@pytest.mark.parametrize(
    "ask",
    [
        lambda record: record.answer("p", "e"),
        lambda record: record.decision("p", "d"),
        lambda record: record.event("p", "e"),
        lambda record: record.account("p", "m"),
        lambda record: record.key("k"),
        lambda record: record.decisions("p", account_id=None, limit=5, cursor=None),
        lambda record: record.decisions("p", account_id="m", limit=5, cursor=None),
        lambda record: record.timeline("p", "m", limit=5, cursor=None),
        lambda record: record.labels("p", account_id=None, limit=5, cursor=None),
        lambda record: record.labels("p", account_id="m", limit=5, cursor=None),
        lambda record: record.list_entries("p", "block", limit=5, cursor=None),
        lambda record: record.erase_key("p", "m"),
        lambda record: record.policy("v"),
    ],
)
def test_nothing_is_scanned_or_sorted(asked, ask):
    record, plans = asked
    ask(record)
    assert plans
    assert [step for step in plans if not step.startswith("SEARCH")] == []


def test_appending_scans_nothing_but_the_one_row_of_the_head(asked, decided, told):
    record, plans = asked
    entries = [decided(n, type="redeem") for n in range(5)]
    record.append(entries)
    record.append([told(entry, "cancelled") for entry in entries])
    scans = [step for step in plans if step.startswith("SCAN")]
    assert {step for step in scans if "record_head" not in step} == set()


def test_links_are_found_by_index_and_only_they_are_sorted(asked):
    record, plans = asked
    record.links("p", "m")
    assert [step for step in plans if step.startswith("SCAN")] == []
