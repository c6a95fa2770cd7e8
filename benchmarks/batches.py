"""Events a second in batches of 1,000, and whether a decision costs the same beside 300,000 events of the last day.

python -m benchmarks.batches [--events 300000]
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import secrets
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.installation import Client, Installation
from benchmarks.load import load
from benchmarks.machine import machine

BATCH = 1_000
ACCOUNTS = 100_000
"""Three events a member a day: with thirty, half of all events exceed a limit and cost their reasons as well."""
KINDS = ("earn",) * 6 + ("login",) * 3 + ("redeem",)
DAY_S = 86_400


def batch(run: str, first: int, instants: list[datetime], rng: random.Random) -> bytes:
    """A JSON array of events of random members at these instants."""
    events = []
    for index, instant in enumerate(instants, first):
        member, kind = rng.randrange(ACCOUNTS), rng.choice(KINDS)
        event = {
            "event_id": f"{run}-{index}", "type": kind, "occurred_at": instant.isoformat(),
            "account_id": f"member-{member:06}", "channel": "app", "store_id": f"store-{member % 200:03}",
            "device": {"id": f"device-{member:06}"}, "ip": f"10.{member >> 16}.{member >> 8 & 255}.{member & 255}",
            "payment_instrument_id": f"instrument-{member:06}",
        }  # fmt: skip
        events.append(
            event if kind == "login" else event | {"points": rng.randrange(10, 400), "balance_before": 4_200}
        )
    return json.dumps(events).encode()


def post(client: Client, body: bytes) -> None:
    """Send one batch; every row must have been decided."""
    answer = client.ask("POST", "/v1/decisions/batch", body)
    if answer.status != http.client.OK or b'"error"' in answer.body:
        raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")


def fill(client: Client, events: int) -> list[float]:
    """So many events spread over the last 24 h, in order; events a second of each batch."""
    rng, run = random.Random(11), secrets.token_hex(4)
    end = datetime.now(UTC)
    rates = []
    for first in range(0, events, BATCH):
        instants = [end - timedelta(seconds=DAY_S * (1 - (first + index) / events)) for index in range(BATCH)]
        body = batch(run, first, instants, rng)
        began = time.perf_counter()
        post(client, body)
        rates.append(BATCH / (time.perf_counter() - began))
    return rates


def main() -> None:
    """Single decisions before, batches, single decisions after."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=300_000, help="in the last 24 h")
    parser.add_argument("--seconds", type=int, default=4, help="of load for each figure of single decisions")
    given = parser.parse_args()
    print(f"# Batches, and cost beside a day's events\n{machine()}")
    with (
        tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder,
        Installation(Path(folder) / "empty", workers=1) as empty,
        Installation(Path(folder) / "full", workers=1) as full,
    ):
        keys = {"empty": empty.key(), "full": full.key()}
        load(empty, keys["empty"], clients=8, seconds=2)
        with full.client(keys["full"]) as client:
            rates = fill(client, given.events)
        full.settle()
        tenth = max(len(rates) // 10, 1)
        first, last = statistics.median(rates[:tenth]), statistics.median(rates[-tenth:])
        median = statistics.median(rates)
        print(
            f"batches of {BATCH:,}: median {median:,.0f} events/s, first tenth {first:,.0f}, last {last:,.0f}"
        )
        costs: dict[str, list[tuple[float, float]]] = {"empty": [], "full": []}
        for _ in range(3):
            for name, service in (("empty", empty), ("full", full)):
                store = service.cpu_s("valkey")
                one = load(service, keys[name], clients=8, seconds=given.seconds, accounts=ACCOUNTS)
                spent = (service.cpu_s("valkey") - store) / max(one.rate * given.seconds, 1) * 1e6
                costs[name].append((one.cpu_us, spent))
        for name, label in (("empty", "empty store"), ("full", f"{given.events:,} events in 24 h")):
            app, store = (statistics.median(values) for values in zip(*costs[name], strict=True))
            print(f"{label:<26} application {app:>6.0f} µs, Valkey {store:>6.0f} µs a decision")
        ratio = [sum(b) / sum(a) for a, b in zip(costs["empty"], costs["full"], strict=True)]
        print(f"cost full / empty: {statistics.median(ratio):.2f}")


if __name__ == "__main__":
    main()
