"""How fast a history becomes a model, and in how much memory: `python -m benchmarks.train --rows 5000000`.

The history is drawn at random, in Parquet files by member: habits, phones, carrier networks with thousands behind one
address, households, transfers. It is kept in a folder of its own for the time of the measurement.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.machine import machine

EVENTS_A_MEMBER = 40
MEMBERS_A_FILE = 25_000
START = np.datetime64("2025-01-01T00:00:00", "us")
YEAR_US = 365 * 86_400 * 1_000_000
TYPES = ("earn", "redeem", "login", "login_failed", "transfer", "return")
SHARES = (0.60, 0.10, 0.20, 0.05, 0.01, 0.04)
CARRIERS = 200


def history(folder: Path, rows: int, seed: int = 7) -> int:
    """Write about so many rows; answers how many."""
    rng = np.random.default_rng(seed)
    members = max(1, rows // EVENTS_A_MEMBER)
    written = 0
    for number, first in enumerate(range(0, members, MEMBERS_A_FILE)):
        frame = _file(rng, first, min(MEMBERS_A_FILE, members - first), members)
        frame.write_parquet(folder / f"part-{number:05}.parquet")
        written += frame.height
    return written


def _file(rng: np.random.Generator, first: int, count: int, members: int) -> pl.DataFrame:
    events = rng.poisson(EVENTS_A_MEMBER, count)
    who = np.repeat(np.arange(first, first + count), events)
    many = len(who)
    kind = rng.choice(len(TYPES), many, p=SHARES)
    on_carrier = rng.random(many) < 0.3
    home = who // 2
    points = np.maximum(1, rng.lognormal(5.0, 0.8, many)).astype(np.int64)
    online = np.isin(kind, (2, 3, 4))
    ip = np.where(on_carrier, rng.integers(0, CARRIERS, many), CARRIERS + home)
    return pl.DataFrame({
        "event_id": pl.Series(np.arange(many) + first * 1_000).cast(pl.String),
        "type": pl.Series(np.array(TYPES)[kind]),
        "occurred_at": pl.Series(START + rng.integers(0, YEAR_US, many)).dt.replace_time_zone("UTC"),
        "account_id": "m" + pl.Series(who).cast(pl.String),
        "points": pl.Series(points).zip_with(pl.Series(~np.isin(kind, (2, 3))), pl.Series([None], dtype=pl.Int64)),
        "money.amount_minor": pl.Series(points * 9).zip_with(pl.Series(kind == 0), pl.Series([None], dtype=pl.Int64)),
        "money.currency": pl.Series(["EUR"]).new_from_index(0, many).zip_with(
            pl.Series(kind == 0), pl.Series([None], dtype=pl.String)),
        "store_id": "s" + pl.Series((home * 7 + rng.integers(0, 3, many)) % 500).cast(pl.String),
        "device.id": ("d" + pl.Series(np.where(rng.random(many) < 0.05, home, who + 10**8)).cast(pl.String)).zip_with(
            pl.Series(online), pl.Series([None], dtype=pl.String)),
        "ip": pl.Series([f"{10 + (n >> 24)}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in ip.tolist()]).zip_with(
            pl.Series(online), pl.Series([None], dtype=pl.String)),
        "counterparty_account_id": ("m" + pl.Series(rng.integers(0, members, many)).cast(pl.String)).zip_with(
            pl.Series(kind == 4), pl.Series([None], dtype=pl.String)),
    })  # fmt: skip


def measured(folder: Path, rows: int) -> None:
    """Train in a process of its own and print its rate and the most memory its processes held."""
    program = (
        "import resource, sys; from app.cli import main\n"
        "try: main(['train', sys.argv[1], '--out', sys.argv[2]])\n"
        "finally:\n"
        " both = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN\n"
        " peaks = [resource.getrusage(one).ru_maxrss / 1024 for one in both]\n"
        " print('peak MiB: itself %.0f, largest helper %.0f' % tuple(peaks))\n"
    )
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", program, str(folder), str(folder.parent / "model")], check=True)
    took = time.perf_counter() - began
    print(f"{rows:,} rows in {took:.1f} s: {rows / took:,.0f} rows/s")


def main() -> None:
    """Make a history, train on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a folder for the history, used again where it is there")
    wanted = parser.parse_args(sys.argv[1:] if __name__ == "__main__" else [])
    print(machine())
    with tempfile.TemporaryDirectory(prefix="earnest-train-") as own:
        folder = wanted.keep or Path(own) / "events"
        if not folder.exists():
            folder.mkdir(parents=True)
            history(folder, wanted.rows)
        rows = pl.scan_parquet(folder / "*.parquet").select(pl.len()).collect().item()
        with tempfile.TemporaryDirectory(prefix="earnest-train-") as other:
            (Path(other) / "events").symlink_to(folder.resolve())
            measured(Path(other) / "events", rows)


if __name__ == "__main__":
    main()
