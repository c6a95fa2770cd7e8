"""Addresses a member may be sent back to: an origin and the beginning of a path, compared as browsers read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

ADDRESS_CHARS: Final = 2_000
"""Of an address: the longest every browser takes."""
PLAIN: Final = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
"""What a URL is made of (RFC 3986, 2). No backslash and no blank, which browsers read as something else."""
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"https": 443, "http": 80}
Origin = tuple[str, str, int]


def address_problem(url: str) -> str | None:
    """What is wrong with an entry of the allow-list, in words; None where nothing is."""
    origin = _origin(url)
    if origin is None:
        return "is no plain https address (http on this machine only) without a user"
    parts = urlsplit(url)
    if parts.query or parts.fragment or not parts.path.endswith("/"):
        return "must end in / and have no query: it is the beginning of a path"
    return None if _walks_straight(parts.path) else "has a path that goes up or hides a slash"


def is_allowed(url: str | None, allowed: Sequence[str]) -> bool:
    """Whether a member may be sent there: the same origin as an entry of the list, below its path."""
    if url is None or (origin := _origin(url)) is None:
        return False
    path = urlsplit(url).path
    return _walks_straight(path) and any(
        origin == _origin(entry) and path.startswith(urlsplit(entry).path) for entry in allowed
    )


def _origin(url: str) -> Origin | None:
    if len(url) > ADDRESS_CHARS or not PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    if not safe or not host or parts.username is not None or parts.password is not None:
        return None
    return parts.scheme, host, _PORTS[parts.scheme] if port is None else port


def _walks_straight(path: str) -> bool:
    """No step up and no slash in disguise: what is below the entry by its letters is below it for every server."""
    plain = unquote(unquote(path))
    return ".." not in plain.split("/") and "\\" not in plain and plain.count("/") == path.count("/")
