"""A wrong code is felt by the detectors: it is told as a failed login of the account, from the event's own device.

It proves the same thing, that somebody who knows the account could not show that it is theirs; so it counts in the same
series, against the limits and patterns that series is held to, and lives in the same journal and record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from anyio import to_thread

from app.answers import Answer
from app.ports.instants import Clock
from app.ports.journal import Origin
from app.ports.record import EventErased, Record
from app.ports.rows import DecisionRow
from app.stepping_up.offering import challenge_id
from detectors.event import Event
from tokens.limits import TRIES_PER_SUBJECT


class Failures:
    """
    Tells of wrong codes.

    Args:
        record: the event that was challenged.
        decide: takes the event in; `Scorer.decide`.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self, record: Record, decide: Callable[[Event, Origin], Awaitable[Answer]], clock: Clock
    ) -> None:
        self._record, self._decide, self._clock = record, decide, clock

    async def tell(self, row: DecisionRow, tries_left: int) -> None:
        """Take in the try that was counted last, once: its number is in its name."""
        try:
            event = await to_thread.run_sync(self._record.event, row.program_id, row.event_id)
        except EventErased:
            return
        name = challenge_id(row.decision_id)
        failed = Event(
            event_id=f"{name}-{TRIES_PER_SUBJECT - tries_left}",
            type="login_failed",
            occurred_at=datetime.fromtimestamp(self._clock() / 1_000, UTC),
            account_id=row.account_id,
            program_id=row.program_id,
            channel=event.channel if event else None,
            device=event.device if event else None,
            ip=event.ip if event else None,
            metadata={"challenge_id": name},
        )
        await self._decide(failed, "event")
