"""What a replay is worth, in figures: how its scores rank, what its decisions caught, whom they troubled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from app.offline.labelling import LABELS, NO_LABEL, Unlabelled, labelled, unmatched
from app.offline.ranking import DailyAccounts, Ranking, daily_accounts, rankings, transactions
from detectors.actions import SEVERITY

CAPACITY: Final = 100
"""Accounts a team of analysts looks at in a day: the contract's k."""
LATE_QUANTILE: Final = 0.9
"""The slow end that is told beside the median."""
ALERT: Final = pl.col("action") > SEVERITY["allow"]
INSULT: Final = pl.col("action").is_in([SEVERITY["challenge"], SEVERITY["block"]])


@dataclass(frozen=True)
class Coverage:
    """
    What the figures stand on.

    labels:     label → events, `unlabelled` among them.
    unmatched:  labels whose event or account was not replayed.
    unlabelled: what events without a label were taken for.
    """

    events: int
    members: int
    transactions: int
    labels: dict[str, int]
    unmatched: int
    unlabelled: Unlabelled


@dataclass(frozen=True)
class Decided:
    """The decisions as they were taken; None where the labels allow no answer. Definitions: `DEFINITIONS`."""

    alert_rate: float | None
    challenge_rate: float | None
    review_rate: float | None
    block_rate: float | None
    precision: float | None
    recall: float | None
    account_precision: float | None
    account_precision_ceiling: float | None
    capacity: int
    value_detection_rate: float | None
    incident_recall: float | None
    first_alert_median_s: float | None
    first_alert_p90_s: float | None
    honest_events_touched: float | None
    honest_members_touched: float | None
    insult_rate: float | None


@dataclass(frozen=True)
class Typology:
    """One kind of abuse: how much of it there was, and how much was not allowed."""

    typology: str
    events: int
    incidents: int
    incident_recall: float
    event_recall: float
    value_detection_rate: float | None


@dataclass(frozen=True)
class Group:
    """Honest members who share a trait, and the shares of them and of their events that were touched."""

    trait: str
    members: int
    members_touched: float
    insult_rate: float
    events: int
    events_touched: float


