"""The bodies of webhooks in the contract's own names. They only grow: append optional fields, never rename."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.api.wire import Count, Cursor
from app.webhooks.events import EventType
from app.webhooks.guarding import URL_CHARS
from app.webhooks.ports import MessageState, State
from detectors.event import Instant

Wanted = EventType | Literal["*"]


class WebhookBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A new endpoint. `events` are the types it is told of; `*` is all, also those that come later."""

    url: Annotated[str, Meta(min_length=1, max_length=URL_CHARS)]
    events: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=32)]
    description: Annotated[str, Meta(max_length=500)] = ""


class WebhookView(Struct, frozen=True, kw_only=True):
    """An endpoint. `why` says why it is disabled; `failing_since` since when it has taken nothing."""

    webhook_id: str
    url: str
    events: tuple[str, ...]
    description: str
    state: State
    why: str
    failing_since: datetime | None
    disabled_at: datetime | None
    created_at: datetime


class NewWebhook(WebhookView, frozen=True, kw_only=True):
    """An endpoint with its newest signing secret, `whsec_…`, which is not shown again."""

    secret: str


class WebhookPage(Struct, frozen=True):
    """Endpoints, oldest first; all of them."""

    items: tuple[WebhookView, ...]
    next_cursor: Cursor


class WebhookTried(Struct, frozen=True, kw_only=True):
    """What came of a test message. `status`: the receiver's, null where there was no answer."""

    message_id: str
    delivered: bool
    status: int | None
    detail: str
    latency_ms: Annotated[float, Meta(ge=0)]


class WebhookMessage(Struct, frozen=True, kw_only=True):
    """A message. `detail` says what came of its last try, where it was not delivered."""

    message_id: str
    type: str
    account_id: str | None
    state: MessageState
    attempts: Count
    detail: str
    created_at: datetime
    ended_at: datetime | None


class WebhookMessagePage(Struct, frozen=True):
    """Messages, newest first."""

    items: tuple[WebhookMessage, ...]
    next_cursor: Cursor


class ReplayBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which dead letters go again: those made since then; without it, all."""

    since: Instant | None = None


class Replayed(Struct, frozen=True):
    """How many dead letters go again. As many as one call takes: there may be more."""

    replayed: Count
