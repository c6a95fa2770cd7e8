from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.faults import Faults, is_card_number
from app.intake import EVENT_BYTES, BadRow, body_hash, canonical_bytes, read_event, read_rows
from app.shapes import FAULTS_TOLD, LEFT_OUT
from app.strict_json import Unclean, _members, array_rows, quick_tree
from detectors.event import SYNONYMS, Event

NOW_MS = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""
CANARY = "canary7f3a"
GOOD: dict[str, Any] = {
    "event_id": "e-1",
    "type": "redeem",
    "occurred_at": "2026-11-21T12:00:00Z",
    "account_id": "m-1",
    "points": 500,
}
CARD = "4111 1111-1111 1111"


def read(document: Any, **options: Any) -> Event | Faults:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_event(raw, **({"now_ms": NOW_MS, "default_program": "default"} | options))


def pointers(result: Event | Faults) -> set[str]:
    assert isinstance(result, Faults)
    return {fault.pointer for fault in result.items}


def with_raw(member: str) -> bytes:
    """The good event with one more member, written as given."""
    return json.dumps(GOOD).encode()[:-1] + b", " + member.encode() + b"}"


BAD_MEMBERS = {
    "an unknown field": ({"zzz": CANARY}, "/zzz"),
    "an unknown nested field": ({"device": {"zzz": CANARY}}, "/device/zzz"),
    "a missing field": ({"account_id": None}, "/account_id"),
    "text for points": ({"points": CANARY}, "/points"),
    "a fraction of a point": ({"points": 31337.5}, "/points"),
    "a whole fraction": ({"points": 31337.0}, "/points"),
    "a bool for points": ({"points": True}, "/points"),
    "points beyond any award": ({"points": 31337 * 10**9}, "/points"),
    "a very big whole number": ({"balance_before": 31337 * 10**40}, "/balance_before"),
    "negative points": ({"points": -31337}, "/points"),
    "an unknown type": ({"type": CANARY}, "/type"),
    "an unknown reason": ({"reason": CANARY}, "/reason"),
    "an unknown channel": ({"channel": CANARY}, "/channel"),
    "a naive instant": ({"occurred_at": "2026-11-21T11:33:07"}, "/occurred_at"),
    "a date that is not": ({"occurred_at": "2026-02-30T11:33:07Z"}, "/occurred_at"),
    "a number for an instant": ({"occurred_at": 1795262400}, "/occurred_at"),
    "an instant ahead of the clock": ({"occurred_at": "2026-11-21T12:05:01Z"}, "/occurred_at"),
    "an instant before 2000": ({"occurred_at": "1999-12-31T23:59:59Z"}, "/occurred_at"),
    "a blank id": ({"account_id": "   "}, "/account_id"),
    "an empty id": ({"event_id": ""}, "/event_id"),
    "a long id": ({"event_id": CANARY * 13}, "/event_id"),
    "a control character in an id": ({"store_id": f"{CANARY}\n"}, "/store_id"),
    "a C1 control in an id": ({"store_id": f"{CANARY}\u0085"}, "/store_id"),
    "U+0000 in an id": ({"session_id": f"{CANARY}\0"}, "/session_id"),
    "U+0000 in a name": ({"profile": {"city": f"{CANARY}\0"}}, "/profile/city"),
    "half a surrogate pair": ({"profile": {"city": f"{CANARY}\ud800"}}, "/profile/city"),
    "a control character in a device id": ({"device": {"id": f"{CANARY}\t"}}, "/device/id"),
    "a card number": ({"payment_instrument_id": CARD}, "/payment_instrument_id"),
    "an address that does not parse": ({"ip": f"1.2.3.{CANARY}"}, "/ip"),
    "an address with a zone": ({"ip": "fe80::1%canary7f3a"}, "/ip"),
    "an octet too large": ({"ip": "1.2.3.256"}, "/ip"),
    "a birthday that is not": ({"profile": {"date_of_birth": "1977-02-29"}}, "/profile/date_of_birth"),
    "a number for an e-mail": ({"profile": {"email": 31337}}, "/profile/email"),
    "a blank name": ({"profile": {"given_name": " "}}, "/profile/given_name"),
    "a country in lower case": ({"profile": {"country": "fi"}}, "/profile/country"),
    "a latitude alone": ({"location": {"lat": 31.337}}, "/location"),
    "a latitude beyond the pole": ({"location": {"lat": 91.337, "lon": 0}}, "/location/lat"),
    "text for a latitude": ({"location": {"lat": CANARY, "lon": 0}}, "/location/lat"),
    "money without currency": ({"money": {"amount_minor": 31337}}, "/money/currency"),
    "a fraction of a cent": ({"money": {"amount_minor": 31337.5, "currency": "EUR"}}, "/money/amount_minor"),
    "an array for an object": ({"device": [CANARY]}, "/device"),
    "twenty-one metadata values": ({"metadata": {f"k{i}": CANARY for i in range(21)}}, "/metadata"),
    "a bool in metadata": ({"metadata": {"vip": True}}, "/metadata/vip"),
    "an object in metadata": ({"metadata": {"vip": {"a": CANARY}}}, "/metadata/vip"),
    "a long text in metadata": ({"metadata": {"vip": CANARY * 60}}, "/metadata/vip"),
    "a whole number that JSON readers round": ({"metadata": {"vip": 31337 * 10**12}}, "/metadata/vip"),
    "a text for a bool": ({"device": {"is_rooted": CANARY}}, "/device/is_rooted"),
}


