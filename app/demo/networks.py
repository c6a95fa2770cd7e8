"""Networks: homes whose address changes now and then, carriers that share a few among thousands, offices, halls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from app.demo.chance import Chance
from app.demo.intents import DAY_MS

HOME: Final[Mapping[str, Sequence[str]]] = {
    "DE": ("87.128.0.0/11", "91.0.0.0/11", "79.192.0.0/11", "84.128.0.0/11", "93.192.0.0/11"),
    "AT": ("80.120.0.0/14", "62.46.0.0/16", "188.20.0.0/14", "84.112.0.0/14"),
    "CH": ("85.0.0.0/13", "83.76.0.0/14", "178.192.0.0/14"),
    "GB": ("86.128.0.0/11", "81.128.0.0/12", "82.0.0.0/12", "90.192.0.0/11"),
    "US": ("73.0.0.0/9", "98.192.0.0/10", "71.160.0.0/11", "99.0.0.0/10"),
    "FR": ("90.0.0.0/10", "86.192.0.0/11"),
    "ES": ("83.32.0.0/11", "88.0.0.0/11"),
    "IT": ("79.0.0.0/11", "87.0.0.0/12"),
    "NL": ("77.160.0.0/12",),
    "PL": ("83.0.0.0/11",),
    "TR": ("78.160.0.0/11", "88.224.0.0/11"),
    "BR": ("177.32.0.0/14", "187.0.0.0/14"),
    "VN": ("14.160.0.0/11", "113.160.0.0/11"),
}
"""Lines into homes, per country: ranges of large access providers in public registers; a test holds them there."""
CARRIER: Final[Mapping[str, Sequence[str]]] = {
    "DE": ("80.187.64.0/18", "109.40.0.0/15", "109.42.0.0/16"),
    "AT": ("178.112.0.0/14", "77.116.0.0/15"),
    "CH": ("178.197.192.0/18", "213.55.128.0/17"),
    "GB": ("82.132.192.0/18", "188.28.0.0/14"),
    "US": ("172.32.0.0/11", "174.192.0.0/10"),
}
HOSTED: Final[Mapping[str, Sequence[str]]] = {
    "DE": ("88.198.0.0/16", "78.46.0.0/15"),
    "NL": ("95.211.0.0/16",),
    "FR": ("51.68.0.0/16", "91.121.0.0/16"),
    "US": ("104.236.0.0/16", "45.55.0.0/16"),
}
"""Rented servers: where private networks and scripts come out, of members and of thieves."""
GATEWAYS: Final = 6
"""Public addresses of one carrier that the programme's members meet: each is shared by hundreds of them."""


def address_in(chance: Chance, ranges: Sequence[str]) -> str:
    """One address out of these ranges."""
    network = IPv4Network(chance.choice(ranges))
    return str(IPv4Address(int(network.network_address) + chance.randrange(1, network.num_addresses - 1)))


@dataclass(frozen=True, slots=True)
class Line:
    """A line into a home, hall, office or shop: the address is kept for `lease_days`, then another follows."""

    country: str
    addresses: tuple[str, ...]
    lease_days: float

    def at(self, at_ms: int) -> str:
        """The public address at an instant."""
        return self.addresses[int(at_ms / (self.lease_days * DAY_MS)) % len(self.addresses)]


def line(chance: Chance, country: str) -> Line:
    """A line: three in ten keep one address for good, the others get a new one every three weeks or so."""
    held = 1 if chance.happens(0.3) else 12
    addresses = tuple(address_in(chance, HOME[country]) for _ in range(held))
    return Line(country, addresses, max(2.0, chance.around(20, 0.8)))


@dataclass(frozen=True, slots=True)
class Carrier:
    """A mobile carrier: whoever is on the road comes out of one of a few gateways."""

    country: str
    gateways: tuple[str, ...]

    def any(self, chance: Chance) -> str:
        """The gateway that happens to serve this session."""
        return chance.choice(self.gateways)


def carriers(chance: Chance) -> dict[str, list[Carrier]]:
    """The carriers of every country of the programme, one a range."""
    return {
        country: [
            Carrier(country, tuple(address_in(chance, [network]) for _ in range(GATEWAYS)))
            for network in ranges
        ]
        for country, ranges in CARRIER.items()
    }
