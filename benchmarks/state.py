"""How much hot state an account takes: all keys of all its entities, as Valkey itself counts them.

python -m benchmarks.state
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from app.data_dir import held
from app.ports.history import Settlement
from app.sighting import Sighter
from app.store import embedded
from app.store.packing import ROLES, entity_key
from app.store.pipeline import Pipeline
from app.store.valkey import ValkeyHistory
from benchmarks.machine import machine
from detectors.event import Device, Event, EventType, Profile

END: Final = datetime(2026, 6, 30, 20, tzinfo=UTC)
DAYS: Final = 30
KINDS: Final[tuple[EventType, ...]] = ("earn",) * 6 + ("login",) * 3 + ("redeem",)
"""Six purchases, three log-ins and a redemption of ten events."""


def history(account: str, events: int, rng: random.Random) -> list[Event]:
    """A sign-up and so many events in 30 days, every one with device, address and, where points move, instrument."""
    who = Profile(
        email=f"{account}@example.org", phone="+4930123456", given_name="Ada", family_name="Muster",
        date_of_birth="1980-02-03", street="Hauptstr. 5", postcode="10115", city="Berlin", country="DE",
    )  # fmt: skip
    begun = END - timedelta(days=DAYS)
    told = [
        Event(
            event_id=f"{account}-signup", type="signup", occurred_at=begun, account_id=account, profile=who,
            device=Device(id=f"phone of {account}"), ip="192.0.2.7", channel="app",
        )
    ]  # fmt: skip
    instants = sorted(begun + timedelta(seconds=rng.uniform(60, DAYS * 86_400)) for _ in range(events))
    for index, instant in enumerate(instants):
        kind = rng.choice(KINDS)
        moves = kind != "login"
        told.append(
            Event(
                event_id=f"{account}-{index}", type=kind, occurred_at=instant, account_id=account,
                points=rng.randrange(10, 500) if moves else None, device=Device(id=f"phone of {account}"),
                ip="192.0.2.7", payment_instrument_id=f"card of {account}" if moves else None, channel="app",
            )
        )  # fmt: skip
    return told


async def weigh(pipeline: Pipeline, account: str, events: int) -> tuple[int, int]:
    """Bytes of all entities of an account with so many events, and how many keys they are."""
    await pipeline.execute("FLUSHALL")
    store, sighter = ValkeyHistory(pipeline), Sighter(b"benchmark key, 32 bytes, no secret")
    keys = set()
    for event in history(account, events, random.Random(7)):
        sighting = sighter.sight(event).sighting
        await store.observe(sighting)
        totals: dict[str, int] = {event.type: event.points or 0} if event.type == "earn" else {}
        burned = event.points if event.type == "redeem" else None
        await store.commit(sighting, b"", b"", Settlement(totals, burned))
        keys |= {entity_key(touch.role, touch.key) for touch in sighting.touches if touch.role in ROLES}
    sizes = [int(await pipeline.execute("MEMORY", "USAGE", key, "SAMPLES", 0)) for key in keys]
    return sum(sizes), len(keys)


async def measure(data_dir: Path) -> None:
    """Print the table."""
    pipeline = Pipeline(f"unix://{data_dir / 'valkey' / 'valkey.sock'}", timeout_s=10)
    await pipeline.open(patience_s=5)
    print(f"{'account':<34}{'bytes':>8}{'keys':>6}{'goal':>8}")
    for name, events, goal in (
        ("typical: 30 events in 30 days", 30, 2_048),
        ("heavy: 5,000 events in 30 days", 5_000, 8_192),
    ):
        size, keys = await weigh(pipeline, f"member-{events}", events)
        print(f"{name:<34}{size:>8,}{keys:>6}{goal:>8,}")
    await pipeline.close()


def main() -> None:
    """Run it on an embedded server of its own."""
    print(f"# Hot state of an account\n{machine()}")
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder, held(Path(folder)) as lock:
        server = embedded.start(Path(folder), lock)
        try:
            embedded.await_ready(Path(folder), server)
            asyncio.run(measure(Path(folder)))
        finally:
            embedded.stop(server)


if __name__ == "__main__":
    main()
