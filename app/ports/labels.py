"""What people say of accounts and events."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Label(Struct, frozen=True):
    """What a person or a system says of an account or an event."""

    label_id: str
    program_id: str
    account_id: str | None
    event_id: str | None
    label: Literal["fraud", "legitimate", "policy_abuse", "undetermined"]
    typology: str | None
    source: str
    labelled_ms: int
    labelled_by: str
