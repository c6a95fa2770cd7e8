"""Decisions: asked for, looked up, explained, and told what became of them."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from anyio import to_thread
from msgspec import Meta
from starlette.responses import Response

from app.answers import (
    Audience,
    Conflict409,
    Decided200,
    Decision,
    Explanation,
    RefusedTransition,
    StepUp,
    Told,
    Unavailable503,
)
from app.api.operation import Call, Operation, Parameter, reply
from app.api.paging import CURSOR, LIMIT, instant, page_of
from app.api.wire import ChallengeView, DecisionPage, HoldView, OutcomeBody, OutcomeView, RecordedDecision
from app.faults import Faults
from app.intake import EVENT_BYTES, read_event
from app.ports.rows import DecisionRow
from app.problems import CONFLICT, NOT_FOUND, UNAVAILABLE, Problem, Refused, of_faults
from app.stepping_up.stepping import asked_of
from detectors.event import Event, Id

TAKEN: Final = CONFLICT.because("That event_id is taken by an event with another body.")
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


async def decide(call: Call) -> Response:
    """POST /v1/decisions."""
    raw = await call.raw_body(EVENT_BYTES)
    event = read_event(raw, now_ms=call.api.clock(), default_program=call.principal.program_id)
    if isinstance(event, Faults):
        raise Refused(of_faults(event))
    refusal = call.principal.refuses(event)
    if refusal is not None:
        raise Refused(refusal)
    answer = await call.api.scorer.decide(event, "decision")
    if isinstance(answer, Decided200):
        return reply(answer.body)
    raise Refused(problem_of(answer))


def problem_of(answer: Conflict409 | Unavailable503) -> Problem:
    """An answer that is no decision, as a problem."""
    return TAKEN if isinstance(answer, Conflict409) else UNAVAILABLE.after(answer.retry_after_s)


async def look_up(call: Call) -> Response:
    """GET /v1/decisions/{decision_id}."""
    row = await to_thread.run_sync(
        call.api.record.decision, call.principal.program_id, call.path("decision_id")
    )
    if row is None:
        raise Refused(NOT_FOUND)
    return reply(_recorded(row, call.api.clock()))


async def list_decisions(call: Call) -> Response:
    """GET /v1/decisions."""
    page = await page_of(call, call.api.record.decisions, account_id=call.query["account_id"])
    now_ms = call.api.clock()
    return reply({"items": [_recorded(row, now_ms) for row in page.items], "next_cursor": page.next_cursor})


async def explain(call: Call) -> Response:
    """GET /v1/decisions/{decision_id}/explanation."""
    explanation = await call.api.explain(
        call.principal.program_id, call.path("decision_id"), call.query["audience"], call.query["locale"]
    )
    if explanation is None:
        raise Refused(NOT_FOUND)
    return reply(explanation)


async def tell_outcome(call: Call) -> Response:
    """POST /v1/decisions/{decision_id}/outcome."""
    decision_id = call.path("decision_id")
    body = await call.body(OutcomeBody)
    if call.principal.stores:
        await check_store(call, decision_id)
    answer = await call.api.scorer.tell_outcome(
        call.principal.program_id, decision_id, body.outcome, call.principal.name
    )
    match answer:
        case Told(outcome):
            return reply(OutcomeView(decision_id, outcome))
        case RefusedTransition(known):
            raise Refused(CONFLICT.because(f"The outcome `{known}` was told before; this cannot follow it."))
        case Unavailable503(retry_after_s):
            raise Refused(UNAVAILABLE.after(retry_after_s))
    raise Refused(NOT_FOUND)


async def check_store(call: Call, decision_id: str) -> None:
    """A key of some stores has to do with their decisions only."""
    record, program_id = call.api.record, call.principal.program_id
    row = await to_thread.run_sync(record.decision, program_id, decision_id)
    if row is None:
        raise Refused(NOT_FOUND)
    event = await to_thread.run_sync(record.event, program_id, row.event_id)
    if event is None:
        raise Refused(NOT_FOUND)
    refusal = call.principal.refuses(event)
    if refusal is not None:
        raise Refused(refusal)


def _recorded(row: DecisionRow, now_ms: int) -> dict[str, object]:
    """The answer as it was sent, field by field untouched, with what the record knows beside it; but that a decision
    whose challenge was passed allows.
    """
    asked = asked_of(row)
    return {
        **_FIELDS.decode(row.answer),
        **({} if row.passed_ms is None else {"decision": row.decision}),
        **({} if asked is None else {"challenge": _challenge(row, asked, now_ms)}),
        **({} if row.hold_until_ms is None else {"hold": _hold(row, row.hold_until_ms)}),
        "type": row.type,
        "occurred_at": instant(row.occurred_ms),
        "outcome": row.outcome,
        "outcome_at": None if row.outcome_ms is None else instant(row.outcome_ms),
    }


def _hold(row: DecisionRow, until_ms: int) -> HoldView:
    state = row.hold_end or ("held" if row.outcome is None else "decided")
    ended_at = None if row.hold_ended_ms is None else instant(row.hold_ended_ms)
    return HoldView(state, instant(until_ms), ended_at)


def _challenge(row: DecisionRow, asked: StepUp, now_ms: int) -> ChallengeView:
    if row.passed_ms is not None:
        return ChallengeView("passed", instant(row.passed_ms), row.passed_method)
    return ChallengeView("expired" if now_ms >= asked.expires_at.timestamp() * 1_000 else "open", None, None)


Locale = Annotated[str, Meta(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
OPERATIONS: Final = (
    Operation(
        "POST", "/v1/decisions", "Decide one event", decide,
        scopes=("score",), limited_keys=True, takes=Event, gives=Decision, refuses=(CONFLICT,),
    ),
    Operation(
        "GET", "/v1/decisions", "List decisions, newest first", list_decisions,
        scopes=("read", "admin"), fresh=True, gives=DecisionPage,
        query=(Parameter("account_id", Id, "Only this member's."), LIMIT, CURSOR),
    ),
    Operation(
        "GET", "/v1/decisions/{decision_id}", "Look up a decision", look_up,
        scopes=("read", "admin"), fresh=True, gives=RecordedDecision,
    ),
    Operation(
        "GET", "/v1/decisions/{decision_id}/explanation", "Explain a decision", explain,
        scopes=("read", "admin"), fresh=True, gives=Explanation,
        query=(
            Parameter("audience", Audience, "Who is to read it.", "analyst"),
            Parameter("locale", Locale, "BCP 47 language, with a region if it matters.", "en"),
        ),
    ),
    Operation(
        "POST", "/v1/decisions/{decision_id}/outcome", "Tell what became of a decision", tell_outcome,
        scopes=("score", "events"), limited_keys=True, takes=OutcomeBody, gives=OutcomeView,
        refuses=(CONFLICT,), fresh=True,
    ),
)  # fmt: skip
