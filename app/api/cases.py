"""Cases: the queue, one with its history, moves and notes. The key is the one who acts."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeVar

from msgspec import Meta
from starlette.responses import Response

from app.api.case_wire import (
    CaseDetail,
    CasePage,
    CaseView,
    MoveBody,
    MovedCases,
    MovesBody,
    NoteBody,
    NoteView,
    case_view,
    detail_view,
    moved_view,
    note_view,
    wish_of,
)
from app.api.operation import Call, Operation, Parameter, invalid, reply
from app.api.paging import CURSOR, LIMIT
from app.api.tokens import caller
from app.cases.ports import Filter, Kind, Order, Refusal, Scope
from app.cases.states import Resolution, State
from app.faults import Faults
from app.problems import CONFLICT, NOT_FOUND, Refused, of_faults
from app.shapes import S, read_body
from detectors.event import Id
from tokens.who import Who

T = TypeVar("T")
BODY_BYTES: Final = 131_072
"""A reason of 10,000 characters, each escaped, is 60 kB; 500 account ids of 128 characters are another 64 kB."""
_ONE_OF: Final = {
    "state": "states", "priority": "priorities", "typology": "typologies", "kind": "kinds", "resolution": "resolutions",
}  # fmt: skip
"""Query parameter → what the desk calls several of it."""
_WRONG: Final = {"incomplete", "too_long", "too_late"}
"""Refusals for what was sent; the others are for how the case stands."""
_SENT_AS: Final = {"until_ms": "until", "spent_ms": "spent_s"}


async def list_cases(call: Call) -> Response:
    """GET /v1/cases."""
    asked: dict[str, Any] = dict(call.query)
    limit, cursor, order = asked.pop("limit"), asked.pop("cursor"), asked.pop("order")
    for name, plural in _ONE_OF.items():
        value = asked.pop(name)
        asked[plural] = () if value is None else (value,)
    chosen = Filter(**asked)
    try:
        page = await call.api.cases.list(_scope(call), chosen, order, limit=limit, cursor=cursor)
    except ValueError:
        raise invalid("/query/cursor", "must be a cursor of this list and order") from None
    return reply(CasePage(tuple(map(case_view, page.items)), page.next_cursor))


async def move_cases(call: Call) -> Response:
    """PATCH /v1/cases."""
    body = await _body(call, MovesBody)
    do = call.api.cases.preview if body.preview else call.api.cases.move_many
    rows = await do(_scope(call), body.case_ids, _who(call), wish_of(body))
    return reply(MovedCases(tuple(map(moved_view, rows))))


async def read_case(call: Call) -> Response:
    """GET /v1/cases/{case_id}."""
    file = await call.api.cases.get(_scope(call), call.path("case_id"))
    if file is None:
        raise Refused(NOT_FOUND)
    return reply(detail_view(file))


async def move_case(call: Call) -> Response:
    """PATCH /v1/cases/{case_id}."""
    case_id, body = call.path("case_id"), await _body(call, MoveBody)
    if body.move == "undo":
        done = await call.api.cases.undo(_scope(call), case_id, _who(call), body.version)
    else:
        done = await call.api.cases.move(_scope(call), case_id, _who(call), wish_of(body), body.version)
    return reply(case_view(_or_refused(done)))


async def note_case(call: Call) -> Response:
    """POST /v1/cases/{case_id}/notes."""
    case_id, body = call.path("case_id"), await _body(call, NoteBody)
    note = await call.api.cases.note(_scope(call), case_id, _who(call), body.text)
    return reply(note_view(_or_refused(note)), 201)


async def _body(call: Call, shape: type[S]) -> S:
    read = read_body(await call.raw_body(BODY_BYTES), shape)
    if isinstance(read, Faults):
        raise Refused(of_faults(read))
    return read


def _scope(call: Call) -> Scope:
    return Scope(call.principal.program_id)


def _who(call: Call) -> Who:
    return call.api.who(caller(call))


def _or_refused(done: T | Refusal) -> T:
    if not isinstance(done, Refusal):
        return done
    if done.why in _WRONG or done.field == "into":
        raise invalid(f"/{_SENT_AS.get(done.field, done.field)}", done.message)
    if done.why == "unknown":
        raise Refused(NOT_FOUND)
    raise Refused(CONFLICT.because(done.message))


Minor = Annotated[int, Meta(ge=0, le=10**15)]
CHOICE: Final = (
    Parameter("state", State, "Only cases in this state."),
    Parameter(
        "priority", Annotated[int, Meta(ge=1, le=3)], "Only cases of this priority; 1 is the most urgent."
    ),
    Parameter("typology", Id, "Only cases of this typology."),
    Parameter("kind", Kind, "Only cases of one account, or rings."),
    Parameter("resolution", Resolution, "Only cases closed so."),
    Parameter("account_id", Id, "Only cases this account is or was in."),
    Parameter("partner_id", Id, "Only cases that touched this partner."),
    Parameter("store_id", Id, "Only cases that touched this store."),
    Parameter("value_from_minor", Minor, "Only cases with this much at stake, in minor units."),
)
ORDER: Final = Parameter(
    "order",
    Order,
    "`rank`: expected loss × urgency; `due`: soonest; `opened`: newest; `value`: most.",
    "rank",
)
READERS: Final = ("read", "admin")
ADMIN: Final = ("admin",)
PATH: Final = "/v1/cases"
ONE: Final = "/v1/cases/{case_id}"
OPERATIONS: Final = (
    Operation(
        "GET", PATH, "List cases", list_cases, READERS, fresh=True, gives=CasePage,
        query=(*CHOICE, ORDER, LIMIT, CURSOR),
    ),
    Operation(
        "PATCH", PATH, "Move many cases, or say what it would do", move_cases, ADMIN, takes=MovesBody, gives=MovedCases,
    ),
    Operation("GET", ONE, "Read a case with its history", read_case, READERS, fresh=True, gives=CaseDetail),
    Operation("PATCH", ONE, "Move a case", move_case, ADMIN, takes=MoveBody, gives=CaseView, refuses=(CONFLICT,)),
    Operation(
        "POST", f"{ONE}/notes", "Write a note to a case", note_case, ADMIN, takes=NoteBody, gives=NoteView, status=201,
    ),
)  # fmt: skip
