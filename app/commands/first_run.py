"""The first minute with Earnest: a key, a member who redeems too fast, a request to paste, and a living programme.

Run by `earnest serve --demo` beside the service, and talking to it as any client does.
"""

from __future__ import annotations

import http.client
import json
import secrets
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click

from app.access import mint
from app.clock import system_clock
from app.commands.demo_people import let_in
from app.commands.demo_people import told as told_people
from app.data_dir import demo_dir
from app.demo.begun import begin
from app.demo.caller import Caller, Unwelcome
from app.keys import master_key
from app.settings import load
from app.store.sql import open_engine
from app.store.sql.api_keys import ApiKeyRecord

DAY_MS: Final = 86_400_000
KEY_LIFE_MS: Final = DAY_MS
"""A key for trying things out is good for a day."""
REDEMPTIONS: Final = 6
"""One more than the five an hour that the shipped policy allows."""


def story(member: str, now_ms: int) -> list[dict[str, Any]]:
    """A member who earns, and then redeems again and again within ten minutes."""
    now = datetime.fromtimestamp(now_ms / 1_000, UTC)
    kinds = ["earn"] + ["redeem"] * REDEMPTIONS
    return [
        {
            "event_id": f"{member}-{index}",
            "type": kind,
            "occurred_at": (now - timedelta(minutes=len(kinds) - index)).isoformat(timespec="seconds"),
            "account_id": member,
            "points": 900 if kind == "earn" else 100,
            "channel": "app",
        }
        for index, kind in enumerate(kinds)
    ]


def curl(caller: Caller, event: dict[str, Any]) -> str:
    """A command line that asks for a decision on the event."""
    return (
        f"curl {caller.address}/v1/decisions \\\n"
        f"    -H 'Authorization: Bearer {caller.key}' -H 'Content-Type: application/json' \\\n"
        f"    -d '{json.dumps(event)}'"
    )


def main(address: str, data_dir: Path) -> None:
    """Mint a key, tell the story, show the last decision and how to ask for the next; then bring a programme to life."""
    now_ms = system_clock()
    settings, folder = load(data_dir=data_dir), demo_dir(data_dir)
    engine = open_engine(settings.record_url)
    minted = mint(
        name="first run",
        scopes=("score", "events", "tokens", "read", "admin"),
        program_id="default",
        now_ms=now_ms,
        expires_ms=now_ms + KEY_LIFE_MS,
    )
    ApiKeyRecord(engine).add_key(minted.row)
    ways = let_in(settings, master_key(settings), engine, address, now_ms)
    engine.dispose()
    caller = Caller(address, minted.token)
    click.echo(f"\nEarnest answers at {address}   (Ctrl-C stops it)")
    if settings.smtp_url is None or settings.messenger_url is None:
        click.echo(f"Mails and codes it would send: {address}/outbox")
    click.echo(f"\nAPI key, good for a day:\n    {minted.token}\n")
    member = f"demo-{secrets.token_hex(3)}"
    events = story(member, now_ms)
    try:
        begun = begin(caller, folder, system_clock)
        told = [caller.decide(event) for event in events][-1]
    except (OSError, http.client.HTTPException, Unwelcome) as error:
        click.echo(f"The first decision failed: {error}. What is wrong: earnest doctor", err=True)
        sys.exit(1)
    show(told, f"{member} earns once and redeems {REDEMPTIONS} times in as many minutes. The last time:")
    following = {**events[-1], "event_id": f"{member}-next"}
    click.echo(f"\nTo ask for the next decision, paste:\n    {curl(caller, following)}\n")
    if begun is None:
        click.echo(told_people(ways, address))
    else:
        from app.commands.living_programme import live  # noqa: PLC0415 - what learns takes a second to import

        live(caller, settings, begun, folder, ways)


def show(told: dict[str, Any], heading: str) -> None:
    """A decision in a few lines."""
    click.echo(heading)
    risk = f"risk {told['risk_score']:.2f} ({told['risk_level']})"
    click.echo(f"    {told['decision']}, {risk}, {told['latency_ms']} ms")
    for reason in told["reasons"]:
        click.echo(f"    - {reason['message']}  [{reason['code']}]")


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _leave)  # Ctrl-C reaches this process too, and is no error
    main(sys.argv[1], Path(sys.argv[2]))
