"""Many events at once: to be decided, or already happened. One row's fault never fails the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import islice
from typing import Annotated, Final

from anyio.lowlevel import checkpoint
from msgspec import Meta, Raw
from msgspec.json import encode
from starlette.responses import Response

from app.answers import Conflict409, Decided200, Unavailable503
from app.api.decisions import problem_of
from app.api.operation import JSON, Call, Operation, reply
from app.api.wire import BadRow, BatchAnswer, RejectedRow, TakenEvents
from app.faults import Fault, Faults
from app.intake import Row, read_rows
from app.ports.journal import Origin
from app.problems import Problem, Refused, body_of, of_faults
from app.shapes import FAULTS_TOLD, told
from detectors.event import Event

BATCH_ROWS: Final = 1_000
"""Events decided in one call; from the contract."""
HISTORY_ROWS: Final = 10_000
"""Things that already happened, in one call: a file is sent in parts so that a retry is short."""
BATCH_BYTES: Final = 16_777_216
"""16 MiB: 10,000 events of 1,600 bytes, thrice the usual size."""
CHUNK_ROWS: Final = 100
"""Rows between two turns of the event loop: a millisecond of reading, so that others hardly wait."""
NDJSON: Final = "application/x-ndjson"

OneRow = Annotated[
    Raw,
    Meta(
        extra_json_schema={
            "anyOf": [
                {"$ref": "#/components/schemas/Event"},
                {"description": "Anything else is answered with its faults, in its place."},
            ]
        }
    ),
]
DecidedRows = Annotated[list[OneRow], Meta(max_length=BATCH_ROWS)]
HistoryRows = Annotated[list[OneRow], Meta(max_length=HISTORY_ROWS)]

Answered = tuple[str | None, Decided200 | Conflict409 | Unavailable503 | Problem]
"""A row's event id, where it has one, and what became of it."""


async def decide_batch(call: Call) -> Response:
    """POST /v1/decisions/batch."""
    rows: list[Raw] = []
    async for event_id, answer in _answers(call, await _rows(call, BATCH_ROWS, ndjson=False), "batch"):
        if isinstance(answer, Decided200):
            rows.append(Raw(answer.body))
        else:
            problem = answer if isinstance(answer, Problem) else problem_of(answer)
            rows.append(Raw(encode(BadRow(event_id, body_of(problem)))))
    return reply(BatchAnswer(tuple(rows)))


async def take_events(call: Call) -> Response:
    """POST /v1/events."""
    media = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    rows = await _rows(call, HISTORY_ROWS, ndjson=media == NDJSON)
    accepted = duplicates = number = 0
    rejected: list[RejectedRow] = []
    async for event_id, answer in _answers(call, rows, "event"):
        match answer:
            case Decided200(repeated=True):
                duplicates += 1
            case Decided200():
                accepted += 1
            case Unavailable503():
                raise Refused(
                    problem_of(answer)
                )  # to send it all again is safe: what was taken is a duplicate
            case Conflict409():
                taken = Fault("/event_id", "is taken by an event with another body")
                rejected.append(RejectedRow(number, event_id, (taken,)))
            case Problem(errors=errors, detail=detail):
                rejected.append(RejectedRow(number, event_id, errors or (Fault("", detail),)))
        number += 1
    return reply(TakenEvents(accepted, duplicates, tuple(rejected)), 202)


async def _rows(call: Call, most: int, *, ndjson: bool) -> Iterator[Row]:
    rows = read_rows(
        await call.raw_body(BATCH_BYTES),
        ndjson=ndjson,
        most=most,
        now_ms=call.api.clock(),
        default_program=call.principal.program_id,
    )
    if isinstance(rows, Faults):
        raise Refused(of_faults(rows))
    return rows


async def _answers(call: Call, rows: Iterator[Row], origin: Origin) -> AsyncIterator[Answered]:
    """What became of each row, in order. Reads and decides a chunk, then lets others have their turn."""
    room = FAULTS_TOLD
    while chunk := [row async for row in _chunk(rows)]:
        refusals: list[Problem | None] = []
        for row in chunk:
            if isinstance(row, Event):
                refusals.append(call.principal.refuses(row))
            else:
                refusals.append(_within(of_faults(row.faults), room))
                room -= len(row.faults.items)
        lawful = [
            row
            for row, refusal in zip(chunk, refusals, strict=True)
            if isinstance(row, Event) and refusal is None
        ]
        answers = iter(await call.api.scorer.decide_many(lawful, origin) if lawful else ())
        for row, refusal in zip(chunk, refusals, strict=True):
            yield row.event_id, next(answers) if refusal is None else refusal
        await checkpoint()


async def _chunk(rows: Iterator[Row]) -> AsyncIterator[Row]:
    for row in islice(rows, CHUNK_ROWS):
        yield row
        if not isinstance(row, Event):
            await checkpoint()  # what is wrong with a row takes long to find


def _within(problem: Problem, room: int) -> Problem:
    """The problem of a row, with a single fault where the rows before it have told as many as one answer takes."""
    return replace(problem, errors=told(problem.errors, max(room, 1)).items)


OPERATIONS: Final = (
    Operation(
        "POST", "/v1/decisions/batch", "Decide up to 1,000 events in the order given", decide_batch,
        scopes=("score",), limited_keys=True, takes=DecidedRows, gives=BatchAnswer,
    ),
    Operation(
        "POST", "/v1/events", "Tell of up to 10,000 things that already happened", take_events,
        scopes=("events",), limited_keys=True, takes=HistoryRows, media=(JSON, NDJSON), gives=TakenEvents,
        status=202,
    ),
)  # fmt: skip
