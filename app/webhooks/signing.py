"""Signatures as Standard Webhooks has them, by its own library; one for each secret that still counts."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook as Signer

from app.webhooks.ports import Secret

SECRET_BYTES: Final = 32
"""Standard Webhooks asks for 24 to 64; 32 is the output of the hash that signs."""
OLD_SIGNS_MS: Final = 24 * 3_600_000
"""A replaced secret signs beside the new one for a day: time to bring the new one to every receiver."""
MOST_SECRETS: Final = 4
"""That sign at once, so that the header stays short however often somebody rotates."""
PREFIX: Final = "whsec_"


def fresh() -> Secret:
    """A new secret."""
    return Secret(secrets.token_bytes(SECRET_BYTES))


def shown(secret: Secret) -> str:
    """The secret as its receiver wants it: `whsec_…`. To be shown once, and never written."""
    return PREFIX + b64encode(secret.key).decode()


def rotated(known: Sequence[Secret], new: Secret, now_ms: int) -> tuple[Secret, ...]:
    """The new one first, then those that still sign: the one it replaces for a day, older ones as long as they had."""
    until_ms = now_ms + OLD_SIGNS_MS
    old = [one if one.until_ms is not None else one._replace(until_ms=until_ms) for one in known]
    return (new, *living(old, now_ms))[:MOST_SECRETS]


def living(known: Sequence[Secret], now_ms: int) -> tuple[Secret, ...]:
    """Those that sign now."""
    return tuple(one for one in known if one.until_ms is None or one.until_ms > now_ms)


def headers(known: Sequence[Secret], message_id: str, body: bytes, now_ms: int) -> dict[str, str]:
    """The three headers of one try. The instant is that of the try: receivers refuse what is older than 5 minutes."""
    at = datetime.fromtimestamp(now_ms // 1_000, UTC)
    text = body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now_ms // 1_000),
        "webhook-signature": " ".join(
            Signer(one.key).sign(message_id, at, text) for one in living(known, now_ms)
        ),
    }