@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_a_bad_member_is_refused_by_name_and_never_repeated(case):
    """The fault points at the member, says something, and holds nothing of the value."""
    members, pointer = BAD_MEMBERS[case]
    document = {name: value for name, value in (GOOD | members).items() if value is not None}
    result = read(document)
    assert pointers(result) == {pointer}
    assert result.kind == "invalid"
    told = repr(result)
    for secret in (CANARY, "31337", "31.337", "91.337", "11:33:07", "1977", "1111", "1795262400"):
        assert secret not in told


RAW_MEMBERS = {
    "a repeated name": ('"account_id": "canary7f3a"', "/account_id"),
    "a repeated name, escaped": ('"account\\u005fid": "canary7f3a"', "/account_id"),
    "a repeated nested name": ('"device": {"id": "canary7f3a", "id": "canary7f3a"}', "/device/id"),
    "a repeated name in metadata": ('"metadata": {"a": 1, "a": 2}', "/metadata/a"),
    "NaN": ('"location": {"lat": NaN, "lon": 1}', "/location/lat"),
    "infinity": ('"metadata": {"a": -Infinity}', "/metadata/a"),
    "a float out of range": ('"metadata": {"a": 1e999}', "/metadata/a"),
    "an exponent for a whole number": ('"balance_before": 1e3', "/balance_before"),
    "five thousand digits": (f'"balance_before": {"9" * 5_000}', "/balance_before"),
    "half a surrogate, escaped": ('"store_id": "canary7f3a\\ud800"', "/store_id"),
    "an unprintable unknown name": ('"canary7f3a\\n": 1', ""),
    "a card number for a name": ('"4111111111111111": "canary7f3a"', ""),
}


@pytest.mark.parametrize("case", RAW_MEMBERS)
def test_what_json_readers_let_pass_is_refused_by_name(case):
    """Equal names, numbers that are none, and names that could be secrets: told, and not repeated."""
    member, pointer = RAW_MEMBERS[case]
    result = read(with_raw(member))
    assert pointers(result) == {pointer}
    assert CANARY not in repr(result)
    assert "4111" not in repr(result)


