"""A policy as a document to read: what was said and what holds by default, not what is derived from it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import msgspec

from detectors.policy import Policy


def shown(policy: Policy) -> bytes:
    """The policy as JSON."""
    return msgspec.json.encode(_plain(policy))


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return msgspec.structs.asdict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.init}
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
