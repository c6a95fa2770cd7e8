"""The allow, block and watch lists. A change reaches every worker at once.

A change that the workers may not have been told of is answered with 503, and asking for it again tells them.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.api.operation import Call, Operation, Parameter, invalid, reply
from app.api.paging import CURSOR, LIMIT, expiry, instant, page_of
from app.api.tokens import caller
from app.api.wire import ListEntryBody, ListEntryView, ListPage
from app.faults import is_card_number
from app.feedback.ports import ByTwo
from app.ports.lists import ListEntry
from app.problems import CONFLICT, NOT_FOUND, Refused
from detectors.event import Id


async def list_entries(call: Call) -> Response:
    """GET /v1/lists/{list}."""
    page = await page_of(call, call.api.record.list_entries, call.path("list"))
    return reply(ListPage(tuple(_view(entry) for entry in page.items), page.next_cursor))


async def add_entry(call: Call) -> Response:
    """POST /v1/lists/{list}."""
    name = call.path("list")
    entry = _entry(call, name, await call.body(ListEntryBody))
    await call.api.feedback.add_to_list(entry, call.api.who(caller(call)))
    return reply(_view(entry), 201)


async def remove_entry(call: Call) -> Response:
    """DELETE /v1/lists/{list}."""
    try:
        there = await call.api.feedback.remove_from_list(
            call.principal.program_id, call.path("list"), call.query["entry_id"], call.api.who(caller(call))
        )
    except ByTwo as by_two:
        raise Refused(CONFLICT.because(str(by_two))) from by_two
    if not there:
        raise Refused(NOT_FOUND)
    return Response(status_code=204)


def _entry(call: Call, name: str, body: ListEntryBody) -> ListEntry:
    now_ms, program_id = call.api.clock(), call.principal.program_id
    expires_ms = expiry(call, body.expires_at)
    if body.kind == "payment" and is_card_number(body.value):  # member numbers and IMEIs pass Luhn as well
        raise invalid("/value", "must be a fingerprint, never a card number")
    try:
        digest = call.api.entity_digest(program_id, body.kind, body.value)
    except ValueError:
        raise invalid("/value", f"must be a value of kind {body.kind}") from None
    return ListEntry(
        entry_id=call.api.new_id("lst"),
        program_id=program_id,
        list=name,  # type: ignore[arg-type] # `path` has checked it
        kind=body.kind,
        value=body.value,
        digest=digest,
        reason=body.reason,
        author=body.author or call.principal.name,
        created_ms=now_ms,
        expires_ms=expires_ms,
    )


def _view(entry: ListEntry) -> ListEntryView:
    return ListEntryView(
        entry_id=entry.entry_id,
        list=entry.list,
        kind=entry.kind,
        value=entry.value,
        reason=entry.reason,
        author=entry.author,
        created_at=instant(entry.created_ms),
        expires_at=None if entry.expires_ms is None else instant(entry.expires_ms),
    )


PATH: Final = "/v1/lists/{list}"
OPERATIONS: Final = (
    Operation(
        "GET", PATH, "List entries, newest first", list_entries,
        scopes=("read", "admin"), gives=ListPage, query=(LIMIT, CURSOR),
    ),
    Operation(
        "POST", PATH, "Add an entry", add_entry,
        scopes=("admin",), takes=ListEntryBody, gives=ListEntryView, status=201,
    ),
    Operation(
        "DELETE", PATH, "Remove an entry", remove_entry,
        scopes=("admin",), status=204, gives_media=None,
        query=(Parameter("entry_id", Id, "The entry to remove.", required=True),), refuses=(NOT_FOUND, CONFLICT),
    ),
)  # fmt: skip
