"""The record as training reads it: every vector once, nobody's who was erased, and the last word of every label."""

from __future__ import annotations

from app.ports.labels import Label
from app.store.sql import vectors
from app.store.sql.vectors import Day, VectorRecord

VECTOR = b"\x00\x00\x80?"
FIRST_MS = 1_772_366_400_000
"""The instant of the fixture's 0th decision."""


def label(n, said, **target):
    return Label(
        f"lbl_{n}", "default", target.get("account"), target.get("event"), said, None, "desk", n, "anna"
    )


def test_vectors_come_in_the_order_decided_whatever_the_stretches(engine, record, decided):
    entries = [decided(n, vector=VECTOR, account_id=f"m-{n % 3}") for n in (3, 1, 2)]
    record.append([*entries, decided(4)])
    read = [one for stretch in VectorRecord(engine).scored() for one in stretch]
    assert [(one.event_id, one.account_id, one.type, one.vector) for one in read] == [
        ("e-3", "m-0", "earn", VECTOR), ("e-1", "m-1", "earn", VECTOR), ("e-2", "m-2", "earn", VECTOR),
    ]  # fmt: skip
    assert [one.occurred_ms for one in read] == [FIRST_MS + 1_000 * n for n in (3, 1, 2)]


def test_a_record_longer_than_a_stretch_is_read_to_its_end(engine, record, decided):
    many = vectors.STRETCH + 5
    record.append([decided(n, vector=VECTOR) for n in range(many)])
    stretches = [len(stretch) for stretch in VectorRecord(engine).scored()]
    assert stretches == [vectors.STRETCH, 5]


def test_who_was_erased_is_not_learned_from(engine, record, decided):
    record.append([decided(1, vector=VECTOR), decided(2, vector=VECTOR, account_id="m-2")])
    assert record.erase_key("default", "m-1")
    (left,) = VectorRecord(engine).scored()
    assert [one.account_id for one in left] == ["m-2"]


def test_days_are_counted_up_to_an_instant(engine, record, decided):
    later = 86_400
    record.append([decided(n) for n in (0, 5, later, later + 7)])
    found = VectorRecord(engine).days(FIRST_MS + 1_000 * (later + 7))
    assert found == [
        Day(2, FIRST_MS, FIRST_MS + 5_000),
        Day(1, FIRST_MS + 1_000 * later, FIRST_MS + 1_000 * later),
    ]
    assert VectorRecord(engine).days(FIRST_MS) == []


def test_the_last_label_of_an_event_or_account_holds(engine, record):
    told = [
        label(2, "legitimate", event="e-1"), label(1, "fraud", event="e-1"), label(3, "fraud", event="e-2"),
        label(4, "fraud", account="m-1"), label(5, "policy_abuse", account="m-2"),
    ]  # fmt: skip
    for one in told:
        record.add_label(one)
    assert VectorRecord(engine).labelled("fraud") == ({("default", "e-2")}, {("default", "m-1")})
