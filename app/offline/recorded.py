"""From the record to a model: the vectors that were scored live, as they are, so nothing is computed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import log1p
from typing import Final, Protocol

import numpy as np
import polars as pl

from app.offline.columns import AT
from app.offline.known_fraud import FRAUD
from app.offline.learning import Learner
from app.offline.looking import Vectors
from app.offline.training import Plan, Progress
from app.offline.window import counted
from app.store.sql.vectors import Day, Scored
from detectors.forest.artefact import Artefact
from detectors.forest.features import NAMES, SETTLED_DAYS
from detectors.forest.gathering import Segment
from detectors.forest.model import Row

VECTOR_BYTES: Final = 4 * len(NAMES)
FOREVER_MS: Final = 2**62
_AGE: Final = NAMES.index("age")
_SETTLED: Final = np.float32(log1p(SETTLED_DAYS))

Named = set[tuple[str, str]]
"""Programme and event, or programme and account."""


class Scores(Protocol):
    """What is asked of the record; `app.store.sql.vectors.VectorRecord` answers."""

    def days(self, before_ms: int) -> Sequence[Day]: ...
    def scored(self) -> Iterator[Sequence[Scored]]: ...
    def labelled(self, label: str) -> tuple[Named, Named]: ...


def train_on_record(record: Scores, plan: Plan, progress: Progress) -> Artefact:
    """
    A model of what was scored live.

    Args:
        record: Where it is kept.
        plan: How. What the record's own labels say is fraud is left out beside `plan.fraud`.
        progress: Told now and then.

    Raises:
        app.offline.window.NothingToLearn: Nothing was scored before `until`.
        app.ports.record.RecordAway: The database did not answer.
        detectors.forest.fit.NothingLearned: Too few for a model.
    """
    before_ms = FOREVER_MS if plan.until is None else int(plan.until.timestamp() * 1_000)
    there = counted(_days(record.days(before_ms)))
    warm_ms = int(there.warm.timestamp() * 1_000)
    events, accounts = record.labelled(FRAUD)
    named_events, named_accounts = _names(plan.fraud, "event_id"), _names(plan.fraud, "account_id")
    learner = Learner(plan.seed, plan.settings)
    read = odd = frauds = 0
    for stretch in record.scored():
        read += len(stretch)
        fit = [one for one in stretch if len(one.vector) == VECTOR_BYTES]
        odd += len(stretch) - len(fit)
        lately = [one for one in fit if warm_ms <= one.occurred_ms < before_ms]
        honest = [
            one
            for one in lately
            if (one.program_id, one.event_id) not in events
            and (one.program_id, one.account_id) not in accounts
            and one.event_id not in named_events
            and one.account_id not in named_accounts
        ]
        frauds += len(lately) - len(honest)
        learner.take(_vectors(honest))
        progress("reading", min(read, there.events), there.events)
    progress("learning", 0, 1)
    model = learner.model(
        {
            "source": "record",
            "rows_read": read,
            "rows_refused": odd,
            "events": there.events,
            "events_by_month": there.months,
            "from": there.first.isoformat(),
            "until": there.last.isoformat(),
            "learned_from": there.warm.isoformat(),
            "events_known_fraud": frauds,
        },
        plan.usual,
    )
    progress("learning", 1, 1)
    return model


def segment_of(program_id: str, kind: str, vector: Row) -> Segment:
    """Whom an event is compared with, from its vector: as `detectors.forest.features.segment` says it."""
    return program_id, kind, "settled" if vector[_AGE] >= _SETTLED else "new"


def _days(days: Sequence[Day]) -> pl.DataFrame:
    at = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        {
            "events": pl.Series([day.events for day in days], dtype=pl.Int64),
            "first": pl.Series([_instant(day.first_ms) for day in days], dtype=at),
            "last": pl.Series([_instant(day.last_ms) for day in days], dtype=at),
        }
    )


def _vectors(some: Sequence[Scored]) -> Vectors:
    matrix = np.frombuffer(b"".join(one.vector for one in some), "<f4").reshape(-1, len(NAMES))
    keys = pl.DataFrame(
        {
            AT: pl.Series([one.occurred_ms for one in some], dtype=pl.Int64).cast(pl.Datetime("ms", "UTC")),
            "event_id": pl.Series([one.event_id for one in some], dtype=pl.String),
            "program_id": pl.Series([one.program_id for one in some], dtype=pl.String),
        }
    )
    rows = zip(some, matrix, strict=True)
    return Vectors(keys, [segment_of(one.program_id, one.type, row) for one, row in rows], matrix)


def _names(fraud: pl.DataFrame | None, column: str) -> set[str]:
    return set() if fraud is None else set(fraud[column].drop_nulls())


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC)
