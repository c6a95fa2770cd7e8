"""How good it is: what `make quality` prints.

python -m benchmarks.quality [--seeds 1,2,3,4] [--members 3000] [--quick] [--misses TYPOLOGY] [--touched]
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from app.demo.typologies import CATALOGUE
from benchmarks import adbench
from benchmarks.machine import machine
from benchmarks.quality_listed import misses, touched
from benchmarks.quality_plots import draw
from benchmarks.quality_run import DAYS, FRAUD, SCORED_DAYS, Run, invented, loyaltygen
from benchmarks.quality_told import figures_of, in_brief, tell_invented, tell_loyaltygen, together

SEEDS = "1,2,3,4"
MEMBERS = 3_000
QUICK_SEEDS, QUICK_MEMBERS = "1", 600
AT_ONCE = 2
"""Runs under way: one a core of the machine the goals are for."""
PACKAGES = ("scikit-learn", "numpy", "polars", "pyod")


def main() -> None:
    """All parts, or only what a flag asks for."""
    asked = options()
    began = time.perf_counter()
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"# How good\n{machine()}, {packages}", flush=True)
    runs, public = measured(asked.seeds, asked.members, public=not (asked.quick or asked.only))
    told = together(runs)
    print(
        f"\n## An invented programme: seeds {', '.join(map(str, asked.seeds))}; {asked.members:,} members, {DAYS} "
        f"days of which the last {SCORED_DAYS} are scored,\n{FRAUD:g} incidents per member in 120 days; model of what "
        "was before, without labels; default policy"
    )
    for seed, run in zip(asked.seeds, runs, strict=True):
        print(f"seed {seed}: {in_brief(run)}")
    tell_invented(told, figures_of(told), len(runs))
    if asked.touched:
        print("\n## Honest events touched")
        touched(told)
    for typology in asked.misses:
        print("\n## Missed")
        misses(told, typology)
    ranked = None
    if not (asked.quick or asked.only):
        print("\n## loyaltygen")
        if public is None:
            print(
                "not there: put loyaltygen_events.parquet and loyaltygen_labels.parquet into ../shared/data"
            )
        else:
            ranked = tell_loyaltygen(public)
        print("\n## ADBench's published isolation forest")
        adbench.tell()
    if not asked.quick:
        pictures = draw(told, ranked, asked.out)
        print(
            f"\npictures in {asked.out}: {', '.join(one.name for one in pictures if one.suffix == '.svg')}, and as PNG"
        )
    print(f"\nall of it took {time.perf_counter() - began:.0f} s")


def measured(seeds: Sequence[int], members: int, *, public: bool) -> tuple[list[Run], Run | None]:
    """Every run, two at a time, each in a process of its own."""
    with ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("spawn")) as pool:
        invented_runs = [pool.submit(invented, seed, members) for seed in seeds]
        other = pool.submit(loyaltygen) if public else None
        return [one.result() for one in invented_runs], None if other is None else other.result()


def options() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", help=f"of the invented programmes [default: {SEEDS}]")
    parser.add_argument("--members", type=int, help=f"of each [default: {MEMBERS:,}]")
    parser.add_argument("--quick", action="store_true", help="one small programme and nothing else")
    parser.add_argument("--only", action="store_true", help="the invented programmes and nothing else")
    parser.add_argument("--misses", action="append", default=[], choices=sorted(CATALOGUE), metavar="TYPOLOGY",
                        help="list the incidents of this kind that nobody stopped")  # fmt: skip
    parser.add_argument("--touched", action="store_true", help="count honest events touched, by reason")
    parser.add_argument(
        "--out", type=Path, default=Path("build/quality"), metavar="DIR", help="where the pictures go"
    )
    asked = parser.parse_args()
    seeds = asked.seeds or (QUICK_SEEDS if asked.quick else SEEDS)
    asked.seeds = [int(seed) for seed in seeds.split(",")]
    asked.members = asked.members or (QUICK_MEMBERS if asked.quick else MEMBERS)
    return asked


if __name__ == "__main__":
    main()
