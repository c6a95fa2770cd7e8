"""
How long another process waits to write while the worker catches up with a backlog of the console's figures.

    python -m benchmarks.console_chores DATABASE_URL [seconds]

Wants a record filled by `benchmarks.console_fill` that no worker has read to its end. The worker's own chores read it for
so many seconds; a second process commits one label after the other, as a colleague's click does. Told are the
transactions of the chores, from their lock to their commit, and the writer's: from its wish to its commit.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from typing import Any, Final

import msgspec
from sqlalchemy import event

from app.sighting import Sighter
from app.store.sql import open_engine
from app.store.sql.dialect import insert_rows
from app.store.sql.reach import writing
from app.store.sql.tables import labels
from app.worker.chores import beside, sleep
from app.worker.reviewing import reviewing_chores
from benchmarks.console_fill import MASTER, PROGRAM
from benchmarks.machine import machine

SECONDS: Final = 20.0
PAUSE_S: Final = 0.005
"""Of the writer, between two commits."""


def told(name: str, took_ms: list[float]) -> None:
    """Print how many there were, the median, the 99th percentile and the longest."""
    late = statistics.quantiles(took_ms, n=100)[-1]
    median, longest = statistics.median(took_ms), max(took_ms)
    print(f"{name:<22}{len(took_ms):7,}{median:9.1f} ms{late:9.1f} ms{longest:9.1f} ms", flush=True)


def write_on(url: str, seconds: float) -> list[float]:
    """Commit labels of events that are not there; the milliseconds each took."""
    engine, ends = open_engine(url), time.perf_counter() + seconds
    took: list[float] = []
    row: dict[str, Any] = {
        "program_id": PROGRAM, "account_id": None, "label": "fraud", "typology": None, "source": "analyst",
        "labelled_ms": 1, "labelled_by": "user:usr_1",
    }  # fmt: skip
    while (began := time.perf_counter()) < ends:
        name = f"{os.getpid()}-{len(took)}"
        with writing(engine) as connection:
            one = row | {"label_id": f"lbl_{name}", "event_id": f"nobody-{name}"}
            insert_rows(connection, labels, [one])
        took.append(1_000 * (time.perf_counter() - began))
        time.sleep(PAUSE_S)
    engine.dispose()
    return took


async def catch_up(url: str, seconds: float) -> list[float]:
    """Do the chores as the worker does; the milliseconds of each of their transactions that wrote."""
    engine, took = open_engine(url), []
    began: dict[int, float] = {}

    def begun(connection: Any) -> None:
        if connection.dialect.name == "postgresql" or "begin" in connection.get_execution_options():
            began[id(connection.connection.dbapi_connection)] = time.perf_counter()

    def ended(raw: Any, _record: object) -> None:
        if (at := began.pop(id(raw), None)) is not None:
            took.append(1_000 * (time.perf_counter() - at))

    event.listen(engine, "begin", begun)
    event.listen(engine, "checkin", ended)
    stopping = asyncio.Event()
    async with beside(reviewing_chores(MASTER, engine, Sighter(MASTER, "DE")), stopping):
        await sleep(stopping, seconds)
    engine.dispose()
    return took


def main(url: str, seconds: float = SECONDS) -> None:
    """Measure both, beside each other."""
    print(f"{machine()}; {open_engine(url).dialect.name}; load {os.getloadavg()[0]:.1f}")
    words = sys.executable, "-m", "benchmarks.console_chores", url, str(seconds), "write"
    with subprocess.Popen(words, stdout=subprocess.PIPE) as writer:
        chores = asyncio.run(catch_up(url, seconds))
        waited = msgspec.json.decode(writer.communicate()[0], type=list[float])
    print(f"{'':<22}{'times':>7}{'median':>12}{'99 %':>12}{'longest':>12}")
    told("chores, one commit", chores)
    told("another writer", waited)


if __name__ == "__main__":
    at, within = sys.argv[1], float((sys.argv[2:] or [str(SECONDS)])[0])
    if sys.argv[3:] == ["write"]:
        sys.stdout.buffer.write(msgspec.json.encode(write_on(at, within)))
    else:
        main(at, within)