MALFORMED = {
    "nothing": b"",
    "not JSON": b"canary7f3a",
    "cut short": b'{"event_id": "canary7f3a"',
    "broken UTF-8": b'{"event_id": "canary7f3a\xff"}',
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
    "UTF-16": json.dumps(GOOD).encode("utf-16"),
    "two documents": json.dumps(GOOD).encode() * 2,
    "a raw control character": b'{"event_id": "canary7f3a\x01"}',
    "nested without end": b'{"metadata":' * 5_000,
    "arrays without end": b"[" * 60_000 + b"]" * 0,
    "a trailing comma": b'{"event_id": "canary7f3a",}',
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_not_json_is_malformed(case):
    result = read(MALFORMED[case])
    assert isinstance(result, Faults)
    assert result.kind == "malformed"
    assert CANARY not in repr(result)


@pytest.mark.parametrize(
    "raw", [b"[]", b"null", b"5", b'"canary7f3a"', b"true", b"NaN", b"[" * 500 + b"]" * 500]
)
def test_json_that_is_no_object_is_told_so(raw):
    result = read(raw)
    assert pointers(result) == {""}
    assert CANARY not in repr(result)


def test_an_event_beyond_64_kib_is_not_even_parsed():
    result = read(b" " * EVENT_BYTES + b"{}")
    assert isinstance(result, Faults)
    assert result.kind == "too_large"


def test_every_fault_is_told_at_once():
    """A caller mends an event in one go: faults of shape do not hide those of law."""
    document = GOOD | {
        "points": "x", "zzz": 1, "ip": "nowhere", "payment_instrument_id": CARD,
        "profile": {"email": 5, "date_of_birth": "2026-02-30"}, "money": {"amount_minor": 1.5},
    }  # fmt: skip
    del document["event_id"]
    assert pointers(read(document)) == {
        "/event_id", "/points", "/zzz", "/ip", "/payment_instrument_id", "/profile/email",
        "/profile/date_of_birth", "/money/amount_minor", "/money/currency",
    }  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["earn", "redeem", "transfer", "return", "purchase", "expire", "burn", "accrue"]
)
def test_points_are_required_where_points_move(kind):
    document = {name: value for name, value in (GOOD | {"type": kind}).items() if name != "points"}
    assert pointers(read(document)) == {"/points"}


def test_only_an_adjustment_may_be_negative():
    assert read(GOOD | {"type": "adjust", "points": -5}).points == -5
    assert pointers(read(GOOD | {"type": "earn", "points": -5})) == {"/points"}


def test_files_have_no_clock_and_bring_the_future_in():
    """Without `now_ms` the instant is only held against the year 2000."""
    late = GOOD | {"occurred_at": "2031-01-01T00:00:00Z"}
    assert isinstance(read(late, now_ms=None), Event)
    assert pointers(read(late)) == {"/occurred_at"}
    assert isinstance(read(GOOD | {"occurred_at": "2026-11-21T12:05:00Z"}), Event)


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_the_calendar_do_no_harm(instant):
    result = read(GOOD | {"occurred_at": instant}, now_ms=None)
    assert isinstance(result, Event) == instant.startswith("9")


def test_the_key_gives_the_programme_where_the_event_names_none():
    assert read(GOOD, default_program="p-2").program_id == "p-2"
    assert read(GOOD | {"program_id": "p-3"}, default_program="p-2").program_id == "p-3"


@pytest.mark.parametrize("text", ["m-ä\u0308ö", "会員-7", "a\u00a0b", "😀", 'quo"te', "back\\slash", "a/b"])
def test_ids_may_be_written_in_any_script(text):
    for ascii_only in (True, False):
        raw = json.dumps(GOOD | {"account_id": text}, ensure_ascii=ascii_only).encode()
        assert read(raw).account_id == text


@pytest.mark.parametrize(
    "text", ["4111111111111111", "4111 1111 1111 1111", "5500-0055-5555-5559", "378282246310005"]
)
def test_card_numbers_are_known_however_they_are_grouped(text):
    assert is_card_number(text)


@pytest.mark.parametrize(
    "text", ["4111111111111112", "411111111111", "41111111111111111111", "pi_4111111111111111", ""]
)
def test_fingerprints_are_no_card_numbers(text):
    assert not is_card_number(text)


@pytest.mark.parametrize(("synonym", "kind"), SYNONYMS.items())
def test_a_synonym_is_the_same_event(synonym, kind):
    """A retry that spells the type the other way is a repeat, not a conflict."""
    assert body_hash(read(GOOD | {"type": synonym})) == body_hash(read(GOOD | {"type": kind}))


