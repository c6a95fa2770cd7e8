"""What a report counts in the rows of a replay, so that pictures and tables are small however many events there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Final, NamedTuple

import polars as pl

from detectors.actions import ACTIONS
from detectors.meanings import OWN, known, meaning

ALERT: Final = pl.col("decision") != "allow"
BIN: Final = 5
"""Width of a bar of the risk distribution, in points of risk out of 100."""
DAYS_DRAWN: Final = 130
"""Bars a reader can tell apart, four months of them; a longer period is drawn by weeks."""
WEEKS_DRAWN: Final = 260
"""Five years of them, bars two pixels wide; a longer period (one wrong instant makes one) by more weeks a bar."""
REASONS_SHOWN: Final = 15
SUSPECTS_SHOWN: Final = 20
REASONS_A_SUSPECT: Final = 3
"""More than anybody keeps in mind at a glance."""


class TypeRow(NamedTuple):
    """Decisions on one kind of event: action → events."""

    type: str
    events: int
    actions: dict[str, int]


class ReasonRow(NamedTuple):
    """A reason, in how many alerts it was given, and of how many accounts."""

    code: str
    words: str
    alerts: int
    accounts: int


class Suspect(NamedTuple):
    """An account among the most suspicious: its worst event and all its alerts. `points` were not allowed."""

    account_id: str
    risk: float
    alerts: int
    points: int | None
    last: datetime
    reasons: tuple[str, ...]


class Days(NamedTuple):
    """Accounts with an alert, a day. `over`: days with more of them than analysts can look at."""

    days: int
    median: float
    busiest: int
    busiest_day: date
    over: int


@dataclass(frozen=True)
class Overview:
    """The head of the report."""

    events: int
    members: int
    first: datetime
    last: datetime
    actions: dict[str, int]
    days: Days

    @property
    def alerts(self) -> int:
        """Events that were not allowed."""
        return self.events - self.actions["allow"]


def overview(rows: pl.DataFrame, capacity: int) -> Overview:
    """The whole replay in a few numbers. There must be rows."""
    first, last = rows.select(first=pl.col("occurred_at").min(), last=pl.col("occurred_at").max()).row(0)
    daily = alerts_by_day(rows).group_by("day").agg(pl.col("accounts").sum()).sort("day")
    busiest = daily.sort("accounts", "day", descending=[True, False]).row(0, named=True)
    days = Days(
        daily.height,
        float(daily.select(pl.col("accounts").median()).item()),
        busiest["accounts"],
        busiest["day"],
        daily.filter(pl.col("accounts") > capacity).height,
    )
    return Overview(rows.height, rows.get_column("account_id").n_unique(), first, last, _actions(rows), days)


def _actions(rows: pl.DataFrame) -> dict[str, int]:
    found = dict(rows.get_column("decision").value_counts().iter_rows())
    return {action: found.get(action, 0) for action in ACTIONS}


def alerts_by_day(rows: pl.DataFrame) -> pl.DataFrame:
    """day, decision, accounts: each account with an alert once a day (UTC), at its sternest decision. No day lacks."""
    rank = pl.col("decision").replace_strict(list(ACTIONS), range(len(ACTIONS)), return_dtype=pl.Int8)
    days = rows.select(day=pl.col("occurred_at").dt.date(), account_id="account_id", rank=rank)
    every = (
        days.select(day=pl.date_range(pl.col("day").min(), pl.col("day").max(), "1d").explode())
        if days.height
        else days.select("day")
    )
    accounts = days.filter(pl.col("rank") > 0).group_by("day", "account_id").agg(pl.col("rank").max())
    counted = accounts.group_by("day", "rank").agg(accounts=pl.len().cast(pl.Int64))
    ranks = pl.DataFrame(
        {"rank": range(1, len(ACTIONS)), "decision": ACTIONS[1:]}, schema_overrides={"rank": pl.Int8}
    )
    return (
        every.join(ranks, how="cross")
        .join(counted, on=["day", "rank"], how="left")
        .select("day", "decision", "rank", pl.col("accounts").fill_null(0))
        .sort("day", "rank")
    )


def drawn_days(daily: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """The same for drawing, and what a bar is: days, or the mean day of each week or several where there are many."""
    days = daily.get_column("day").n_unique()
    if days <= DAYS_DRAWN:
        return daily, "day"
    weeks = ceil(days / 7 / WEEKS_DRAWN)
    bars = daily.group_by(pl.col("day").dt.truncate(f"{weeks}w"), "decision", "rank")
    return bars.agg(pl.col("accounts").mean()).sort(
        "day", "rank"
    ), "week" if weeks == 1 else f"{weeks:,} weeks"


def risk_bins(rows: pl.DataFrame) -> pl.DataFrame:
    """decision, from, to, events: the risk in bars of BIN points, the last with 100 in it."""
    start = ((pl.col("risk_score") / BIN).floor() * BIN).clip(0, 100 - BIN)
    return (
        rows.group_by("decision", start.alias("from"))
        .agg(events=pl.len())
        .with_columns(to=pl.col("from") + BIN)
        .sort("decision", "from")
    )


def by_type(rows: pl.DataFrame) -> list[TypeRow]:
    """Decisions on each kind of event, most events first."""
    kinds = rows.group_by("type").len("events").sort("events", "type", descending=[True, False])
    return [
        TypeRow(str(kind), events, _actions(rows.filter(pl.col("type") == kind)))
        for kind, events in kinds.iter_rows()
    ]


def top_reasons(rows: pl.DataFrame) -> list[ReasonRow]:
    """The reasons most often given for alerts."""
    told = rows.filter(ALERT).select("account_id", code=_codes(rows)).explode("code").drop_nulls("code")
    top = told.group_by("code").agg(alerts=pl.len(), accounts=pl.col("account_id").n_unique())
    top = top.sort("alerts", "code", descending=[True, False]).head(REASONS_SHOWN)
    return [ReasonRow(code, meaning(code), *counts) for code, *counts in top.iter_rows()]


def suspects(rows: pl.DataFrame) -> list[Suspect]:
    """The accounts with the highest risk above 0; among equals those with more alerts."""
    points = pl.col("points").filter(ALERT).sum() if "points" in rows.columns else pl.lit(None)
    said = "messages" if "messages" in rows.columns else "codes"
    worst = pl.col("risk_score").arg_max()
    top = (
        rows.with_columns(codes=_codes(rows))
        .filter(pl.col("risk_score") > 0)
        .group_by("account_id")
        .agg(
            risk=pl.col("risk_score").max(),
            alerts=ALERT.sum(),
            points=points,
            last=pl.col("occurred_at").max(),
            said=pl.col(said).get(worst),
        )
        .sort("risk", "alerts", "account_id", descending=[True, True, False])
        .head(SUSPECTS_SHOWN)
    )
    return [
        Suspect(account, risk, alerts, moved, last, _told(reasons, said))
        for account, risk, alerts, moved, last, reasons in top.iter_rows()
    ]


def _told(reasons: list[str] | str | None, kind: str) -> tuple[str, ...]:
    """The first few reasons in words."""
    if isinstance(reasons, str):
        return (reasons,)
    first = [one for one in reasons or () if one][:REASONS_A_SUSPECT]
    return tuple(
        first
        if kind == "messages"
        else [meaning(code) if known(code) else f"{code}: {OWN}" for code in first]
    )


def _codes(rows: pl.DataFrame) -> pl.Expr:
    """Reasons as a list, also where a CSV made text of it."""
    if "reasons" not in rows.columns:
        return pl.lit(None, pl.List(pl.String))
    told = pl.col("reasons")
    return told.str.extract_all(r"\w+") if rows.schema["reasons"] == pl.String else told
