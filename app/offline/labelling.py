"""Put the truth beside what was decided: which label each scored event has, and which have none."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from detectors.actions import ACTIONS

Unlabelled = Literal["unknown", "honest"]
"""What an event without a label counts as: nothing at all, or honest because the labels are known to be complete."""

POSITIVE: Final = ("fraud", "policy_abuse")
"""Labels a decision should catch."""
LABELS: Final = (*POSITIVE, "legitimate", "undetermined")
NO_LABEL: Final = "unlabelled"
UNNAMED: Final = "unnamed"
"""The typology of an event whose label names none."""
SCORES: Final = (
    "risk_score", "velocity", "earn_burn", "duplicates", "takeover", "insider", "anomaly",
)  # fmt: skip
"""The columns of a replay that rank events; higher is worse, null where a detector abstained."""
NEEDED: Final = ("event_id", "account_id", "occurred_at", "decision", "risk_score")
_DETAILS: Final = {
    "typology": pl.String,
    "incident_id": pl.String,
    "source_event": pl.String,
    "points": pl.Float64,
}


class BadLabels(ValueError):
    """Rows or labels that cannot be compared. The message says what is missing or unknown."""


def labelled(rows: pl.DataFrame, labels: pl.DataFrame, *, unlabelled: Unlabelled = "unknown") -> pl.DataFrame:
    """
    One row for each scored event, with what is true of it.

    A label with an event_id is that event's; one with only an account_id is every event's of the account, unless
    an event has its own. Where a key is labelled twice, the later row holds. What a policy in shadow asked for
    counts as its decision.

    Returns:
        account_id, at (UTC), day, type, action (rank in ACTIONS), the SCORES there are (null: abstained), label (one
        of LABELS or NO_LABEL), positive, typology, incident (incident_id, else the account), transaction (events
        with one source_event share it), stake (points, null where unknown).

    Raises:
        BadLabels: A column is missing, or a label or decision is unknown.
    """
    _check(rows, labels)
    seen = asked(rows).with_columns(pl.col("event_id", "account_id").cast(pl.String)).with_row_index("row")
    mine = _of_events(labels, rows.columns)
    keys = [key for key in ("event_id", "program_id") if key in mine.columns]
    seen = seen.join(mine, on=keys, how="left", maintain_order="left")
    seen = seen.join(
        _of_accounts(labels), on="account_id", how="left", suffix="_account", maintain_order="left"
    )
    by_account = pl.col("label_event").is_null()
    told = [
        pl.when(by_account).then(f"{name}_account").otherwise(f"{name}_event").alias(name)
        for name in ("label", *_DETAILS)
    ]
    own_points = pl.col("own_points") if "points" in rows.columns else pl.lit(None, pl.Float64)
    if "points" in rows.columns:
        seen = seen.rename({"points": "own_points"})
    absent = "legitimate" if unlabelled == "honest" else NO_LABEL
    return (
        seen.with_columns(told)
        .with_columns(pl.col("label").fill_null(absent))
        .select(
            "account_id",
            at=pl.col("occurred_at"),
            day=pl.col("occurred_at").dt.date(),
            type=pl.col("type") if "type" in rows.columns else pl.lit(None, pl.String),
            action=pl.col("decision").replace_strict(
                list(ACTIONS), range(len(ACTIONS)), return_dtype=pl.Int8
            ),
            **{name: pl.col(name).cast(pl.Float64).fill_nan(None) for name in SCORES if name in rows.columns},
            label=pl.col("label"),
            positive=pl.col("label").is_in(POSITIVE),
            typology=pl.when(pl.col("typology").is_in(["", "none"]))
            .then(None)
            .otherwise("typology")
            .fill_null(UNNAMED),
            incident=pl.coalesce("incident_id", "account_id"),
            transaction=pl.coalesce("s:" + pl.col("source_event"), "r:" + pl.col("row").cast(pl.String)),
            stake=pl.coalesce("points", own_points).clip(lower_bound=0),
        )
    )


def asked(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with what the policy asked for as their decision, also where it ran in shadow and nothing was enforced."""
    if "would_have" not in rows.columns:
        return rows
    return rows.with_columns(decision=pl.coalesce("would_have", "decision"))


def in_shadow(rows: pl.DataFrame) -> bool:
    """Whether the policy ran in shadow for any of the rows."""
    return "would_have" in rows.columns and rows.get_column("would_have").null_count() < rows.height


def unmatched(rows: pl.DataFrame, labels: pl.DataFrame) -> int:
    """Labels whose event or account is not among the rows: of another window, or another file."""
    events = _of_events(labels, rows.columns)
    theirs = rows.select(pl.col("event_id", "account_id").cast(pl.String))
    return (
        events.join(theirs, on="event_id", how="anti").height
        + _of_accounts(labels).join(theirs, on="account_id", how="anti").height
    )


def _check(rows: pl.DataFrame, labels: pl.DataFrame) -> None:
    if absent := [name for name in NEEDED if name not in rows.columns]:
        raise BadLabels(f"the replayed rows lack {', '.join(absent)}")
    if "label" not in labels.columns or not {"event_id", "account_id"} & set(labels.columns):
        raise BadLabels("labels need a column `label` and one of `event_id`, `account_id`")
    for name, frame, known in (("label", labels, LABELS), ("decision", rows, ACTIONS)):
        words = frame.get_column(name).cast(pl.String).unique()
        if strange := sorted(str(word) for word in words if word not in known):
            raise BadLabels(f"unknown {name}: {', '.join(strange[:5])}; known are {', '.join(known)}")


def _of_events(labels: pl.DataFrame, rows_have: list[str]) -> pl.DataFrame:
    """Labels by event (and programme, where both sides name it), every other column ending in `_event`."""
    keys = ["event_id"]
    if "program_id" in labels.columns and "program_id" in rows_have:
        keys.append("program_id")
    if "event_id" not in labels.columns:
        labels = labels.clear().with_columns(pl.lit(None, pl.String).alias("event_id"))
    return _details(labels.filter(pl.col("event_id").is_not_null()), keys, "_event")


def _of_accounts(labels: pl.DataFrame) -> pl.DataFrame:
    """Labels that name no event, by account, every other column ending in `_account`."""
    if "account_id" not in labels.columns:
        labels = labels.clear().with_columns(pl.lit(None, pl.String).alias("account_id"))
    if "event_id" in labels.columns:
        labels = labels.filter(pl.col("event_id").is_null())
    return _details(labels.filter(pl.col("account_id").is_not_null()), ["account_id"], "_account")


def _details(labels: pl.DataFrame, keys: list[str], ending: str) -> pl.DataFrame:
    there = [
        (pl.col(name) if name in labels.columns else pl.lit(None)).cast(kind).alias(name + ending)
        for name, kind in {"label": pl.String, **_DETAILS}.items()
    ]
    return labels.select(*(pl.col(key).cast(pl.String) for key in keys), *there).unique(
        keys, keep="last", maintain_order=True
    )
