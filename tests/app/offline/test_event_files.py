"""Histories as people have them: sorted or not, repeated, contradicted, broken, in the wrong encoding, cut off."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.offline import ordering, row_faults
from app.offline.event_files import EventFiles
from app.offline.row_faults import CONFLICT, RowFault, UnreadableHistory
from app.offline.sources import find
from detectors.event import Event

START = datetime(2026, 3, 1, tzinfo=UTC)
CANARY = "canary7f3a"


def row(n: int, **given: Any) -> dict[str, Any]:
    """The n-th event as a row with dotted fields; None takes a field away."""
    fields = {
        "event_id": f"e-{n}",
        "type": "earn",
        "occurred_at": (START + timedelta(minutes=n)).isoformat(),
        "account_id": f"m-{n % 3}",
        "points": 100 + n,
    } | given
    return {name: value for name, value in fields.items() if value is not None}


def nested(fields: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in fields.items():
        parent, _, member = name.partition(".")
        if member:
            document.setdefault(parent, {})[member] = value
        else:
            document[name] = value
    return document


def ndjson(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(nested(fields)) + "\n" for fields in rows), encoding="utf-8")
    return path


def csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    pl.DataFrame(rows, infer_schema_length=None, strict=False).write_csv(path)
    return path


def parquet(path: Path, rows: list[dict[str, Any]]) -> Path:
    pl.DataFrame(rows, infer_schema_length=None, strict=False).write_parquet(path)
    return path


WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], Path]] = {
    "ndjson": ndjson,
    "csv": csv,
    "parquet": parquet,
}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[list[dict[str, Any]]], Path]:
    """A function that writes rows as a file, of each kind in turn."""
    return lambda rows: WRITERS[request.param](tmp_path / f"history.{request.param}", rows)


def ids(files: EventFiles) -> list[str]:
    return [event.event_id for event in files.events()]


def told(files: EventFiles) -> set[tuple[int, str | None, str]]:
    return {(one.row, one.event_id, error.pointer) for one in files.faults for error in one.errors}


FULL = row(
    1,
    type="burn",
    program_id="gold",
    balance_before=900,
    channel="app",
    reward_liquidity="high",
    ip="2001:db8::1",
    **{
        "money.amount_minor": -1250,
        "money.currency": "EUR",
        "device.id": "d-1",
        "device.is_rooted": False,
        "location.lat": 60.17,
        "location.lon": 24.94,
        "profile.email": "å@example.net",
        "profile.date_of_birth": "1980-02-29",
        "metadata.tier": 'two "quoted", one\\',
    },
)


def test_a_row_means_the_same_in_every_format(write):
    """Nested fields are dotted columns in tables; synonyms are spelled out; what is absent is absent."""
    with EventFiles([write([FULL, row(2)])]) as files:
        first, second = files.events()
        assert not files.faults
    assert first.type == "redeem"
    assert first.program_id == "gold"
    assert first.money is not None
    assert first.money.amount_minor == -1250
    assert first.device is not None
    assert first.device.is_rooted is False
    assert first.profile is not None
    assert first.profile.email == "å@example.net"
    assert first.metadata == {"tier": 'two "quoted", one\\'}
    assert second == Event(
        event_id="e-2", type="earn", occurred_at=START + timedelta(minutes=2), account_id="m-2", points=102
    )


def test_parquet_may_use_structs_and_timestamps(tmp_path):
    at = [START.replace(tzinfo=None), START.replace(tzinfo=None) + timedelta(microseconds=1)]
    frame = pl.DataFrame(
        {
            "event_id": ["a", "b"],
            "type": pl.Series(["login", "login"], dtype=pl.Categorical),
            "account_id": [7, 8],
            "points": [None, 3.0],
            "device": [{"id": "d", "is_rooted": None}, None],
            "metadata": [{"n": 1, "x": None}, {"n": None, "x": None}],
        }
    ).with_columns(
        pl.Series("occurred_at", at).dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
    )
    frame.write_parquet(tmp_path / "a.parquet")
    with EventFiles([tmp_path / "a.parquet"]) as files:
        first, second = files.events()
    assert first.occurred_at == START
    assert second.occurred_at == START + timedelta(microseconds=1)
    assert (first.account_id, first.points, second.points) == ("7", None, 3)
    assert first.device is not None
    assert first.device.id == "d"
    assert second.device is None
    assert first.metadata == {"n": 1}
    assert second.metadata is None


def test_events_come_in_the_order_of_their_instants_whatever_the_files(tmp_path, monkeypatch):
    """Also where sorting happens in many runs and ranges; equal instants by event_id."""
    monkeypatch.setattr(ordering, "RUN_ROWS", 50)
    monkeypatch.setattr(ordering, "RANGE_ROWS", 64)
    monkeypatch.setattr(ordering, "MARK_EVERY", 4)
    rows = [row(n, occurred_at=(START + timedelta(hours=n // 3)).isoformat()) for n in range(600)]
    random.Random(5).shuffle(rows)
    third = len(rows) // 3
    names = [ndjson(tmp_path / "a.ndjson", rows[:third]), csv(tmp_path / "b.csv", rows[third : 2 * third])]
    names.append(parquet(tmp_path / "c.parquet", rows[2 * third :]))
    with EventFiles(names) as files:
        found = ids(files)
        again = ids(files)
    wanted = sorted(rows, key=lambda fields: (fields["occurred_at"], fields["event_id"]))
    assert found == again == [fields["event_id"] for fields in wanted]


def test_instants_of_different_offsets_are_put_in_one_order(write):
    instants = ["2026-03-01T12:00:00+02:00", "2026-03-01T10:30:00Z", "2026-03-01T05:45:00.5-05:00"]
    with EventFiles([write([row(n, occurred_at=at) for n, at in enumerate(instants)])]) as files:
        events = list(files.events())
    assert [event.event_id for event in events] == ["e-0", "e-1", "e-2"]
    assert [event.occurred_at for event in events] == [datetime.fromisoformat(at) for at in instants]


def test_repeated_rows_are_dropped_and_contradicted_ones_told(write, monkeypatch):
    """The first in reading order counts; ids are of their programme; the same instant may be written otherwise."""
    monkeypatch.setattr(ordering, "SHARE_KEYS", 2)
    rows = [
        row(1),
        row(2, program_id="x"),
        row(1, occurred_at="2026-03-01T02:01:00.000+02:00"),  # the same body
        row(2, program_id="y"),  # another programme
        row(3),
        row(3, points=1),  # another body
        row(4),
        row(4, occurred_at="2026-02-01T00:00:00Z"),  # another body, earlier, but told later
        row(3),
    ]
    with EventFiles([write(rows)]) as files:
        events = list(files.events())
        assert [event.event_id for event in events] == ["e-1", "e-2", "e-2", "e-3", "e-4"]
        assert [event.points for event in events[3:]] == [103, 104]
        assert files.duplicates == 2
        header = str(files.faults[0].file).endswith(".csv")
        assert [(one.row, one.event_id, one.errors) for one in files.faults] == [
            (6 + header, "e-3", (CONFLICT,)),
            (8 + header, "e-4", (CONFLICT,)),
        ]
        assert files.faulty_rows == 2
        assert files.usable == files.lazy().collect().height == 5


BAD_ROWS = {
    "an unknown field": ({"zzz": CANARY}, "/zzz"),
    "an unknown nested field": ({"device.zzz": CANARY}, "/device/zzz"),
    "a missing account": ({"account_id": None}, "/account_id"),
    "text for points": ({"points": CANARY}, "/points"),
    "a fraction of a point": ({"points": 100.5}, "/points"),
    "no points": ({"points": None}, "/points"),
    "negative points": ({"points": -3}, "/points"),
    "an unknown type": ({"type": CANARY}, "/type"),
    "a naive instant": ({"occurred_at": "2026-03-01T00:00:00"}, "/occurred_at"),
    "an instant before 2000": ({"occurred_at": "1999-03-01T00:00:00Z"}, "/occurred_at"),
    "no instant": ({"occurred_at": "2026-02-30T00:00:00Z"}, "/occurred_at"),
    "a long id": ({"store_id": "x" * 129}, "/store_id"),
    "a blank id": ({"account_id": "   "}, "/account_id"),
    "a control character in an id": ({"store_id": f"{CANARY}\u0085"}, "/store_id"),
    "a card number": ({"payment_instrument_id": "4111 1111 1111 1111"}, "/payment_instrument_id"),
    "no address": ({"ip": "1.2.3.256"}, "/ip"),
    "a latitude alone": ({"location.lat": 12.5}, "/location"),
    "money without currency": ({"money.amount_minor": 5}, "/money/currency"),
    "a birthday that is not": ({"profile.date_of_birth": "1977-02-29"}, "/profile/date_of_birth"),
    "a blank name": ({"profile.given_name": " "}, "/profile/given_name"),
    "a long text in metadata": ({"metadata.a": "x" * 513}, "/metadata/a"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_told_by_number_and_the_good_ones_go_on(case, write):
    """As at the API: the same pointers, and nothing of what the row held."""
    change, pointer = BAD_ROWS[case]
    rows = [row(1), row(2, **change), row(3)]
    with EventFiles([write(rows)]) as files:
        assert ids(files) == ["e-1", "e-3"]
        header = files.faults[0].file.endswith(".csv")
        assert told(files) == {(2 + header, "e-2", pointer)}
        assert CANARY not in repr(files.faults)
        assert (files.rows, files.faulty_rows) == (3, 1)


def test_a_row_without_a_readable_id_is_told_by_its_number(write):
    with EventFiles([write([row(1), row(2, event_id=None), row(3, event_id="x" * 129)])]) as files:
        assert ids(files) == ["e-1"]
        first = 3 if files.faults[0].file.endswith(".csv") else 2
        assert told(files) == {(first, None, "/event_id"), (first + 1, None, "/event_id")}


def test_faults_are_kept_up_to_a_bound_and_counted_beyond_it(write, monkeypatch):
    """Conflicts, found last, as well."""
    monkeypatch.setattr(row_faults, "FAULTS_KEPT", 3)
    bad = [row(n, ip="nowhere") for n in range(2)]
    rows = [row(9), *bad, *(row(9, points=points) for points in range(4))]
    with EventFiles([write(rows)]) as files:
        assert ids(files) == ["e-9"]
        assert len(files.faults) == 3
        assert files.faulty_rows == 6
        assert files.fault_counts == {
            "/ip must be an IPv4 or IPv6 address, without a zone": 2,
            f"{CONFLICT.pointer} {CONFLICT.message}": 4,
        }


def test_reasons_are_bounded_too(tmp_path, monkeypatch):
    """Unknown fields have names of their own, without end."""
    monkeypatch.setattr(row_faults, "REASONS_KEPT", 2)
    rows = [row(0), *(row(n, **{f"z{n}": 1}) for n in range(1, 6))]
    with EventFiles([ndjson(tmp_path / "a.ndjson", rows)]) as files:
        assert ids(files) == ["e-0"]
        assert sum(files.fault_counts.values()) == 5
        assert set(files.fault_counts) == {
            "/z1 is not a field of this object",
            "/z2 is not a field of this object",
            row_faults.OTHER_REASONS,
        }


def test_broken_lines_are_told_by_their_numbers(tmp_path):
    """Blank lines count, as an editor counts them; so does one of many megabytes."""
    path = tmp_path / "a.ndjson"
    good = [json.dumps(row(n)).encode() for n in range(3)]
    latin = good[1].replace(b"m-1", "Håkan".encode("latin-1"))
    lines = [
        b"\xef\xbb\xbf" + good[0],
        b"",
        b"{",
        latin,
        b"[" * 300_000,
        b'{"points": NaN}',
        good[1] + b"\r",
        good[2],
    ]
    path.write_bytes(b"\n".join(lines))
    with EventFiles([path]) as files:
        assert ids(files) == ["e-0", "e-1", "e-2"]
        assert [one.row for one in files.faults] == [3, 4, 5, 6]
        words = [one.errors[0].message for one in files.faults]
    assert "JSON" in words[0]
    assert "UTF-8" in words[1]
    assert "65,536 bytes" in words[2]


def test_broken_records_of_csv_are_told_as_a_spreadsheet_counts_them(tmp_path):
    """Row 1 is the header; a quoted line end does not start a row; a latin-1 name breaks one row only."""
    path = tmp_path / "a.csv"
    records = [
        "\ufeffevent_id,type,occurred_at,account_id,profile.street".encode(),
        b'e-0,login,2026-03-01T00:00:00Z,m-1,"Main Street 1\nBackyard, ""B"""',
        b"e-1,login,2026-03-01T00:01:00Z",
        b"",
        "e-2,login,2026-03-01T00:02:00Z,m-1,Håkan".encode("latin-1"),
        "e-3,login,2026-03-01T00:03:00Z,m-1,Åbo".encode(),
        b'e-4,login,2026-03-01T00:04:00Z,m-1,"a"b',
        b"e-5,login,2026-03-01T00:05:00Z,m-1," + b"x" * 200_000,
        b"e-6,login,2026-03-01T00:06:00Z,m-1,",
    ]
    path.write_bytes(b"\r\n".join(records))
    with EventFiles([path]) as files:
        events = list(files.events())
        assert [event.event_id for event in events] == ["e-0", "e-3", "e-6"]
        assert events[0].profile is not None
        assert events[0].profile.street == 'Main Street 1\nBackyard, "B"'
        assert events[2].profile is None
        assert [one.row for one in files.faults] == [3, 5, 7, 8]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_may_be_delimited_otherwise(tmp_path, delimiter):
    path = tmp_path / "a.csv"
    pl.DataFrame([row(1), row(2)]).write_csv(path, separator=delimiter)
    with EventFiles([path]) as files:
        assert ids(files) == ["e-1", "e-2"]


