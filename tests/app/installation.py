"""A whole installation in one process: a real Valkey, a real record, the default policy, and a clock to set."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from app.journal import Journal
from app.keys import derive
from app.outcomes import Outcomes
from app.policy.file import DEFAULT_FILE, PolicyFile, load
from app.rulebook import Rulebook
from app.scoring import Scorer
from app.seal import Seal
from app.sighting import Sighter
from app.spool import Spool
from app.store.packing import PARTITIONS, ROLES, is_entity, unpack_entity
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord
from app.store.sql.audit import Audit
from app.store.valkey import ValkeyHistory
from app.worker import filters
from app.worker.despooling import Despooler
from app.worker.recorder import Recorder
from tests.app.store.sightings import NOW_MS, plain

MASTER = bytes(range(32))
ROLE_OF = {letter: role for role, letter in reversed(ROLES.items())}


def difference(
    here: dict[bytes, dict[str, Any]], there: dict[bytes, dict[str, Any]]
) -> list[tuple[Any, ...]]:
    """What two dumps of all entities do not agree in, so that a failure can be read."""
    found: list[tuple[Any, ...]] = [("only in one", key) for key in here.keys() ^ there.keys()]
    for key in here.keys() & there.keys():
        found += [
            (key, part, here[key][part], there[key][part])
            for part in here[key]
            if here[key][part] != there[key][part]
        ]
    return found


@dataclass
class Installation:
    """Everything of one process, as app.main and app.worker put it together."""

    pipeline: Pipeline
    engine: Engine
    directory: Path
    now_ms: int = NOW_MS
    journal: Journal = field(default_factory=lambda: Journal(MASTER))
    sighter: Sighter = field(default_factory=lambda: Sighter(MASTER, "DE"))
    policy: PolicyFile = field(default_factory=lambda: load(DEFAULT_FILE))

    def __post_init__(self) -> None:
        self.history = ValkeyHistory(self.pipeline)
        self.audit = Audit(derive(MASTER, "audit"))
        self.record = SqlRecord(self.engine, Seal(derive(MASTER, "record")), self.audit)
        self.spool = Spool(self.directory / "spool", self.journal)
        rulebook = Rulebook(self.policy, self.record, self.sighter)
        self.scorer = Scorer(
            self.history, self.record, self.sighter, rulebook, self.journal, self.spool, self.clock,
            time.perf_counter,
        )  # fmt: skip
        self.outcomes = Outcomes(self.history, self.record, self.sighter, self.journal, self.clock)
        self.recorder = Recorder(self.pipeline, self.record, self.journal, self.sighter, self.clock)
        self.despooler = Despooler(
            self.spool, self.pipeline, self.record, self.sighter, self.journal, self.clock
        )

    def clock(self) -> int:
        """The instant that the test says it is."""
        return self.now_ms

    async def begin(self) -> None:
        """An empty hot store learns that it holds everything there is."""
        await filters.ensure(self.pipeline, self.record, self.sighter)
        await self.pipeline.execute("HSET", "state", "complete", 1)

    async def drain(self) -> int:
        """Let the worker record what waits; how many entries that was."""
        recorded = 0
        while step := await self.recorder.step():
            recorded += step
        return recorded

    async def dead_letters(self) -> list[bytes]:
        """What was set aside, sealed."""
        found = [await self.pipeline.execute("XRANGE", b"dead" + tag, "-", "+") for tag in PARTITIONS]
        return [fields[1] for entries in found for _, fields in entries]

    async def entities(self) -> dict[bytes, dict[str, Any]]:
        """Every entity of the hot store, decoded; peers in the order of their keys."""
        keys = [key for key in await self.pipeline.execute("KEYS", "*") if is_entity(key)]
        found = {}
        for key in sorted(keys):
            entity = plain(
                unpack_entity(ROLE_OF[key[:1]], await self.pipeline.execute("HGETALL", key), NOW_MS)
            )
            entity["peers"] = {role: sorted(peers) for role, peers in entity["peers"].items()}
            found[key] = entity
        return found
