"""A client of the service with a key, as any back office has one."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode, urlsplit

TIMEOUT_S: Final = 30
"""For one answer: a batch of history on a busy laptop takes two or three."""
PAGE: Final = 200
"""Items on a page, the most there may be."""
JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"


class Unwelcome(Exception):
    """The service did not do what it was asked. The message is its own."""


class Caller(NamedTuple):
    """Where the service is, and the key."""

    address: str
    key: str

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        media: str = JSON,
        idempotency_key: str | None = None,
    ) -> Any:
        """
        One request; the answer's JSON.

        Raises:
            Unwelcome: It was refused.
            OSError, http.client.HTTPException: The service is not there.
        """
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": media}
            if idempotency_key is not None:
                headers["Idempotency-Key"] = idempotency_key
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise Unwelcome(f"{answer.status} {told.get('detail') or told.get('title')}")
        return told

    def decide(self, event: dict[str, Any]) -> dict[str, Any]:
        """Ask for a decision. Raises as `ask`."""
        told: dict[str, Any] = self.ask("POST", "/v1/decisions", json.dumps(event).encode())
        return told

    def tell(self, path: str, body: dict[str, Any]) -> None:
        """Post something. Raises as `ask`."""
        self.ask("POST", path, json.dumps(body).encode())

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """Everything in a list, page after page. Raises as `ask`."""
        query: dict[str, Any] | None = {"limit": PAGE}
        while query is not None:
            page = self.ask("GET", f"{path}?{urlencode(query)}")
            yield from page["items"]
            cursor = page["next_cursor"]
            query = None if cursor is None else query | {"cursor": cursor}
