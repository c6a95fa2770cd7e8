"""The event: one schema for live traffic, for history and for files. `contract.md` fixes its names.

The schema only grows: append optional fields, never rename or reinterpret one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

MAX_POINTS: Final = 1_000_000_000
"""Points in one event. Above any real award (a million-mile account is 10^6); fits the hot store's 32 bits."""
MAX_MINOR: Final = 10**12
"""Minor units in one event: ten billion in a two-decimal currency."""

EventType = Literal[
    "signup", "profile_change", "login", "login_failed", "earn", "redeem", "transfer",
    "adjust", "return", "purchase", "expire", "referral", "close", "accrue", "burn", "refund",
]  # fmt: skip
"""The thirteen kinds, and the three synonyms accepted on input (`canonical` removes them)."""
SYNONYMS: Final[dict[str, EventType]] = {"accrue": "earn", "burn": "redeem", "refund": "return"}
POINTS_REQUIRED: Final[frozenset[str]] = frozenset(
    {"earn", "redeem", "transfer", "return", "purchase", "expire"}
)

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(min_length=1, max_length=256)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Instant = Annotated[datetime, Meta(tz=True)]


class Money(Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units with its ISO 4217 currency."""

    amount_minor: Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR)]
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]


Ip = Annotated[str, Meta(min_length=2, max_length=45)]
"""An address in text: the longest is IPv6 with an IPv4 tail."""


class Device(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The device the member acted on, as the caller knows it."""

    id: Text | None = None
    user_agent: Annotated[str, Meta(max_length=512)] | None = None
    is_emulator: bool | None = None
    is_rooted: bool | None = None


class Location(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where it happened: degrees WGS 84 and ISO 3166-1 alpha-2."""

    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    country: Country | None = None


class Profile(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who the member says to be. Raw only here and in the sealed record; everywhere else as keyed hashes."""

    email: Text | None = None
    phone: Annotated[str, Meta(min_length=1, max_length=40)] | None = None
    given_name: Text | None = None
    family_name: Text | None = None
    date_of_birth: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")] | None = None
    street: Text | None = None
    postcode: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    city: Text | None = None
    country: Country | None = None


class Event(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One thing that happened in a loyalty programme."""

    event_id: Id
    type: EventType
    occurred_at: Instant
    account_id: Id
    program_id: Id = "default"
    points: Annotated[int, Meta(ge=-MAX_POINTS, le=MAX_POINTS)] | None = None
    balance_before: Annotated[int, Meta(ge=-(10**12), le=10**12)] | None = None
    money: Money | None = None
    reason: Literal[
        "purchase", "welcome_bonus", "referral", "mission", "game", "review", "social", "birthday",
        "survey", "partner", "goodwill", "tier_bonus", "correction", "other",
    ] | None = None  # fmt: skip
    channel: (
        Literal["web", "app", "pos", "kiosk", "call_centre", "email", "partner", "batch", "admin"] | None
    ) = None
    store_id: Id | None = None
    terminal_id: Id | None = None
    employee_id: Id | None = None
    partner_id: Id | None = None
    campaign_id: Id | None = None
    reward_id: Id | None = None
    coupon_code: Id | None = None
    order_id: Id | None = None
    receipt_id: Id | None = None
    reward_liquidity: Literal["high", "medium", "low"] | None = None
    original_event_id: Id | None = None
    counterparty_account_id: Id | None = None
    device: Device | None = None
    ip: Ip | None = None
    session_id: Id | None = None
    location: Location | None = None
    payment_instrument_id: Id | None = None
    profile: Profile | None = None
    metadata: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=64)], int | float | Annotated[str, Meta(max_length=512)]],
        Meta(max_length=20),
    ] | None = None  # fmt: skip


def canonical(event: Event) -> Event:
    """The same event with its type spelled as the contract spells it."""
    spelling = SYNONYMS.get(event.type)
    return event if spelling is None else replace(event, type=spelling)


def instant_ms(event: Event) -> int:
    """When it happened, in whole milliseconds since 1970-01-01 UTC, rounded down."""
    return int(event.occurred_at.timestamp() * 1_000)
