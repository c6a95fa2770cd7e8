"""Labels: what people and systems know of an account or an event, for measuring and for training."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.api.operation import Call, Operation, Parameter, invalid, reply
from app.api.paging import CURSOR, LIMIT, instant, page_of
from app.api.tokens import caller
from app.api.wire import LabelBody, LabelPage, LabelView
from app.feedback.desk import LabelWish
from app.ports.labels import Label
from detectors.event import Id


async def add_label(call: Call) -> Response:
    """POST /v1/labels."""
    body = await call.body(LabelBody)
    if body.account_id is None and body.event_id is None:
        raise invalid("", "must name an account_id or an event_id")
    wish = LabelWish(
        program_id=call.principal.program_id,
        label=body.label,
        source=body.source,
        author=call.principal.name,
        account_id=body.account_id,
        event_id=body.event_id,
        typology=body.typology,
    )
    label, _ = await call.api.feedback.label(wish, call.api.who(caller(call)))
    return reply(_view(label), 201)


async def list_labels(call: Call) -> Response:
    """GET /v1/labels."""
    page = await page_of(call, call.api.record.labels, account_id=call.query["account_id"])
    return reply(LabelPage(tuple(_view(label) for label in page.items), page.next_cursor))


def _view(label: Label) -> LabelView:
    return LabelView(
        label_id=label.label_id,
        account_id=label.account_id,
        event_id=label.event_id,
        label=label.label,
        typology=label.typology,
        source=label.source,
        labelled_at=instant(label.labelled_ms),
        labelled_by=label.labelled_by,
    )


OPERATIONS: Final = (
    Operation(
        "POST", "/v1/labels", "Say what an account or an event turned out to be", add_label,
        scopes=("events", "admin"), takes=LabelBody, gives=LabelView, status=201, fresh=True,
    ),
    Operation(
        "GET", "/v1/labels", "List labels, newest first", list_labels,
        scopes=("read", "admin"), gives=LabelPage,
        query=(Parameter("account_id", Id, "Only this member's."), LIMIT, CURSOR),
    ),
)  # fmt: skip
