"""A decision's reservations as journalled, and what each entry of the journal makes of them: one law for live traffic,
for the record that repeats it, and for a rebuild.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct, msgpack

from app.capping.ports import NEVER_MS, Move
from app.ports.journal import Decided, HoldEnded, JournalEntry, OutcomeTold, StepUpPassed
from app.ports.rows import DecisionRow
from detectors.event import instant_ms

MARK_BYTES: Final = 8
"""Of the event's key, in a reservation: among 10^6 events of one cap two share it with a chance of 1 in 3 × 10^7."""
DAY_MS: Final = 86_400_000
GIVEN_BACK_MS: Final = DAY_MS
"""How long it is remembered that a part was given back: longer than a rebuild or a worker that was down takes."""
ESCALATED_MS: Final = 30 * DAY_MS
"""A person has to decide: as long as a hold may last in the policy (720 h)."""


class Reservation(Struct, frozen=True, array_like=True):
    """
    A decision's part of one cap. Append fields with defaults, never reorder: the record is full of these.

    until_ms: when it lapses; 0: never.
    wait_ms:  how long an allowed event may take to be completed; 0: for ever.
    held:     whether it was reserved at the decision. If not, it counts once the event takes place all the same.
    """

    key: bytes
    amount: int
    ttl_ms: int
    until_ms: int
    wait_ms: int
    held: bool


_encode: Final = msgpack.Encoder().encode
_decode: Final = msgpack.Decoder(tuple[Reservation, ...]).decode


def packed(reservations: Iterable[Reservation]) -> bytes:
    """As they lie in an entry; nothing where there are none."""
    found = tuple(reservations)
    return _encode(found) if found else b""


def given_back_ms(row: DecisionRow) -> int | None:
    """When the first part of what a decision let through is given back, unless it is completed; None: never."""
    allowed_ms = row.passed_ms if row.passed_ms is not None else row.hold_ended_ms
    return min(
        (
            one.until_ms if allowed_ms is None else allowed_ms + one.wait_ms
            for one in (_decode(row.reserved) if row.reserved else ())
            if one.held and one.wait_ms
        ),
        default=None,
    )


def moves(entry: JournalEntry, event_key: bytes) -> Sequence[Move]:
    """What an entry changes of its event's reservations."""
    if not entry.reserved:
        return ()
    mark = event_key[:MARK_BYTES]
    at_ms = instant_ms(entry.event) if isinstance(entry, Decided) else entry.occurred_ms
    if isinstance(entry, OutcomeTold) and entry.outcome in {"cancelled", "reversed"}:
        forgotten_ms = entry.told_ms + GIVEN_BACK_MS
        return [
            Move("release", one.key, mark, at_ms, one.amount, forgotten_ms, one.ttl_ms)
            for one in _decode(entry.reserved)
        ]
    lives = ((one, _until(entry, one)) for one in _decode(entry.reserved))
    return [
        Move("keep", one.key, mark, at_ms, one.amount, until_ms, one.ttl_ms)
        for one, until_ms in lives
        if until_ms is not None
    ]


def _until(entry: JournalEntry, one: Reservation) -> int | None:
    """When it lapses from now on; None where the entry says nothing of it."""
    match entry:
        case Decided():
            return one.until_ms if one.held else None
        case OutcomeTold(outcome="completed"):
            return NEVER_MS
        case StepUpPassed():
            return _completed_by(entry.passed_ms, one)
        case HoldEnded(how="released"):
            return _completed_by(entry.ended_ms, one)
        case HoldEnded():
            return entry.ended_ms + ESCALATED_MS if one.held else None
    return None


def _completed_by(allowed_ms: int, one: Reservation) -> int:
    return allowed_ms + one.wait_ms if one.wait_ms else NEVER_MS
