"""An endpoint as its row, both ways: what it keeps secret is sealed, bound to the endpoint it belongs to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from app.seal import Seal, place
from app.store.sql.moves import Moves
from app.store.sql.webhook_tables import webhook_endpoints
from app.webhooks.ports import Secret, Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOVES: Final = Moves("app.store.sql.webhooks", "moves")
COLUMNS: Final = webhook_endpoints.c


class _Kept(msgspec.Struct, array_like=True):
    """What is sealed."""

    url: str
    secrets: tuple[tuple[bytes, int | None], ...]


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(_Kept).decode


def row_of(seal: Seal, webhook: Webhook) -> dict[str, Any]:
    """Its columns."""
    return {
        "webhook_id": webhook.webhook_id,
        "program_id": webhook.program_id,
        "events": json.dumps(webhook.events),
        "description": webhook.description,
        "sealed": sealed(seal, webhook, webhook.secrets),
        "created_ms": webhook.created_ms,
        "state": webhook.state,
        "why": webhook.why,
        "failing_since_ms": webhook.failing_since_ms,
        "disabled_ms": webhook.disabled_ms,
    }


def sealed(seal: Seal, webhook: Webhook, secrets: Sequence[Secret]) -> bytes:
    """Its URL with these secrets."""
    kept = _Kept(webhook.url, tuple((one.key, one.until_ms) for one in secrets))
    return seal.seal(_pack(kept), place("webhook", webhook.program_id, webhook.webhook_id))


def webhook_of(seal: Seal, row: Mapping[Any, Any]) -> Webhook:
    """The endpoint of a row. Raises SealBroken."""
    kept = _unpack(seal.open(row["sealed"], place("webhook", row["program_id"], row["webhook_id"])))
    return Webhook(
        webhook_id=row["webhook_id"],
        program_id=row["program_id"],
        url=kept.url,
        events=tuple(json.loads(row["events"])),
        description=row["description"],
        secrets=tuple(Secret(*one) for one in kept.secrets),
        created_ms=row["created_ms"],
        state=row["state"],
        why=row["why"],
        failing_since_ms=row["failing_since_ms"],
        disabled_ms=row["disabled_ms"],
    )
