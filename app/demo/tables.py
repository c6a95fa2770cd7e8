"""Events as a table in the contract's file form: nested fields are columns with a dot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from detectors.event import Device, Event, Location, Money, Profile

NESTED: Final = {"money": Money, "device": Device, "location": Location, "profile": Profile}


def event_table(events: Sequence[dict[str, object]]) -> pl.DataFrame:
    """One row an event, columns in the order of the schema; columns that no event fills are left out."""
    columns: dict[str, list[object]] = {name: [None] * len(events) for name in _schema_order()}
    for row, event in enumerate(events):
        for name, value in event.items():
            if isinstance(value, dict):
                for inner, told in value.items():
                    if (dotted := f"{name}.{inner}") not in columns:
                        columns[dotted] = [None] * len(events)
                    columns[dotted][row] = told
            else:
                columns[name][row] = value
    filled = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    return pl.DataFrame(filled, strict=True, infer_schema_length=None)


def _schema_order() -> list[str]:
    names: list[str] = []
    for name in Event.__struct_fields__:
        inner = NESTED.get(name)
        names += (
            [f"{name}.{part}" for part in inner.__struct_fields__] if inner else [name] * (name != "metadata")
        )
    return names
