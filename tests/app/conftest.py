"""Journal entries to put in, and a whole installation to put them into."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.ports.journal import Decided, OutcomeTold
from app.settlement import effect_of
from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from detectors.event import Event, instant_ms
from tests.app.installation import Installation

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
async def installation(pipeline: Pipeline, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    """Empty, and knowing that it is complete."""
    engine = open_engine(sqlite_url)
    built = Installation(pipeline, engine, tmp_path)
    await built.begin()
    yield built
    engine.dispose()


@pytest.fixture(scope="session")
def decided() -> Callable[..., Decided]:
    """A function that makes the n-th decision; what matters to a test is given by name."""

    def make(n: int, **given: Any) -> Decided:
        event = {
            "event_id": f"e-{n}",
            "type": "earn",
            "occurred_at": START + timedelta(seconds=n),
            "account_id": "m-1",
            "points": 100,
        }
        event |= {name: given.pop(name) for name in list(given) if name in Event.__struct_fields__}
        entry = {
            "decision_id": f"dec_{n}",
            "body_hash": n.to_bytes(16, "big"),
            "answer": b'{"n": %d,  "as sent": "\xc3\xa9"}' % n,
            "origin": "decision",
            "received_ms": 1_772_366_400_000 + n,
            "decision": "allow",
            "shadow_decision": None,
            "risk_score": 12.34,
            "source": "detectors",
            "policy_version": "p1",
            "model_version": "m1",
            "burned": event["points"] if event["type"] == "redeem" else None,
        }
        return Decided(event=Event(**event), **(entry | given))

    return make


@pytest.fixture(scope="session")
def told() -> Callable[..., OutcomeTold]:
    """A function that makes an outcome of a decision, of which the points are burned by then or are not."""

    def make(entry: Decided, outcome: str, told_ms: int = 1, *, burned: bool | None = None) -> OutcomeTold:
        event = entry.event
        burned = entry.burned is not None if burned is None else burned
        return OutcomeTold(
            decision_id=entry.decision_id,
            program_id=event.program_id,
            account_id=event.account_id,
            event_id=event.event_id,
            outcome=outcome,
            told_ms=told_ms,
            told_by="till",
            occurred_ms=instant_ms(event),
            points=event.points or 0,
            effect=effect_of(outcome, redeemed=event.type == "redeem", burned=burned),
        )

    return make
