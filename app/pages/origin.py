"""Whether a POST was sent from a page of ours: by what the browser says of it, and by what our own form carries."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

UNTOLD: Final = "null"
"""What a browser sends as Origin where the page asked it to tell nobody, as ours do (`Referrer-Policy: no-referrer`)."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as browsers write an Origin."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    told = parts.port is not None and parts.port != _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}:{parts.port}" if told else f"{parts.scheme}://{host}"


def from_our_page(request: Request, public_url: str) -> bool:
    """
    Whether nothing the browser says speaks against it. `Sec-Fetch-Site` decides where it is sent, else `Origin`; a
    client that sends neither (an old web-view, curl) passes, and needs the link's secret or the form's token.

    In development, where the public URL is plain http, the host asked for counts as ours too.
    """
    sites = request.headers.getlist("sec-fetch-site")
    if sites:
        return set(sites) == {"same-origin"}
    origins = set(request.headers.getlist("origin")) - {UNTOLD}
    ours = {origin_of(public_url)}
    if urlsplit(public_url).scheme != "https":
        ours.add(f"http://{request.headers.get('host', '')}")
    return origins <= ours


class FormTokens:
    """
    What every form of a session carries, so that only our own page can send it.

    Args:
        key: 32 bytes, used for nothing else.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, cookie: str) -> str:
        """The token of this session's forms, 64 hexadecimal digits."""
        return hmac.digest(self._key, cookie.encode("ascii"), hashlib.sha256).hex()

    def fits(self, cookie: str, sent: str) -> bool:
        """Whether the form is of this session, told in constant time."""
        return hmac.compare_digest(self.of(cookie).encode(), sent.encode("utf-8", "replace"))
