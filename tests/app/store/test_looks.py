"""What somebody opened of a case is kept in the order they did, and the time until their next page counts once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.console.cases.looks import PAGE_MOST_MS, Looked
from app.store.sql import open_engine
from app.store.sql.looks import SqlLooks
from app.store.sql.user_tables import users


@pytest.fixture
def looks(database_url):
    engine = open_engine(database_url)
    people = [
        {"user_id": name, "email_hash": name.encode(), "sealed_email": b"", "role": "analyst", "scope": "{}"}
        | {"created_ms": 0, "version": 1, "totp_step": 0}
        for name in ("ana", "ben")
    ]
    with engine.begin() as connection:
        connection.execute(users.insert(), people)
    yield SqlLooks(engine)
    engine.dispose()


def test_the_time_counts_for_the_page_that_was_left_and_no_longer_than_reading_takes(looks):
    looks.look("cas_1", "ana", "why", 1_000)
    looks.look("cas_1", "ana", "timeline", 5_000)
    looks.look("cas_2", "ana", "why", 6_000)
    looks.look("cas_1", "ana", "why", 6_000 + 2 * PAGE_MOST_MS)
    assert looks.looked("cas_1", "ana") == Looked(("why", "timeline"), 5_000)
    assert looks.looked("cas_2", "ana") == Looked(("why",), PAGE_MOST_MS)
    assert looks.looked("cas_1", "ben") == Looked()


def test_another_persons_pages_do_not_end_ones_own(looks):
    looks.look("cas_1", "ana", "why", 1_000)
    looks.look("cas_1", "ben", "why", 2_000)
    looks.look("cas_1", "ana", "links", 4_000)
    assert looks.looked("cas_1", "ana").spent_ms == 3_000
    assert looks.looked("cas_1", "ben").spent_ms == 0


def test_a_clock_that_goes_back_takes_no_time_away(looks):
    looks.look("cas_1", "ana", "why", 5_000)
    looks.look("cas_1", "ana", "links", 4_000)
    assert looks.looked("cas_1", "ana").spent_ms == 0


def test_pages_asked_for_at_once_count_the_time_before_them_once(looks):
    looks.look("cas_1", "ana", "why", 1_000)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: looks.look("cas_1", "ana", f"dec_{n}", 3_000), range(8)))
    found = looks.looked("cas_1", "ana")
    assert found.spent_ms == 2_000
    assert found.pieces == 8
    assert found.sections == ("why",)


def test_no_case_is_of_no_programme(looks):
    assert looks.program_of("cas_nothing") is None
