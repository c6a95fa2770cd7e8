"""What the token benchmarks send: orders, bulk jobs and redemptions."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.installation import Client

ACCOUNTS = 10_000
"""Members: a token each in a bulk job of 10,000 rows."""
OK = 200


def order(number: int, to: str | None = None) -> dict[str, Any]:
    """A token with a voucher in it, without a code; by mail where there is an address."""
    delivery = {"channel": "none"} if to is None else {"channel": "email", "to": to, "locale": "de"}
    return {
        "account_id": f"member-{number % ACCOUNTS:06}",
        "purpose": "reward_link",
        "reward": {
            "reward_id": "gift-10",
            "title": "A 10 euro gift card",
            "points": 500,
            "face_value_minor": 1_000,
            "currency": "EUR",
            "payload": {"voucher_code": f"K4YQ-{number:08}"},
        },
        "campaign_id": "autumn",
        "delivery": delivery,
        "otp": {"method": "none"},
    }


def orders(count: int) -> list[bytes]:
    """So many single orders."""
    return [json.dumps(order(number)).encode() for number in range(count)]


def job(rows: int, *, mailed: bool = False) -> bytes:
    """A bulk job of its own, of so many rows; to an address each where they are mailed."""
    ordered = [
        {"row_id": str(number), **order(number, f"member-{number}@brand.example" if mailed else None)}
        for number in range(rows)
    ]
    return json.dumps({"bulk_id": secrets.token_hex(8), "rows": ordered}).encode()


def issued(client: Client, rows: int) -> list[dict[str, Any]]:
    """Issue so many in one job: their rows as answered, the links in them."""
    answer = client.ask("POST", "/v1/tokens/bulk", job(rows))
    found: list[dict[str, Any]] = answer.json["rows"] if answer.status == OK else []
    if len(found) != rows or not all("link" in row for row in found):
        raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")
    return found


def redemptions(rows: Iterable[Mapping[str, Any]]) -> list[bytes]:
    """The request that redeems each of these."""
    return [_redemption(text_of(row), f"member-{int(row['row_id']) % ACCOUNTS:06}") for row in rows]


def nonsense(count: int) -> list[bytes]:
    """Texts that have nothing of a token."""
    return [_redemption(secrets.token_urlsafe(150), "member-000000") for _ in range(count)]


def forged(count: int, genuine: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The claims of genuine tokens under MACs of others."""
    made = []
    for number in range(count):
        claims = text_of(genuine[number % len(genuine)]).partition(".")[0]
        mac = text_of(genuine[(number + 1) % len(genuine)]).rpartition(".")[2]
        made.append(_redemption(f"{claims}.{mac}", "member-000000"))
    return made


def text_of(row: Mapping[str, Any]) -> str:
    """The token in a row's link."""
    return str(row["link"]).rpartition("/r/")[2]


def _redemption(text: str, account_id: str) -> bytes:
    return json.dumps({"token": text, "account_id": account_id}).encode()
