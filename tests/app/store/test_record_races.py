"""Several writers at once: nothing twice, nothing lost, order kept."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.ports.rows import ApiKeyRow
from app.seal import Seal
from app.store.sql import SqlRecord

WRITERS = 4


@pytest.fixture
def race():
    """A function that runs one task for each writer, all from the same moment."""

    def run(task):
        start = Barrier(WRITERS)

        def each(n):
            start.wait()
            return task(n)

        with ThreadPoolExecutor(WRITERS) as pool:
            return list(pool.map(each, range(WRITERS)))

    return run


def test_the_same_entries_from_four_writers_in_different_orders_count_once(engine, decided, told, race):
    entries = [decided(n, account_id=f"m-{n % 3}", points=10) for n in range(120)]
    outcomes = [told(entry, "disputed") for entry in entries[:20]]

    def deliver(n):
        own = SqlRecord(engine, Seal(bytes(range(32))))
        turned = entries[n * 30 :] + entries[: n * 30]
        for start in range(0, 120, 20):
            own.append(turned[start : start + 20] if n % 2 else turned[start : start + 20][::-1])
        own.append(outcomes)

    race(deliver)
    record = SqlRecord(engine, Seal(bytes(range(32))))
    assert record.count_events() == 120
    for account in ("m-0", "m-1", "m-2"):
        row = record.account("default", account)
        assert (row.events, row.earned_points) == (40, 400)
    replayed = [entry for entry, _ in record.replay()]
    assert len(replayed) == 140
    assert sorted(e.decision_id for e in replayed[:-20]) == sorted(e.decision_id for e in entries)


def test_of_four_bodies_under_one_event_id_exactly_one_is_kept(engine, record, decided, race):
    race(lambda n: record.append([decided(n, event_id="same", points=n + 1)]))
    assert record.count_events() == 1
    kept = record.answer("default", "same")
    assert kept.body_hash in {decided(n).body_hash for n in range(WRITERS)}
    assert record.account("default", "m-1").earned_points == kept.body_hash[-1] + 1


def test_a_reader_that_follows_the_sequence_misses_nothing(record, decided, race):
    def write_or_read(n):
        if n:
            for k in range(40):
                record.append([decided(n * 1_000 + k)])
            return []
        return [[seq for _, seq in record.replay()] for _ in range(10)]

    followed = race(write_or_read)[0]
    final = [seq for _, seq in record.replay()]
    assert len(final) == 120
    for seen in followed:
        assert seen == final[: len(seen)]


def test_a_key_is_revoked_by_exactly_one(record, race):
    record.add_key(ApiKeyRow("k", "till", b"", (), "default", (), 0, None, None))
    assert sorted(race(lambda n: record.revoke_key("k", n))) == [False, False, False, True]
