"""The wall clock, read here and handed on as an argument: what is given its instants can be replayed."""

from __future__ import annotations

import time


def system_clock() -> int:
    """Milliseconds since 1970-01-01 UTC. The one `Clock` of the running service."""
    return time.time_ns() // 1_000_000
