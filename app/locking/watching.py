"""Who switches redeeming on is watched: a proof is taken in as a log-in of the account, a failed one as a failed log-in.

It is the same evidence, that somebody could or could not show that the account is theirs, from that address: so the
takeover detector sees it in the series it knows, before the redemption that may follow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Literal

from app.answers import Answer
from app.ports.instants import Clock
from app.ports.journal import Origin
from detectors.event import Event
from tokens.challenges import Subject

NAME_DIGITS: Final = 24
"""Hexadecimal digits of the subject's hash in an event's name: 96 bits."""


class Watch:
    """
    Tells of proofs.

    Args:
        decide: takes the event in; `Scorer.decide`.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, decide: Callable[[Event, Origin], Awaitable[Answer]], clock: Clock) -> None:
        self._decide, self._clock = decide, clock

    async def tell(
        self, kind: Literal["login", "login_failed"], subject: Subject, address: str, number: int
    ) -> None:
        """Take it in, once: `number`, of the tries left at this lock, is in its name."""
        name = f"unlock-{subject.hash.hex()[:NAME_DIGITS]}-{number}"
        event = Event(
            event_id=name if kind == "login_failed" else f"{name}-proven",
            type=kind,
            occurred_at=datetime.fromtimestamp(self._clock() / 1_000, UTC),
            account_id=subject.account_id,
            program_id=subject.program_id,
            channel="web",
            ip=address or None,
            metadata={"page": "lock"},
        )
        await self._decide(event, "event")
