"""Locking an account and unlocking it: durable first, then known to the hot store, and only then said to be done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from anyio import to_thread

from app.ports.history import History
from app.ports.instants import Clock
from app.ports.locks import LockedBy, LockRow
from tokens.who import Who


class Wish(NamedTuple):
    """
    A lock, or its end, as asked for. `by`: whose wish it is; `reason` and `note` may be personal. `version`: only where
    that was the account's last change.
    """

    program_id: str
    account_id: str
    locked: bool
    by: LockedBy
    who: Who
    reason: str | None = None
    note: str | None = None
    version: int | None = None


class Locks(Protocol):
    """Where locks are durable. Synchronous; every method raises RecordAway: nothing was done then."""

    def lock(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands at an account; None where it was never locked."""
        ...

    def change(self, wish: Wish, now_ms: int) -> LockRow:
        """Lock or unlock; an account that stands so already stays as it is. How it stands now."""
        ...

    def dispute(self, wish: Wish, redemption_id: str, now_ms: int) -> LockRow:
        """
        Lock as wished, because the member disputes this redemption; once: of a redemption disputed before nothing is
        done again. How the account stands now.
        """
        ...

    def due(self, now_ms: int, most: int) -> Sequence[LockRow]:
        """Accounts of which the hot store is to be told now."""
        ...

    def told(self, rows: Sequence[LockRow], now_ms: int) -> None:
        """The hot store knows these."""
        ...


class Switch:
    """
    The use case. One per process.

    Args:
        locks: holds them durably.
        history: minds them at every decision.
        digest: (programme, kind, value) → the account's entity key.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self, locks: Locks, history: History, digest: Callable[[str, str, str], bytes], clock: Clock
    ) -> None:
        self._locks, self._history, self._digest, self._clock = locks, history, digest, clock

    async def standing(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands. Raises RecordAway."""
        return await to_thread.run_sync(self._locks.lock, program_id, account_id)

    async def change(self, wish: Wish) -> LockRow:
        """
        Lock or unlock, as often as asked.

        Raises:
            RecordAway: Nothing was done.
            HotStoreAway: It is durable, and decisions may not mind it yet: asking again tells them, and so does the
                worker.
        """
        return await self._told(await to_thread.run_sync(self._locks.change, wish, self._clock()))

    async def tell(self, program_id: str, account_id: str) -> None:
        """Tell the hot store how an account stands, where another changed it durably. Raises as `change`."""
        row = await self.standing(program_id, account_id)
        if row is not None:
            await self._told(row)

    async def dispute(self, wish: Wish, redemption_id: str) -> LockRow:
        """Lock because a redemption is disputed, once for each. Raises as `change`."""
        row = await to_thread.run_sync(self._locks.dispute, wish, redemption_id, self._clock())
        return await self._told(row)

    async def tell_due(self, most: int) -> int:
        """Tell the hot store what it may not know; how many accounts. Raises RecordAway and HotStoreAway."""
        due = await to_thread.run_sync(self._locks.due, self._clock(), most)
        for row in due:
            await self._told(row)
        if due:
            await to_thread.run_sync(self._locks.told, due, self._clock())
        return len(due)

    async def _told(self, row: LockRow) -> LockRow:
        account_key = self._digest(row.program_id, "account", row.account_id)
        await self._history.lock(account_key, row.version, row.lock)
        return row
