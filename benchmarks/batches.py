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
import time
from datetime import UTC, datetime, timedelta

from benchmarks.load import load
from benchmarks.service import Service, machine, running

BATCH = 1_000
ACCOUNTS = 10_000
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
        events.append(event if kind == "login" else event | {"points": rng.randrange(10, 400), "balance_before": 4_200})
    return json.dumps(events).encode()


def post(service: Service, body: bytes, path: str = "/v1/decisions/batch") -> None:
    """Send one batch; every row must have been decided."""
    connection = http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=60)
    headers = {"Authorization": f"Bearer {service.key}", "Content-Type": "application/json"}
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    if answer.status != http.client.OK or b'"error"' in read:
        raise RuntimeError(f"{answer.status}: {read[:500]!r}")


def fill(service: Service, events: int) -> list[float]:
    """So many events spread over the last 24 h, in order; events a second of each batch."""
    rng, run = random.Random(11), secrets.token_hex(4)
    end = datetime.now(UTC)
    rates = []
    for first in range(0, events, BATCH):
        instants = [end - timedelta(seconds=DAY_S * (1 - (first + index) / events)) for index in range(BATCH)]
        body = batch(run, first, instants, rng)
        began = time.perf_counter()
        post(service, body)
        rates.append(BATCH / (time.perf_counter() - began))
    return rates


def main() -> None:
    """Single decisions before, batches, single decisions after."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=300_000, help="in the last 24 h")
    parser.add_argument("--seconds", type=int, default=4, help="of load for each figure of single decisions")
    given = parser.parse_args()
    print(f"# Batches, and cost beside a day's events\n{machine()}")
    with running(workers=1) as empty, running(workers=1) as full:
        load(empty, clients=8, seconds=2)
        rates = fill(full, given.events)
        print(f"batches of {BATCH:,}: median {statistics.median(rates):,.0f} events/s "
              f"(first tenth {statistics.median(rates[: len(rates) // 10]):,.0f}, last tenth {statistics.median(rates[-len(rates) // 10 :]):,.0f})")
        costs: dict[str, list[tuple[float, float]]] = {"empty": [], "full": []}
        for _ in range(3):
            for name, service in (("empty", empty), ("full", full)):
                store = service.cpu_s("valkey-server")
                one = load(service, clients=8, seconds=given.seconds)
                spent = (service.cpu_s("valkey-server") - store) / max(one.rate * given.seconds, 1) * 1e6
                costs[name].append((one.cpu_us, spent))
        for name, label in (("empty", "empty store"), ("full", f"{given.events:,} events in 24 h")):
            app, store = (statistics.median(values) for values in zip(*costs[name], strict=True))
            print(f"{label:<26} application {app:>6.0f} µs, Valkey {store:>6.0f} µs a decision")
        ratio = [sum(b) / sum(a) for a, b in zip(costs["empty"], costs["full"], strict=True)]
        print(f"cost full / empty: {statistics.median(ratio):.2f}")


if __name__ == "__main__":
    main()
