"""How fast history is replayed: the whole command, from a file to rows; on an invented programme, or on files named.

python -m benchmarks.replay [EVENTS…] [--model DIR]

Seconds include starting Python and reading; CPU is of both processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.machine import machine

GOAL: Final = 10_000
"""Events a second on two cores."""
MEMBERS, DAYS, SEED = 3_000, 120, 1
"""Of the programme that is invented where no file is named: some ninety thousand events."""


def main() -> None:
    """Replay each file, or the invented programme."""
    asked = argparse.ArgumentParser(description="How fast history is replayed.")
    asked.add_argument("events", nargs="*")
    asked.add_argument("--model")
    words, _ = asked.parse_known_args()
    print("Replay, the whole command\n" + machine())
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder:
        for events in words.events or [_invented(Path(folder))]:
            _measure(events, words.model, Path(folder) / "rows.parquet")


def _invented(folder: Path) -> str:
    shape = ("--members", str(MEMBERS), "--days", str(DAYS), "--seed", str(SEED), "--end", "2026-01-01")
    subprocess.run(
        [sys.executable, "-m", "app.demo", "--out", str(folder), *shape],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return str(folder / "events.parquet")


def _measure(events: str, model: str | None, out: Path) -> None:
    command = [sys.executable, "-m", "app.cli", "replay", events, "--out", str(out)]
    began = time.perf_counter()
    replaying = subprocess.Popen(command + (["--model", model] if model else []), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(replaying.pid, 0)
    replaying.returncode = os.waitstatus_to_exitcode(status)
    took = time.perf_counter() - began
    assert replaying.returncode == 0
    rows = pl.scan_parquet(out).select(pl.len()).collect().item()
    met = "met" if rows / took >= GOAL else "missed"
    cpu_us = (used.ru_utime + used.ru_stime) / rows * 1e6
    print(
        f"  {Path(events).name}: {rows:,} events in {took:.1f} s: {rows / took:,.0f}/s (goal {GOAL:,}/s: {met}), "
        f"CPU {cpu_us:.0f} µs an event, at most {used.ru_maxrss // 1_024:,} MB"
    )


if __name__ == "__main__":
    main()
