"""Two web workers over one hot store and each database, and the desk that people speak at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.answers import Decided200
from app.feedback.desk import FeedbackDesk, LabelWish, PairWish
from app.keys import derive
from app.seal import Seal
from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.feedback import SqlFeedback
from app.store.telling import Telling
from detectors.event import Device, Event
from tests.app.installation import MASTER, Installation
from tokens.who import Who

ANALYST = Who("user:ana")


@dataclass
class House:
    """Two workers that answer in turn; whatever one is told the other must mind."""

    workers: list[Installation]
    desk: FeedbackDesk
    numbers: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.turns = cycle(self.workers)

    @property
    def first(self) -> Installation:
        return self.workers[0]

    async def event(self, account_id: str, kind: str = "signup", **given: Any) -> dict[str, Any]:
        """The answer to one event of this account, by whichever worker's turn it is."""
        worker = next(self.turns)
        for one in self.workers:
            one.now_ms += 60_000
        device = given.pop("device", None)
        event = Event(
            event_id=f"e-{next(self.numbers)}",
            type=kind,
            account_id=account_id,
            occurred_at=datetime.fromtimestamp(worker.now_ms / 1_000, UTC),
            device=None if device is None else Device(id=device),
            **({"channel": "app"} | given),
        )
        answer = await worker.scorer.decide(event, "decision")
        assert isinstance(answer, Decided200)
        return {**msgspec.json.decode(answer.body), "event_id": event.event_id}

    async def judge(self, verdict: str, *accounts: str, expires_ms: int | None = None) -> str:
        wish = PairWish("default", accounts, verdict, "they called", "Ana", expires_ms)
        return (await self.desk.judge_pair(wish, ANALYST)).text

    async def label(self, label: str, account_id: str | None = None, **given: Any) -> str:
        wish = LabelWish("default", label, "analyst", "Ana", account_id, **given)
        return (await self.desk.label(wish, ANALYST))[1].text

    async def record(self) -> None:
        await self.first.drain()


def codes(answer: dict[str, Any]) -> set[str]:
    """The reason codes of an answer."""
    return {reason["code"] for reason in answer["reasons"]}


def alike(answer: dict[str, Any]) -> set[str]:
    """Those that say whose hand it is."""
    return {code for code in codes(answer) if code.startswith(("DUPLICATE", "SIGNUP_FARM", "REFERRED"))}


@pytest.fixture
async def house(pipeline: Pipeline, database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    engines = [open_engine(database_url), open_engine(database_url)]
    workers = [
        Installation(pipeline, engine, tmp_path / str(number)) for number, engine in enumerate(engines)
    ]
    await workers[0].begin()
    seal = Seal(derive(MASTER, "record"))
    store = SqlFeedback(engines[0], seal, AccountKeys(seal), workers[0].audit)
    ids = count(1)
    desk = FeedbackDesk(
        store, Telling(pipeline, workers[0].record).tell, workers[0].sighter.digest, workers[0].clock,
        lambda prefix: f"{prefix}_{next(ids)}",
    )  # fmt: skip
    yield House(workers, desk)
    for engine in engines:
        engine.dispose()
