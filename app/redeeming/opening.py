"""Who opened a one-time link, as far as that is kept: keyed hashes, and a country. Opening is a gesture, never a GET."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final, NamedTuple, Protocol

from iptocc import country_code

from app.redeeming.secrets import Secrets, network_of

OPENINGS_KEPT_S: Final = 1_296_000
"""Seconds an opening is kept: 15 days, the longest link's life and a day, as nothing asks for it afterwards."""
OPENINGS_MOST: Final = 500
"""Openings of one link that are looked at: so many are abuse whatever the others were, and a look stays below 1 ms."""


class Opening(NamedTuple):
    """
    One visit at a link.

    device:  keyed hash of the browser's own cookie; where there is none, `browser`.
    browser: keyed hash of what the browser calls itself and of its network.
    country: ISO 3166-1 alpha-2 that the address is registered in; empty: not known.
    """

    token_hash: bytes
    session_hash: bytes
    opened_ms: int
    device: bytes
    browser: bytes
    country: str


class Opened(NamedTuple):
    """
    How a link was opened since some instant: different devices, kinds of browser on a network, and countries.

    check_id:  the decision that asked this session for proof.
    forwarded: this session's device, browser and country are all others than those of the link's first opening, ever.
    """

    devices: int
    browsers: int
    countries: int
    check_id: str | None
    forwarded: bool


class Openings(Protocol):
    """Where openings are kept. Synchronous: called in a thread. Raises RecordAway."""

    def open(self, opening: Opening) -> None:
        """Note one; once a session."""
        ...

    def seen(self, token_hash: bytes, session_hash: bytes, since_ms: int) -> Opened:
        """How a link was opened later than that, for the session that asks."""
        ...

    def ask(self, token_hash: bytes, session_hash: bytes, check_id: str, now_ms: int) -> None:
        """Note the decision that asks this session for proof."""
        ...


def opened(openings: Sequence[Opening], session_hash: bytes, since_ms: int, check_id: str | None) -> Opened:
    """What these openings say to this session; in any order."""
    late = [one for one in openings if one.opened_ms > since_ms]
    own = next((one for one in openings if one.session_hash == session_hash), None)
    first = min(openings, key=lambda one: (one.opened_ms, one.session_hash), default=None)
    return Opened(
        devices=len({one.device for one in late}),
        browsers=len({one.browser for one in late}),
        countries=len({one.country for one in late if one.country}),
        check_id=check_id,
        forwarded=own is not None and first is not None and _is_elsewhere(own, first),
    )


def _is_elsewhere(own: Opening, first: Opening) -> bool:
    """Another device, another kind of browser or network, and another country, both of them known."""
    known = bool(own.country) and bool(first.country)
    return known and (
        own.device != first.device and own.browser != first.browser and own.country != first.country
    )


def opening_of(
    secrets: Secrets,
    token_hash: bytes,
    session_hash: bytes,
    address: str,
    user_agent: str,
    device: str | None,
    now_ms: int,
) -> Opening:
    """The opening by a browser with this address, name and cookie."""
    browser = secrets.address_hash("browser", user_agent, network_of(address))
    known = browser if device is None else secrets.address_hash("device", device)
    return Opening(token_hash, session_hash, now_ms, known, browser, _country(address))


def _country(address: str) -> str:
    try:
        return country_code(str(ip_address(network_of(address).partition("/")[0]))) or ""
    except ValueError:
        return ""
