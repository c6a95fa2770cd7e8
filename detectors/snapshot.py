"""Everything a detector may know of one event: frozen, as of the event's own instant, the event included.

Windows are computed here, from the instants themselves, so that every store gives the same answer. The newest
instants of a kind are kept exactly; older ones are folded into cells of an hour or a day (see `Cell`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct, field

from detectors.event import Event
from detectors.said import NOTHING_SAID, Said

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400
CLOCK_TOLERANCE_MS: Final = 300_000
"""Two callers' clocks may differ by this much (the contract's five minutes)."""
EXACT_INSTANTS: Final = 64
"""The newest instants kept for each kind of event of an account: a limit below this is counted exactly."""
EXACT_INSTANTS_SHARED: Final = 22
"""The same for devices, addresses, instruments and identifiers, of which there are more per account."""


EXACT_BURNS: Final = 32
"""The same for redemptions burned: no limit is held against them, but an outcome finds the newest by itself."""
POINTED: Final = frozenset(
    {"earn", "redeem", "transfer", "adjust", "return", "purchase", "expire", "burn", "received"}
)
"""Kinds of events that move points."""


class Cell(NamedTuple):
    """Older events folded together: [start_ms, start_ms + width_ms)."""

    start_ms: int
    width_ms: int
    events: int
    points: int


class Series(Struct, frozen=True):
    """The events of one kind at one entity, oldest first. Instants and points run in parallel."""

    instants_ms: Sequence[int] = ()
    points: Sequence[int] = ()
    cells: Sequence[Cell] = ()

    def within(self, end_ms: int, window_ms: int) -> tuple[int, int]:
        """Count and points of (end - window, end]. A cell the edge cuts counts in proportion, rounded up."""
        instants = self.instants_ms
        low = bisect_right(instants, end_ms - window_ms)
        high = len(instants)
        if high and instants[-1] > end_ms:
            high = bisect_right(instants, end_ms)
        count = high - low
        points = sum(self.points[low:high]) if count and self.points else 0
        if low == 0 and self.cells:
            for cell in self.cells:
                inside = min(end_ms + 1, cell.start_ms + cell.width_ms) - max(
                    end_ms - window_ms + 1, cell.start_ms
                )
                if inside > 0:
                    count += -(-cell.events * inside // cell.width_ms)
                    points += cell.points * inside // cell.width_ms
        return count, points

    def busiest(self, as_of_ms: int, window_ms: int) -> tuple[int, int]:
        """
        Count and points of the fullest window of this length that holds the instant `as_of_ms`. For an event in
        order this is simply (as_of - window, as_of]; one that comes late also meets what is dated after it, or a
        limit would be passed by whoever tells his events backwards.
        """
        instants = self.instants_ms
        if not self.cells and (not instants or instants[-1] <= as_of_ms):  # the usual case: in order
            low = bisect_right(instants, as_of_ms - window_ms)
            return len(instants) - low, sum(self.points[low:]) if self.points else 0
        best = self.within(as_of_ms, window_ms)
        last = as_of_ms + window_ms - 1
        for index in range(bisect_right(self.instants_ms, as_of_ms), bisect_right(self.instants_ms, last)):
            other = self.within(self.instants_ms[index], window_ms)
            best = (max(best[0], other[0]), max(best[1], other[1]))
        return best


EMPTY: Final = Series()


class Traits(NamedTuple):
    """Keyed 16-bit hashes of a person's attributes, 0 where unknown: enough to compare, not to identify."""

    given_name: int = 0
    family_name: int = 0
    date_of_birth: int = 0
    address: int = 0


class Peer(NamedTuple):
    """Another entity seen together with this one. `key` is 16 hexadecimal digits of a keyed hash."""

    key: str
    first_seen_ms: int
    last_seen_ms: int
    traits: Traits = Traits()


class Fact(NamedTuple):
    """The last known value of something that changes: a keyed hash, when it was set, when it last changed."""

    value: bytes
    since_ms: int
    changed_ms: int | None
    """None where this is the first value ever seen: setting it is not a change."""


class Link(NamedTuple):
    """Another account held to be the same person's, from an earlier decision."""

    key: str
    probability: float


class Lock(NamedTuple):
    """Redeeming is switched off at an account: since when, and by whom (`member`, `backend`, `analyst`)."""

    since_ms: int
    by: str


class Entity(Struct, frozen=True):
    """
    One account, device, address, instrument or identifier as the hot store knows it.

    first_seen_ms, last_seen_ms: accounts only; elsewhere 0, and the peers say when they were seen.
    series:  kind of event → Series. At an account also `burn` (redemptions allowed and not cancelled) and
             `received` (transfers in), and with points where the kind has any (POINTED); elsewhere no points.
    totals_points: kind → points since the first event (`earn`, `burn`, `return`, `adjust`, …).
    peers:   role → who was seen here, by role: `account`, `device`, `payment`, `counterparty`, `store`, and
             `place` (see `detectors.places`).
    facts:   name → Fact (`email`, `phone`, `address`).
    links:   duplicates found earlier, accounts only.
    lock:    where redeeming is switched off, accounts only.
    """

    first_seen_ms: int = 0
    last_seen_ms: int = 0
    series: Mapping[str, Series] = field(default_factory=dict)
    totals_points: Mapping[str, int] = field(default_factory=dict)
    peers: Mapping[str, Sequence[Peer]] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)
    links: Sequence[Link] = ()
    lock: Lock | None = None


