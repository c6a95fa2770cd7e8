"""A record with a few accounts in it, the console's rooms over it, and windows for whoever is signed in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from app.charts.drawing import DrawingRoom
from app.composition.cases import Cases
from app.composition.console import sql_users
from app.composition.record_rooms import record_rooms
from app.composition.reviewing import Reviewing, reviewing
from app.console.colleagues import Colleagues
from app.console.frame import Room
from app.explaining import Explainer
from app.feedback.desk import FeedbackDesk
from app.keys import derive
from app.locking.switch import Switch
from app.model_shelf import Shelf
from app.policy.file import DEFAULT_FILE, load
from app.ports.journal import Decided
from app.reviewing.auditing import Asked
from app.seal import Seal
from app.sighting import Sighter
from app.store.sql import SqlRecord
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.cases import CaseOpener
from app.store.sql.feedback import SqlFeedback
from app.store.sql.locks import SqlLocks
from app.store.sql.reviewing.gathering import SqlGathering
from detectors.event import Device, Event, Profile
from tests.app.console.window import NOW_MS, Window, a_viewer

MASTER = bytes(range(32))
ODD = 'a/b ../ü%2F"<script>alert(1)</script>'
"""An id that stands for all odd ones."""
ANSWER = (
    b'{"decision_id":"%s","event_id":"%s","account_id":"m-1","decision":"%s","risk_score":71.5,"risk_level":"high",'
    b'"source":"detectors","detectors":{},"reasons":[{"code":"NEW_DEVICE_SPENDS","detector":"takeover",'
    b'"contribution":0.7,"message":"<b>A new device spends</b>","evidence":{},"member_text":"x"}],"actions":[],'
    b'"linked_accounts":{"count":0},"policy_version":"p","model_version":"m","mode":"enforce","degraded":[],'
    b'"evaluated_at":"2026-01-01T00:00:00Z","latency_ms":1}'
)
START = datetime.fromtimestamp(NOW_MS / 1_000, UTC) - timedelta(days=40)


class Silent:
    """The hot store, as far as locks tell it."""

    def __init__(self) -> None:
        self.locks: list[Any] = []

    async def lock(self, *given: Any) -> None:
        self.locks.append(given)


async def told() -> None:
    """Every worker reads again."""


@dataclass
class Kept:
    """An installation's record and what the console reads of it."""

    engine: Engine
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**6)))

    def __post_init__(self) -> None:
        self.sighter, self.file = Sighter(MASTER, "DE"), load(DEFAULT_FILE)
        self.audit, seal = Audit(derive(MASTER, "audit")), Seal(derive(MASTER, "record"))
        self.keys = AccountKeys(seal)
        self.record = SqlRecord(self.engine, seal, self.audit)
        explain = Explainer(self.record, self.file).explain
        self.review: Reviewing = reviewing(
            MASTER, self.engine, self.record, self.file, self.sighter, explain, Shelf(DEFAULT_FILE.parent / "none")
        )  # fmt: skip
        self.review = replace(self.review, room=DrawingRoom(ThreadPoolExecutor(1), patience_s=60))
        self.cases = Cases(MASTER, self.engine, self.file)
        self.feedback = FeedbackDesk(
            SqlFeedback(self.engine, seal, self.keys, self.audit), told, self.sighter.digest,
            lambda: NOW_MS, lambda prefix: f"{prefix}_{next(self.numbers)}",
        )  # fmt: skip
        self.hot = Silent()
        opener: CaseOpener = self.cases.opener
        locks = SqlLocks(self.engine, self.keys, self.audit, opener)
        self.switch = Switch(locks, self.hot, self.sighter.digest, lambda: NOW_MS)  # type: ignore[arg-type]
        self.users = sql_users(self.engine, MASTER)
        self.closed: set[tuple[str, str]] = set()

    def rooms(self) -> list[Room]:
        """Of accounts, decisions, lists and the audit."""
        return record_rooms(
            self.review, self.cases, self.feedback, self.switch, self.engine, self.is_closed,
            Colleagues(self.users),
        )  # fmt: skip

    def is_closed(self, program_id: str, account_id: str) -> bool:
        """Whether two people closed it: in tests it is said."""
        return (program_id, account_id) in self.closed

    def window(self, role: str = "senior", **given: Any) -> Window:
        """Somebody's."""
        return Window(self.rooms(), a_viewer(role, **given))

    def put(self, *entries: Decided) -> None:
        """Into the record, and gathered."""
        self.record.append(list(entries))
        gathering = SqlGathering(self.engine, self.keys, self.sighter)
        while gathering.step(500):
            pass

    def notes(self) -> list[tuple[str, str, str]]:
        """Event, subject and detail of the audit, oldest first."""
        return [
            (row.event, row.subject, row.detail)
            for row in reversed(self.review.audits.page(Asked(), None, 1_000).rows)
        ]


def entry(n: int, account_id: str = "m-1", **given: Any) -> Decided:
    """The n-th decision; what matters is given by name."""
    decision = given.pop("decision", "allow")
    event = {
        "event_id": f"e-{n}", "type": "earn", "occurred_at": START + timedelta(days=n), "account_id": account_id,
        "points": 100, "device": Device(id="d-shared"), "ip": "203.0.113.7",
    } | given  # fmt: skip
    answer = ANSWER % (f"dec_{n}".encode(), f"e-{n}".encode(), decision.encode())
    made = Event(**event)
    return Decided(
        decision_id=f"dec_{n}", event=made, body_hash=n.to_bytes(16, "big"), answer=answer, origin="decision",
        received_ms=NOW_MS, decision=decision, shadow_decision=None, risk_score=71.5, source="detectors",
        policy_version="p", model_version="m",
        burned=made.points if made.type == "redeem" and decision == "allow" else None,
        account_key=Sighter(MASTER, "DE").digest(made.program_id, "account", account_id),
    )  # fmt: skip


PERSON = Profile(
    email="mira@shop.example", phone="+4915112345678", given_name="Mira", city="Köln", country="DE"
)


def filled(engine: Engine) -> Kept:
    """Some accounts: one that did a lot, one that shares its device, one of an odd id, one of another programme."""
    kept = Kept(engine)
    kept.put(
        entry(1, type="signup", points=None, profile=PERSON, store_id="s-1"),
        *(entry(n, points=100 * n, store_id="s-1") for n in range(2, 8)),
        entry(8, type="redeem", points=900, decision="challenge", store_id="s-1"),
        entry(9, type="redeem", points=400, store_id="s-2"),
        entry(10, "m-2", store_id="s-2"),
        entry(11, ODD),
        entry(12, "m-9", program_id="other", device=None),
    )
    return kept
