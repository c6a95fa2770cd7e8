"""A suspicion that has an innocent reason: a regular who brings colleagues along, more than the programme expects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from app.demo.caller import Caller
from app.demo.history import happened_ms
from app.demo.intents import HOUR_MS

COLLEAGUES: Final = 6
"""One more in a month than the shipped policy takes without a look (VELOCITY_REFERRAL_ACCOUNT_30D)."""
APART_MS: Final = HOUR_MS


def recommend(caller: Caller, members: Sequence[dict[str, Any]], until_ms: int) -> None:
    """
    Have one of them bring the newest others along, the last at this instant. Called again it is the same again.

    Args:
        caller: a client of the service.
        members: sign-ups of honest members, the newest first.
        until_ms: before now, and the same each time.

    Raises as `Caller.ask`.
    """
    friends = members[:COLLEAGUES]
    for regular in members[COLLEAGUES : COLLEAGUES + 1]:
        for left, friend in reversed(list(enumerate(friends))):
            at_ms = max(until_ms - left * APART_MS, happened_ms(friend))
            caller.decide(
                {
                    "event_id": f"colleague-{friend['account_id']}", "type": "referral", "channel": "app",
                    "account_id": regular["account_id"], "counterparty_account_id": friend["account_id"],
                    "occurred_at": datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(),
                }
            )  # fmt: skip
