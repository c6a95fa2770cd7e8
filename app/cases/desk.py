"""The use cases of cases: what the console and the API ask. Each runs the store in a thread, and raises RecordAway."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from anyio import to_thread

from app.cases.ports import (
    ALL,
    QUEUE,
    BulkRow,
    Case,
    CaseFile,
    Cases,
    Counts,
    Filter,
    Note,
    Order,
    Refusal,
    Scope,
    Wish,
)
from app.ports.instants import Clock
from app.ports.record import Page
from tokens.who import Who

BULK_MOST = 200
"""Cases of one bulk move: a page of the queue."""


class CaseDesk:
    """
    Reading cases and moving them. Who may do what is the caller's to know; what they see is the scope's.

    Args:
        cases: Where they are kept.
        clock: Milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, cases: Cases, clock: Clock) -> None:
        self._cases, self._clock = cases, clock

    async def get(self, scope: Scope, case_id: str) -> CaseFile | None:
        """A case with all that hangs on it; None where there is none in the scope."""
        return await to_thread.run_sync(self._cases.file, scope, case_id)

    async def list(
        self,
        scope: Scope,
        chosen: Filter = ALL,
        order: Order = "rank",
        *,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Case]:
        """A page of cases. Raises BadCursor, a ValueError."""
        return await to_thread.run_sync(
            partial(self._cases.page, scope, chosen, order, limit=limit, cursor=cursor)
        )

    async def counts(self, scope: Scope, chosen: Filter = ALL) -> Counts:
        """How many cases are chosen, by state, priority and typology; exact."""
        return await to_thread.run_sync(self._cases.counts, scope, chosen)

    async def some(self, scope: Scope, case_ids: Sequence[str]) -> Sequence[Case]:
        """These cases in the order given, without those that are not in the scope. Raises ValueError: too many."""
        return await to_thread.run_sync(self._cases.some, scope, _once(case_ids))

    async def open_case(self, program_id: str, account_id: str) -> str | None:
        """The id of the account's open case."""
        return await to_thread.run_sync(self._cases.open_case, program_id, account_id)

    async def claim(self, scope: Scope, case_id: str, who: Who) -> Case | Refusal:
        """Take a case for as long as a lease holds."""
        return await to_thread.run_sync(self._cases.claim, scope, case_id, who, self._clock())

    async def claim_next(self, scope: Scope, who: Who, chosen: Filter = QUEUE) -> Case | None:
        """Take the first case of the queue that is free; None where there is none."""
        return await to_thread.run_sync(self._cases.claim_next, scope, chosen, who, self._clock())

    async def renew(self, scope: Scope, case_id: str, who: Who) -> Case | Refusal:
        """Keep one's case for another lease."""
        return await to_thread.run_sync(self._cases.renew, scope, case_id, who, self._clock())

    async def note(self, scope: Scope, case_id: str, who: Who, text: str) -> Note | Refusal:
        """Write a note."""
        return await to_thread.run_sync(self._cases.note, scope, case_id, who, text, self._clock())

    async def move(self, scope: Scope, case_id: str, who: Who, wish: Wish, version: int) -> Case | Refusal:
        """Move a case as seen at that version."""
        return await to_thread.run_sync(self._cases.move, scope, case_id, who, wish, version, self._clock())

    async def undo(self, scope: Scope, case_id: str, who: Who, version: int) -> Case | Refusal:
        """Take back one's own last move."""
        return await to_thread.run_sync(self._cases.undo, scope, case_id, who, version, self._clock())

    async def preview(self, scope: Scope, case_ids: Sequence[str], who: Who, wish: Wish) -> Sequence[BulkRow]:
        """What a move would do to each of these, in the order given; nothing is done. See `BulkRow`."""
        return await to_thread.run_sync(
            partial(self._each, only_look=True), scope, _once(case_ids), who, wish
        )

    async def move_many(
        self, scope: Scope, case_ids: Sequence[str], who: Who, wish: Wish
    ) -> Sequence[BulkRow]:
        """Move each of these, one transaction each: what is refused stops no other. In the order given."""
        return await to_thread.run_sync(
            partial(self._each, only_look=False), scope, _once(case_ids), who, wish
        )

    def _each(
        self, scope: Scope, case_ids: Sequence[str], who: Who, wish: Wish, *, only_look: bool
    ) -> Sequence[BulkRow]:
        now_ms = self._clock()
        return [
            BulkRow(
                case_id,
                self._cases.preview(scope, case_id, who, wish, now_ms)
                if only_look
                else self._cases.move(scope, case_id, who, wish, None, now_ms),
            )
            for case_id in case_ids
        ]


def _once(case_ids: Sequence[str]) -> Sequence[str]:
    """Each once, as many as go at once. Raises ValueError beyond: a page shows no more."""
    if len(case_ids) > BULK_MOST:
        raise ValueError(f"at most {BULK_MOST} cases at once")
    return list(dict.fromkeys(case_ids))
