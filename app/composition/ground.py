"""What every room of a web worker stands on: the settings, the keys, both stores, the policy, and how events are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from sqlalchemy import Engine

from app.journal import Journal
from app.keys import derive, master_key
from app.pages.origin import origin_of
from app.policy.file import PolicyFile
from app.seal import Seal
from app.settings import Settings
from app.sighting import Sighter
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord, open_engine
from app.store.valkey import ValkeyHistory
from tokens.passkeys import Site

SPOOLING_MS: Final = 15
"""Of the deadline are kept for the disk, should the hot store not answer the second question."""


@dataclass(frozen=True, slots=True)
class Ground:
    """
    Made once a process.

    master: the key that all others are derived from.
    engine: of the record, which is one of the stores in its database.
    pipeline: to the hot store, whose history is one of its uses.
    file: the policy in force.
    """

    settings: Settings
    master: bytes
    engine: Engine
    record: SqlRecord
    pipeline: Pipeline
    history: ValkeyHistory
    file: PolicyFile
    sighter: Sighter
    journal: Journal

    @classmethod
    def of(cls, settings: Settings, file: PolicyFile) -> Self:
        """From the settings alone; nothing is connected yet."""
        master, engine = master_key(settings), open_engine(settings.record_url)
        pipeline = Pipeline(settings.hot_url, timeout_s=settings.hot_timeout_ms / 1_000)
        return cls(
            settings,
            master,
            engine,
            SqlRecord(engine, Seal(derive(master, "record"))),
            pipeline,
            ValkeyHistory(pipeline, _rest_of_the_deadline_s(settings)),
            file,
            Sighter(master, settings.home_country),
            Journal(master),
        )

    @property
    def base(self) -> str:
        """Of every link that leaves the house; empty where there is no public address."""
        return (self.settings.public_url or "").rstrip("/")

    @property
    def host(self) -> str:
        """As members read it in a letter."""
        return urlsplit(self.base).netloc

    @property
    def site(self) -> Site:
        """Where passkeys are made and used."""
        return Site(urlsplit(self.base).hostname or "localhost", origin_of(self.base))


def _rest_of_the_deadline_s(settings: Settings) -> float:
    """Patience with the second round trip: what the first may have left of the deadline, 5 ms at least."""
    return max(settings.fallback_deadline_ms - settings.hot_timeout_ms - SPOOLING_MS, 5) / 1_000
