"""The way back to the programme: what came of the challenge is appended to the address, and proves nothing there."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

RETURN_CHARS: Final = 1_000
"""Of an address to go back to: with the rest of a session it has to fit into a cookie of 2 kB."""
APPENDED: Final = frozenset({"challenge_id", "status"})


def returned(address: str, challenge_id: str, status: str) -> str:
    """
    An allowed address with `challenge_id` and `status` in its query, in place of any it had.

    Anybody can write such an address: whoever is sent back asks for the decision.
    """
    parts = urlsplit(address)
    kept = [
        one for one in parts.query.split("&") if one and unquote_plus(one.partition("=")[0]) not in APPENDED
    ]
    added = urlencode({"challenge_id": challenge_id, "status": status})
    return urlunsplit(parts._replace(query="&".join([*kept, added])))
