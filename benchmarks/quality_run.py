"""What the quality figures are taken from: a history, a model of it without labels, every event decided by both.

Each run is a process's work from its seed alone, so that two can be under way at once.
"""

from __future__ import annotations

import gc
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from app.demo.programme import generate, write
from app.offline.event_files import EventFiles
from app.offline.replay_rows import LINKS, Rows
from app.offline.replaying import Replayer, private_sighter
from app.offline.training import Plan, train
from app.policy.file import DEFAULT_FILE, load
from detectors.forest.segmented import SegmentedForest

END: Final = datetime(2025, 10, 9, tzinfo=UTC)
"""Where every invented history ends; before the present, as history is."""
DAYS: Final = 365
SCORED_DAYS: Final = 120
"""The days whose decisions count: the last of them. What was before is only remembered, and learned from."""
FRAUD: Final = 0.02
"""Incidents per member in 120 days: with 3,000 members two or three of each typology a seed in the days scored."""
MODEL_SEED: Final = 0
LOYALTYGEN: Final = Path(__file__).parents[2] / "shared" / "data"


class Run(NamedTuple):
    """
    One history, decided.

    rows:    of the days scored, as `earnest replay` writes them.
    labels:  of the same days.
    members: account_id and traits; None where nobody knows them.
    took:    what was done → seconds.
    """

    rows: pl.DataFrame
    labels: pl.DataFrame
    members: pl.DataFrame | None
    took: dict[str, float]


def invented(seed: int, members: int) -> Run:
    """A programme of this seed, a model of all before the days scored, and the decisions of those days."""
    began = time.perf_counter()
    end_ms = int(END.timestamp()) * 1_000
    with tempfile.TemporaryDirectory(prefix="earnest-quality-") as name:
        folder = Path(name)
        write(generate(seed=seed, members=members, days=DAYS, end_ms=end_ms, fraud_share=FRAUD), folder)
        made = time.perf_counter() - began
        labels, who = (pl.read_parquet(folder / f"{what}.parquet") for what in ("labels", "members"))
        rows, took = decided(folder / "events.parquet", END - timedelta(days=SCORED_DAYS))
    scored = labels.join(rows.select("event_id"), on="event_id", how="semi")
    return Run(rows, scored, who, {"inventing": made, **took})


def loyaltygen() -> Run | None:
    """The public generator's programme, learned and decided as a whole; None where it is not there."""
    events, labels = (LOYALTYGEN / f"loyaltygen_{what}.parquet" for what in ("events", "labels"))
    if not (events.exists() and labels.exists()):
        return None
    rows, took = decided(events, None)
    return Run(rows, pl.read_parquet(labels), None, took)


def decided(events: Path, since: datetime | None) -> tuple[pl.DataFrame, dict[str, float]]:
    """
    Rows of `earnest replay --score-from since`, by a model of `earnest train --until since`, and seconds of each.

    None for `since` learns from everything and scores everything.
    """
    policy, rows = load(DEFAULT_FILE), Rows()
    with EventFiles([events]) as history:
        began = time.perf_counter()
        model = train(history, policy, Plan(until=since, seed=MODEL_SEED), lambda *_: None)
        trained = time.perf_counter()
        replayer = Replayer(policy, private_sighter(), SegmentedForest(model))
        gc.disable()  # as `earnest replay` does: there are no cycles, and the state only grows
        for event in history.events():
            replayed = replayer.take(event)
            if since is None or event.occurred_at >= since:
                rows.add(event, replayed)
        gc.enable()
    took = {"training": trained - began, "replaying": time.perf_counter() - trained}
    return rows.take().drop(LINKS), took
