"""The messenger: takes text messages and link notices as webhooks, signed as Standard Webhooks has it."""

from __future__ import annotations

import asyncio
import binascii
from datetime import UTC, datetime
from typing import Final

import httpx
import msgspec
from pydantic import SecretStr
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from app.mail.notices import Notice
from app.mail.outcomes import Accepted, Failed, Later, Outcome

ANSWER_S: Final = 10.0
"""Patience with the receiver, for each of connecting, writing and its answer's first line."""
WHOLE_S: Final = 30.0
"""And with all of it: a receiver that sends a byte now and then must not keep the others waiting."""
SECRET_BYTES: Final = 24
"""Bytes a signing secret has at least (Standard Webhooks: 24 to 64)."""
SUCCESS: Final = range(200, 300)
REFUSED: Final = range(400, 500)
WORTH_ANOTHER_TRY: Final = frozenset({408, 409, 425, 429})
"""Of 4xx: too slow, at odds with another, too early, too many."""
_encode: Final = msgspec.json.Encoder().encode


class Messenger:
    """
    Posts to one address of the operator's.

    Args:
        url: where to.
        secret: `whsec_…`, of at least 24 bytes.
        client: for a test's own certificates; made here where None.
        whole_s: patience with one notice in all, in seconds.

    Raises:
        ValueError: The secret is none. The words do not hold it.
    """

    def __init__(
        self,
        url: str,
        secret: SecretStr,
        *,
        client: httpx.AsyncClient | None = None,
        whole_s: float = WHOLE_S,
    ) -> None:
        try:
            webhook = Webhook(secret.get_secret_value())
        except (binascii.Error, ValueError, EmptyWebhookSecretError):
            webhook = None
        if webhook is None or len(webhook._whsecret) < SECRET_BYTES:  # noqa: SLF001 - decoded once, and right
            raise ValueError(
                f"EARNEST_MESSENGER_SECRET must be whsec_ and base64 of at least {SECRET_BYTES} random bytes"
            )
        self._url, self._webhook, self._whole_s = url, webhook, whole_s
        self._client = client or httpx.AsyncClient(timeout=ANSWER_S, follow_redirects=False)

    async def post(self, notice: Notice) -> Outcome:
        """Post it. Its id is the same at every try, so that a receiver can tell a repeat."""
        at = datetime.fromtimestamp(notice.at_ms // 1_000, UTC)
        body = _encode({
            "type": f"message.{notice.kind}",
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "data": notice.data,
        })  # fmt: skip
        webhook_id = notice.message_id.strip("<>").partition("@")[
            0
        ]  # a dot would blur where the signed id ends
        headers = {
            "content-type": "application/json",
            "user-agent": "Earnest",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(notice.at_ms // 1_000),
            "webhook-signature": self._webhook.sign(webhook_id, at, body.decode()),
        }
        try:
            async with (
                asyncio.timeout(self._whole_s),
                self._client.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                return _outcome(answer.status_code)  # whatever it says beside is not read
        except (httpx.HTTPError, TimeoutError) as error:
            return Later(f"the messenger was not reached: {type(error).__name__}")

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    def __repr__(self) -> str:
        """Never the secret."""
        return "Messenger(…)"


def _outcome(status: int) -> Outcome:
    if status in SUCCESS:
        return Accepted()
    told = f"the messenger said {status}"
    return Failed(told) if status in REFUSED and status not in WORTH_ANOTHER_TRY else Later(told)
