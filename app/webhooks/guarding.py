"""
Which addresses a webhook may be sent to: public ones, and what the operator has allowed beside.

A URL is somebody else's text, so what it names is resolved here, once, and the connection goes to exactly the address
that was looked at: a name that answers otherwise a moment later gains nothing.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import httpx

URL_CHARS: Final = 2_048
"""Longest URL: what browsers and proxies take."""
PORTS: Final = range(1, 65_536)
RESOLVERS: Final = 4
"""Threads that resolve names: a name server that hangs holds these, and nobody who reads the database."""
TUNNELS: Final = tuple(
    ip_network(text) for text in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48")
)
"""Addresses that lead on to another inside them: 6to4, Teredo, NAT64 (RFC 3056, 4380, 6052, 8215). No receiver has
one."""
NOT_FOR_HOSTS: Final = tuple(ip_network(text) for text in ("192.88.99.0/24", "3fff::/20", "5f00::/16"))
"""6to4 relays (RFC 7526), documentation (RFC 9637), segment routing (RFC 9602), which Python's list came before."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Sequence[str]]
"""Name and port → addresses as text. Blocks; raises OSError."""


class Unsafe(Exception):
    """A place nothing is sent to. The words are for whoever named it and repeat nothing of it."""


def resolve(host: str, port: int) -> Sequence[str]:
    """By the system's resolver, each address once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """CIDRs. Raises ValueError."""
    return tuple(ip_network(text) for text in texts)


class Guard:
    """
    Looks at URLs and at what they resolve to.

    Args:
        allowed: networks that are fine although they are not public.
        https_only: whether plain http is refused.
        lookup: the resolver.
    """

    def __init__(
        self, allowed: Sequence[Network] = (), *, https_only: bool = True, lookup: Resolve = resolve
    ) -> None:
        self._allowed, self._https_only, self._lookup = tuple(allowed), https_only, lookup
        self._threads = ThreadPoolExecutor(RESOLVERS, "webhook-names")

    def parsed(self, url: str) -> httpx.URL:
        """The URL, if its form is right. Raises Unsafe."""
        if len(url) > URL_CHARS:
            raise Unsafe(f"must have at most {URL_CHARS} characters")
        if not url.isascii() or any(char <= " " or char in "\x7f\\" for char in url):
            raise Unsafe("must be an absolute URL of visible ASCII characters")
        try:
            parts = httpx.URL(url)
            port = parts.port
        except (httpx.InvalidURL, ValueError):
            raise Unsafe("must be an absolute URL") from None
        if parts.scheme not in {"https"} | (set() if self._https_only else {"http"}):
            raise Unsafe("must begin with https://")
        if "@" in re.split("[/?#]", url.partition("://")[2], maxsplit=1)[0]:
            raise Unsafe("must not hold a user or a password")
        if parts.fragment or "#" in url:
            raise Unsafe("must not have a fragment")
        if not parts.host or not (port is None or port in PORTS):
            raise Unsafe("must name a host, and a port from 1 to 65535 or none")
        return parts

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """
        The addresses of a host, every one of them looked at.

        Raises:
            Unsafe: One of them may not be reached, or there is none.
        """
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._lookup, host.strip("[]"), port
            )
        except (OSError, UnicodeError):
            raise Unsafe("must name a host that can be resolved") from None
        if not found or not all(self._is_fine(text) for text in found):
            raise Unsafe("must resolve to public addresses only")
        return found

    async def check(self, url: str) -> None:
        """Refuse a URL by its form or by where it leads now. Raises Unsafe."""
        parts = self.parsed(url)
        await self.addresses(parts.raw_host.decode(), parts.port or (443 if parts.scheme == "https" else 80))

    def _is_fine(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._allowed) or is_public(address)


def is_public(address: Address) -> bool:
    """Whether it is one host's on the public internet, and no way to another."""
    if isinstance(address, IPv6Address) and (
        address.ipv4_mapped is not None or address.is_site_local or address.scope_id is not None
    ):
        return False
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_private or address.is_loopback)
        and not (address.is_link_local or address.is_unspecified)
        and not any(address in network for network in (*TUNNELS, *NOT_FOR_HOSTS))
    )
