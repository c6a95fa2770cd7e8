"""A challenge as a row and back, and whether it still serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tokens.challenges import Challenge
from tokens.limits import TRIES_PER_CHALLENGE, VERIFIED_FOR_S

if TYPE_CHECKING:
    from sqlalchemy import Row


def challenge_in(row: Row[Any]) -> Challenge:
    """The challenge of a row of `last_challenge.sql` or `last_passkey.sql`."""
    return Challenge(*row[: len(Challenge._fields)])


def serves(row: Row[Any], now_ms: int) -> bool:
    """Whether a challenge can be tried at, or was passed and waits for its redemption."""
    if row.void or row.used_ms is not None:
        return False
    if row.verified_ms is not None:
        return bool(now_ms - row.verified_ms <= VERIFIED_FOR_S * 1_000)
    return bool(row.expires_ms > now_ms and row.tries < TRIES_PER_CHALLENGE)
