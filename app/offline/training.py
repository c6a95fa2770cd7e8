"""From history, or from the record, to a model: what is read, who is drawn, what is learned, what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import polars as pl

from app.offline.columns import AT, METADATA
from app.offline.event_files import EventFiles
from app.offline.known_fraud import is_fraud
from app.offline.learning import Learner, Notes
from app.offline.looking import ROLE, WANTED, look_side_by_side
from app.offline.sampling import MEMBER, SAMPLED_EVENTS, TICKET, Draw, draw
from app.offline.strangers import STRANGERS, Overheard, overheard
from app.offline.usual import usual, with_usual
from app.offline.window import Counted, counted
from app.policy.file import PolicyFile
from detectors.forest.artefact import Artefact
from detectors.forest.card import Usual
from detectors.forest.fit import DUTY, ForestSettings

Progress = Callable[[str, int, int], None]
"""Told (what is being done, how much of it is done, of how much)."""


SHARDS: Final = 2
"""Processes that look at once. A number of its own, so that the same model comes of it on any machine."""
SHARD_EVENTS: Final = 20_000
"""Of fewer events nothing is gained by starting processes, which takes a second."""


class Plan(NamedTuple):
    """
    How to train.

    until:    only events before this instant; None for all.
    fraud:    event_id, account_id of what is known to be fraud, not to be learned (see `known_fraud`).
    seed:     the same history and seed give the same model.
    region:   ISO 3166-1 alpha-2 country of profiles that name none.
    usual:    for training on the record: what the model that scored it had learned (see `usual`).
    most:     events learned from, about.
    strangers: events of others looked at to know who shares what, at most.
    shard_events: from so many events of members on, several processes work.
    settings: of the forests.
    """

    until: datetime | None = None
    fraud: pl.DataFrame | None = None
    seed: int = 0
    region: str | None = None
    usual: tuple[Usual, ...] = ()
    most: int = int(SAMPLED_EVENTS.value)
    strangers: int = int(STRANGERS.value)
    shard_events: int = SHARD_EVENTS
    settings: ForestSettings = DUTY


def train(history: EventFiles, policies: PolicyFile, plan: Plan, progress: Progress) -> Artefact:
    """
    A model of recorded events.

    Args:
        history: The events; read here, if they were not yet.
        policies: In force when it is scored. What is usual in a programme is learned where they do not say it.
        plan: How.
        progress: Told now and then.

    Raises:
        app.offline.row_faults.UnreadableHistory: No row is an event.
        NothingToLearn: No event is before `until`.
        detectors.forest.fit.NothingLearned: Too few for a model.
    """
    rows = history.lazy(progress=lambda done, of: progress("reading", 2 * done, of))
    rows = rows.drop(METADATA).rename({"occurred_at": AT})
    if plan.until is not None:
        rows = rows.filter(pl.col(AT) < plan.until)
    progress("drawing", 0, 1)
    there = count(rows)
    drawn = draw(rows, plan.seed, plan.most)
    own = _wanted(rows, drawn, there.warm, plan.fraud)
    learned = usual(rows)
    shards = _sharded(own, plan.shard_events)
    others = Overheard([], 0)
    if len(shards) > 1 or not drawn.whole:
        others = overheard(rows, there.events, shards, plan.strangers)
        shards = [
            pl.concat([one, other], how="diagonal") for one, other in zip(shards, others.shards, strict=True)
        ]
    progress("drawing", 1, 1)
    done, of = 0, sum(one.height for one in shards)

    def told(some: int) -> None:
        nonlocal done
        done += some
        progress("looking", done, of)

    learner = Learner(plan.seed, plan.settings)
    learner.take(look_side_by_side(shards, with_usual(policies, learned), plan.region, told))
    progress("learning", 0, 1)
    model = learner.model(
        {
            **_notes(history, there, drawn, own, plan),
            "events_of_others": of - own.height,
            "events_of_others_left_out": others.left_out,
        },
        learned,
    )
    progress("learning", 1, 1)
    return model


def count(rows: pl.LazyFrame) -> Counted:
    """One pass over everything. Raises NothingToLearn."""
    at = pl.col(AT)
    days = rows.group_by(at.dt.date().alias("day")).agg(
        pl.len().cast(pl.Int64).alias("events"), at.min().alias("first"), at.max().alias("last")
    )
    return counted(days.collect(engine="streaming"))


def _wanted(rows: pl.LazyFrame, drawn: Draw, warm: datetime, fraud: pl.DataFrame | None) -> pl.DataFrame:
    """Every event of the members drawn; WANTED are those past the warm-up that are not known to be fraud."""
    wanted = pl.col(AT) >= warm
    if fraud is not None and not fraud.is_empty():
        wanted &= ~is_fraud(fraud)
    own = rows.join(drawn.members.lazy(), on=list(MEMBER)).with_columns(
        wanted.alias(WANTED), pl.lit(None, pl.String).alias(ROLE)
    )
    return _filled(own.collect(engine="streaming"))


def _sharded(own: pl.DataFrame, fewest: int) -> list[pl.DataFrame]:
    """The members dealt out, whole, where there is work enough for several processes."""
    if own.height < fewest:
        return [own.drop(TICKET)]
    return [own.filter(pl.col(TICKET) % SHARDS == n).drop(TICKET) for n in range(SHARDS)]


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns in which no row has anything."""
    kept = [name for name in frame.columns if name == ROLE or frame[name].null_count() < frame.height]
    return frame.select(*kept, pl.col(AT).alias("occurred_at"))


def _notes(history: EventFiles, there: Counted, drawn: Draw, own: pl.DataFrame, plan: Plan) -> Notes:
    fraud = own.filter(is_fraud(plan.fraud)).height if plan.fraud is not None else 0
    return {
        "source": "files",
        "rows_read": history.rows,
        "rows_refused": history.faulty_rows,
        "rows_repeated": history.duplicates,
        "events": there.events,
        "events_by_month": there.months,
        "from": there.first.isoformat(),
        "until": there.last.isoformat(),
        "learned_from": there.warm.isoformat(),
        "members": drawn.of,
        "members_drawn": drawn.members.height,
        "members_too_busy": drawn.busy,
        "events_of_members": own.height,
        "events_known_fraud": fraud,
    }