@dataclass(frozen=True)
class Figures:
    """All of it. `as_json` makes dicts and lists of it."""

    coverage: Coverage
    decided: Decided
    rankings: tuple[Ranking, ...]
    typologies: tuple[Typology, ...]
    groups: tuple[Group, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As plain values, curves included."""
        return asdict(self)


def figures(
    rows: pl.DataFrame,
    labels: pl.DataFrame,
    *,
    unlabelled: Unlabelled = "unknown",
    members: pl.DataFrame | None = None,
    capacity: int = CAPACITY,
) -> Figures:
    """
    Hold a replay against labels.

    Args:
        rows: as `earnest replay` writes them.
        labels: `event_id` or `account_id`, `label`; optional `typology`, `source_event`, `incident_id`, `points`.
        unlabelled: `honest` only where the labels are known to name all abuse; else nothing is assumed.
        members: `account_id` and `traits` (a list): honest members are then told apart by trait.
        capacity: accounts analysts look at in a day.

    Raises:
        BadLabels: A column is missing, or a label is unknown.
    """
    events = labelled(rows, labels, unlabelled=unlabelled)
    told = transactions(events)
    return Figures(
        coverage=Coverage(
            events=events.height,
            members=events.get_column("account_id").n_unique(),
            transactions=told.height,
            labels=_label_counts(events),
            unmatched=unmatched(rows, labels),
            unlabelled=unlabelled,
        ),
        decided=_decided(events, told, daily_accounts(events, capacity), capacity),
        rankings=rankings(told),
        typologies=_typologies(events),
        groups=() if members is None else _groups(events, members),
    )


def _label_counts(events: pl.DataFrame) -> dict[str, int]:
    found = dict(events.get_column("label").value_counts().iter_rows())
    return {label: found.get(label, 0) for label in (*LABELS, NO_LABEL)}


def _decided(events: pl.DataFrame, told: pl.DataFrame, daily: DailyAccounts, capacity: int) -> Decided:
    honest = honest_members(events)
    abuse = events.filter("positive")
    incidents = _incidents(abuse)
    waits = incidents.filter("caught").get_column("wait_s")
    trade = told.filter(~pl.col("positive"))
    return Decided(
        alert_rate=_share(events, ALERT),
        **{
            f"{name}_rate": _share(events, pl.col("action") == SEVERITY[name])
            for name in ("challenge", "review", "block")
        },
        precision=_share(told.filter(ALERT), pl.col("positive")),
        recall=_share(told.filter("positive"), ALERT),
        account_precision=daily.precision,
        account_precision_ceiling=daily.ceiling,
        capacity=capacity,
        value_detection_rate=_value(abuse),
        incident_recall=_share(incidents, pl.col("caught")),
        first_alert_median_s=_quantile(waits, 0.5),
        first_alert_p90_s=_quantile(waits, LATE_QUANTILE),
        honest_events_touched=_share(trade, ALERT),
        honest_members_touched=_share(honest, pl.col("touched")),
        insult_rate=_share(honest, pl.col("insulted")),
    )


def honest_members(events: pl.DataFrame) -> pl.DataFrame:
    """Accounts with legitimate events and no other label: account_id, touched, insulted, events, events_touched."""
    legitimate = pl.col("label") == "legitimate"
    return (
        events.filter(pl.col("label") != NO_LABEL)
        .group_by("account_id", maintain_order=True)
        .agg(
            honest=legitimate.all(),
            touched=ALERT.any(),
            insulted=INSULT.any(),
            events=pl.len(),
            events_touched=ALERT.sum(),
        )
        .filter("honest")
        .drop("honest")
    )


def _incidents(abuse: pl.DataFrame) -> pl.DataFrame:
    """Each incident: whether any of its events was not allowed, and seconds from its first event to that."""
    return abuse.group_by("incident", maintain_order=True).agg(
        caught=ALERT.any(),
        wait_s=(pl.col("at").filter(ALERT).min() - pl.col("at").min()).dt.total_milliseconds() / 1_000,
    )


def _typologies(events: pl.DataFrame) -> tuple[Typology, ...]:
    found = []
    for (name,), abuse in (
        events.filter("positive").sort("typology").group_by("typology", maintain_order=True)
    ):
        incidents = _incidents(abuse)
        found.append(
            Typology(
                typology=str(name),
                events=abuse.height,
                incidents=incidents.height,
                incident_recall=_some(incidents, pl.col("caught")),
                event_recall=_some(transactions(abuse), ALERT),
                value_detection_rate=_value(abuse),
            )
        )
    return tuple(found)


def _groups(events: pl.DataFrame, members: pl.DataFrame) -> tuple[Group, ...]:
    known = members.select(pl.col("account_id").cast(pl.String), "traits").explode("traits").unique()
    with_traits = honest_members(events).join(known, on="account_id")
    named = with_traits.filter(pl.col("traits").is_not_null()).sort("traits")
    return tuple(
        Group(
            trait=str(trait),
            members=group.height,
            members_touched=_some(group, pl.col("touched")),
            insult_rate=_some(group, pl.col("insulted")),
            events=int(group.get_column("events").sum()),
            events_touched=int(group.get_column("events_touched").sum())
            / int(group.get_column("events").sum()),
        )
        for (trait,), group in named.group_by("traits", maintain_order=True)
    )


def _share(frame: pl.DataFrame, which: pl.Expr) -> float | None:
    return _some(frame, which) if frame.height else None


def _some(frame: pl.DataFrame, which: pl.Expr) -> float:
    return int(frame.select(which.sum()).item()) / frame.height


def _value(abuse: pl.DataFrame) -> float | None:
    """Points at stake that were not allowed, of all; None where none are known."""
    total = float(abuse.get_column("stake").sum())
    return float(abuse.filter(ALERT).get_column("stake").sum()) / total if total else None


def _quantile(values: pl.Series, share: float) -> float | None:
    found = values.quantile(share, "linear")
    return None if found is None else float(found)
