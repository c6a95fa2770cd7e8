"""
Sending what waits, at least once, in order for each account.

Each endpoint is served by a task of its own, so that one which is slow or gone delays nobody else. A message leaves
only when its receiver took it, or after the last try; a process killed between the two sends once more, under the same
id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from app import metrics
from app.ports.instants import Clock
from app.ports.record import RecordAway
from app.webhooks.ports import Deliveries, Failure, HowMuch, Lane, Message, Taken, Told
from app.webhooks.posting import ANSWER_S, CONNECTIONS, GONE, Post
from app.webhooks.signing import headers

BACKOFF_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 21_600)
"""Seconds until the next try: Standard Webhooks' own steps of 5 s, 5 min, 30 min, 2 h, 5 h and 10 h, and one more of
6 h, so that the last try is 23 h 35 min after the first. After it the message is a dead letter."""
JITTER: Final = 0.1
"""Share of a wait that is left to chance, and only ever shortens it: what failed together need not return together."""
FAILING_MS: Final = 5 * 86_400_000
"""An endpoint that took nothing for five days is disabled (Standard Webhooks: "multiple days")."""
LANES: Final = 128
"""Accounts taken at once from one endpoint: a commit for taking and one for telling are shared by so many."""
EACH: Final = 8
"""Messages taken of one account: they go one after the other."""
AT_ONCE: Final = 32
"""Requests under way to one endpoint; to all together `CONNECTIONS`."""
FAILING_LANES: Final = 4
"""Accounts taken from an endpoint that took nothing lately: it holds few connections while it is asked again."""
HOLD_MS: Final = 30_000
"""Lanes are held so long: three slow answers, and what a killed worker delays. What could not be begun in time is left
to whoever takes them next."""
A_BATCH: Final = HowMuch(LANES, FAILING_LANES, EACH, HOLD_MS)
FINISH_S: Final = 5.0
"""What is under way gets when the worker ends; what is cut off goes again when its hold ends."""
FAULT_S: Final = 5.0
"""Before an endpoint is served again after a fault of ours."""

log = structlog.get_logger("earnest.webhooks")


class Sender:
    """
    Serves every endpoint that has something due.

    Args:
        deliveries: what waits.
        post: sends one.
        clock: milliseconds since 1970-01-01 UTC.
        jitter: a random number in [0, 1).
        backoff_s: seconds before each further try.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        post: Post,
        clock: Clock,
        jitter: Callable[[], float],
        *,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self._deliveries, self._post, self._clock = deliveries, post, clock
        self._jitter, self._backoff_s = jitter, tuple(backoff_s)
        self._overall = asyncio.Semaphore(CONNECTIONS)
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._ending = False

    async def step(self) -> int:
        """
        See that every endpoint with something due is served; how many were not.

        Raises:
            app.ports.record.RecordAway: Nobody can tell what is due.
        """
        due = await asyncio.to_thread(self._deliveries.due, self._clock())
        idle = [webhook_id for webhook_id in due if webhook_id not in self._serving]
        for webhook_id in idle:
            task = asyncio.create_task(self._serve(webhook_id), name=webhook_id)
            self._serving[webhook_id] = task
            task.add_done_callback(lambda _, done=webhook_id: self._serving.pop(done, None))  # type: ignore[misc]
        return len(idle)

    async def finish(self) -> None:
        """Begin nothing more, and give what is under way a little time."""
        self._ending = True
        tasks = list(self._serving.values())
        if not tasks:
            return
        for task in (await asyncio.wait(tasks, timeout=FINISH_S))[1]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def quiet(self) -> None:
        """Wait until no endpoint is served."""
        while tasks := list(self._serving.values()):
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, webhook_id: str) -> None:
        """Batch after batch while there is something and it works; a failing endpoint gets one, then others' turns."""
        try:
            while not self._ending and await self._batch(webhook_id):
                pass
        except RecordAway as away:
            log.warning("a store is away; trying again", why=str(away))
        except Exception:
            log.exception("serving a webhook failed; trying again")
            await asyncio.sleep(FAULT_S)

    async def _batch(self, webhook_id: str) -> bool:
        """Whether to go on at once."""
        taken = await asyncio.to_thread(self._deliveries.take, webhook_id, self._clock(), A_BATCH)
        if taken is None:
            return False
        mine = asyncio.Semaphore(AT_ONCE)
        gone: list[str] = []
        told = await asyncio.gather(*(self._lane(taken, lane, mine, gone) for lane in taken.lanes))
        now_ms = self._clock()
        failing_since_ms = await asyncio.to_thread(self._deliveries.settle, taken, told, now_ms)
        _count(told)
        if gone:
            await self._disable(webhook_id, gone[0])
        elif failing_since_ms is not None and now_ms - failing_since_ms >= FAILING_MS:
            await self._disable(webhook_id, f"it took nothing for {FAILING_MS // 86_400_000} days")
        return not gone and failing_since_ms is None

    async def _lane(self, taken: Taken, lane: Lane, mine: asyncio.Semaphore, gone: list[str]) -> Told:
        """One after the other, until one fails: those behind it wait for it."""
        sent: list[str] = []
        for message in lane.messages:
            async with mine, self._overall:
                now_ms = self._clock()
                if gone or self._ending or now_ms + ANSWER_S * 1_000 > taken.until_ms:
                    break
                signed = headers(taken.webhook.secrets, message.message_id, message.body, now_ms)
                answer = await self._post(taken.webhook.url, signed, message.body)
            if not answer.took:
                if answer.status == GONE:
                    gone.append(answer.why)
                return Told(lane.account_id, tuple(sent), self._failure(message, answer.why))
            sent.append(message.message_id)
        return Told(lane.account_id, tuple(sent))

    def _failure(self, message: Message, why: str) -> Failure:
        if message.attempts >= len(self._backoff_s):
            return Failure(message.message_id, why, None)
        wait_s = self._backoff_s[message.attempts] * (1 - JITTER * self._jitter())
        return Failure(message.message_id, why, self._clock() + int(wait_s * 1_000))

    async def _disable(self, webhook_id: str, why: str) -> None:
        log.warning("a webhook is disabled", why=why)
        await asyncio.to_thread(self._deliveries.disable, webhook_id, why, self._clock())


def _count(told: Sequence[Told]) -> None:
    failures = [one.failed for one in told if one.failed is not None]
    metrics.webhooks_told("sent", sum(len(one.sent) for one in told))
    metrics.webhooks_told("failed", len(failures))
    metrics.webhooks_told("dead", sum(failure.next_ms is None for failure in failures))
