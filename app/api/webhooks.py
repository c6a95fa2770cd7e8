"""Webhooks: which endpoints are told what, their secrets, and what they have missed."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from starlette.responses import Response

from app.api.operation import Call, Operation, Parameter, invalid, reply
from app.api.paging import CURSOR, LIMIT, instant
from app.api.webhook_wire import (
    NewWebhook,
    ReplayBody,
    Replayed,
    WebhookBody,
    WebhookMessage,
    WebhookMessagePage,
    WebhookPage,
    WebhookTried,
    WebhookView,
)
from app.problems import CONFLICT, NOT_FOUND, Refused
from app.webhooks.endpoints import MOST, REPLAYED_AT_ONCE, Made, Refusal
from app.webhooks.guarding import Unsafe
from app.webhooks.ports import MessageRow, MessageState, Webhook
from detectors.event import Id

T = TypeVar("T")
_WORDS: Final = {
    "full": f"A programme has at most {MOST} webhooks. Remove one first.",
    "disabled": "The webhook is disabled. Enable it first.",
    "changed": "The webhook was changed at the same time. Ask again.",
}


async def list_webhooks(call: Call) -> Response:
    """GET /v1/webhooks."""
    found = await call.api.webhooks.all(call.principal.program_id)
    return reply(WebhookPage(tuple(_view(webhook) for webhook in found), None))


async def add_webhook(call: Call) -> Response:
    """POST /v1/webhooks."""
    body = await call.body(WebhookBody)
    try:
        made = await _done(
            call.api.webhooks.add(call.principal.program_id, body.url, body.events, body.description)
        )
    except Unsafe as unsafe:
        raise invalid("/url", str(unsafe)) from None
    return reply(_new(made), 201)


async def webhook(call: Call) -> Response:
    """GET /v1/webhooks/{webhook_id}."""
    return reply(_view(await _done(call.api.webhooks.one(*_whose(call)))))


async def remove_webhook(call: Call) -> Response:
    """DELETE /v1/webhooks/{webhook_id}."""
    await _done(call.api.webhooks.remove(*_whose(call)))
    return Response(status_code=204)


async def remove_named(call: Call) -> Response:
    """DELETE /v1/webhooks?webhook_id=."""
    await _done(call.api.webhooks.remove(call.principal.program_id, call.query["webhook_id"]))
    return Response(status_code=204)


async def rotate(call: Call) -> Response:
    """POST /v1/webhooks/{webhook_id}/rotate."""
    return reply(_new(await _done(call.api.webhooks.rotate(*_whose(call)))))


async def enable(call: Call) -> Response:
    """POST /v1/webhooks/{webhook_id}/enable."""
    return reply(_view(await _done(call.api.webhooks.enable(*_whose(call)))))


async def try_out(call: Call) -> Response:
    """POST /v1/webhooks/{webhook_id}/test."""
    tried = await _done(call.api.webhooks.test(*_whose(call)))
    return reply(
        WebhookTried(
            message_id=tried.message_id,
            delivered=tried.answer.took,
            status=tried.answer.status,
            detail=tried.answer.why,
            latency_ms=tried.latency_ms,
        )
    )


async def messages(call: Call) -> Response:
    """GET /v1/webhooks/{webhook_id}/messages."""
    try:
        page = await _done(call.api.webhooks.messages(*_whose(call), **call.query))
    except ValueError:
        raise invalid("/query/cursor", "must be a cursor of this list") from None
    return reply(WebhookMessagePage(tuple(_message(row) for row in page.items), page.next_cursor))


async def replay(call: Call) -> Response:
    """POST /v1/webhooks/{webhook_id}/replay."""
    since = (await call.body(ReplayBody)).since
    since_ms = 0 if since is None else int(since.timestamp() * 1_000)
    return reply(Replayed(await _done(call.api.webhooks.replay(*_whose(call), since_ms))))


def _whose(call: Call) -> tuple[str, str]:
    return call.principal.program_id, call.path("webhook_id")


async def _done(asked: Awaitable[T]) -> T:
    """What was asked, or the problem that tells why not."""
    try:
        return await asked
    except Refusal as refusal:
        if refusal.trouble == "unknown":
            raise Refused(NOT_FOUND) from None
        raise Refused(CONFLICT.because(_WORDS[refusal.trouble])) from None


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView(**_shown(webhook))


def _new(made: Made) -> NewWebhook:
    return NewWebhook(**_shown(made.webhook), secret=made.secret)


def _shown(webhook: Webhook) -> dict[str, Any]:
    since_ms, disabled_ms = webhook.failing_since_ms, webhook.disabled_ms
    return {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "events": webhook.events,
        "description": webhook.description,
        "state": webhook.state,
        "why": webhook.why,
        "failing_since": None if since_ms is None else instant(since_ms),
        "disabled_at": None if disabled_ms is None else instant(disabled_ms),
        "created_at": instant(webhook.created_ms),
    }


def _message(row: MessageRow) -> WebhookMessage:
    return WebhookMessage(
        message_id=row.message_id,
        type=row.type,
        account_id=row.account_id or None,
        state=row.state,
        attempts=row.attempts,
        detail=row.why,
        created_at=instant(row.created_ms),
        ended_at=None if row.ended_ms is None else instant(row.ended_ms),
    )


PATH: Final = "/v1/webhooks"
ONE: Final = "/v1/webhooks/{webhook_id}"
ADMIN: Final = ("admin",)
STATE: Final = Parameter("state", MessageState, "Only messages in this state; `dead`: given up.")
OPERATIONS: Final = (
    Operation(
        "GET", PATH, "List the programme's webhooks", list_webhooks,
        scopes=ADMIN, gives=WebhookPage,
    ),
    Operation(
        "POST", PATH, "Add a webhook; its signing secret is shown once", add_webhook,
        scopes=ADMIN, takes=WebhookBody, gives=NewWebhook, status=201, refuses=(CONFLICT,),
    ),
    Operation(
        "DELETE", PATH, "Remove a webhook", remove_named,
        scopes=ADMIN, status=204, gives_media=None, refuses=(NOT_FOUND,),
        query=(Parameter("webhook_id", Id, "The webhook to remove.", required=True),),
    ),
    Operation("GET", ONE, "Read a webhook", webhook, scopes=ADMIN, gives=WebhookView, refuses=(NOT_FOUND,)),
    Operation(
        "DELETE", ONE, "Remove a webhook", remove_webhook,
        scopes=ADMIN, status=204, gives_media=None, refuses=(NOT_FOUND,),
    ),
    Operation(
        "POST", f"{ONE}/rotate", "Give a webhook a new secret; the old one signs beside it for 24 h", rotate,
        scopes=ADMIN, gives=NewWebhook, refuses=(NOT_FOUND, CONFLICT),
    ),
    Operation(
        "POST", f"{ONE}/enable", "Enable a webhook that was disabled", enable,
        scopes=ADMIN, gives=WebhookView, refuses=(NOT_FOUND,),
    ),
    Operation(
        "POST", f"{ONE}/test", "Send `webhook.test` now, and tell what the receiver answered", try_out,
        scopes=ADMIN, gives=WebhookTried, refuses=(NOT_FOUND,),
    ),
    Operation(
        "GET", f"{ONE}/messages", "List a webhook's messages, newest first", messages,
        scopes=ADMIN, gives=WebhookMessagePage, query=(STATE, LIMIT, CURSOR), refuses=(NOT_FOUND,),
    ),
    Operation(
        "POST", f"{ONE}/replay", f"Send dead letters again, at most {REPLAYED_AT_ONCE:,} a call", replay,
        scopes=ADMIN, takes=ReplayBody, gives=Replayed, refuses=(NOT_FOUND, CONFLICT),
    ),
)  # fmt: skip
