"""How often one client may ask, before anything is looked up: the numbers, and the port that counts them.

A client is whoever the caller says, as a keyed hash of the address. These limits slow guessing and protect the stores;
what a token or an account allows is counted durably, at the token (see `tokens.limits`). Source of the numbers:
[tokens.md] R10, whose reasons are repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, Protocol

What = Literal["landing", "enter", "verify", "unknown"]
"""`landing` the page behind a link, `enter` the start of a session, `verify` the check of a code, `unknown` a token
that is none."""

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000


class Limit(NamedTuple):
    """At most `most` in any window of `window_ms` milliseconds, wherever it begins."""

    most: int
    window_ms: int


LANDING: Final = Limit(60, MINUTE_MS)
"""Scanners fetch a link a few times, and a whole office may sit behind one address: one a second. [tokens.md] R10."""
ENTER: Final = Limit(20, MINUTE_MS)
"""A session costs a signature and a look into the ledger; people start one or two. [tokens.md] R10."""
VERIFY: Final = Limit(10, MINUTE_MS)
"""Nobody types codes faster than one in six seconds; ten tries freeze a token anyway. [tokens.md] R10."""
UNKNOWN: Final = Limit(30, HOUR_MS)
"""Mistyped and mangled links are few; with 128 random bits in a token, thirty guesses an hour find nothing.
[tokens.md] R10."""

LIMITS: Final[Mapping[What, Limit]] = {
    "landing": LANDING,
    "enter": ENTER,
    "verify": VERIFY,
    "unknown": UNKNOWN,
}
BARRED_BY: Final[Mapping[What, tuple[What, ...]]] = {"enter": ("unknown",)}
"""Whoever has brought too many unknown tokens starts no session: asked in the same call, and not counted there."""


class Throttle(Protocol):
    """Counts exactly, over all processes. Every call raises HotStoreAway: then nothing may be done."""

    async def admit(self, what: What, client: bytes) -> int:
        """Seconds to wait; 0: it is admitted, and counted. What is refused is not counted."""
        ...

    async def count(self, what: What, client: bytes) -> None:
        """Count one that happened, admitted or not."""
        ...
