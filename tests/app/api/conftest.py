"""A whole service behind the real routes: a record and a scorer in memory, and one key a scope."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import Any

import httpx
import jsonschema_rs
import msgspec
import pytest
from starlette.routing import compile_path

from app.access import Gate, mint
from app.answers import (
    Answer,
    Conflict409,
    Counterfactual,
    Decided200,
    Decision,
    DetectorView,
    Explanation,
    LinkedAccounts,
    OutcomeAnswer,
    RefusedTransition,
    Told,
    Unavailable503,
    UnknownDecision,
)
from app.api.context import Api
from app.api.http_app import OPERATIONS, http_app
from app.api.openapi import document
from app.api.paging import instant
from app.api.wire import Links
from app.cases.desk import CaseDesk
from app.feedback.desk import FeedbackDesk
from app.intake import body_hash
from app.ports.journal import Origin, Outcome
from app.ports.labels import Label
from app.ports.lists import ListEntry
from app.ports.record import Page
from app.ports.rows import AccountRow, ApiKeyRow, DecisionRow, TimelineItem
from app.reviewing.account import Earning, Stretch
from app.reviewing.balance import Balance
from app.reviewing.overview import Linked, Overview
from app.users.rights import EVERYTHING
from detectors.event import Event, instant_ms
from tests.app.api.memory_cases import MemoryCases
from tests.app.api.memory_desk import MemoryDesk
from tests.app.api.memory_feedback import MemoryFeedback
from tests.app.api.memory_locks import MemoryLocks
from tests.app.api.memory_passkeys import enroller_of
from tests.app.api.memory_step_ups import MemoryStepUps
from tests.app.api.memory_webhooks import MemoryWebhooks
from tokens.who import Who

NOW_MS = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""


@dataclass
class MemoryRecord:
    """The record without a database: what the routes read and write, in lists."""

    rows: list[tuple[DecisionRow, Event]] = field(default_factory=list)
    kept_labels: list[Label] = field(default_factory=list)
    entries: list[ListEntry] = field(default_factory=list)
    api_keys: dict[str, ApiKeyRow] = field(default_factory=dict)

    def key(self, key_id: str) -> ApiKeyRow | None:
        return self.api_keys.get(key_id)

    def decision(self, program_id: str, decision_id: str) -> DecisionRow | None:
        for row, _ in self.rows:
            if (row.program_id, row.decision_id) == (program_id, decision_id):
                return row
        return None

    def event(self, program_id: str, event_id: str) -> Event | None:
        return next((e for r, e in self.rows if (r.program_id, r.event_id) == (program_id, event_id)), None)

    def decisions(self, program_id, *, account_id, limit, cursor) -> Page[DecisionRow]:
        found = [row for row, _ in self.rows if row.program_id == program_id]
        return paged([row for row in found if account_id in {None, row.account_id}], limit, cursor)

    def account(self, program_id: str, account_id: str) -> AccountRow | None:
        rows = [r for r, _ in self.rows if (r.program_id, r.account_id) == (program_id, account_id)]
        if not rows:
            return None
        instants = [row.occurred_ms for row in rows]
        return AccountRow(
            program_id,
            account_id,
            min(instants),
            max(instants),
            len(rows),
            0,
            0,
            {"allow": len(rows)},
            1.25,
            "allow",
        )

    def timeline(self, program_id, account_id, *, limit, cursor) -> Page[TimelineItem]:
        mine = [
            TimelineItem(r, e)
            for r, e in self.rows
            if (r.program_id, r.account_id) == (program_id, account_id)
        ]
        return paged(mine, limit, cursor)

    def add_label(self, label: Label) -> None:
        self.kept_labels.append(label)

    def labels(self, program_id, *, account_id, limit, cursor) -> Page[Label]:
        found = [label for label in self.kept_labels if label.program_id == program_id]
        return paged([label for label in found if account_id in {None, label.account_id}], limit, cursor)

    def add_list_entry(self, entry: ListEntry) -> None:
        self.entries.append(entry)

    def remove_list_entry(self, program_id, list_name, entry_id) -> bool:
        before = len(self.entries)
        wanted = (program_id, list_name, entry_id)
        self.entries = [e for e in self.entries if (e.program_id, e.list, e.entry_id) != wanted]
        return len(self.entries) < before

    def list_entries(self, program_id, list_name, *, limit, cursor) -> Page[ListEntry]:
        return paged(
            [e for e in self.entries if (e.program_id, e.list) == (program_id, list_name)], limit, cursor
        )


def paged(items: Sequence[Any], limit: int, cursor: str | None) -> Page[Any]:
    """Newest first; the cursor is the place of the next item. Raises ValueError at any other."""
    start = 0 if cursor is None else int(cursor)
    newest = list(reversed(items))
    following = start + limit
    return Page(newest[start:following], str(following) if following < len(newest) else None)


@dataclass
class MemoryScorer:
    """Allows everything, once; knows repeats and conflicts. `away` makes it the scorer of a broken store."""

    record: MemoryRecord
    away: bool = False
    seen: list[Event] = field(default_factory=list)
    answers: dict[tuple[str, str], tuple[bytes, bytes]] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    async def decide(self, event: Event, origin: Origin) -> Answer:
        if self.away:
            return Unavailable503(7)
        self.seen.append(event)
        name, digest = (event.program_id, event.event_id), body_hash(event)
        known = self.answers.get(name)
        if known is not None:
            return Decided200(known[1], repeated=True) if known[0] == digest else Conflict409()
        decision_id = f"dec_{blake2b(repr(name).encode(), digest_size=8).hexdigest()}"
        body = msgspec.json.encode(allowed(decision_id, event))
        self.answers[name] = digest, body
        self.record.rows.append((row_of(decision_id, event, body, origin), event))
        return Decided200(body)

    async def decide_many(self, events: Sequence[Event], origin: Origin) -> Sequence[Answer]:
        return [await self.decide(event, origin) for event in events]

    async def tell_outcome(self, program_id, decision_id, outcome, told_by) -> OutcomeAnswer:  # noqa: ARG002
        if self.record.decision(program_id, decision_id) is None:
            return UnknownDecision()
        known = self.outcomes.setdefault(decision_id, outcome)
        return Told(outcome) if known == outcome else RefusedTransition(known)


def allowed(decision_id: str, event: Event) -> Decision:
    return Decision(
        decision_id=decision_id,
        event_id=event.event_id,
        account_id=event.account_id,
        decision="allow",
        risk_score=1.25,
        risk_level="low",
        source="detectors",
        detectors={"velocity": DetectorView(0.01, "clear"), "anomaly": DetectorView(0, "abstained")},
        reasons=(),
        actions=(),
        linked_accounts=LinkedAccounts(0),
        policy_version="p1",
        model_version="none",
        mode="enforce",
        degraded=(),
        evaluated_at=instant(NOW_MS),
        latency_ms=0.9,
    )


def row_of(decision_id: str, event: Event, body: bytes, origin: Origin) -> DecisionRow:
    return DecisionRow(
        decision_id=decision_id,
        program_id=event.program_id,
        event_id=event.event_id,
        account_id=event.account_id,
        type=event.type,
        occurred_ms=instant_ms(event),
        received_ms=NOW_MS,
        decision="allow",
        shadow_decision=None,
        risk_score=1.25,
        source="detectors",
        policy_version="p1",
        model_version="none",
        origin=origin,
        points=event.points,
        burned=None,
        outcome=None,
        outcome_ms=None,
        answer=body,
    )


DOCUMENT: dict[str, Any] = document(OPERATIONS)
TEMPLATES = sorted(
    ((compile_path(path)[0], path) for path in DOCUMENT["paths"]), key=lambda one: "{" in one[1]
)


@cache
def validator(schema: str) -> Any:
    return jsonschema_rs.validator_for(json.loads(schema) | {"components": DOCUMENT["components"]})


def hold_to_document(response: httpx.Response) -> None:
    """Fail unless the OpenAPI document states this status, media type and body for the operation called."""
    path = next((path for pattern, path in TEMPLATES if pattern.fullmatch(response.request.url.path)), None)
    stated = DOCUMENT["paths"].get(path, {}).get(response.request.method.lower())
    if stated is None:  # no such operation: 404 and 405, and HEAD
        return
    content = stated["responses"][str(response.status_code)].get("content", {})
    media = response.headers.get("content-type", "").partition(";")[0]
    assert set(content) == ({media} if media else set())
    if media.endswith("json"):
        validator(json.dumps(content[media]["schema"])).validate(response.json())


@dataclass
class Service:
    """
    The service under test, and a client for it.

    tokens: scope → a key that has only that scope.
    waits:  how many decisions there were whenever an operation waited for the record to catch up.
    """

    record: MemoryRecord
    scorer: MemoryScorer
    desk: MemoryDesk
    api: Api
    app: Any
    tokens: dict[str, str]
    now_ms: list[int]
    lists_changed: list[int]
    webhooks: MemoryWebhooks
    measured: list[tuple[str, str, int, float]]
    waits: list[int]
    cases: MemoryCases
    closed: set[tuple[str, str]]

    def add_key(self, *scopes: str, **rest: Any) -> str:
        wanted = {"program_id": "default", "now_ms": NOW_MS} | rest
        minted = mint(name=f"key-{len(self.record.api_keys)}", scopes=scopes, **wanted)
        self.record.api_keys[minted.row.key_id] = minted.row
        return minted.token

    async def call(self, method: str, path: str, scope: str | None = None, **rest: Any) -> httpx.Response:
        """Call a path with the key of that scope; what comes back is held to the OpenAPI document."""
        headers = dict(rest.pop("headers", {}))
        if scope is not None:
            headers.setdefault("Authorization", f"Bearer {self.tokens[scope]}")
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://earnest.test") as client:
            response = await client.request(method, path, headers=headers, **rest)
        hold_to_document(response)
        return response

    async def post(
        self, path: str, scope: str, body: bytes, media: str = "application/json"
    ) -> httpx.Response:
        return await self.call("POST", path, scope, content=body, headers={"Content-Type": media})


@pytest.fixture
def service() -> Service:
    record = MemoryRecord()
    scorer = MemoryScorer(record)
    desk = MemoryDesk(NOW_MS)
    now_ms, changes, measured, waits = [NOW_MS], [], [], []
    numbers = iter(range(10**9))

    async def explain(program_id, decision_id, audience, locale):
        row = record.decision(program_id, decision_id)
        if row is None:
            return None
        changed = (Counterfactual("points over 10,000", "review"),)
        return Explanation(
            decision_id=decision_id, audience=audience, locale=locale, decision=row.decision,
            source="detectors", summary="Nothing stood out.", applied=(), would_change=changed,
            policy_version="p1",
            model_version="none",
        )  # fmt: skip

    async def links(program_id, account_id):
        return None if record.account(program_id, account_id) is None else Links(None, ())

    def overview(program_id, account_id, scope, now_ms):
        assert scope == EVERYTHING
        assert now_ms > 0
        row = record.account(program_id, account_id)
        usual = Earning((Stretch(0, 1, 2),), 500.0, 350.0)
        linked = Linked("m-9", 0.9, (("device", "same", 3.0),), 1, "household")
        return None if row is None else Overview(
            program_id, account_id, row, None, {"email": "m•••@s•••.com"}, usual,
            [Balance(1, "dec_1", 5, estimated=True)], [linked], {}, [], [], [], [], [], [],
        )  # fmt: skip

    async def lists_changed():
        changes.append(1)

    async def unready():
        return ["the record does not answer"] if scorer.away else []

    async def metrics():
        return b"# HELP earnest_up 1\nearnest_up 1\n"

    async def caught_up():
        waits.append(len(record.rows))

    def digest(program_id: str, kind: str, value: str) -> bytes:
        if kind == "ip" and "." not in value and ":" not in value:
            raise ValueError
        return blake2b(f"{program_id}|{kind}|{value}".encode(), digest_size=8).digest()

    def new_id(prefix: str) -> str:
        return f"{prefix}_{next(numbers):08d}"

    webhooks = MemoryWebhooks(lambda: now_ms[0], new_id)
    closed: set[tuple[str, str]] = set()
    said, kept_cases = MemoryFeedback(record), MemoryCases()
    api = Api(
        scorer=scorer,
        record=record,
        gate=Gate(record.key, lambda: now_ms[0]),
        clock=lambda: now_ms[0],
        explain=explain,
        links=links,
        overview=overview,
        entity_digest=digest,
        policy=lambda program_id: msgspec.json.encode({"version": "p1", "program_id": program_id}),
        unready=unready,
        metrics=metrics,
        caught_up=caught_up,
        new_id=new_id,
        desk=desk,
        webhooks=webhooks.desk,
        step_ups=MemoryStepUps(record),
        enroller=enroller_of(lambda: now_ms[0], new_id),
        locks=MemoryLocks(),
        is_closed=lambda program_id, account_id: (program_id, account_id) in closed,
        cases=CaseDesk(kept_cases, lambda: now_ms[0]),
        feedback=FeedbackDesk(said, lists_changed, digest, lambda: now_ms[0], new_id),
        heard=said,
        who=lambda caller: Who(caller.principal.key_id),
        measured=lambda *seen: measured.append(seen),
    )
    built = Service(
        record, scorer, desk, api, http_app(api), {}, now_ms, changes, webhooks, measured, waits, kept_cases, closed,
    )  # fmt: skip
    built.tokens = {scope: built.add_key(scope) for scope in ("score", "events", "tokens", "read", "admin")}
    return built


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
