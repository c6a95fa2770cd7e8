"""Many tokens in one call: each row is read apart and answered in its place, so that one never fails the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final, NamedTuple

import msgspec
from anyio import to_thread
from anyio.lowlevel import checkpoint
from msgspec import UNSET, Meta, Raw
from starlette.responses import Response

from app.api.idempotency import OPTIONAL, call_key
from app.api.operation import Call, Operation, reply
from app.api.token_orders import order_of
from app.api.token_wire import Bulk, BulkAnswer, BulkBody, IssuedRow, RefusedRow, TokenRow
from app.api.tokens import EXAMPLE, ORDER_BYTES, caller
from app.event_laws import plain
from app.faults import Faults, one
from app.intake import BREAKS_A_ROW
from app.problems import Problem, Refused, body_of, of_faults
from app.redeeming.desk import Issued, Order
from app.shapes import FAULTS_TOLD, sift, told, too_large
from app.strict_json import Unclean, odd_text, quick_tree, tolerant_tree
from tokens.limits import CALL_KEPT_S, ROWS_PER_BULK

BULK_BYTES: Final = 16_777_216
"""16 MiB: 10,000 rows of 1,600 bytes, thrice the usual size."""
ROWS_A_TURN: Final = 50
"""Rows read between two turns of the event loop: a few milliseconds."""
NOT_ALONE: Final = "is the name of an earlier row too"
_BULK: Final = msgspec.json.Decoder(BulkBody | list[Raw])
_NAMES: Final = tuple(f'"{name}"'.encode() for name in BulkBody.__struct_fields__)


class BadRow(NamedTuple):
    """A row that orders nothing. `row_id` is None where that, too, is missing or faulty."""

    row_id: str | None
    faults: Faults


class Job(NamedTuple):
    """A bulk job as sent. A row is JSON still, or a tree where the document could only be read as a whole."""

    bulk_id: str
    rows: Sequence[object]


async def issue_tokens(call: Call) -> Response:
    """POST /v1/tokens/bulk."""
    key = call_key(call)
    job = await to_thread.run_sync(read_job, await call.raw_body(BULK_BYTES))
    if isinstance(job, Faults):
        raise Refused(of_faults(job))
    read = await _read_rows(job.rows)
    orders = [row for row in read if isinstance(row, Order)]
    results = iter(await call.api.desk.issue_many(orders, job.bulk_id, caller(call), key) if orders else ())
    answers = [
        RefusedRow(row.row_id, body_of(of_faults(row.faults)))
        if isinstance(row, BadRow)
        else _answer(row, next(results))
        for row in read
    ]
    return reply(await to_thread.run_sync(msgspec.json.encode, BulkAnswer(tuple(answers))))


def read_job(raw: bytes) -> Job | Faults:
    """The rows of a job, not yet read; faults only where there are no rows to speak of."""
    if raw.count(b",") > ROWS_PER_BULK * BREAKS_A_ROW:
        return one("too_large", "", f"must hold at most {ROWS_PER_BULK:,} rows")
    job = _quick(raw) or _tolerant(raw)
    if isinstance(job, Faults):
        return job
    if len(job.rows) > ROWS_PER_BULK:
        return one("invalid", "", f"must hold at most {ROWS_PER_BULK:,} rows")
    faults = list(plain("/bulk_id", job.bulk_id)) if job.bulk_id else []
    return told(faults) if faults else job


def _quick(raw: bytes) -> Job | None:
    if any(raw.count(name) > 1 for name in _NAMES):
        return None  # perhaps a name is repeated
    try:
        body = _BULK.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if isinstance(body, list):
        return Job("", body)
    return None if odd_text(body.bulk_id) else Job(body.bulk_id, body.rows)


def _tolerant(raw: bytes) -> Job | Faults:
    """One odd number in one row, and the document can no longer be split unread."""
    tree = tolerant_tree(raw)
    if isinstance(tree, Faults):
        return tree
    if isinstance(tree, list):
        return Job("", tree)
    if not isinstance(tree, dict):
        return one("invalid", "", "must be an array of rows, or an object that holds them")
    rows = tree.get("rows", [])
    if not isinstance(rows, list):
        return one("invalid", "/rows", "must be an array of rows")
    if rows:
        tree["rows"] = []  # they are read one by one
    members, faults = sift(tree, BulkBody)
    return told(faults) if faults else Job(str(members.get("bulk_id", "")), rows)


async def _read_rows(rows: Sequence[object]) -> list[Order | BadRow]:
    read: list[Order | BadRow] = []
    seen: set[str] = set()
    room = FAULTS_TOLD
    for number, row in enumerate(rows):
        one_row = _alone(_read_row(row), seen)
        if isinstance(one_row, BadRow):
            one_row = BadRow(one_row.row_id, told(one_row.faults.items, max(room, 1)))
            room -= len(one_row.faults.items)
        read.append(one_row)
        if number % ROWS_A_TURN == 0:
            await checkpoint()
    return read


def _alone(row: Order | BadRow, seen: set[str]) -> Order | BadRow:
    """The row, if no other before it has its name."""
    if row.row_id is None:
        return row
    if row.row_id in seen:
        return BadRow(row.row_id, one("invalid", "/row_id", NOT_ALONE))
    seen.add(row.row_id)
    return row


def _read_row(row: object) -> Order | BadRow:
    if not isinstance(row, Raw):
        return _examine(row)
    raw = bytes(row)
    if len(raw) > ORDER_BYTES:
        return BadRow(None, too_large(ORDER_BYTES))
    try:
        return _ordered(msgspec.convert(quick_tree(raw), TokenRow))
    except (Unclean, msgspec.ValidationError):
        tree = tolerant_tree(raw)
        return BadRow(None, tree) if isinstance(tree, Faults) else _examine(tree)


def _examine(tree: object) -> Order | BadRow:
    """The slow reading, for everything that is wrong with a row's shape."""
    members, faults = sift(tree, TokenRow)
    if not faults:
        return _ordered(msgspec.convert(members, TokenRow))
    row_id = members.get("row_id")
    return BadRow(row_id if isinstance(row_id, str) else None, told(faults))


def _ordered(body: TokenRow) -> Order | BadRow:
    order = order_of(body)
    if isinstance(order, Order):
        return order
    readable = all(fault.pointer != "/row_id" for fault in order.items)
    return BadRow(body.row_id if readable else None, order)


def _answer(order: Order, result: Issued | Problem) -> IssuedRow | RefusedRow:
    if isinstance(result, Problem):
        return RefusedRow(order.row_id, body_of(result))
    return IssuedRow(
        row_id=order.row_id or "",
        token_id=result.token_id,
        state=result.state,
        expires_at=result.expires_at,
        link=UNSET if result.link is None else result.link,
    )


OF_ROWS: Final = replace(
    OPTIONAL,
    description="Your own, unguessable name for this job: repeated with it, rows issued before are answered with their "
    f"links too, for {CALL_KEPT_S // 3_600} h. Without it they are answered without.",
)
EXAMPLE_JOB: Final = {"bulk_id": "autumn-1", "rows": [EXAMPLE | {"row_id": "1"}]}
OPERATIONS: Final = (
    Operation(
        "POST", "/v1/tokens/bulk", "Issue up to 10,000 tokens, each row apart", issue_tokens,
        scopes=("tokens",), headers=(OF_ROWS,), takes=Annotated[Bulk, Meta(examples=[EXAMPLE_JOB])], gives=BulkAnswer,
    ),
)  # fmt: skip
