"""The law of the fast reading: whole columns checked at once give exactly what the API's reading of each row gives."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from app.faults import Faults
from app.intake import BadRow, read_event
from app.offline.checking import events_frame, read_table
from app.offline.columns import COLUMNS, LEAVES, SEQ, events_of, frame_of, place_of, seq_of
from detectors.event import Event

NASTY_TEXT = [
    " a", "a ", "a b", "\u00a0", "\u2003a", "\x85", "a\x85", "a\u2028b", "\0", "a\0", "\u200b", "é" * 128, "é" * 129,
    "x" * 128, "x" * 129, "x" * 256, "x" * 257, "x" * 512, "x" * 513, "x" * 40, "x" * 41, "x" * 20, "x" * 21,
    "4111111111111111", "4111 1111-1111.1111", "4111 1111 1111 1112", "٤١١١١١١١١١١١١١١١", "1.2.3.4", "1.2.3.4.",
    "01.2.3.4", "1.2.3.٩", "::", "::1", "fe80::1%lo", "::ffff:1.2.3.4", "1" * 12, "٤" * 13, "FI", "FI\n", "EUR", "EUR\n",
    "fi", "ÅÄ", "1980-02-29", "1979-02-29", "1980-02-29\n", "0001-01-01", "1899-12-31", "2199-01-01", "1980-٢2-29",
]  # fmt: skip
NASTY_INSTANTS = [
    "2026-03-01T00:00:00Z", "2026-03-01T23:59:60Z", "2026-03-01T24:00:00Z", "2026-03-01t00:00:00z",
    "2026-03-01 00:00:00Z", "2026-03-01T00:00:00.1234567Z", "2026-03-01T00:00:00.123456789+01:00",
    "2026-03-01T00:00:00+24:00", "2026-03-01T00:00:00-00:00", "2026-03-01T00:00:00+0200", "2026-03-01T00:00:00",
    "2026-03-01", "2026-3-1T00:00:00Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z", "2026-02-29T00:00:00Z",
    "2000-01-01T00:00:00+00:01", "2000-01-01T00:00:00Z", "1999-12-31T23:59:59.999999Z", "2026-03-01T00:00:00Z\n",
    "٢026-03-01T00:00:00Z", "2026-03-01T00:00Z", "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00,5Z", "now",
]  # fmt: skip
texts = st.one_of(st.sampled_from(NASTY_TEXT), st.text(min_size=1, max_size=6))
instants = st.one_of(
    st.sampled_from(NASTY_INSTANTS),
    st.datetimes(
        min_value=datetime(1998, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
        timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ).map(datetime.isoformat),
)


def values_of(name: str) -> st.SearchStrategy[Any]:
    """Cells of a column in its own type: good ones, and those at and beyond every edge."""
    kind = LEAVES[name].kind
    if name == "occurred_at":
        return instants
    match kind:
        case inspect.LiteralType(values=values):
            return st.one_of(st.sampled_from(values), texts)
        case inspect.StrType():
            return texts
        case inspect.IntType(ge=int(low), le=int(high)):
            return st.sampled_from([low - 1, low, -1, 0, 1, high, high + 1])
        case inspect.FloatType(ge=low, le=high):
            return st.sampled_from(
                [-181.0, -91.0, low, -0.0, 0.1, 1e-320, high, 180.5, float("nan"), float("inf")]
            )
        case _:
            return st.booleans()


GOOD = {"event_id": "e", "type": "login", "occurred_at": "2026-03-01T00:00:00Z", "account_id": "m"}
OTHERS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "metadata.a": (pl.Int64, st.sampled_from([0, -(2**53) + 1, 2**53 - 1, 2**53, 2**62])),
    "metadata.b.c": (pl.Float64, st.sampled_from([0.5, -0.0, 1e22, float("nan"), 2.0**53])),
    "metadata.d": (pl.String, st.one_of(texts, st.just('"\\'))),
    f"metadata.{'n' * 64}": (pl.Boolean, st.booleans()),
    f"metadata.{'n' * 65}": (pl.String, texts),
    "device.zzz": (pl.String, texts),
    "zzz": (pl.Int64, st.integers(0, 3)),
    "other.zzz": (pl.String, texts),
}
SCHEMA = {name: leaf.dtype for name, leaf in LEAVES.items()} | {
    name: dtype for name, (dtype, _) in OTHERS.items()
}


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows that are good but for a few columns."""
    odd = draw(st.lists(st.sampled_from(sorted(SCHEMA)), max_size=4, unique=True))
    cell = {name: OTHERS[name][1] if name in OTHERS else values_of(name) for name in odd}
    row = st.fixed_dictionaries({name: st.one_of(st.none(), values) for name, values in cell.items()})
    return [GOOD | one for one in draw(st.lists(row, min_size=1, max_size=4))]


