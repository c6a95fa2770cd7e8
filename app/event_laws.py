"""What an event must keep beyond its shape: dates that exist, addresses that parse, no card numbers."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Final

from app.faults import Fault, is_card_number, point
from detectors.event import POINTS_REQUIRED, SYNONYMS, Event, Profile
from detectors.snapshot import CLOCK_TOLERANCE_MS

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before any data a programme can bring along; an older instant is a unit or a default gone wrong."""
EXACT_WHOLE: Final = 2**53 - 1
"""The largest whole number every JSON reader keeps exactly (RFC 8259, section 6)."""
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
ID_FIELDS: Final = (
    "event_id", "account_id", "program_id", "store_id", "terminal_id", "employee_id", "partner_id",
    "campaign_id", "reward_id", "coupon_code", "order_id", "receipt_id", "original_event_id",
    "counterparty_account_id", "session_id", "payment_instrument_id",
)  # fmt: skip
_ids = attrgetter(*ID_FIELDS)
_profile_texts = attrgetter(*Profile.__struct_fields__)
NO_ADDRESS: Final = Fault("/ip", "must be an IPv4 or IPv6 address, without a zone")


def broken_laws(event: Event, now_ms: int | None) -> list[Fault]:
    """Every law this event breaks. `now_ms` None: there is no clock to hold it against, as with files."""
    return [
        *_plain_ids(event),
        *_dated(event, now_ms),
        *_points(event),
        *_where(event),
        *_who(event),
        *exact_metadata(event.metadata),
    ]


def _plain_ids(event: Event) -> Iterator[Fault]:
    for name, value in zip(ID_FIELDS, _ids(event), strict=True):
        # isprintable refuses more than the law does and costs nothing: most ids end here
        if value is not None and (not value.isprintable() or value.isspace()):
            yield from plain(f"/{name}", value)
    if event.device is not None and event.device.id is not None:
        yield from plain("/device/id", event.device.id)


def plain(pointer: str, value: str) -> Iterator[Fault]:
    """What keeps a text from being an id."""
    if CONTROL.search(value):
        yield Fault(pointer, "must not hold control characters")
    elif not value.strip():
        yield Fault(pointer, "must not be blank")


def _dated(event: Event, now_ms: int | None) -> Iterator[Fault]:
    if event.occurred_at < EARLIEST:
        yield Fault("/occurred_at", f"must not be before {EARLIEST.date()}")
    elif now_ms is not None and event.occurred_at.timestamp() * 1_000 > now_ms + CLOCK_TOLERANCE_MS:
        yield Fault("/occurred_at", f"must not be more than {CLOCK_TOLERANCE_MS // 60_000} minutes ahead")


def _points(event: Event) -> Iterator[Fault]:
    kind = SYNONYMS.get(event.type, event.type)
    if event.points is None:
        if kind in POINTS_REQUIRED:
            yield Fault("/points", f"is required with type {kind}")
    elif event.points < 0 and kind != "adjust":
        yield Fault("/points", "must not be negative, except with type adjust")


def is_address(ip: str) -> bool:
    """By the C library's word: a tenth of the time of `ipaddress`, and as strict (no zones, no octal)."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)
    except (OSError, ValueError):
        return False
    return True


def _where(event: Event) -> Iterator[Fault]:
    if event.ip is not None and not is_address(event.ip):
        yield NO_ADDRESS
    place = event.location
    if place is not None and (place.lat is None) != (place.lon is None):
        yield Fault("/location", "must give lat and lon together")


def _who(event: Event) -> Iterator[Fault]:
    if event.payment_instrument_id is not None and is_card_number(event.payment_instrument_id):
        yield Fault("/payment_instrument_id", "must be a fingerprint, never a card number")
    if event.profile is None:
        return
    for name, value in zip(Profile.__struct_fields__, _profile_texts(event.profile), strict=True):
        if value is not None and not value.strip():
            yield Fault(f"/profile/{name}", "must not be blank")
    if event.profile.date_of_birth is not None:
        try:
            date.fromisoformat(event.profile.date_of_birth)
        except ValueError:
            yield Fault("/profile/date_of_birth", "must be a date that exists, as YYYY-MM-DD")


def exact_metadata(metadata: Mapping[str, int | float | str] | None) -> Iterator[Fault]:
    """Whole numbers of `/metadata` that not every reader of JSON would keep."""
    for name, value in (metadata or {}).items():
        if isinstance(value, int) and abs(value) > EXACT_WHOLE:
            yield Fault(point("/metadata", name), f"must be a whole number within ±{EXACT_WHOLE}, or text")
