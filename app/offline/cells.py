"""Cells of a table as the fields they stand for. CSV knows only text, and writers of Parquet choose types freely.

A cell that can be taken in one way only is taken so: a whole number in a column of fractions or of text is a whole
number, a number in a column of ids is text, a timestamp is an instant (UTC where it has no zone). A null or empty
cell is an absent field. Any other cell stays as it is and makes its row doubtful, for `app.intake` to refuse it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import polars as pl
from polars.selectors import temporal

from app.offline.columns import DOTTED, LEAVES, METADATA

DOUBT: Final = "_doubt"
"""True in rows that only `app.intake` can judge."""
_METADATA_VALUES: Final = 20
"""Most values in `metadata`, by the contract; a row with more is doubtful."""
_METADATA_NAME: Final = 64
_METADATA_TEXT: Final = 512
_FRACTION: Final = r"^(-?[0-9]{1,18}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?)$"
_A_SECOND: Final = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_CALENDAR: Final = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
"""What Python holds in any zone. Polars panics beyond its own, far wider calendar."""
_INT64: Final = 2**63 - 1
_EXACT: Final = 2**53
"""A whole number beyond this may have lost digits on its way through a float."""


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """The same with structs as dotted columns, and text for categories, bytes and timestamps."""
    columns: list[pl.Expr] = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if isinstance(dtype, pl.Struct) and name in DOTTED:
            columns += [column.struct.field(part.name).alias(f"{name}.{part.name}") for part in dtype.fields]
        elif isinstance(dtype, pl.Categorical | pl.Enum):
            columns.append(column.cast(pl.String).alias(name))
        elif isinstance(dtype, pl.Datetime):
            columns.append(_instant(column, dtype, "%Y-%m-%dT%H:%M:%S%.6fZ").alias(name))
        elif dtype == pl.Date:
            days = pl.Datetime("ms")
            columns.append(_instant(column.cast(days), days, "%Y-%m-%d").alias(name))
        elif dtype == pl.Binary:
            columns.append(_decoded(frame[name]).alias(name))
        else:
            columns.append(column.alias(name))
    frame = frame.select(columns)
    return frame.with_columns(pl.col(pl.String).replace("", None))


def _instant(cell: pl.Expr, dtype: pl.Datetime, form: str) -> pl.Expr:
    """A timestamp as text in UTC. One that no calendar holds is text as well, but no instant."""
    a_second = _A_SECOND[dtype.time_unit]
    first, last = (max(-_INT64, min(int(end.timestamp()) * a_second, _INT64)) for end in _CALENDAR)
    real = cell.to_physical().is_between(first, last)
    utc: pl.Expr = pl.when(real).then(cell)
    utc = utc.dt.convert_time_zone("UTC") if dtype.time_zone else utc
    return pl.when(real).then(utc.dt.strftime(form)).when(cell.is_not_null()).then(pl.lit("beyond all years"))


def _decoded(column: pl.Series) -> pl.Expr:
    """Bytes as the text they are, as some writers store it; as they are where one of them is not UTF-8."""
    try:
        return pl.lit(column.cast(pl.String))
    except pl.exceptions.ComputeError:
        return pl.col(column.name)


def typed(raw: pl.DataFrame) -> pl.DataFrame:
    """
    A flat frame with every column of the schema in its type, `metadata` as JSON text, and DOUBT.

    DOUBT is True where a cell has no value of its column's type or its column is not in the schema.
    """
    columns: list[pl.Expr] = []
    doubts: list[pl.Expr] = []
    for name, dtype in raw.schema.items():
        if name in LEAVES:
            taken = _taken(pl.col(name), dtype, LEAVES[name].dtype)
            columns.append(taken.alias(name))
            doubts.append(pl.col(name).is_not_null() & taken.is_null())
        elif _is_scalar(name, dtype):
            doubts.append(_odd_value(pl.col(name), dtype).fill_null(value=False))
        else:
            doubts.append(pl.col(name).is_not_null())
    mapped = sorted(name for name, dtype in raw.schema.items() if _is_scalar(name, dtype))
    if len(mapped) > _METADATA_VALUES:
        doubts.append(pl.sum_horizontal(pl.col(name).is_not_null() for name in mapped) > _METADATA_VALUES)
    absent = [pl.lit(None, LEAVES[name].dtype).alias(name) for name in LEAVES if name not in raw.columns]
    doubt = pl.any_horizontal(pl.lit(value=False), *doubts).alias(DOUBT)
    return raw.select(*columns, *absent, _metadata(mapped).alias(METADATA), doubt)


def documents(raw: pl.DataFrame, known: pl.DataFrame) -> Iterator[bytes]:
    """Each row of a flat frame as JSON for `app.intake`; `known` is the same as `typed` gives it."""
    raw = raw.with_columns(
        temporal().dt.to_string("iso")
    )  # a span of time may be longer than Python can hold
    known = known.select(name for name in LEAVES if name in raw.columns)
    for cells, taken in zip(raw.iter_rows(named=True), known.iter_rows(named=True), strict=True):
        yield json.dumps(_document(cells, taken), default=_as_json).encode()


def _document(cells: Mapping[str, object], taken: Mapping[str, object]) -> dict[str, object]:
    document: dict[str, object] = {}
    for name, cell in cells.items():
        value = cell if taken.get(name) is None else taken[name]
        parent, dot, member = name.partition(".")
        if value is None:
            continue
        if not dot or parent not in DOTTED:
            document[name] = value
        elif cells.get(parent) is None:  # a column of the whole object is a fault, and told as one
            inside = document.setdefault(parent, {})
            if isinstance(inside, dict):
                inside[member] = value
    return document


def _as_json(value: object) -> object:
    """What JSON has no word for: a number, text, or what is certainly refused."""
    if isinstance(value, Decimal):
        return float(value)
    try:
        return value.decode() if isinstance(value, bytes) else str(value)
    except UnicodeDecodeError:
        return []


def _taken(cell: pl.Expr, dtype: pl.DataType, wanted: type[pl.DataType]) -> pl.Expr:
    """The cell in the type wanted, null where it is of no such kind."""
    if dtype == wanted:
        return cell
    if wanted is pl.String:
        return _text(cell, dtype)
    if wanted is pl.Int64:
        return _whole(cell, dtype)
    if wanted is pl.Float64:
        return _number(cell, dtype)
    if wanted is pl.Boolean and dtype == pl.String:
        word = cell.str.to_lowercase()
        return pl.when(word == "true").then(statement=True).when(word == "false").then(statement=False)
    return pl.lit(None, wanted)


def _whole(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_integer():
        return cell.cast(pl.Int64, strict=False)
    if dtype == pl.String:
        digits = cell.str.extract(r"^(-?[0-9]{1,18})(\.0+)?$")
        return digits.cast(pl.Int64, strict=False)
    if dtype.is_float() or dtype.is_decimal():
        number = cell.cast(pl.Float64)
        exact = (number == number.floor()) & (number.abs() < _EXACT)
        return pl.when(exact).then(number.cast(pl.Int64, strict=False))
    return pl.lit(None, pl.Int64)


def _number(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.String:
        return _finite(cell.str.extract(_FRACTION).cast(pl.Float64, strict=False))
    if dtype.is_numeric():
        return _finite(cell.cast(pl.Float64))
    return pl.lit(None, pl.Float64)


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)


def _text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_integer():
        return cell.cast(pl.String)
    return pl.lit(None, pl.String)


def _is_scalar(name: str, dtype: pl.DataType) -> bool:
    """Whether a column is of metadata, of a lawful name, and can hold nothing but numbers or text."""
    parent, dot, member = name.partition(".")
    named = parent == METADATA and bool(dot) and 1 <= len(member) <= _METADATA_NAME and "\0" not in member
    return named and (dtype.is_integer() or dtype.is_float() or dtype == pl.String)


def _odd_value(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Values of metadata that are to be looked at."""
    if dtype == pl.String:
        return (cell.str.len_bytes() > _METADATA_TEXT) | cell.str.contains("\0", literal=True)
    number = cell.cast(pl.Float64)
    return ~number.is_finite() | (number.abs() >= _EXACT)


def _metadata(names: list[str]) -> pl.Expr:
    """Members that are there as a JSON object, null where none is; names ascending, as `frame_of` writes them."""
    if not names:
        return pl.lit(None, pl.String)
    members = []
    for name in names:
        whole = pl.struct(pl.col(name).alias(name.partition(".")[2])).struct.json_encode()
        member = whole.str.slice(1, whole.str.len_chars() - 2)
        members.append(pl.when(pl.col(name).is_not_null()).then(member))
    there = pl.any_horizontal(pl.col(name).is_not_null() for name in names)
    inside = pl.concat_str(members, separator=",", ignore_nulls=True)
    return pl.when(there).then(pl.concat_str(pl.lit("{"), inside, pl.lit("}")))
