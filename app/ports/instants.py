"""Instants: where they come from, and the last there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01 UTC. One instance, made in the composition root."""
LAST_MS: Final = 253_402_300_799_000
"""9999-12-31T23:59:59Z: the last second that a date can tell. What ends later is told to end then."""
