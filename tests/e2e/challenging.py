"""Members who are challenged over HTTP, with a telephone that has stood for thirty days."""

from __future__ import annotations

from typing import Any

from benchmarks.installation import Client
from tests.e2e.events import event, fresh, instant

SHOP = "https://shop.example/points/"


def joined(client: Client, phone: str | None, account_id: str | None = None) -> str:
    """A member of thirty days with that number."""
    account_id = account_id or fresh()
    profile = {"given_name": "Mira"} if phone is None else {"phone": phone}
    happened = event("signup", account_id, profile=profile) | {"occurred_at": instant(days=30)}
    assert client.ask("POST", "/v1/events", [happened]).json["accepted"] == 1
    return account_id


def challenged(client: Client, account_id: str, points: int = 10) -> dict[str, Any]:
    """A redemption that is challenged."""
    for _ in range(6):
        decision: dict[str, Any] = client.decide(event("redeem", account_id, points=points)).json
        if decision["decision"] == "challenge":
            return decision
    raise AssertionError(decision)


def action(decision: dict[str, Any]) -> dict[str, Any]:
    """Its step-up."""
    (step_up,) = [one for one in decision["actions"] if one["type"] == "step_up"]
    return dict(step_up)


def standing(client: Client, decision: dict[str, Any]) -> dict[str, Any]:
    """The decision as recorded now."""
    told: dict[str, Any] = client.get(f"/v1/decisions/{decision['decision_id']}").json
    return told
