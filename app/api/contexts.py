"""Shared contexts: devices, networks, terminals and cards that many honest members share. Known to every worker at once.

A change that the workers may not have been told of is answered with 503, and asking for it again tells them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta, Struct
from starlette.responses import Response

from app.api.operation import Call, Operation, Parameter, invalid, reply
from app.api.paging import CURSOR, LIMIT, expiry, instant, page_of
from app.api.tokens import caller
from app.api.wire import Cursor, Name, Sentence
from app.faults import is_card_number
from app.feedback.desk import ContextWish
from app.feedback.ports import ContextKind, ContextName, ContextRow
from app.problems import NOT_FOUND, Refused
from detectors.event import Id, Instant


class ContextBody(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A device, address, network, terminal or payment instrument and what it is. `author`, `expires_at` as of lists."""

    kind: ContextKind
    value: Annotated[str, Meta(min_length=1, max_length=256)]
    context: ContextName
    reason: Sentence
    author: Name | None = None
    expires_at: Instant | None = None


class ContextView(Struct, frozen=True, kw_only=True):
    """A shared context as recorded."""

    context_id: str
    kind: ContextKind
    value: str
    context: ContextName
    reason: str
    author: str
    created_at: datetime
    expires_at: datetime | None


class ContextPage(Struct, frozen=True):
    """Shared contexts, newest first."""

    items: tuple[ContextView, ...]
    next_cursor: Cursor


async def list_contexts(call: Call) -> Response:
    """GET /v1/contexts."""
    page = await page_of(call, call.api.heard.contexts)
    return reply(ContextPage(tuple(_view(row) for row in page.items), page.next_cursor))


async def mark_context(call: Call) -> Response:
    """POST /v1/contexts."""
    body = await call.body(ContextBody)
    if body.kind == "payment" and is_card_number(body.value):
        raise invalid("/value", "must be a fingerprint, never a card number")
    wish = ContextWish(
        call.principal.program_id,
        body.kind,
        body.value,
        body.context,
        body.reason,
        body.author or call.principal.name,
        expiry(call, body.expires_at),
    )
    try:
        row, _ = await call.api.feedback.mark_context(wish, call.api.who(caller(call)))
    except ValueError:
        raise invalid("/value", f"must be a value of kind {body.kind}") from None
    return reply(_view(row), 201)


async def unmark_context(call: Call) -> Response:
    """DELETE /v1/contexts."""
    who, name = call.api.who(caller(call)), call.query["context_id"]
    if not await call.api.feedback.unmark_context(call.principal.program_id, name, who):
        raise Refused(NOT_FOUND)
    return Response(status_code=204)


def _view(row: ContextRow) -> ContextView:
    return ContextView(
        context_id=row.context_id,
        kind=row.kind,
        value=row.value,
        context=row.context,
        reason=row.reason,
        author=row.author,
        created_at=instant(row.created_ms),
        expires_at=None if row.expires_ms is None else instant(row.expires_ms),
    )


PATH: Final = "/v1/contexts"
OPERATIONS: Final = (
    Operation(
        "GET", PATH, "List shared contexts, newest first", list_contexts,
        scopes=("read", "admin"), gives=ContextPage, query=(LIMIT, CURSOR),
    ),
    Operation(
        "POST", PATH, "Register what many members share", mark_context,
        scopes=("admin",), takes=ContextBody, gives=ContextView, status=201,
    ),
    Operation(
        "DELETE", PATH, "Remove a shared context", unmark_context,
        scopes=("admin",), status=204, gives_media=None,
        query=(Parameter("context_id", Id, "The one to remove.", required=True),), refuses=(NOT_FOUND,),
    ),
)  # fmt: skip
