"""
Sending what waits in the outbox, at least once.

A message is in the outbox only if what it tells of is durable, and leaves it only when the other side has taken it or
never will. A process killed between the two sends once more: a mail with the same Message-ID, a notice with the same
webhook-id, at most as many as one wave. A store or a relay that is away delays; nothing is lost but to a message's own
expiry.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec
import structlog

from app.mail.addresses import Unsendable
from app.mail.composing import compose
from app.mail.notices import notice_of
from app.mail.outcomes import Accepted, Bounced, Courier, Failed, Later, Outcome, Relay
from app.ports.instants import Clock
from app.redeeming.letters import CodeLetter, LinkNotice, RedeemedLetter, RewardLetter, open_letter
from app.seal import Seal, SealBroken
from tokens.outbox import Outbox, Waiting

AT_ONCE: Final = 8
"""Messages on their way at a time, a wave: what a small relay takes in parallel, and what a crash sends twice."""
BATCH: Final = 8 * AT_ONCE
"""Messages held at a time, so that memory is steady however many wait; a full one is followed by the next at once."""
HOLD_MS: Final = 300_000
"""How long they are held against other workers: longer than the waves of a batch take at the relay's patience, so that
another takes them only from a worker that died."""
BACKOFF_S: Final = (5, 30, 120, 600, 3_600)
"""Seconds until the next try after the first, second … and any later one: soon, since a code lives for minutes and
relays that greylist want a few; then rarely, until the message expires."""

log = structlog.get_logger("earnest.worker")


class Deliverer:
    """
    Takes what is due and sends it.

    Args:
        outbox: where it waits.
        seal: opens it.
        relay: takes mails.
        courier: takes text messages and link notices.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, outbox: Outbox, seal: Seal, relay: Relay, courier: Courier, clock: Clock) -> None:
        self._outbox, self._seal, self._clock = outbox, seal, clock
        self._relay, self._courier = relay, courier

    async def step(self) -> int:
        """
        Send a batch, oldest first; how many were looked at. `BATCH` of them: there may be more.

        Raises:
            app.ports.record.RecordAway: The outbox cannot be reached; what was sent and not told is sent again.
        """
        taken = await asyncio.to_thread(self._outbox.take, self._clock(), BATCH, HOLD_MS)
        undone: list[str] = []
        for first in range(0, len(taken), AT_ONCE):
            undone += await self._wave(taken[first : first + AT_ONCE])
        if len(taken) < BATCH:
            await self._relay.rest()
        if undone:
            log.warning("messages could not be sent", count=len(undone), why=sorted(set(undone)))
        return len(taken)

    async def _wave(self, wave: Sequence[Waiting]) -> list[str]:
        """Send together, then tell together what became of each; why it was not sent, of those that were not."""
        outcomes = await asyncio.gather(*(self._send(waiting) for waiting in wave))
        told = list(zip(wave, outcomes, strict=True))
        await asyncio.to_thread(self._tell, told, self._clock())
        return [outcome.why for outcome in outcomes if not isinstance(outcome, Accepted)]

    async def _send(self, waiting: Waiting) -> Outcome:
        message, now_ms = waiting.message, self._clock()
        if message.expires_ms <= now_ms:
            return Failed("expired before it could be sent")
        try:
            letter = open_letter(self._seal, message.message_id, message.kind, message.sealed)
            match letter:
                case RewardLetter() | CodeLetter() | RedeemedLetter() if message.kind == "mail":
                    return await self._relay.mail(
                        compose(letter, message.message_id, self._relay.sender, now_ms)
                    )
                case CodeLetter() | LinkNotice() if message.kind != "mail":
                    return await self._courier.post(notice_of(letter, message.message_id, now_ms))
                case _:
                    return Failed("its letter is of another kind")
        except SealBroken:
            return Failed("its seal is broken")
        except msgspec.MsgspecError:
            return Failed("it is not a letter")
        except Unsendable as error:
            return Failed(str(error))
        except Exception as error:  # one bad message must not keep back the rest; it expires in the end
            log.exception("sending a message failed unexpectedly")
            return Later(f"unexpected: {type(error).__name__}")

    def _tell(self, told: Sequence[tuple[Waiting, Outcome]], now_ms: int) -> None:
        """Synchronous: in a thread. What was sent first, since forgetting that is what sends twice."""
        sent = [waiting.message.message_id for waiting, outcome in told if isinstance(outcome, Accepted)]
        if sent:
            self._outbox.sent(sent, now_ms)
        for (message, attempt), outcome in told:
            match outcome:
                case Later(why):
                    next_ms = now_ms + wait_before_s(attempt) * 1_000
                    if next_ms < message.expires_ms:
                        self._outbox.later(message.message_id, next_ms, why)
                    else:
                        self._outbox.ended(
                            message.message_id, "failed", f"expires before another try; {why}", now_ms
                        )
                case Bounced(why):
                    self._outbox.ended(message.message_id, "bounced", why, now_ms)
                case Failed(why):
                    self._outbox.ended(message.message_id, "failed", why, now_ms)


def wait_before_s(attempt: int) -> int:
    """Seconds until the next try after so many, counted from one."""
    return BACKOFF_S[min(max(attempt, 1), len(BACKOFF_S)) - 1]
