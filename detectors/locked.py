"""A locked account: what its lock stops, and how that is said. Nothing is suspected: somebody asked for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from detectors.base import Reason
from detectors.snapshot import Lock, Snapshot

CODE: Final = "ACCOUNT_LOCKED"
STOPPED: Final = frozenset({"redeem", "transfer", "purchase"})
"""Points going out, and points bought to go out. Earning, returns, log-ins and changes go on."""


def lock_on(seen: Snapshot) -> Lock | None:
    """The lock that stops this event; None where nothing does."""
    return seen.account.lock if seen.event.type in STOPPED else None


def lock_reason(lock: Lock, weight: float) -> Reason:
    """Why it is stopped, in the weight of an entry of the block list: that is what a lock is."""
    since = datetime.fromtimestamp(lock.since_ms // 1_000, UTC)
    message = f"redeeming is locked, by the {lock.by}, since {since:%Y-%m-%d %H:%M} UTC"
    evidence = {"locked_at": since.isoformat().replace("+00:00", "Z"), "by": lock.by}
    return Reason(CODE, weight, message, evidence)
