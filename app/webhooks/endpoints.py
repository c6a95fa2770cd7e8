"""The endpoints of a programme: made, shown, taken away, given new secrets, tried out, and sent what they missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, NamedTuple

from app.ports.instants import Clock
from app.ports.record import Page
from app.webhooks.events import TEST, body_of
from app.webhooks.guarding import Guard
from app.webhooks.ports import Endpoints, MessageRow, Secret, Webhook
from app.webhooks.posting import Answer, Post
from app.webhooks.signing import fresh, headers, rotated, shown

MOST: Final = 20
"""Endpoints of a programme: each costs a message for every event it wants."""
REPLAYED_AT_ONCE: Final = 10_000
"""Dead letters of one call: some hundred milliseconds in which no message is made. The next call takes the next."""

Trouble = Literal["unknown", "full", "disabled", "changed"]
"""No such endpoint; the programme has as many as it may; it is told nothing; somebody changed it at the same time."""


class Refusal(Exception):
    """What was asked cannot be done. `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble: Trouble = trouble


class Made(NamedTuple):
    """An endpoint and its newest secret as `whsec_…`: shown now and never again."""

    webhook: Webhook
    secret: str

    def __repr__(self) -> str:
        """Never the secret."""
        return f"Made({self.webhook!r}, …)"


class Tried(NamedTuple):
    """A test message, and what came of it within so many milliseconds."""

    message_id: str
    answer: Answer
    latency_ms: float


class Webhooks:
    """
    The use cases. Every method raises RecordAway, and Refusal where it says so.

    Args:
        store: the endpoints.
        guard: looks at URLs.
        post: sends the test message.
        clock: milliseconds since 1970-01-01 UTC.
        stopwatch: seconds, of which differences count.
        new_id: prefix → a fresh id.
    """

    def __init__(
        self,
        store: Endpoints,
        guard: Guard,
        post: Post,
        *,
        clock: Clock,
        stopwatch: Callable[[], float],
        new_id: Callable[[str], str],
    ) -> None:
        self._store, self._guard, self._post = store, guard, post
        self._clock, self._stopwatch, self._new_id = clock, stopwatch, new_id

    async def add(self, program_id: str, url: str, events: Sequence[str], description: str) -> Made:
        """
        A new endpoint.

        Raises:
            app.webhooks.guarding.Unsafe: Nothing is sent to that URL.
            Refusal: full.
        """
        await self._guard.check(url)
        secret = fresh()
        webhook = Webhook(
            webhook_id=self._new_id("whk"),
            program_id=program_id,
            url=url,
            events=tuple(dict.fromkeys(events)),
            description=description,
            secrets=(secret,),
            created_ms=self._clock(),
        )
        if not await asyncio.to_thread(self._store.add, webhook, MOST):
            raise Refusal("full")
        return Made(webhook, shown(secret))

    async def all(self, program_id: str) -> Sequence[Webhook]:
        """Oldest first."""
        return await asyncio.to_thread(self._store.webhooks, program_id)

    async def one(self, program_id: str, webhook_id: str) -> Webhook:
        """Raises Refusal: unknown."""
        found = await asyncio.to_thread(self._store.webhook, program_id, webhook_id)
        if found is None:
            raise Refusal("unknown")
        return found

    async def remove(self, program_id: str, webhook_id: str) -> None:
        """With what waits for it. Raises Refusal: unknown."""
        if not await asyncio.to_thread(self._store.remove, program_id, webhook_id):
            raise Refusal("unknown")

    async def rotate(self, program_id: str, webhook_id: str) -> Made:
        """A new secret; the old one signs beside it for a day. Raises Refusal: unknown, changed."""
        webhook = await self.one(program_id, webhook_id)
        secret: Secret = fresh()
        secrets = rotated(webhook.secrets, secret, self._clock())
        if not await asyncio.to_thread(self._store.keep_secrets, program_id, webhook_id, secrets):
            raise Refusal("changed")
        return Made(webhook._replace(secrets=secrets), shown(secret))

    async def enable(self, program_id: str, webhook_id: str) -> Webhook:
        """Tell it things again, from now on. Raises Refusal: unknown."""
        if not await asyncio.to_thread(self._store.enable, program_id, webhook_id):
            raise Refusal("unknown")
        return await self.one(program_id, webhook_id)

    async def test(self, program_id: str, webhook_id: str) -> Tried:
        """Send `webhook.test`, once and at once, also to a disabled one. Raises Refusal: unknown."""
        webhook, now_ms = await self.one(program_id, webhook_id), self._clock()
        message_id = self._new_id("msg")
        body = body_of(TEST, now_ms, {"webhook_id": webhook_id})
        begun = self._stopwatch()
        answer = await self._post(webhook.url, headers(webhook.secrets, message_id, body, now_ms), body)
        return Tried(message_id, answer, round((self._stopwatch() - begun) * 1_000, 1))

    async def messages(self, program_id: str, webhook_id: str, **wanted: Any) -> Page[MessageRow]:
        """
        What became of its messages, newest first. `wanted`: state, limit, cursor.

        Raises:
            Refusal: unknown.
            ValueError: A cursor of another list.
        """
        await self.one(program_id, webhook_id)
        return await asyncio.to_thread(self._store.messages, program_id, webhook_id, **wanted)

    async def replay(self, program_id: str, webhook_id: str, since_ms: int) -> int:
        """Send dead letters made since then again; how many at most `REPLAYED_AT_ONCE`. Raises Refusal: unknown,
        disabled.
        """
        webhook = await self.one(program_id, webhook_id)
        if webhook.state == "disabled":
            raise Refusal("disabled")
        return await asyncio.to_thread(
            self._store.replay, program_id, webhook_id, since_ms, self._clock(), REPLAYED_AT_ONCE
        )
