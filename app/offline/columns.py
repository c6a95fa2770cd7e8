"""Events as typed columns and back. The columns follow from the schema, so a new field needs no line here."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
import polars as pl
from msgspec import inspect
from msgspec.structs import replace

from detectors.event import Event

METADATA: Final = "metadata"
"""Held as one column of JSON text: its names are the caller's own."""
AT: Final = "_at"
"""The instant of the event, UTC, in microseconds."""
SEQ: Final = "_seq"
"""Where the event was read: number of the file, and of the row in it (`seq_of`). Ascending in reading order."""
INSTANT: Final = "%Y-%m-%dT%H:%M:%S%.f%#z"
AT_TYPE: Final = pl.Datetime("us", "UTC")
_ROW_BITS: Final = 40
"""A million million rows in a file, and eight million files."""
_DTYPES: Final[Mapping[type[inspect.Type], type[pl.DataType]]] = {
    inspect.StrType: pl.String,
    inspect.LiteralType: pl.String,
    inspect.DateTimeType: pl.String,
    inspect.IntType: pl.Int64,
    inspect.FloatType: pl.Float64,
    inspect.BoolType: pl.Boolean,
}
_Metadata = dict[str, int | float | str]
_ENCODER: Final = msgspec.json.Encoder()
_EVENTS: Final = msgspec.json.Decoder(Event)
_METADATA: Final = msgspec.json.Decoder(_Metadata)


class Leaf(NamedTuple):
    """A column: its type in Polars, and what msgspec knows of its values."""

    dtype: type[pl.DataType]
    kind: inspect.Type
    required: bool


def _bare(kind: inspect.Type) -> inspect.Type:
    """The type that a value has where it is there."""
    if isinstance(kind, inspect.Metadata):
        return _bare(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next(_bare(choice) for choice in kind.types if not isinstance(choice, inspect.NoneType))
    return kind


def _leaves(shape: type[msgspec.Struct], prefix: str = "") -> dict[str, Leaf]:
    info = inspect.type_info(shape)
    if not isinstance(info, inspect.StructType):
        raise TypeError(shape)
    found: dict[str, Leaf] = {}
    for field in info.fields:
        name, kind = prefix + field.encode_name, _bare(field.type)
        if isinstance(kind, inspect.StructType):
            found |= _leaves(kind.cls, f"{name}.")
        elif not isinstance(kind, inspect.DictType):
            found[name] = Leaf(_DTYPES[type(kind)], kind, field.required)
    return found


LEAVES: Final[Mapping[str, Leaf]] = _leaves(Event)
"""Every column but those of metadata, dotted where nested."""
OBJECTS: Final[frozenset[str]] = frozenset({name.partition(".")[0] for name in LEAVES if "." in name})
"""Fields that are structs."""
DOTTED: Final = OBJECTS | {METADATA}
"""Fields whose columns have a dot."""
REQUIRED: Final = tuple(name for name, leaf in LEAVES.items() if leaf.required and "." not in name)
DEFAULTS: Final[Mapping[str, object]] = {
    field.name: field.default
    for field in msgspec.structs.fields(Event)
    if field.default is not None and field.default is not msgspec.NODEFAULT
}
"""Fields that are never absent, with what stands for an absent one."""
COLUMNS: Final[Mapping[str, pl.DataType]] = {
    AT: AT_TYPE,
    SEQ: pl.Int64(),
    **{name: leaf.dtype() for name, leaf in LEAVES.items()},
    METADATA: pl.String(),
}
"""What `frame_of` gives and `events_of` takes."""


def _nested_schema() -> dict[str, pl.DataType]:
    schema: dict[str, pl.DataType] = {name: leaf.dtype() for name, leaf in LEAVES.items() if "." not in name}
    for parent in sorted(OBJECTS):
        schema[parent] = pl.Struct({name: LEAVES[f"{parent}.{name}"].dtype() for name in _members(parent)})
    return schema


def _members(parent: str) -> list[str]:
    return [name.partition(".")[2] for name in LEAVES if name.startswith(f"{parent}.")]


_NESTED: Final = _nested_schema()


def seq_of(file: int, row: int) -> int:
    """The place of a row as one number."""
    return file << _ROW_BITS | row


def place_of(seq: int) -> tuple[int, int]:
    """The file and row of `seq_of`."""
    return seq >> _ROW_BITS, seq & ((1 << _ROW_BITS) - 1)


def frame_of(events: Sequence[Event], seqs: Sequence[int]) -> pl.DataFrame:
    """Events, canonical ones, as a frame of COLUMNS; `seqs` says where each was read."""
    if not events:
        return pl.DataFrame(schema=COLUMNS)
    lines = io.BytesIO(_ENCODER.encode_lines(events))
    frame = pl.read_ndjson(lines, schema=_NESTED)
    metadata = [
        None if event.metadata is None else msgspec.json.encode(event.metadata, order="sorted").decode()
        for event in events
    ]
    flat = [pl.col(name) for name in LEAVES if "." not in name]
    for parent in OBJECTS:
        flat += [pl.col(parent).struct.field(name).alias(f"{parent}.{name}") for name in _members(parent)]
    frame = frame.select(flat).with_columns(
        pl.Series(SEQ, seqs, pl.Int64),
        pl.Series(METADATA, metadata, pl.String),
        pl.col("occurred_at").str.strptime(AT_TYPE, INSTANT).alias(AT),
        *(pl.col(name).fill_null(pl.lit(value)) for name, value in DEFAULTS.items()),
    )
    return frame.select(list(COLUMNS))


def events_of(frame: pl.DataFrame) -> list[Event]:
    """The events of a frame of COLUMNS or the filled ones of them, in its order. msgspec checks each once more."""
    there = {name for name in LEAVES if name in frame.columns and frame[name].null_count() < frame.height}
    columns = [pl.col(name) for name in LEAVES if name in there and "." not in name]
    for parent in OBJECTS:
        members = [name for name in _members(parent) if f"{parent}.{name}" in there]
        if members:
            dotted = [pl.col(f"{parent}.{name}") for name in members]
            struct = pl.struct(column.alias(name) for column, name in zip(dotted, members, strict=True))
            columns.append(
                pl.when(pl.any_horizontal(column.is_not_null() for column in dotted))
                .then(struct)
                .alias(parent)
            )
    events = _EVENTS.decode_lines(frame.select(columns).write_ndjson())
    if METADATA not in frame.columns:
        return events
    return [
        event if text is None else replace(event, metadata=_METADATA.decode(text))
        for event, text in zip(events, frame[METADATA], strict=True)
    ]