def as_the_api(row: dict[str, Any]) -> Event | Faults:
    """The row written as JSON and read as a request is."""
    document: dict[str, Any] = {}
    for name, value in row.items():
        parent, _, member = name.partition(".")
        if value is not None and parent in {"money", "device", "location", "profile", "metadata"}:
            document.setdefault(parent, {})[member] = value
        elif value is not None:
            document[name] = value
    return read_event(json.dumps(document).encode(), now_ms=None, default_program="default")


def read(frame: pl.DataFrame) -> list[Event | tuple[str, ...]]:
    """Each row as the fast reading has it, in order."""
    good, doubtful = read_table(frame, pl.int_range(frame.height, eager=True))
    found: dict[int, Any] = dict(zip(good[SEQ], events_of(good), strict=True))
    again = events_frame(doubtful)
    found |= dict(zip(again[SEQ], events_of(again), strict=True))
    found |= {seq: row.faults for seq, row in doubtful if isinstance(row, BadRow)}
    assert len(found) == frame.height
    return [found[seq] for seq in range(frame.height)]


@settings(max_examples=250, deadline=None)
@given(tables())
@example([GOOD | {"ip": text} for text in NASTY_TEXT])
@example([GOOD | {"payment_instrument_id": text} for text in NASTY_TEXT])
@example([GOOD | {"profile.date_of_birth": text, "profile.country": "FI"} for text in NASTY_TEXT])
@example([GOOD | {"profile.country": text} for text in NASTY_TEXT])
@example([GOOD | {"account_id": text} for text in NASTY_TEXT])
@example([GOOD | {"device.user_agent": text} for text in NASTY_TEXT])
@example([GOOD | {"occurred_at": text} for text in NASTY_INSTANTS])
def test_whole_columns_are_read_exactly_as_the_api_reads_each_row(rows):
    """The same event, to the offset of its instant; or the same faults, word for word."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in names})
    wanted_all = [as_the_api({name: row.get(name) for name in names}) for row in rows]  # told in this order
    for found, wanted in zip(read(frame), wanted_all, strict=True):
        assert repr(found) == repr(wanted)


@settings(max_examples=200, deadline=None)
@given(tables())
def test_text_alone_is_read_as_typed_columns_are(rows):
    """CSV: what a number, a word or a date is follows from the schema."""
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in OTHERS]
    frame = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in names}).filter(
        pl.all_horizontal(pl.col(pl.Float64).is_finite().fill_null(value=True), pl.lit(value=True))
    )
    words = frame.with_columns(pl.all().cast(pl.String))
    assert [repr(row) for row in read(words)] == [repr(row) for row in read(frame)]


DTYPES = {
    "points": [pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Decimal(10, 2), pl.String],
    "location.lat": [pl.Int16, pl.Float32, pl.Decimal(10, 2), pl.String],
    "account_id": [pl.Int64, pl.UInt8, pl.Categorical, pl.Binary, pl.String],
}


@pytest.mark.parametrize(("name", "dtype"), [(name, one) for name, many in DTYPES.items() for one in many])
def test_writers_choose_types_freely(name, dtype):
    """A whole number is one in any column, and text in a column of ids."""
    row = GOOD | {"location.lon": 1.0, "location.lat": 5.0, "points": 5, "account_id": "5"}
    column = pl.Series(name, ["5"]).cast(pl.Int64).cast(pl.String)
    cast = (
        column.cast(dtype)
        if dtype in {pl.Categorical, pl.Binary, pl.String}
        else column.cast(pl.Int64).cast(dtype)
    )
    assert read(pl.DataFrame([row]).with_columns(cast.alias(name))) == [as_the_api(row)]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("points", [5.5]), ("points", [True]), ("points", ["1e3"]), ("points", [[5]]), ("points", [2**70]),
        ("event_id", [5.5]), ("account_id", [[1]]), ("device", ["d"]), ("metadata", ["{}"]), ("ip", [b"\xff"]),
        ("device.is_rooted", ["yes"]), ("device.is_rooted", [1]), ("occurred_at", [timedelta(days=1)]),
        ("metadata.x", [{"a": 1}]), ("location.lat", ["nan"]), ("profile", [{"email": 5.5}]),
    ],
)  # fmt: skip
def test_a_cell_of_another_kind_is_a_fault_and_never_an_error(name, values: list[Any]):
    row = {column: value for column, value in GOOD.items() if column != name}
    frame = pl.DataFrame([row]).with_columns(pl.Series(name, values, strict=False))
    (found,) = read(frame)
    assert isinstance(found, Faults)
    assert found.items[0].pointer.startswith(f"/{name.partition('.')[0]}")


def test_timestamps_are_instants_whatever_their_unit_and_zone():
    """One without a zone is UTC, as Parquet's readers and writers mostly mean it; nanoseconds are cut off."""
    at = datetime(2026, 7, 1, 12, 30, 15, 123_000, tzinfo=UTC)
    units: tuple[Literal["ms", "us", "ns"], ...] = ("ms", "us", "ns")
    for unit in units:
        for zone in (None, "UTC", "America/New_York"):
            column = pl.Series("occurred_at", [at]).dt.cast_time_unit(unit)
            column = column.dt.convert_time_zone(zone) if zone else column.dt.replace_time_zone(None)
            (found,) = read(pl.DataFrame([GOOD]).with_columns(column))
            assert isinstance(found, Event)
            assert found.occurred_at == at


