"""Allow, block and watch lists."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

ListName = Literal["allow", "block", "watch"]


class ListEntry(Struct, frozen=True):
    """An entry of an allow, block or watch list. `digest` is the 8-byte entity key of kind and value."""

    entry_id: str
    program_id: str
    list: ListName
    kind: Literal["account", "device", "ip", "payment", "email", "phone", "address"]
    value: str
    digest: bytes
    reason: str
    author: str
    created_ms: int
    expires_ms: int | None
