"""Rewards promised by link, some of them spent and one held for a person; and members who prove that it is them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from app.demo.caller import Caller, Unwelcome
from app.demo.history import happened_ms
from app.demo.intents import DAY_MS
from app.ports.instants import Clock

CAMPAIGN: Final = "winter-thanks"
STOOD_MS: Final = 4 * DAY_MS
"""A number that stood for so long may be sent a code: the law of step-up is 72 h (docs/step-up.md)."""
PROMISED: Final = 6
SPENT: Final = 2
PROVEN: Final = 2
TRIES: Final = 7
"""One redemption more than the five an hour that the shipped policy allows, and one for a slow machine."""
LOOKS: Final = 150
LOOK_EVERY_S: Final = 0.1
"""The worker records a decision and sends a code within a second; fifteen where the machine is busy."""

CodeSent = Callable[[str], str | None]
"""Telephone number → the code that was last sent there."""


def settled(events: Iterable[dict[str, Any]], crooks: frozenset[str], now_ms: int) -> list[dict[str, Any]]:
    """Sign-ups of honest members whose telephone number has stood long enough, the newest first."""
    return [
        event
        for event in reversed(list(events))
        if event["type"] == "signup"
        and event["account_id"] not in crooks
        and "phone" in (event.get("profile") or {})
        and happened_ms(event) < now_ms - STOOD_MS
    ]


def promise(caller: Caller, members: Sequence[dict[str, Any]], thief: str | None) -> None:
    """
    Issue links, spend some, and let the check at redemption hold the one of somebody who is known as a fraud.

    What was issued before is issued once, and what was spent is spent. Raises as `Caller.ask`.
    """
    rows = [(member["account_id"], member.get("ip"), member.get("device")) for member in members[:PROMISED]]
    if thief is not None:
        rows.append((thief, None, None))
    if caller.ask("GET", f"/v1/tokens?campaign_id={CAMPAIGN}&limit=1")["items"]:
        return
    for number, (account_id, ip, device) in enumerate(rows):
        link = caller.ask("POST", "/v1/tokens", json.dumps(_order(account_id)).encode())["link"]
        if number < SPENT or account_id == thief:
            _spend(caller, link, account_id, {"ip": ip, "device": device})


def prove(
    caller: Caller,
    members: Sequence[dict[str, Any]],
    code_sent: CodeSent,
    clock: Clock,
    sleep: Callable[[float], None],
) -> int:
    """
    Members at a new computer who are challenged and pass. Returns how many did. Raises as `Caller.ask`.

    Args:
        caller: a client of the service.
        members: sign-ups, see `settled`.
        code_sent: where the members read their codes.
        clock: milliseconds since 1970-01-01 UTC.
        sleep: seconds → nothing, later.
    """
    return sum(_proves(caller, member, code_sent, clock, sleep) for member in members[-PROVEN:])


def _order(account_id: str) -> dict[str, Any]:
    reward = {
        "title": "A coffee on the house",
        "points": 300,
        "payload": {"voucher_code": f"THX-{account_id[1:7]}"},
    }
    return {"account_id": account_id, "purpose": "reward_link", "campaign_id": CAMPAIGN, "reward": reward}


def _spend(caller: Caller, link: str, account_id: str, seen: dict[str, Any]) -> None:
    body = {"token": link.rpartition("/r/")[2], "account_id": account_id}
    body |= {name: value for name, value in seen.items() if value is not None}
    try:
        caller.ask(
            "POST", "/v1/tokens/redeem", json.dumps(body).encode(), idempotency_key=f"{CAMPAIGN}-{account_id}"
        )
    except Unwelcome:  # held or challenged by the check: that is what there is to see
        return


def _proves(
    caller: Caller,
    member: dict[str, Any],
    code_sent: CodeSent,
    clock: Clock,
    sleep: Callable[[float], None],
) -> bool:
    challenge_id = _challenged(caller, member["account_id"], clock)
    if challenge_id is None:
        return False
    if (
        _waited(lambda: _asked(caller, f"/v1/challenges/{challenge_id}/send", {"method": "sms_otp"}), sleep)
        is None
    ):
        return False
    code = _waited(lambda: code_sent(member["profile"]["phone"]), sleep)
    return (
        code is not None
        and _asked(caller, f"/v1/challenges/{challenge_id}/verify", {"code": code}) is not None
    )


def _asked(caller: Caller, path: str, body: dict[str, Any]) -> str | None:
    """The path, once it took the body; a decision that is not recorded yet takes none."""
    try:
        caller.tell(path, body)
    except Unwelcome:
        return None
    return path


def _challenged(caller: Caller, account_id: str, clock: Clock) -> str | None:
    """The challenge that a row of redemptions at a new computer meets; None where none does."""
    for number in range(TRIES):
        now_ms = clock()
        event = {
            "event_id": f"treat-{account_id}-{now_ms:x}-{number}", "type": "redeem", "account_id": account_id,
            "occurred_at": datetime.fromtimestamp(now_ms / 1_000, UTC).isoformat(), "points": 40,
            "balance_before": 600, "channel": "web", "device": {"id": f"new-{account_id}"},
        }  # fmt: skip
        decision = caller.decide(event)
        asked = [one["challenge_id"] for one in decision["actions"] if one["type"] == "step_up"]
        if asked:
            return str(asked[0])
    return None


def _waited(look: Callable[[], str | None], sleep: Callable[[float], None]) -> str | None:
    for _ in range(LOOKS):
        if (found := look()) is not None:
            return found
        sleep(LOOK_EVERY_S)
    return None
