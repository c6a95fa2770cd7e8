"""Events out of their seals, and what is left of one whose key was erased."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from app.ports.record import EventErased
from app.seal import place
from app.store.sql.tables import account_keys, decisions
from detectors.event import Event

if TYPE_CHECKING:
    from sqlalchemy import Row

    from app.store.sql.account_keys import AccountKeys

_decode: Final = msgspec.json.Decoder(Event).decode
_EPOCH: Final = datetime.fromtimestamp(0, UTC)

WITH_KEY: Final = decisions.outerjoin(
    account_keys,
    (account_keys.c.program_id == decisions.c.program_id)
    & (account_keys.c.account_id == decisions.c.account_id)
    & (account_keys.c.key_id == decisions.c.key_id),
)
"""Each decision with the key its event is sealed under, where that key still is."""


def opened(keys: AccountKeys, row: Row[Any]) -> Event:
    """
    The event of a row of `WITH_KEY`, as received.

    Raises:
        EventErased: The key it was sealed under was erased.
        SealBroken: The key is there and does not fit: the row or the key was tampered with.
    """
    if row.wrapped_key is None:
        raise EventErased(row.decision_id)
    seal = keys.unwrap((row.program_id, row.account_id), row.wrapped_key)
    return _decode(seal.open(row.sealed_event, place("event", row.program_id, row.account_id, row.event_id)))


def opened_or_bare(keys: AccountKeys, row: Row[Any]) -> Event:
    """The event as received; of an erased one only what the decision itself still says."""
    try:
        return opened(keys, row)
    except EventErased:
        return Event(
            event_id=row.event_id,
            type=row.type,
            occurred_at=_EPOCH + timedelta(milliseconds=row.occurred_ms),
            account_id=row.account_id,
            program_id=row.program_id,
            points=row.points,
        )
