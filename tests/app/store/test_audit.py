"""The audit's chain: whatever is altered, taken out, put in, put elsewhere or cut off is found, and where."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from app.store.sql import migrate, open_engine
from app.store.sql.audit import ROWS_AT_ONCE, Audit, Broken, Entry, Whole
from app.store.sql.reach import writing
from app.store.sql.token_tables import audit as rows
from app.store.sql.token_tables import audit_head

KEY = bytes(range(32))
CHAIN = Audit(KEY)


def entry(n, **other):
    return Entry(1_000 + n, "default", "token.issued", f"tok_{n}", "key:shop", b"\x07", "")._replace(**other)


def write(engine, *entries):
    with writing(engine) as connection:
        CHAIN.append(connection, entries)


@pytest.fixture
def chain(engine):
    write(engine, *map(entry, range(1, 6)))
    write(engine, *map(entry, range(6, 11)))
    return engine


def tamper(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_empty_chain_is_whole(engine):
    assert CHAIN.verify(engine) == Whole(0, "")


def test_a_chain_is_whole_as_it_was_written(chain):
    told = []
    whole = CHAIN.verify(chain, told.append)
    assert whole.rows == 10
    assert told == [10]
    with chain.connect() as connection:
        assert whole.end == connection.scalar(select(rows.c.mac).where(rows.c.seq == 10)).hex()


def test_writers_at_once_make_one_chain(engine):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: write(engine, entry(n), entry(-n)), range(40)))
    assert CHAIN.verify(engine).rows == 80


def test_what_is_rolled_back_is_not_in_the_chain(chain):
    def fail():
        with writing(chain) as connection:
            CHAIN.append(connection, [entry(11)])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    write(chain, entry(12))
    assert CHAIN.verify(chain).rows == 11


@pytest.mark.parametrize(
    "column", ["at_ms", "program_id", "event", "subject", "actor", "ip_hash", "detail", "mac"]
)
def test_a_row_altered_in_any_column_is_found(chain, column):
    value = {"at_ms": 7, "ip_hash": b"", "mac": bytes(32)}.get(column, "other")
    tamper(chain, update(rows).where(rows.c.seq == 4).values({column: value}))
    assert CHAIN.verify(chain).seq == 4


@pytest.mark.parametrize(("gone", "why"), [([4], "row 4 is missing"), ([4, 5, 6], "rows 4 to 6 are missing")])
def test_rows_taken_out_are_found(chain, gone, why):
    tamper(chain, delete(rows).where(rows.c.seq.in_(gone)))
    assert CHAIN.verify(chain) == Broken(4, why)


def test_rows_put_elsewhere_are_found(chain):
    tamper(
        chain,
        update(rows).where(rows.c.seq == 3).values(seq=100),
        update(rows).where(rows.c.seq == 4).values(seq=3),
        update(rows).where(rows.c.seq == 100).values(seq=4),
    )
    assert CHAIN.verify(chain).seq == 3


def test_a_chain_cut_short_is_found(chain):
    tamper(chain, delete(rows).where(rows.c.seq > 8))
    assert CHAIN.verify(chain) == Broken(9, "rows 9 to 10 are missing")


def test_a_chain_cut_short_with_its_end_is_found(chain):
    with chain.connect() as connection:
        mac = connection.scalar(select(rows.c.mac).where(rows.c.seq == 8))
    tamper(chain, delete(rows).where(rows.c.seq > 8), update(audit_head).values(seq=8, mac=mac))
    assert CHAIN.verify(chain) == Broken(8, "the note of the chain's end is not as it was written")


def test_an_end_put_back_is_found_by_the_rows_after_it(engine):
    write(engine, entry(1))
    with engine.connect() as connection:
        old = connection.execute(select(audit_head)).one()._asdict()
    write(engine, entry(2))
    tamper(engine, update(audit_head).values(**old))
    assert CHAIN.verify(engine).seq == 2


@pytest.mark.parametrize("seq", [-1, 0, 11, 99])
def test_rows_put_outside_the_chain_are_found(chain, seq):
    tamper(chain, insert(rows).values(seq=seq, **entry(1)._asdict(), mac=bytes(32)))
    assert isinstance(CHAIN.verify(chain), Broken)


@pytest.mark.parametrize("other", [{"seq": 9}, {"mac": bytes(32)}, {"head_mac": bytes(32)}])
def test_an_altered_end_is_found(chain, other):
    tamper(chain, update(audit_head).values(**other))
    assert isinstance(CHAIN.verify(chain), Broken)


def test_an_end_that_is_gone_is_found_and_nothing_more_is_written(chain):
    tamper(chain, delete(audit_head))
    assert CHAIN.verify(chain) == Broken(0, "the note of the chain's end is missing")
    with pytest.raises(Exception, match="No row"):
        write(chain, entry(11))


def test_another_key_makes_another_chain(chain):
    assert isinstance(Audit(bytes(32)).verify(chain), Broken)
    assert KEY.hex() not in repr(CHAIN)


def test_a_column_of_bytes_made_text_is_found(sqlite_url):
    engine = open_engine(sqlite_url)
    write(engine, entry(1))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET mac = 'text'")
    assert CHAIN.verify(engine).seq == 1
    engine.dispose()


@pytest.mark.parametrize("seq", ["'zzz'", "x'00'", "0.5"])
def test_a_row_whose_number_is_none_is_found(sqlite_url, seq):
    """SQLite takes it: a check that stops on it would say nothing of the chain."""
    engine = open_engine(sqlite_url)
    write(engine, entry(1))
    columns = "at_ms, program_id, event, subject, actor, ip_hash, detail, mac"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO audit (seq, {columns}) SELECT {seq}, {columns} FROM audit")  # noqa: S608 - ours
    assert isinstance(CHAIN.verify(engine), Broken)
    assert isinstance(CHAIN.end(engine), Broken)
    engine.dispose()


def test_a_chain_longer_than_one_reading_is_whole(sqlite_url):
    engine = open_engine(sqlite_url)
    write(engine, *map(entry, range(ROWS_AT_ONCE + 3)))
    told = []
    assert CHAIN.verify(engine, told.append).rows == ROWS_AT_ONCE + 3
    assert told == [ROWS_AT_ONCE, ROWS_AT_ONCE + 3]
    engine.dispose()


text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
entries = st.builds(
    Entry, st.integers(-(2**63), 2**63 - 1), text, text, text, text, st.binary(max_size=8), text
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(entries, max_size=4), min_size=1, max_size=5), st.data())
def test_any_rows_hold_until_any_two_change_places_or_any_goes(batches, data):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'record.db'}"
        migrate(url)
        engine = open_engine(url)
        for batch in batches:
            write(engine, *batch)
        count = sum(map(len, batches))
        assert CHAIN.verify(engine).rows == count
        if count:
            gone = data.draw(st.integers(1, count))
            if data.draw(st.booleans()):
                tamper(engine, delete(rows).where(rows.c.seq == gone))
            else:
                tamper(engine, update(rows).where(rows.c.seq == gone).values(detail="was never written so"))
            assert CHAIN.verify(engine).seq == gone
        engine.dispose()
