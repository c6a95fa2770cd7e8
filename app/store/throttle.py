"""Clients' limits in Valkey: one call each, atomic, by the server's clock, for any number of processes."""

from __future__ import annotations

from typing import Final

from app.redeeming.throttling import BARRED_BY, LIMITS, What
from app.store.pipeline import Pipeline, script

MS_PER_S: Final = 1_000


def throttle_key(what: What, client: bytes) -> bytes:
    """Where it is counted: all of one client's in one slot of a cluster."""
    return b"throttle:{%s}:%s" % (client.hex().encode(), what.encode())


PATIENCE_S: Final = 1.0
"""With the server, in seconds: a member waits for a page and not, as a decision does, for milliseconds; the alternative
is a page that says "later"."""


class ValkeyThrottle:
    """
    `app.redeeming.throttling.Throttle`. A list holds the instants of the last admitted, as many as the limit, and goes
    with the window: some 500 bytes a client.

    Args:
        pipeline: The connection; what it cannot reach is told as HotStoreAway.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def admit(self, what: What, client: bytes) -> int:
        """Seconds to wait; 0: admitted, and counted."""
        return await self._asked(
            client, [(what, b"admit"), *((bar, b"ask") for bar in BARRED_BY.get(what, ()))]
        )

    async def count(self, what: What, client: bytes) -> None:
        """Count one that happened."""
        await self._asked(client, [(what, b"count")])

    async def _asked(self, client: bytes, ways: list[tuple[What, bytes]]) -> int:
        words = [word for what, way in ways for word in (*LIMITS[what], way)]
        packed = script("throttle", [throttle_key(what, client) for what, _ in ways], *words)
        (wait_ms,) = await self._pipeline.call(packed, timeout_s=PATIENCE_S)
        return -(-int(wait_ms) // MS_PER_S)
