"""Decisions a second, latency and processor time, beside a bare echo and the bare round trip on the same machine.

python -m benchmarks.decisions [--seconds 4] [--rounds 3]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from app.store.pipeline import Pipeline, pack
from benchmarks.echo import echoing
from benchmarks.installation import Installation
from benchmarks.load import Loaded, Measured, load
from benchmarks.machine import machine

CLIENTS = (1, 8, 32)
WARM_UP_S = 2


def median(taken: Sequence[Measured]) -> Measured:
    """Each figure's median."""
    figures = zip(
        *((one.rate, one.p50_ms, one.p99_ms, one.cpu_us, one.refused) for one in taken), strict=True
    )
    rate, p50, p99, cpu, refused = (statistics.median(values) for values in figures)
    return Measured(rate, p50, p99, cpu, int(refused))


def row(name: str, clients: int, one: Measured, echo: Measured | None) -> str:
    """A line of the table."""
    ratio = f"{one.cpu_us / echo.cpu_us:>9.1f}" if echo else f"{1:>9.1f}"
    latency = f"{one.p50_ms:>9.2f}{one.p99_ms:>9.2f}"
    return f"{name:<22}{clients:>8}{one.rate:>10,.0f}{latency}{one.cpu_us:>9.0f}{ratio}{one.refused:>9}"


async def round_trip(url: str) -> tuple[float, float]:
    """Microseconds of the bare round trip to Valkey, one call at a time: median and 99th percentile."""
    pipeline = Pipeline(url, timeout_s=2)
    await pipeline.open(patience_s=2)
    took = []
    ping = pack(("PING",))
    for _ in range(5_000):
        began = time.perf_counter()
        await pipeline.call(ping)
        took.append((time.perf_counter() - began) * 1e6)
    await pipeline.close()
    return statistics.median(took), statistics.quantiles(took, n=100)[98]


def main() -> None:
    """Measure in rounds, each of everything, so that a drift of the machine reaches all alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=4, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is told")
    given = parser.parse_args()
    taken: dict[tuple[str, int], list[Measured]] = {}
    trips = []

    def measure(name: str, service: Loaded, key: str) -> None:
        load(service, key, clients=8, seconds=WARM_UP_S)
        for clients in CLIENTS:
            one = load(service, key, clients=clients, seconds=given.seconds)
            taken.setdefault((name, clients), []).append(one)

    for _ in range(given.rounds):
        with echoing() as echo:
            measure("echo, 1 worker", echo, "")
        for workers in (1, 2):
            with (
                tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder,
                Installation(Path(folder), workers=workers) as service,
            ):
                measure(f"decisions, {workers} worker{'s' * (workers > 1)}", service, service.key())
                trips.append(asyncio.run(round_trip(service.hot_url)))
    print(f"# Decisions\n{machine()}; medians of {given.rounds} rounds of {given.seconds} s")
    print(
        f"{'':<22}{'clients':>8}{'a second':>10}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs':>9}{'× echo':>9}{'refused':>9}"
    )
    medians = {key: median(values) for key, values in taken.items()}
    for (name, clients), one in medians.items():
        floor = None if name.startswith("echo") else medians["echo, 1 worker", clients]
        print(row(name, clients, one, floor))
    p50, p99 = (statistics.median(values) for values in zip(*trips, strict=True))
    print(f"bare round trip to Valkey, unix socket: p50 {p50:.0f} µs, p99 {p99:.0f} µs")


if __name__ == "__main__":
    main()
