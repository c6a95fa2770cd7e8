"""What the record keeps is readable only with the keys, and not at all once an account's key is erased."""

import pytest
from sqlalchemy import select, text, update

from app.ports.lists import ListEntry
from app.seal import Seal, SealBroken
from app.store.sql import EventErased, SqlRecord, open_engine
from app.store.sql.tables import account_keys, decisions, metadata
from detectors.event import Device, Location, Profile

CANARIES = {
    "email": "canary.mail@example.com",
    "phone": "+358509998877",
    "family_name": "Kanarialintu",
    "street": "Canary Wharf 7",
    "ip": "203.0.113.77",
    "device": "canary-device-5521",
    "session": "canary-session-1",
    "payment": "canary-instrument-9",
    "latitude": "60.169857",
    "listed": "canary.listed@example.com",
}


@pytest.fixture
def personal(decided):
    """A decision on an event full of personal data."""
    return decided(
        1,
        ip=CANARIES["ip"],
        device=Device(id=CANARIES["device"], user_agent="canary-agent"),
        session_id=CANARIES["session"],
        payment_instrument_id=CANARIES["payment"],
        location=Location(lat=60.169857, lon=24.938379),
        profile=Profile(
            email=CANARIES["email"],
            phone=CANARIES["phone"],
            family_name=CANARIES["family_name"],
            street=CANARIES["street"],
        ),
        metadata={"note": "canary-metadata"},
    )


def everything_stored(engine, folder):
    """Every byte of every row and, at SQLite, of every file."""
    with engine.connect() as connection:
        rows = [tuple(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    stored = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    return b"\n".join(stored + [file.read_bytes() for file in folder.glob("record.db*")])


def test_no_personal_data_lie_open_in_any_table_or_file(record, engine, personal, tmp_path):
    record.append([personal])
    record.add_list_entry(
        ListEntry("lst_1", "default", "block", "email", CANARIES["listed"], b"\x01" * 8, "r", "ana", 1, None)
    )
    stored = everything_stored(engine, tmp_path)
    assert b"dec_1" in stored
    for name, canary in {**CANARIES, "agent": "canary-agent", "metadata": "canary-metadata"}.items():
        assert canary.encode() not in stored, name
    assert record.event("default", "e-1") == personal.event


def test_an_erased_account_keeps_its_decisions_and_loses_its_events(record, personal, decided):
    other = decided(2, account_id="m-2", ip="192.0.2.1")
    record.append([personal, other])
    assert record.erase_key("default", "m-1")
    assert not record.erase_key("default", "m-1")

    with pytest.raises(EventErased):
        record.event("default", "e-1")
    assert record.answer("default", "e-1").answer == personal.answer
    assert record.decision("default", "dec_1").points == 100
    bare = decided(1).event
    assert [item.event for item in record.timeline("default", "m-1", limit=5, cursor=None).items] == [bare]
    assert [entry.event for entry, _ in record.replay()] == [bare, other.event]


def test_a_member_who_comes_back_is_kept_under_a_new_key(record, personal, decided):
    record.append([personal])
    record.erase_key("default", "m-1")
    again = decided(2, ip="192.0.2.9")
    record.append([again, personal])
    assert record.event("default", "e-2") == again.event
    with pytest.raises(EventErased):
        record.event("default", "e-1")


def test_an_erasure_counts_at_once_in_every_process(record, engine, personal, decided):
    other = SqlRecord(engine, Seal(bytes(range(32))))
    other.append([personal])
    record.erase_key("default", "m-1")
    with pytest.raises(EventErased):
        other.event("default", "e-1")
    other.append([decided(2)])
    assert record.event("default", "e-2") == decided(2).event


def test_an_erased_key_leaves_no_bytes_in_the_sqlite_file(sqlite_url, personal, tmp_path):
    engine = open_engine(sqlite_url)
    record = SqlRecord(engine, Seal(bytes(range(32))))
    record.append([personal])
    with engine.connect() as connection:
        wrapped = connection.execute(select(account_keys.c.wrapped_key)).scalar_one()
    assert wrapped in everything_stored(engine, tmp_path)
    record.erase_key("default", "m-1")
    assert wrapped not in everything_stored(engine, tmp_path)
    engine.dispose()


@pytest.mark.parametrize("column", ["event_id", "account_id", "sealed_event"])
def test_a_row_that_was_tampered_with_is_refused_not_shown(record, engine, personal, decided, column):
    record.append([personal, decided(2, account_id="m-2")])
    values = {
        "event_id": "e-3",
        "account_id": "m-2",
        "sealed_event": select(decisions.c.sealed_event)
        .where(decisions.c.event_id == "e-2")
        .scalar_subquery(),
    }
    with engine.begin() as connection:
        key_of_m2 = select(account_keys.c.key_id).where(account_keys.c.account_id == "m-2").scalar_subquery()
        moved = {"key_id": key_of_m2} if column == "account_id" else {}
        connection.execute(
            update(decisions).where(decisions.c.event_id == "e-1").values({column: values[column], **moved})
        )
    with pytest.raises(SealBroken):
        record.event("default", "e-3" if column == "event_id" else "e-1")
    with pytest.raises(SealBroken):
        list(record.replay())


def test_another_service_key_opens_nothing(record, engine, personal):
    record.append([personal])
    with pytest.raises(SealBroken):
        SqlRecord(engine, Seal(bytes(32))).event("default", "e-1")


def test_an_error_of_the_database_does_not_repeat_what_was_asked(record, engine):
    with engine.connect() as connection, pytest.raises(Exception, match="parameters hidden") as caught:
        connection.execute(text("SELECT nothing FROM nowhere WHERE x = :x"), {"x": CANARIES["email"]})
    assert CANARIES["email"] not in str(caught.value)