def test_an_explicit_default_or_null_is_the_same_event():
    spelled = GOOD | {"program_id": "default", "device": None, "ip": None}
    assert body_hash(read(spelled)) == body_hash(read(GOOD))


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=20)
ids = names.filter(str.strip)
wholes = st.integers(-(2**53) + 1, 2**53 - 1)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
floats = st.floats(allow_nan=False, allow_infinity=False)
events = st.builds(
    Event,
    event_id=ids,
    account_id=ids,
    type=st.sampled_from(["earn", "redeem", "login", "adjust"]),
    occurred_at=st.datetimes(datetime(2000, 1, 2), datetime(2026, 11, 20), timezones=st.just(UTC)),  # noqa: DTZ001
    points=st.integers(0, 10**9),
    store_id=st.none() | ids,
    ip=st.none() | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str),
    metadata=st.none() | st.dictionaries(names, wholes | floats | texts, max_size=20),
)


@given(events)
@settings(max_examples=150, deadline=None)
def test_an_event_survives_being_written_and_read(event):
    """canonical_bytes is lossless, and the reader finds no fault with what it wrote."""
    again = read_event(canonical_bytes(event), now_ms=NOW_MS, default_program="other")
    assert again == (
        event if event.program_id != "default" else msgspec.structs.replace(event, program_id="other")
    )


def shuffled(value: object, random: Any) -> object:
    if not isinstance(value, dict):
        return value
    members = [(name, shuffled(item, random)) for name, item in value.items()]
    random.shuffle(members)
    return dict(members)


@given(events, st.randoms(use_true_random=False), st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_order_space_and_escapes_do_not_change_the_body_hash(event, random, indent, ascii_only):
    """Two ways to write one event are one body."""
    tree = shuffled(msgspec.json.decode(canonical_bytes(event)), random)
    raw = json.dumps(tree, indent=indent, ensure_ascii=ascii_only).encode()
    assert body_hash(read(raw)) == body_hash(event)


@given(
    st.recursive(st.none() | st.integers(0, 9) | texts, lambda x: st.lists(st.tuples(texts, x), max_size=4))
)
@settings(max_examples=200, deadline=None)
def test_a_repeated_name_is_found_at_any_level(shape):
    """The quick reader refuses a document exactly when some object in it repeats a name."""

    def written(value: object) -> str:
        if not isinstance(value, list):
            return json.dumps(value, ensure_ascii=False)
        return "{" + ", ".join(f"{json.dumps(n, ensure_ascii=False)}: {written(v)}" for n, v in value) + "}"

    def repeats(value: object) -> bool:
        if not isinstance(value, list):
            return False
        return len({n for n, _ in value}) < len(value) or any(repeats(v) for _, v in value)

    try:
        quick_tree(written(shape).encode())
        refused = False
    except Unclean:
        refused = True
    assert refused == repeats(shape)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=200, deadline=None)
def test_no_bytes_at_all_raise(raw):
    """Whatever arrives is an event or faults."""
    assert isinstance(read(raw), Event | Faults)
    for ndjson in (True, False):
        rows = read_rows(raw, ndjson=ndjson, most=10, now_ms=None, default_program="p")
        assert isinstance(rows, Faults) or all(isinstance(row, Event | BadRow) for row in rows)


def rows_of(raw: bytes, *, ndjson: bool, most: int = 10) -> list[Event | BadRow]:
    rows = read_rows(raw, ndjson=ndjson, most=most, now_ms=NOW_MS, default_program="default")
    assert not isinstance(rows, Faults)
    return list(rows)


@pytest.mark.parametrize("ndjson", [True, False])
@pytest.mark.parametrize(
    "odd", ["NaN", '{"event_id": "e-9", "points": NaN}', '{"event_id": "e-9", "event_id": 1}', "[]"]
)
def test_one_row_never_costs_another(odd, ndjson):
    """Rows stay in order, and a bad one takes only its own place."""
    lines = [json.dumps(GOOD), odd, json.dumps(GOOD | {"event_id": "e-2"})]
    raw = ("\r\n\n".join(lines) if ndjson else f"[{','.join(lines)}]").encode()
    first, bad, last = rows_of(raw, ndjson=ndjson)
    assert (first.event_id, last.event_id) == ("e-1", "e-2")
    assert isinstance(bad, BadRow)
    assert bad.event_id in {None, "e-9"}


def test_a_row_that_is_no_json_costs_only_its_line():
    first, bad = rows_of(json.dumps(GOOD).encode() + b"\n{canary7f3a\n", ndjson=True)
    assert isinstance(first, Event)
    assert isinstance(bad, BadRow)
    assert bad.faults.kind == "malformed"
    assert CANARY not in repr(bad)


