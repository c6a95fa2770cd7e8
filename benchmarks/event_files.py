"""What it costs to read history: microseconds an event and memory, for Parquet in order and shuffled, NDJSON and CSV.

python -m benchmarks.event_files [--events 1000000]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import polars as pl

from app.offline.event_files import EventFiles
from benchmarks.machine import machine

YEAR_MS = 365 * 86_400_000
START_MS = 1_735_689_600_000
"""2025-01-01."""
MEMBERS = 500_000
GOAL_US = 15.0
"""Microseconds an event of Parquet: a replay of 10,000 events a second leaves 100 for everything."""
MIB = 2**20


def history(events: int, *, shuffled: bool) -> pl.LazyFrame:
    """Events of a year, evenly spread, with the fields that a programme fills."""
    number = pl.int_range(events, dtype=pl.Int64)
    member = (number * 7_919) % MEMBERS
    frame = pl.select(
        event_id=pl.format("event-{}", number),
        type=pl.when(number % 10 < 6)
        .then(pl.lit("earn"))
        .when(number % 10 < 9)
        .then(pl.lit("login"))
        .otherwise(pl.lit("redeem")),
        occurred_at=pl.from_epoch(START_MS + number * YEAR_MS // events, time_unit="ms").dt.strftime(
            "%Y-%m-%dT%H:%M:%S%.3fZ"
        ),
        account_id=pl.format("member-{}", member),
        points=number % 400 + 1,
        balance_before=number % 9_000,
        channel=pl.lit("app"),
        store_id=pl.format("store-{}", member % 200),
        ip=pl.format("10.0.{}.{}", member // 256 % 256, member % 256),
        payment_instrument_id=pl.format("instrument-{}", member),
        device_id=pl.format("device-{}", member),
        amount=number % 90_000,
        currency=pl.lit("EUR"),
    ).rename({"device_id": "device.id", "amount": "money.amount_minor", "currency": "money.currency"})
    return (frame.sample(fraction=1.0, shuffle=True, seed=5) if shuffled else frame).lazy()


def write(frame: pl.LazyFrame, path: Path) -> Path:
    """The history as a file of the kind its ending names."""
    if path.suffix == ".parquet":
        frame.sink_parquet(path)
    elif path.suffix == ".csv":
        frame.sink_csv(path)
    else:
        money, device = (
            pl.struct(amount_minor="money.amount_minor", currency="money.currency"),
            pl.struct(id="device.id"),
        )
        flat = pl.exclude("money.amount_minor", "money.currency", "device.id")
        frame.select(flat, money=money, device=device).sink_ndjson(path)
    return path


def measure(path: Path) -> None:
    """Read one file to its end, in this process, and print what it took."""
    begun = time.perf_counter()
    with EventFiles([path]) as files:
        events = sum(1 for _ in files.events())
        assert not files.faults
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MIB
    print(
        f"{seconds / events * 1e6:6.2f} µs an event, {events / seconds:9,.0f} events/s, peak {peak:5.0f} MiB"
    )


def main() -> None:
    """Each kind in a process of its own, so that one's memory is not another's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    # `python -m benchmarks` gives no arguments of ours
    options = parser.parse_args(sys.argv[1:] if __name__ == "__main__" else [])
    if options.only is not None:
        measure(options.only)
        return
    print(f"Reading {options.events:,} events: {machine()}, polars {version('polars')}")
    print(f"goal: {GOAL_US:g} µs an event of Parquet, checked, in order and made")
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder:
        for name in ("ordered.parquet", "shuffled.parquet", "ordered.ndjson", "ordered.csv"):
            path = write(history(options.events, shuffled=name.startswith("shuffled")), Path(folder) / name)
            print(f"{name:18}", end=" ", flush=True)
            subprocess.run([sys.executable, "-m", "benchmarks.event_files", "--only", str(path)], check=True)
            path.unlink()


if __name__ == "__main__":
    main()