@pytest.mark.parametrize("missing", ["event_id", "type", "occurred_at", "account_id"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_missing_column_is_named(tmp_path, missing, kind):
    path = WRITERS[kind](tmp_path / f"a.{kind}", [row(1, **{missing: None})])
    with pytest.raises(UnreadableHistory, match=f"a.{kind}: has no column {missing}$"):
        EventFiles([path])


def test_what_cannot_be_read_says_why(tmp_path):
    good = json.dumps(row(1))
    whole = parquet(tmp_path / "whole.parquet", [row(1)]).read_bytes()
    cases = {
        "empty.ndjson": (b"", "is empty"),
        "empty.csv": (b"", "is empty"),
        "empty.parquet": (b"", "is empty"),
        "a.xlsx": (b"PK", "of no known kind"),
        "array.json": (f" [{good}]".encode(), "NDJSON"),
        "wide.ndjson": (good.encode("utf-16"), "UTF-16"),
        "wide.csv": (good.encode("utf-16-le"), "UTF-16"),
        "cut.parquet": (whole[: len(whole) // 2], "no whole Parquet file"),
        "text.parquet": (good.encode(), "is no Parquet file"),
        "twice.csv": (b"event_id,type,occurred_at,account_id,type\n", "more than one column type"),
        "broken.csv.gz": (gzip.compress(b"event_id,type" * 100)[:12], "cannot be read"),
        "only-bad.ndjson": (b"{}", "no row is an event"),
        "header.csv": (b"event_id,type,occurred_at,account_id\n", "no row is an event"),
    }
    for name, (content, words) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableHistory, match=words), EventFiles([tmp_path / name]) as files:
            list(files.events())
    for name in (tmp_path / "nothing.csv", tmp_path / "*.nothing"):
        with pytest.raises(UnreadableHistory, match="no such file"):
            EventFiles([name])
    with pytest.raises(UnreadableHistory, match="no event file was named"):
        EventFiles([])


def test_an_unreadable_file_among_readable_ones_is_a_fault(tmp_path):
    """The others go on."""
    (tmp_path / "a.csv").write_bytes(b"event_id\n1")
    ndjson(tmp_path / "b.ndjson", [row(1)])
    with EventFiles([tmp_path]) as files:
        assert ids(files) == ["e-1"]
        (fault,) = files.faults
    assert (Path(fault.file).name, fault.row) == ("a.csv", row_faults.WHOLE_FILE)


def test_a_cut_off_gzip_gives_what_was_whole_and_says_where_it_broke(tmp_path):
    rows = [row(n, session_id=random.Random(n).randbytes(40).hex()) for n in range(2_000)]
    whole = gzip.compress("\n".join(json.dumps(fields) for fields in rows).encode())
    (tmp_path / "a.ndjson.gz").write_bytes(whole)
    (tmp_path / "b.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    with EventFiles([tmp_path / "a.ndjson.gz"]) as files:
        assert len(ids(files)) == 2_000
    with EventFiles([tmp_path / "b.ndjson.gz"]) as files:
        assert 0 < len(ids(files)) < 2_000
        (fault,) = files.faults
        assert fault.row == row_faults.WHOLE_FILE
        assert f"breaks off behind line {files.rows:,}" in fault.errors[0].message


def test_a_damaged_page_of_parquet_ends_the_file_there(tmp_path):
    path = tmp_path / "a.parquet"
    rows = [row(n, session_id=random.Random(n).randbytes(20).hex()) for n in range(5_000)]
    pl.DataFrame(rows).write_parquet(path, row_group_size=500)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3_000] = bytes(3_000)
    path.write_bytes(content)
    ndjson(tmp_path / "b.ndjson", [row(9_999)])
    with EventFiles([path, tmp_path / "b.ndjson"]) as files:
        assert ids(files)[-1] == "e-9999"
        assert "breaks off" in files.faults[0].errors[0].message


def test_files_folders_and_globs_are_found_each_file_once(tmp_path):
    inside = tmp_path / "2026" / "03"
    inside.mkdir(parents=True)
    first = ndjson(inside / "a.jsonl", [row(1)])
    parquet(inside / "b.parquet", [row(2)])
    (inside / "_SUCCESS").touch()
    (inside / "notes.txt").write_text("no events", encoding="utf-8")
    for named in (
        [tmp_path],
        [tmp_path / "**" / "*.*l*", inside / "b.parquet"],
        [first, str(tmp_path), first],
    ):
        with EventFiles(named) as files:
            assert ids(files) == ["e-1", "e-2"]
            assert not files.duplicates


def test_lazy_gives_the_same_events_as_typed_columns(write):
    with EventFiles([write([FULL, row(2), row(3, ip="nowhere"), row(2)])]) as files:
        frame = files.lazy().sort("occurred_at").collect()
        events = list(files.events())
    assert frame["event_id"].to_list() == [event.event_id for event in events]
    assert frame["occurred_at"].to_list() == [event.occurred_at for event in events]
    assert frame.schema["occurred_at"] == pl.Datetime("us", "UTC")
    assert frame.schema["points"] == pl.Int64
    assert frame["type"].to_list() == ["redeem", "earn"]
    assert frame["location.lat"].to_list() == [60.17, None]
    assert json.loads(frame["metadata"][0]) == {"tier": 'two "quoted", one\\'}


def test_progress_rises_to_the_whole(write):
    seen: list[tuple[int, int]] = []
    with EventFiles([write([row(n) for n in range(20)])]) as files:
        list(files.events(progress=lambda done, whole: seen.append((done, whole))))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]
    assert {whole for _, whole in seen} == {seen[0][1]}


def test_nothing_is_left_behind_and_nobody_else_can_look(tmp_path):
    """Histories hold personal data."""
    path = ndjson(tmp_path / "a.ndjson", [row(1)])
    room = tmp_path / "room"
    room.mkdir()
    with EventFiles([path], temporary=room) as files:
        list(files.events())
        (private,) = room.iterdir()
        assert private.stat().st_mode & 0o077 == 0
        assert list(private.iterdir())
    assert not list(room.iterdir())


def test_the_faults_are_plain_values(tmp_path):
    with EventFiles([ndjson(tmp_path / "a.ndjson", [row(1), row(2, points=None)])]) as files:
        list(files.events())
        (fault,) = files.faults
    assert fault == RowFault(str(tmp_path / "a.ndjson"), 2, "e-2", fault.errors)


def test_a_link_to_nowhere_or_to_itself_is_no_file(tmp_path):
    (tmp_path / "loop.ndjson").symlink_to("loop.ndjson")
    (tmp_path / "gone.ndjson").symlink_to("nowhere")
    for name in ("loop.ndjson", "gone.ndjson", "*.ndjson"):
        with pytest.raises(UnreadableHistory, match="there is no such file"):
            find([tmp_path / name])
