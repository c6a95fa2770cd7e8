"""The queue as somebody last looked at it in this browser: a case page's "Next case" goes on under the same filter."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from app.console.cookies import ACCEPTABLE
from app.console.queue_query import PERSONAL, Asked, read_text
from app.console.visit import Visit

_NOTHING: Final = urlsafe_b64encode(b"?").decode().rstrip("=")
"""Of a filter that is too long for a cookie: none, rather than the one before."""
_OWN: Final = ("whose", "state")
"""Left out where one's own cases were looked at: none of them is free to be taken next."""


def remember_queue(visit: Visit, response: Response, asked: Asked) -> None:
    """Keep the filter in this browser, without whom it is about (a cookie lies on a disk)."""
    own = _OWN if asked.one("whose") == "mine" else ()
    text = urlsafe_b64encode(asked.query(but=(*PERSONAL, *own)).encode()).decode().rstrip("=")
    kept = text if ACCEPTABLE.fullmatch(text) else _NOTHING
    if visit.console.cookies.read(visit.request, "queue") != kept:
        visit.console.cookies.give(response, "queue", kept)


def last_queue(visit: Visit, program_id: str) -> str:
    """The filter as the queue's address has it; of another programme, or unknown: the whole queue of this one."""
    text = visit.console.cookies.read(visit.request, "queue") or ""
    try:
        asked = read_text(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
    except (binascii.Error, UnicodeDecodeError):
        asked = Asked({})
    return asked.query() if asked.one("program") == program_id else urlencode({"program": program_id})
