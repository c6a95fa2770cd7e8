"""The states of a token and the moves between them; the ledger's SQL makes exactly these, and a test holds it to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

State = Literal["issued", "delivered", "challenged", "verified", "redeemed", "revoked", "expired", "frozen"]

LIVE: Final[frozenset[State]] = frozenset({"issued", "delivered", "challenged", "verified"})
"""From these a token can still be redeemed."""
FINAL: Final[frozenset[State]] = frozenset({"redeemed", "revoked", "expired", "frozen"})
"""These are never left, but that a frozen token can still be revoked or expire, so that its content is destroyed."""
MOVES: Final[Mapping[State, frozenset[State]]] = {
    "issued": frozenset({"delivered", "challenged", "verified", "redeemed", "revoked", "expired", "frozen"}),
    "delivered": frozenset({"challenged", "verified", "redeemed", "revoked", "expired", "frozen"}),
    "challenged": frozenset({"challenged", "verified", "revoked", "expired", "frozen"}),
    "verified": frozenset({"challenged", "verified", "redeemed", "revoked", "expired", "frozen"}),
    "redeemed": frozenset(),
    "revoked": frozenset(),
    "expired": frozenset(),
    "frozen": frozenset({"revoked", "expired"}),
}
"""A token without OTP goes from issued or delivered straight to redeemed; one with it only by way of verified. A code
of an authenticator app is not sent, so such a token goes straight to verified."""
