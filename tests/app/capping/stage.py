"""Policies with caps, events that use them, and what is asked of an installation that holds them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import count

import msgspec

from app.capping.ending import Ender
from app.policy.file import parse
from app.store.sql.holding import SqlHolds
from app.store.valkey_caps import is_cap
from detectors.event import Event
from tests.app.installation import Installation
from tests.app.store.sightings import NOW_MS

MOST = 3
TRIES = 8
MINUTE_MS = 60_000
_numbers = count()


def policy(rest: str, *, timezone: str = "UTC", top: str = ""):
    return parse(f'name = "capped"\n{top}\n[tokens]\ntimezone = "{timezone}"\n{rest}')


def cap(per: str = "member", *, code: str = "CAP", **said: object) -> str:
    """A cap on redemptions, as a policy file says it."""
    said = {"applies_to": ["redeem"], "per": per, "max": MOST} | said
    return f"[caps.{code}]\n" + "\n".join(
        f"{key} = {msgspec.json.encode(value).decode()}" for key, value in said.items()
    )


def event(account: str = "m-1", at_ms: int = NOW_MS, **rest: object) -> Event:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    named = {"event_id": f"e-{next(_numbers)}", "type": "redeem", "points": 10} | rest
    return Event(account_id=account, occurred_at=at, **named)


async def decide(installation: Installation, one: Event, origin: str = "decision"):
    answer = await installation.scorer.decide(one, origin)
    return msgspec.json.decode(answer.body)


async def decided(installation: Installation, one: Event, origin: str = "decision"):
    """Recorded as well, so that its outcome can be told."""
    told = await decide(installation, one, origin)
    await installation.drain()
    return told


async def passing_of(installation: Installation, events: list[Event]) -> list[str]:
    """What was decided of each, all asked at once."""
    told = await asyncio.gather(*(decide(installation, one) for one in events))
    return [one["decision"] for one in told]


async def reserved(installation: Installation) -> dict[bytes, dict[bytes, bytes]]:
    """Everything reserved in the hot store."""
    keys = [key for key in await installation.pipeline.execute("KEYS", "*") if is_cap(key)]
    found = {}
    for key in sorted(keys):
        if key[:1] == b"q":
            fields = await installation.pipeline.execute("HGETALL", key)
            found[key] = dict(zip(fields[::2], fields[1::2], strict=True))
        else:
            found[key] = await installation.pipeline.execute("ZRANGE", key, 0, -1, "WITHSCORES")
    return found


CHALLENGED = """
[[rules]]
code = "ASK"
when = "event.points > 5"
applies_to = ["redeem"]
effect = "challenge"
message = "asks"
"""

HELD = """
[holds]
release_below_points = 100
[[rules]]
code = "LOOK"
when = "event.points > 5"
applies_to = ["earn"]
effect = "review"
message = "looked at"
"""


def ender(installation: Installation) -> Ender:
    return Ender(
        SqlHolds(installation.engine), installation.history, installation.sighter, installation.journal,
        installation.clock,
    )  # fmt: skip


async def end_holds(installation: Installation) -> int:
    ended = await ender(installation).step()
    await installation.drain()
    return ended


async def earned(installation: Installation) -> int:
    (account,) = [one for one in (await installation.entities()).values() if "earn" in one["series"]]
    return account["totals"].get("earn", 0)


def standing(found):
    """What counts: the reservations and their sum, without notes of what was given back."""
    kept = {}
    for key, fields in found.items():
        if key[:1] == b"q":
            kept[key] = {
                mark: value for mark, value in fields.items() if mark == b"t" or amount_of(value) > 0
            }
    return kept


def amount_of(value: bytes) -> float:
    return float(memoryview(value).cast("d")[0])