def test_a_row_beyond_64_kib_costs_only_itself():
    long = json.dumps(GOOD | {"metadata": {"a": "x" * EVENT_BYTES}}).encode()
    bad, good = rows_of(b"[" + long + b"," + json.dumps(GOOD).encode() + b"]", ndjson=False)
    assert isinstance(bad, BadRow)
    assert bad.faults.kind == "too_large"
    assert isinstance(good, Event)


@pytest.mark.parametrize(("raw", "ndjson"), [(b"[" + b"0," * 9_999 + b"0]", False), (b"\n" * 9_999, True)])
def test_millions_of_tiny_rows_are_refused_before_they_are_made(raw, ndjson):
    result = read_rows(raw, ndjson=ndjson, most=10, now_ms=None, default_program="p")
    assert isinstance(result, Faults)
    assert result.kind == "too_large"


@pytest.mark.parametrize("raw", [b"{}", b"5", b"[1,2,3,4]", b"", b"[1,", b"[" * 60_000])
def test_what_is_no_array_of_so_many_rows_is_one_fault(raw):
    assert isinstance(read_rows(raw, ndjson=False, most=3, now_ms=None, default_program="p"), Faults)


class Counted(str):
    """A member name that counts how often it is compared."""

    __slots__ = ()
    __hash__ = str.__hash__
    compared = 0

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("names", [1_000, 4_000])
def test_looking_for_repeated_names_takes_as_long_as_there_are_names(names):
    """A body of forty thousand names held the event loop for ten seconds; comparisons grow with the names only."""
    Counted.compared = 0
    members = _members([(Counted(f"n{n}"), n) for n in range(names)] + [(Counted("n0"), 0)])
    assert members.repeated == ["n0"]
    assert Counted.compared <= 10 * names


@pytest.mark.parametrize("ndjson", [True, False])
@pytest.mark.parametrize("odd", ["1", "NaN"])
def test_no_row_is_read_that_is_longer_than_an_event_may_be(ndjson, odd):
    """Not even in an array that only the tolerant reader can take apart."""
    long = "{" + ",".join(f'"{n:x}": {odd}' for n in range(9_000)) + "}"
    raw = ("\n" if ndjson else ",").join([long, json.dumps(GOOD)])
    rows = rows_of((raw if ndjson else f"[{raw}]").encode(), ndjson=ndjson, most=1_000)
    assert len(long) > EVENT_BYTES
    assert isinstance(rows[0], BadRow)
    assert rows[0].faults.kind == "too_large"
    assert isinstance(rows[1], Event)


@pytest.mark.parametrize(
    "odd",
    [
        {f"n{n}": n for n in range(3_000)},
        {"device": {f"n{n}": n for n in range(3_000)}},
        {"metadata": {f"n{n}": None for n in range(3_000)}},
    ],
)
def test_an_answer_tells_so_many_faults_and_that_there_are_more(odd):
    """However many there are; the event is still named by its id, and the last word says what is missing."""
    (bad,) = rows_of(json.dumps([odd | GOOD]).encode(), ndjson=False, most=1_000)
    assert isinstance(bad, BadRow)
    assert bad.event_id == GOOD["event_id"]
    *first, last = bad.faults.items
    assert len(first) == FAULTS_TOLD
    assert LEFT_OUT not in {fault.message for fault in first}
    assert last.message == LEFT_OUT


_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | texts,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(texts, x, max_size=3),
    max_leaves=8,
)


@given(st.lists(_values, max_size=5), st.sampled_from(["", " ", "\n\t "]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_an_array_is_taken_apart_as_it_was_written(values, space, ascii_only):
    """Each element comes back byte for byte, NaN and all; what is cut short or goes on behind the end is none."""
    written = [json.dumps(value, ensure_ascii=ascii_only).encode() for value in values]
    gap = space.encode()
    raw = gap + b"[" + gap + (gap + b"," + gap).join(written) + gap + b"]" + gap
    assert array_rows(raw) == written
    for broken in (raw.rstrip()[:-1], raw + b"x", raw.replace(b"[", b"[,", 1)):
        assert isinstance(array_rows(broken), Faults)
