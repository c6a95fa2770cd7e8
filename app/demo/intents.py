"""What somebody means to do, and what becomes known of it: the words lives, incidents and the ledger share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from app.demo.places import Place

if TYPE_CHECKING:
    from app.demo.people import Account

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
Verdict = Literal["fraud", "policy_abuse"]


@dataclass(frozen=True)
class Label:
    """The truth of one event of an incident. `points` are at stake: those of the event, else 0."""

    event_id: str
    account_id: str
    label: Verdict
    typology: str
    incident_id: str
    points: int


@dataclass(frozen=True)
class Member:
    """The truth of one account: what kinds of life it leads; `fraudster` for accounts that only serve an incident."""

    account_id: str
    traits: frozenset[str]


@dataclass(frozen=True, eq=False)
class Incident:
    """One thing that somebody set out to do, over any number of events and accounts."""

    incident_id: str
    typology: str
    label: Verdict


class Share(NamedTuple):
    """Points as a share of the balance at that instant, rounded down to a whole number of steps, at least `least`."""

    of_balance: float
    step: int
    least: int = 1


class Spend(NamedTuple):
    """Points that a spend earns by the programme's rates; the amount is in minor units."""

    amount_minor: int


class Back(NamedTuple):
    """Points and money of the original event, or a part of it, taken back."""

    part: float = 1.0


Amount = int | Share | Spend | Back | None


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """A phone, browser, tablet or terminal as the programme's software knows it."""

    id: str
    user_agent: str
    is_emulator: bool = False
    is_rooted: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """A store of the programme with its tills, people, tablet and line."""

    id: str
    place: Place
    town: str
    currency: str
    terminals: tuple[str, ...]
    staff: tuple[str, ...]
    tablet: Device
    ip: str
    utc_hours: int


@dataclass(slots=True, eq=False)
class Scene:
    """Where something happens: a channel, and what the programme's software notices there."""

    channel: str
    store: Store | None = None
    terminal: str | None = None
    employee: str | None = None
    device: Device | None = None
    ip: str | None = None
    place: Place | None = None
    session: str | None = None
    partner: str | None = None


@dataclass(slots=True, eq=False)
class Intent:
    """
    Something about to be done. It becomes an event unless the balance does not allow it.

    original: what a return or a repeat refers to; without it having happened, this does not happen either.
    extra:    other fields of the contract, as they will stand in the event.
    event_id, points: filled in by the ledger once it has happened.
    """

    at_ms: int
    account: Account
    type: str
    scene: Scene
    amount: Amount = None
    reason: str | None = None
    counterparty: Account | None = None
    original: Intent | None = None
    incident: Incident | None = None
    extra: dict[str, object] = field(default_factory=dict)
    event_id: str | None = None
    points: int = 0
    money_minor: int | None = None
