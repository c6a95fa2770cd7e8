"""What is sent: events, and their ids where the caller has none.

The service checks values; a type checker checks names. A field this version does not know yet goes in a mapping.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple
from uuid import uuid4

from msgspec import Struct, json, to_builtins

ROWS_PER_CALL: Final = 1_000
"""Events in one call: what POST /v1/decisions/batch takes."""
BYTES_PER_CALL: Final = 8 * 1_048_576
"""Half of the 16 MiB a batch may have."""

EventType = Literal[
    "signup", "profile_change", "login", "login_failed", "earn", "redeem", "transfer",
    "adjust", "return", "purchase", "expire", "referral", "close", "accrue", "burn", "refund",
]  # fmt: skip


class Money(Struct, frozen=True):
    """An amount in minor units (cents) with its ISO 4217 currency."""

    amount_minor: int
    currency: str


class Device(Struct, frozen=True, omit_defaults=True):
    """The device the member acts on."""

    id: str | None = None
    user_agent: str | None = None
    is_emulator: bool | None = None
    is_rooted: bool | None = None


class Location(Struct, frozen=True, omit_defaults=True):
    """Where it happens: degrees WGS 84 and ISO 3166-1 alpha-2."""

    lat: float | None = None
    lon: float | None = None
    country: str | None = None


class Profile(Struct, frozen=True, omit_defaults=True):
    """Who the member says to be."""

    email: str | None = None
    phone: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    date_of_birth: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None

    def __repr__(self) -> str:  # personal data stays out of logs
        return f"{type(self).__name__}(…)"


class Event(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """
    One thing that happens in a loyalty programme. `occurred_at` needs a time zone.

    event_id: its idempotency key; one is made where it is left out. Give your own wherever you may ask again.
    """

    type: EventType
    occurred_at: datetime
    account_id: str
    event_id: str = ""
    program_id: str | None = None
    points: int | None = None
    balance_before: int | None = None
    money: Money | None = None
    reason: Literal[
        "purchase", "welcome_bonus", "referral", "mission", "game", "review", "social", "birthday",
        "survey", "partner", "goodwill", "tier_bonus", "correction", "other",
    ] | None = None  # fmt: skip
    channel: (
        Literal["web", "app", "pos", "kiosk", "call_centre", "email", "partner", "batch", "admin"] | None
    ) = None
    store_id: str | None = None
    terminal_id: str | None = None
    employee_id: str | None = None
    partner_id: str | None = None
    campaign_id: str | None = None
    reward_id: str | None = None
    coupon_code: str | None = None
    order_id: str | None = None
    receipt_id: str | None = None
    reward_liquidity: Literal["high", "medium", "low"] | None = None
    original_event_id: str | None = None
    counterparty_account_id: str | None = None
    device: Device | None = None
    ip: str | None = None
    session_id: str | None = None
    location: Location | None = None
    payment_instrument_id: str | None = None
    profile: Profile | None = None
    metadata: Mapping[str, int | float | str] | None = None


AnyEvent = Event | Mapping[str, Any]


class Prepared(NamedTuple):
    """An event as it will be sent, however often: the same bytes, the same id."""

    event_id: str
    account_id: str
    type: str
    body: bytes


def fresh_id() -> str:
    """An id nobody has used or can guess."""
    return uuid4().hex


def prepare(event: AnyEvent) -> Prepared:
    """The event with an id, encoded. Raises TypeError where it holds what JSON cannot."""
    if not isinstance(event, Event | Mapping):
        raise TypeError("An event is an Event or a mapping.")
    tree: dict[str, Any] = to_builtins(event) if isinstance(event, Event) else dict(event)
    tree["event_id"] = tree.get("event_id") or fresh_id()
    return Prepared(
        str(tree["event_id"]), str(tree.get("account_id", "")), str(tree.get("type", "")), json.encode(tree)
    )


def portions(events: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """The same events in their order, in lists that fit one call each."""
    portion: list[Prepared] = []
    size = 0
    for event in events:
        if portion and (len(portion) == ROWS_PER_CALL or size + len(event.body) > BYTES_PER_CALL):
            yield portion
            portion, size = [], 0
        portion.append(event)
        size += len(event.body) + 1
    if portion:
        yield portion


def array(events: Iterable[Prepared]) -> bytes:
    """A JSON array of them."""
    return b"[" + b",".join(event.body for event in events) + b"]"
