"""What an event leaves where: the entities it touches, by keyed hashes. No raw identifier goes further.

Every hash is BLAKE2b keyed for its programme, so that a dump of the hot store can be matched with nothing, not
even with another programme of the same installation.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple
from urllib.parse import quote

from iptocc import country_code
from msgspec import msgpack

from app.intake import body_hash
from app.keys import derive
from app.ports.sighting import PeerSeen, Sighting, Touch
from detectors.event import Event, Location, Profile, instant_ms
from detectors.identity.email import canonical_domain, is_disposable
from detectors.identity.identifiers import attributes, identifiers
from detectors.places import place_key
from detectors.snapshot import POINTED, LinkSeen, Traits

KEY_BYTES: Final = 8
"""Of an entity's hash: among 10^8 accounts of a programme two share one with a chance of 3 in 10,000."""
EVENT_KEY_BYTES: Final = 16
MARK_BYTES: Final = 4
"""Of an event's mark in a series: with the same instant and the same mark two events are held for one."""
NOWHERE: Final = Location()
PROGRAMMES_MAX: Final = 1_024
LISTED_KINDS: Final = ("account", "device", "ip", "payment", "email", "phone", "address")


class Sighted(NamedTuple):
    """A sighting, and what the snapshot needs beside it; `link`: of the one-time link it redeems, if it redeems one."""

    sighting: Sighting
    event_id: str
    traits: Traits
    disposable_email: bool
    link: LinkSeen | None = None


def network(ip: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 customer is given (RFC 6177)."""
    if ":" not in ip:
        return ip
    address = IPv6Address(ip.partition("%")[0])
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False).network_address)


def _place(event: Event) -> bytes | None:
    """Where it happened, coarsely: as the caller says, else the country the network address is registered in."""
    said = event.location or NOWHERE
    country = said.country
    if country is None and event.ip is not None:
        country = country_code(network(event.ip))
    return place_key(said.lat, said.lon, country)


def _is_disposable(email: str | None) -> bool:
    domain = canonical_domain(email.rpartition("@")[2]) if email else None
    return domain is not None and is_disposable(domain)


def _address(value: str) -> Profile:
    street, _, rest = (part.strip() for part in value.partition(","))
    place, _, country = (part.strip() for part in rest.partition(","))
    has_postcode = any(character.isdigit() for character in place)
    return Profile(
        street=street,
        postcode=place if has_postcode else None,
        city=None if has_postcode else place,
        country=country.upper() or None,
    )


class Sighter:
    """
    Makes sightings.

    Args:
        master: The master key; a programme's own key is derived from it.
        region: ISO 3166-1 alpha-2 country of profiles that name none, where there is one.
    """

    def __init__(self, master: bytes, region: str | None = None) -> None:
        self._region = region
        self._key_of = lru_cache(maxsize=PROGRAMMES_MAX)(
            lambda program_id: derive(master, f"identifiers/{quote(program_id, safe='')}")
        )

    def digest(self, program_id: str, kind: str, value: str) -> bytes:
        """
        The entity key of a value as a person would write it, for lists and registries. An address is written
        `street, postcode` or `street, postcode, country`, with the city where there is no postcode.

        Raises:
            ValueError: The value is none of that kind (an e-mail address without @, …).
        """
        key = self._key_of(program_id)
        if kind in {"email", "phone", "address"}:
            profile = _address(value) if kind == "address" else Profile(**{kind: value})
            found = identifiers(profile, self._region).get(kind)
            if found is None:
                raise ValueError(f"not a usable {kind}")
            value = found
        elif kind == "ip":
            value = network(str(ip_address(value)))
        return self._hash(key, kind, value)

    def event_key(self, program_id: str, event_id: str) -> bytes:
        """16 bytes for an event id of a programme."""
        return blake2b(
            event_id.encode(), digest_size=EVENT_KEY_BYTES, key=self._key_of(program_id), person=b"event"
        ).digest()

    def cap_key(self, program_id: str, *of: str | int | bytes) -> bytes:
        """16 bytes for what a cap is held against: its code, whose it is, and the day."""
        return blake2b(
            msgpack.encode(of), digest_size=EVENT_KEY_BYTES, key=self._key_of(program_id), person=b"cap"
        ).digest()

    def sight(self, event: Event) -> Sighted:
        """Everything this event touches, the account first."""
        key = self._key_of(event.program_id)
        at_ms = instant_ms(event)
        event_key = self.event_key(event.program_id, event.event_id)
        account = self._hash(key, "account", event.account_id)
        shared = self._shared(event, key)
        traits, disposable = Traits(), False
        named: dict[str, bytes] = {}
        facts: tuple[tuple[str, bytes], ...] = ()
        if event.profile is not None:
            named = {
                kind: self._hash(key, kind, value)
                for kind, value in identifiers(event.profile, self._region).items()
            }
            facts = tuple((kind, named[kind]) for kind in ("email", "phone", "address") if kind in named)
            traits = self._traits(key, event.profile)
            disposable = _is_disposable(event.profile.email)
        met = [PeerSeen(role, digest) for role, digest in shared.items() if role != "ip"]
        other = event.counterparty_account_id
        counterparty = None if other is None else self._hash(key, "account", other)
        if counterparty:
            met.append(PeerSeen("counterparty", counterparty))
        if event.store_id is not None:
            met.append(PeerSeen("store", self._hash(key, "store", event.store_id)))
        place = _place(event)
        if place is not None:
            met.append(PeerSeen("place", place))
        points = event.points or 0 if event.type in POINTED else None
        touches = [Touch("account", account, event.type, points, tuple(met), facts)]
        me = (PeerSeen("account", account, traits),)
        touches += [Touch(role, digest, event.type, None, me) for role, digest in shared.items()]
        touches += [Touch(role, digest, "", None, me) for role, digest in named.items()]
        if counterparty:
            kind = "received" if event.type == "transfer" else ""
            sender = (PeerSeen("counterparty", account),)
            touches.append(Touch("counterparty", counterparty, kind, points if kind else None, sender))
        return Sighted(
            Sighting(
                event.program_id, event_key, body_hash(event), event_key[:MARK_BYTES], at_ms, tuple(touches)
            ),
            event.event_id,
            traits,
            disposable,
        )

    def _shared(self, event: Event, key: bytes) -> dict[str, bytes]:
        found = {}
        if event.device is not None and event.device.id is not None:
            found["device"] = self._hash(key, "device", event.device.id)
        if event.ip is not None:
            found["ip"] = self._hash(key, "ip", network(event.ip))
        if event.payment_instrument_id is not None:
            found["payment"] = self._hash(key, "payment", event.payment_instrument_id)
        return found

    def _traits(self, key: bytes, profile: Profile) -> Traits:
        known = attributes(profile, self._region)
        return Traits(
            *(
                1 + int.from_bytes(self._hash(key, name, value)[:4]) % 0xFFFF if value else 0
                for name, value in zip(Traits._fields, known, strict=True)
            )
        )

    @staticmethod
    def _hash(key: bytes, kind: str, value: str) -> bytes:
        return blake2b(value.encode(), digest_size=KEY_BYTES, key=key, person=kind.encode()).digest()