class LinkSeen(NamedTuple):
    """
    What is known of the one-time link that an event redeems. A link is opened by a person's gesture: what mail scanners
    fetch is not counted.

    devices_24h, countries_24h: different ones it was opened on and from in the 24 h before, the redeemer's included;
                  one device is one cookie, or one kind of browser on one network where cookies are cleared.
    failed_codes: wrong codes typed at it, ever.
    forwarded:    it is redeemed on another device and in another country than where it was opened first.
    channel:      how it was delivered: `email`, or `none` (by the programme itself).
    age_s:        seconds since it was issued.
    """

    devices_24h: int = 1
    countries_24h: int = 1
    failed_codes: int = 0
    forwarded: bool = False
    channel: str = "none"
    age_s: int = 0


class Segment(Struct, frozen=True):
    """
    What is usual in this programme: from the policy, or learned where the policy leaves it open.

    burn_per_earn:    points burned per point earned.
    month_points:     points a median member earns in a month.
    points_per_minor: points earned per minor unit of money; 0 where it is not known.
    """

    burn_per_earn: float
    month_points: int
    points_per_minor: float = 0.0


OWN_ROLES: Final = frozenset({"account", "device", "ip", "payment", "counterparty"})
"""Roles with a field of their own in the snapshot."""


class Snapshot(Struct, frozen=True):
    """
    What is known at one event. Entities are None where the event does not name them.

    identifiers: `email`, `phone`, `address`, `name_dob` → the identifier's Entity, whose `account` peers are
                 the accounts that carry it; only with events that carry a profile.
    self_key:    this account's own key among peers, to be left out of every comparison.
    traits:      this account's own traits, zeros where the event carries no profile.
    contexts:    role → registered shared context (`household`, `store_tablet`, `call_centre`, `office_nat`,
                 `kiosk`, `corporate_buyer`) of this event's device or address.
    disposable_email: the profile's e-mail belongs to a throw-away domain.
    met:         role → key of whom the account met with this event: `device`, `payment`, `store`, `place`, ….
    vector:      the features of the anomaly model, made from all the rest (`detectors.forest.features`).
    said:        what people said of this account and those it may meet.
    link:        the one-time link it redeems, where it redeems one.
    """

    event: Event
    as_of_ms: int
    account: Entity
    segment: Segment
    self_key: str
    device: Entity | None = None
    ip: Entity | None = None
    payment: Entity | None = None
    counterparty: Entity | None = None
    identifiers: Mapping[str, Entity] = field(default_factory=dict)
    traits: Traits = Traits()
    contexts: Mapping[str, str] = field(default_factory=dict)
    disposable_email: bool = False
    met: Mapping[str, str] = field(default_factory=dict)
    vector: bytes = b""
    said: Said = NOTHING_SAID
    link: LinkSeen | None = None

    def entity(self, role: str) -> Entity | None:
        """The entity in that role: account, device, ip, payment, counterparty."""
        if role in OWN_ROLES:
            entity: Entity | None = getattr(self, role)
            return entity
        return self.identifiers.get(role)

    def count(self, role: str, kind: str, window_s: int) -> int:
        """Events of that kind at that entity in the fullest such window that holds this event."""
        return self._busiest(role, kind, window_s)[0]

    def points(self, role: str, kind: str, window_s: int) -> int:
        """Points of that kind at that entity in the fullest such window that holds this event."""
        return self._busiest(role, kind, window_s)[1]

    def distinct(self, role: str, peer_role: str, window_s: int) -> int:
        """Different peers seen at that entity in the fullest such window that holds this event."""
        entity = self.entity(role)
        if entity is None:
            return 0
        met, window_ms, now = entity.peers.get(peer_role, ()), window_s * 1_000, self.as_of_ms
        if not met:
            return 0
        ends = [one.first_seen_ms for one in met if now < one.first_seen_ms < now + window_ms]
        if not ends:  # the usual case: in order
            start = now - window_ms
            return len([0 for one in met if one.last_seen_ms > start and one.first_seen_ms <= now])
        ends.append(now)
        return max(
            sum(1 for one in met if one.last_seen_ms > end - window_ms and one.first_seen_ms <= end)
            for end in ends
        )

    def _busiest(self, role: str, kind: str, window_s: int) -> tuple[int, int]:
        entity = self.entity(role)
        series = None if entity is None else entity.series.get(kind)
        return (0, 0) if series is None else series.busiest(self.as_of_ms, window_s * 1_000)
