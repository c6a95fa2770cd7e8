"""Where events come in: one, an array or NDJSON; read strictly, every fault told, no row failing another.

An event that is in order takes the quick way (msgspec); only one that is not is looked at again, slowly, for
everything that is wrong with it. Nothing an event holds is ever repeated in a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import fields, replace

from app.event_laws import broken_laws
from app.faults import Faults, one
from app.shapes import sift, told, too_large
from app.strict_json import Unclean, array_rows, quick_tree, tolerant_tree
from detectors.event import Event, canonical

EVENT_BYTES: Final = 65_536
"""One event, 64 KiB. The largest lawful one, every field full of two-byte characters, is about 33 kB."""
BREAKS_A_ROW: Final = 100
"""Commas of an array, or lines of NDJSON, for each row allowed. A full event has about 60; far more are
millions of tiny rows, which would take a gigabyte merely to be counted."""
BODY_HASH_BYTES: Final = 16
"""128 bits: two bodies of one event id that collide by chance are not to be expected."""
_STAND_INS: Final = {
    "event_id": "-",
    "type": "adjust",
    "occurred_at": "2000-01-01T00:00:00Z",
    "account_id": "-",
}
"""What takes the place of missing or faulty members so that the others can still be judged by the laws; the
type is the one under which points are free."""
_DEFAULT_PROGRAM: Final = next(field.default for field in fields(Event) if field.name == "program_id")
_RAW_ROWS: Final = msgspec.json.Decoder(list[msgspec.Raw])


class BadRow(NamedTuple):
    """A row that is no event. `event_id` is None where that, too, is missing or faulty."""

    event_id: str | None
    faults: Faults


Row = Event | BadRow


def read_event(raw: bytes, *, now_ms: int | None, default_program: str) -> Event | Faults:
    """
    One event as JSON, its type spelled canonically.

    Args:
        raw: the body as received.
        now_ms: refuses events more than five minutes ahead of it; None where there is no clock, as in files.
        default_program: the programme of an event that names none.
    """
    row = _read_row(raw, now_ms, default_program)
    return row.faults if isinstance(row, BadRow) else row


def read_rows(
    raw: bytes, *, ndjson: bool, most: int, now_ms: int | None, default_program: str
) -> Iterator[Row] | Faults:
    """
    The rows of a JSON array or of NDJSON (blank lines left out), in order, read when asked for.

    Faults only where there are no rows to speak of: no array, or more than `most` rows.
    """
    if raw.count(b"\n" if ndjson else b",") > most * BREAKS_A_ROW:
        return one("too_large", "", f"must hold at most {most:,} events")
    rows = _lines(raw) if ndjson else _elements(raw)
    if isinstance(rows, Faults):
        return rows
    if len(rows) > most:
        return one("invalid", "", f"must hold at most {most:,} events")
    return _each(rows, now_ms, default_program)


def canonical_bytes(event: Event) -> bytes:
    """The event as deterministic JSON: fields in the order of the schema, names of metadata sorted."""
    if (
        event.program_id == _DEFAULT_PROGRAM
    ):  # msgspec leaves out a default only where it is the very same object
        event = replace(event, program_id=_DEFAULT_PROGRAM)
    return msgspec.json.encode(event, order="deterministic")


def body_hash(event: Event) -> bytes:
    """16 bytes that are equal exactly for equal bodies, however they were spaced or ordered."""
    return blake2b(canonical_bytes(event), digest_size=BODY_HASH_BYTES).digest()


def _each(rows: Sequence[bytes], now_ms: int | None, default_program: str) -> Iterator[Row]:
    for row in rows:
        yield _read_row(row, now_ms, default_program)


def _lines(raw: bytes) -> list[bytes]:
    return [line for line in (line.strip(b" \t\r") for line in raw.split(b"\n")) if line]


def _elements(raw: bytes) -> list[bytes] | Faults:
    try:
        return [bytes(row) for row in _RAW_ROWS.decode(raw)]
    except (msgspec.DecodeError, ValueError, RecursionError):
        return array_rows(raw)  # one row with a NaN must not cost the others


def _read_row(raw: bytes, now_ms: int | None, default_program: str) -> Row:
    if len(raw) > EVENT_BYTES:
        return BadRow(None, too_large(EVENT_BYTES))
    try:
        tree = quick_tree(raw)
        if isinstance(tree, dict):
            tree.setdefault("program_id", default_program)
        event = msgspec.convert(tree, Event)
        if not broken_laws(event, now_ms):
            return canonical(event)
    except (Unclean, msgspec.ValidationError):
        pass
    tree = tolerant_tree(raw)
    return BadRow(None, tree) if isinstance(tree, Faults) else _examine(tree, now_ms, default_program)


def _examine(tree: object, now_ms: int | None, default_program: str) -> Row:
    """The slow reading: an event where all is well after all, otherwise every fault."""
    good, faults = sift(tree, Event)
    event_id = good.get("event_id")
    good.setdefault("program_id", default_program)
    event = msgspec.convert(_STAND_INS | good, Event)
    known = [f"{fault.pointer}/" for fault in faults]
    for fault in broken_laws(event, now_ms):
        if not any(
            pointer.startswith(f"{fault.pointer}/") for pointer in known
        ):  # not for want of a faulty member
            faults.append(fault)
    if not faults:
        return canonical(event)
    readable = isinstance(event_id, str) and not any(fault.pointer == "/event_id" for fault in faults)
    return BadRow(str(event_id) if readable else None, told(faults))
