"""Which decisions can have a redemption token: the proof, for a till, that what it burns was checked."""

from __future__ import annotations

from typing import Final

from app.capping.reservations import given_back_ms
from app.ports.rows import DecisionRow
from app.settlement import passed

CHECK_GOOD_FOR_S: Final = 900
"""Seconds after the decision, or after its challenge was passed: 15 minutes, a browser session's of [tokens.md] R6.
What was found then may no longer hold later: ask for another decision."""


def why_none(row: DecisionRow, now_ms: int, life_s: int) -> str | None:
    """Why this decision can have no redemption token of that life, in a sentence; None: it can."""
    if row.type != "redeem":
        return f"The decision is on an event of type `{row.type}`; only a `redeem` is redeemed."
    if row.origin == "event":
        return "The redemption was told as something that had already happened; nothing is left to redeem."
    if row.origin == "redemption":
        return "The decision is the check of a one-time link: that link is what is redeemed."
    if not passed(row.decision, row.origin):
        return f"The decision is `{row.decision}`, not `allow`."
    if row.outcome is not None:
        return f"The outcome `{row.outcome}` was told of the decision already."
    checked_ms = max(row.received_ms, row.passed_ms or 0)
    if now_ms - checked_ms > CHECK_GOOD_FOR_S * 1_000:
        return f"The decision is older than {CHECK_GOOD_FOR_S // 60} minutes. Ask for another."
    until_ms = given_back_ms(row)
    if until_ms is not None and until_ms < now_ms + life_s * 1_000:  # spent later, it would be one too many
        left_s = max(0, until_ms - now_ms) // 1_000
        return f"A cap of the programme keeps room for it for {left_s} s more, not for {life_s} s. Ask for another."
    return None
