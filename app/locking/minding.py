"""How a decision minds locks: it stands only while none has come between, and while the hot state is rebuilt the record
is asked, since what is forgotten must not open an account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from app.ports.history import HotStoreAway, Settlement
from app.ports.journal import Decided
from app.ports.locks import LockRow
from app.ports.record import RecordAway
from app.ports.sighting import Seen
from app.settlement import settlement
from detectors.event import Event
from detectors.locked import STOPPED


class HoldsLocks(Protocol):
    """Where locks are durable: the record."""

    def lock(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands at an account. Raises RecordAway."""
        ...


def minding_locks(entry: Decided) -> Settlement:
    """What the decision settles, unless the account was locked since it was read. What has happened has happened."""
    minds = entry.event.type in STOPPED and entry.decision != "block" and entry.origin != "event"
    return settlement(entry)._replace(unless_locked=minds)


async def locks_of_record(record: HoldsLocks, events: Sequence[Event], seen: list[Seen]) -> list[Seen]:
    """
    What was seen, with the locks that a hot state under repair may not know yet. Usually nothing is asked.

    Raises:
        HotStoreAway: Neither store can tell: the policy's fallback answers.
    """
    if all(known.complete for known in seen):
        return seen
    try:
        return [
            known
            if known.complete or event.type not in STOPPED
            else await asyncio.to_thread(_locked, record, event, known)
            for event, known in zip(events, seen, strict=True)
        ]
    except RecordAway as away:
        raise HotStoreAway(f"being rebuilt, and {away}") from away


def _locked(record: HoldsLocks, event: Event, seen: Seen) -> Seen:
    row = record.lock(event.program_id, event.account_id)
    account = seen.entities["account"]
    if row is None or row.lock is None or account.lock is not None:
        return seen
    return seen._replace(entities={**seen.entities, "account": replace(account, lock=row.lock)})
