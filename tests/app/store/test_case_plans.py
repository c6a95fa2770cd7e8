"""How many cases a filter finds is told by SQLite from an index alone, whatever the filter asks of a case."""

import pytest
from sqlalchemy import event

from app.cases.ports import LIVE, Filter, Scope
from app.keys import derive
from app.seal import Seal
from app.store.sql import open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.cases.reading import CaseReading

ASKED = {
    "states": LIVE,
    "priorities": (1,),
    "typologies": ("ato_drain",),
    "kinds": ("ring",),
    "resolutions": ("fraud",),
    "mine": "user:usr_1",
    "free_at_ms": 1,
    "partner_id": "p-1",
    "store_id": "s-1",
    "opened_from_ms": 1,
    "opened_to_ms": 1,
    "value_from_minor": 1,
    "value_to_minor": 1,
    "due_before_ms": 1,
    "reasons": ("NEW_DEVICE_SPENDS",),
    "decisions": ("challenge", "review", "block"),
}


@pytest.fixture
def plan_of(sqlite_url):
    """How SQLite finds what `counts` asks of the cases."""
    engine, asked = open_engine(sqlite_url), []
    reading = CaseReading(engine, AccountKeys(Seal(derive(bytes(32), "record"))))
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))

    def plan(chosen):
        reading.counts(Scope("default"), chosen)
        statement, parameters = asked[-1]
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        return [row.detail for row in rows if " cases " in f"{row.detail} "]

    yield plan
    engine.dispose()


def test_every_filter_but_that_of_an_account_is_tried():
    assert set(ASKED) == set(Filter.__struct_fields__) - {
        "account_id"
    }  # who has few cases: found by their ids


@pytest.mark.parametrize("name", sorted(ASKED))
def test_no_row_of_a_case_is_read_to_count(plan_of, name):
    [step] = plan_of(Filter(**{name: ASKED[name]}))
    assert "COVERING INDEX" in step


def test_nor_under_all_of_them_at_once(plan_of):
    [step] = plan_of(Filter(**ASKED))
    assert "COVERING INDEX ix_cases_asked" in step
