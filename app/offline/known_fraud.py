"""What is known to be fraud, so that a model does not learn it as usual. Nothing else is learned from labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

FRAUD: Final = "fraud"
"""The one label left out: a policy's abuse is what members do, and what is undetermined is not known."""
_READERS: Final[dict[str, Callable[[Path], pl.DataFrame]]] = {
    ".parquet": pl.read_parquet, ".pq": pl.read_parquet,
    ".ndjson": pl.read_ndjson, ".jsonl": pl.read_ndjson, ".csv": pl.read_csv,
}  # fmt: skip

TYPES: Final[dict[str, type[pl.DataType]]] = {
    **dict.fromkeys(
        ("event_id", "account_id", "program_id", "label", "typology", "incident_id", "source_event"),
        pl.String,
    ),
    "points": pl.Float64,
}
"""Of the columns that anything reads; others may be of any."""


class UnreadableLabels(Exception):
    """The labels cannot be used. The message says why."""


def read_labels(path: Path) -> pl.DataFrame:
    """A file of labels. Raises UnreadableLabels: no file, of no known kind, or without the columns as they must be."""
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise UnreadableLabels(f"{path}: labels are a file named with one of: {', '.join(_READERS)}")
    try:
        labels: pl.DataFrame = read(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).partition("\n")[0]
        raise UnreadableLabels(f"{path}: labels cannot be read: {reason}") from error
    if "label" not in labels.columns or not {"event_id", "account_id"} & set(labels.columns):
        raise UnreadableLabels(f"{path}: labels need a column `label` and one of `event_id`, `account_id`")
    return labels.with_columns(
        _as(path, labels[name], kind) for name, kind in TYPES.items() if name in labels.columns
    )


def _as(path: Path, column: pl.Series, kind: type[pl.DataType]) -> pl.Series:
    try:
        return column.cast(kind)
    except pl.exceptions.PolarsError:
        wanted = "text" if kind is pl.String else "numbers"
        raise UnreadableLabels(
            f"{path}: the column `{column.name}` must hold {wanted}, not {column.dtype}"
        ) from None


def known_fraud(path: Path) -> pl.DataFrame:
    """
    The labels of a file that say fraud: event_id, account_id, one of them null. A label that names an event is the
    event's alone. Raises UnreadableLabels.
    """
    labels = read_labels(path)
    names = [name for name in ("event_id", "account_id") if name in labels.columns]
    said = labels.filter(pl.col("label") == FRAUD).select(names)
    absent = [pl.lit(None, pl.String).alias(name) for name in ("event_id", "account_id") if name not in names]
    by_event = pl.col("event_id").is_not_null()
    return (
        said.with_columns(absent)
        .select("event_id", pl.when(~by_event).then("account_id").alias("account_id"))
        .filter(by_event | pl.col("account_id").is_not_null())
    )


def is_fraud(fraud: pl.DataFrame) -> pl.Expr:
    """True in rows whose event or account is among them. Programmes are not told apart: labels name none."""
    return pl.any_horizontal(
        pl.col(name).is_in(fraud[name].drop_nulls().implode()) for name in ("event_id", "account_id")
    )
