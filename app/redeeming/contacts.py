"""Whether a member's mailbox or number changed lately: what a thief does before anything else."""

from __future__ import annotations

from typing import Final

from app.ports.record import Record
from tokens.limits import AUTHENTICATOR_REST_S

PROFILES: Final = 50
"""Looked through, newest first: as many changes as a life has, and what a request can pay for."""


def contact_changed(record: Record, program_id: str, account_id: str, now_ms: int) -> bool:
    """Whether a contact of 72 h ago is another one now. Synchronous: called in a thread. Raises RecordAway."""
    before_ms = now_ms - AUTHENTICATOR_REST_S * 1_000
    now = _contact(record, program_id, account_id, now_ms)
    before = _contact(record, program_id, account_id, before_ms)
    return any(old is not None and old != new for old, new in zip(before, now, strict=True))


def _contact(record: Record, program_id: str, account_id: str, upto_ms: int) -> tuple[str | None, str | None]:
    """The mailbox and the number as they were then."""
    profiles = record.contacts(program_id, account_id, upto_ms, PROFILES)
    email = next((one.email for one in profiles if one.email is not None), None)
    phone = next((one.phone for one in profiles if one.phone is not None), None)
    return email, phone
