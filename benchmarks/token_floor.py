"""The floor under issuing: in one process, sign a token and insert one row durably, and nothing else."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

from app.clock import system_clock
from app.store.sql import open_engine
from benchmarks.durable import Databases
from benchmarks.sending import Sent
from tokens.claims import new_claims, token_hash
from tokens.key_store import StoredKey
from tokens.keyring import Keyring
from tokens.signer import Signer

CREATE = {
    "sqlite": "CREATE TABLE floor (token_hash BLOB PRIMARY KEY, text TEXT NOT NULL)",
    "postgresql": "CREATE TABLE floor (token_hash BYTEA PRIMARY KEY, text TEXT NOT NULL)",
}
INSERT = {"sqlite": "INSERT INTO floor VALUES (?, ?)", "postgresql": "INSERT INTO floor VALUES (%s, %s)"}
LIFE_S = 259_200
"""Of the tokens signed: the default, 72 h."""


def floor(databases: Databases, kind: str, folder: Path, *, threads: int, seconds: float) -> Sent:
    """So many threads on an empty database, each with a connection set up as the ledger's; a row is one commit."""
    url, signer = databases.empty(kind, folder), _signer()
    engine = open_engine(url)
    dialect = engine.dialect.name
    with engine.begin() as connection:
        connection.exec_driver_sql(CREATE[dialect])
    engine.dispose()
    ready = Barrier(threads)

    def work(_: int) -> tuple[float, float, list[float]]:
        own = open_engine(url)
        connection: Any = own.raw_connection()
        if dialect == "postgresql":
            connection.driver_connection.autocommit = (
                True  # as the engine sets SQLite: the row is the transaction
            )
        cursor, took = connection.cursor(), list[float]()
        ready.wait()
        began = now = time.perf_counter()
        while now < began + seconds:
            claims = new_claims("00000000", "reward_link", "default", system_clock(), None, LIFE_S)
            cursor.execute(INSERT[dialect], (token_hash(claims.jti), signer.sign(claims, system_clock())))
            before, now = now, time.perf_counter()
            took.append((now - before) * 1e3)
        connection.close()
        own.dispose()
        return began, now, took

    with ThreadPoolExecutor(threads) as pool:
        done = list(pool.map(work, range(threads)))
    ms = [one for _, _, took in done for one in took]
    took_s = max(ended for _, ended, _ in done) - min(began for began, _, _ in done)
    return Sent(took_s, range(len(ms)), ms, ())


def _signer() -> Signer:
    now_ms = system_clock()
    ring = Keyring([StoredKey("00000000", "sign", secrets.token_bytes(32), now_ms, 0, now_ms + 86_400_000)])
    return Signer(lambda: ring)