def test_a_timestamp_beyond_the_calendar_is_a_fault_and_never_an_error():
    """A file in seconds read as days, or the greatest number there is for "never"."""
    for value in (2**63 - 1, -(2**63) + 1, 200_000 * 366 * 86_400 * 10**6):
        for zone in (None, "UTC"):
            column = pl.Series("occurred_at", [value]).cast(pl.Datetime("us", zone))
            frame = pl.DataFrame([GOOD]).with_columns(column, column.alias("zzz"), column.alias("metadata.a"))
            (found,) = read(frame)
            assert isinstance(found, Faults)
            assert {"/occurred_at", "/zzz"} <= {fault.pointer for fault in found.items}


def test_text_stored_as_bytes_is_text():
    """And a row whose bytes are none does not cost the others."""
    rows = [GOOD | {"session_id": text} for text in (b"s-1", "Å".encode(), b"\xc5")]
    found = read(pl.DataFrame(rows))
    assert found[:2] == [as_the_api(GOOD | {"session_id": text}) for text in ("s-1", "Å")]
    assert [fault.pointer for fault in found[2].items] == ["/session_id"]


def test_more_than_twenty_metadata_values_are_refused_row_by_row():
    rows = [GOOD | {f"metadata.n{n}": n for n in range(count)} for count in (20, 21)]
    found = read(pl.DataFrame(rows, infer_schema_length=None))
    assert found == [as_the_api(row) for row in rows]
    assert isinstance(found[1], Faults)


def test_every_field_of_the_schema_has_a_column_that_brings_it_back():
    """A field added to the event tomorrow is covered today."""
    for name, leaf in LEAVES.items():
        mates = {"location.lat": 1.0, "location.lon": 2.0} if name.startswith("location.l") else {}
        mates |= {"money.amount_minor": 1, "money.currency": "EUR"} if name.startswith("money") else {}
        value: Any = {pl.Int64: 5, pl.Float64: 7.0, pl.Boolean: True}.get(leaf.dtype, "FI")
        value = leaf.kind.values[0] if isinstance(leaf.kind, inspect.LiteralType) else value
        value = {
            "ip": "1.2.3.4", "occurred_at": GOOD["occurred_at"], "profile.date_of_birth": "1980-01-01",
            "money.currency": "EUR", "type": "login",
        }.get(name, value)  # fmt: skip
        row = GOOD | mates | {name: value}
        (found,) = read(pl.DataFrame([row]))
        assert isinstance(found, Event), (name, found)
        assert found == as_the_api(row)
        assert events_of(frame_of([found], [3])) == [found]


@given(st.integers(0, 2**20), st.integers(0, 2**39))
def test_a_place_is_one_number_in_reading_order(file, row):
    assert place_of(seq_of(file, row)) == (file, row)
    assert seq_of(file, row) < seq_of(file, row + 1) < seq_of(file + 1, 0)


def test_no_events_are_an_empty_frame_of_the_same_columns():
    assert dict(frame_of([], []).schema) == COLUMNS
