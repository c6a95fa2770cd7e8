"""The anomaly model beside scikit-learn and PyOD: one row, a thousand, explanations, loading, memory, training.

python -m benchmarks.forest
"""

from __future__ import annotations

import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyod.models.iforest import IForest
from sklearn.ensemble import IsolationForest

from app.offline.artefacts import read_artefact, write_artefact
from benchmarks.machine import machine
from detectors.forest.artefact import Artefact
from detectors.forest.fit import SAMPLES, TREES, fit
from detectors.forest.gathering import Segment
from detectors.forest.segmented import SegmentedForest

ROWS: Final = 60_000
WIDTH: Final = 30
NAMES: Final = tuple(f"feature {index}" for index in range(WIDTH))
TYPES: Final = ("earn", "redeem", "login", "transfer", "return", "purchase")
BANDS: Final = ("days", "weeks", "months", "years")
ROUNDS: Final = 7
"""Medians of so many rounds, the contestants taking turns so that a busy neighbour troubles all of them."""
GOAL: Final = 300


def rows(count: int, seed: int) -> NDArray[np.float32]:
    """Features as events have them: skewed, rare flags, rounded, one that never varies."""
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(count, WIDTH))
    made[:, ::3] = np.exp(made[:, ::3])
    made[:, 1::6] = made[:, 1::6] > 1.5
    made[:, 2::6] = np.round(made[:, 2::6])
    made[:, 5] = 0.0
    return made.astype(np.float32)


def segments(count: int) -> list[Segment]:
    """24 segments, some of them thin."""
    rng = np.random.default_rng(3)
    known: list[Segment] = [("p", kind, band) for kind in TYPES for band in BANDS]
    likely = rng.dirichlet(np.ones(len(known)))
    return [known[index] for index in rng.choice(len(known), count, p=likely)]


def timed(contestants: dict[str, tuple[Callable[[], object], int]]) -> dict[str, float]:
    """Microseconds a call: name → (what to call, how often in a round)."""
    took: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, (call, often) in contestants.items():
            began = time.perf_counter()
            for _ in range(often):
                call()
            took[name].append((time.perf_counter() - began) / often * 1e6)
    return {name: median(one) for name, one in took.items()}


def speed(model: SegmentedForest, matrix: NDArray[np.float32], where: Segment) -> None:
    """One row and a thousand, ours and theirs on forests of the same size and the same rows."""
    size = {"n_estimators": int(TREES.value), "max_samples": int(SAMPLES.value), "random_state": 1}
    theirs, pyod = IsolationForest(**size).fit(matrix[:5_000]), IForest(**size).fit(matrix[:5_000])
    row, one, many, like = matrix[7], matrix[7:8], matrix[:1_000], [where] * 1_000
    placed = model.place(where, row)
    assert placed is not None
    took = timed(
        {
            "place one row": (lambda: model.place(where, row), 2_000),
            "its attributions": (placed.attributions, 1_000),
            "scikit-learn, one row": (lambda: theirs.score_samples(one), 10),
            "PyOD, one row": (lambda: pyod.decision_function(one), 10),
            "place 1,000 rows": (lambda: model.place_many(like, many), 5),
            "scikit-learn, 1,000 rows": (lambda: theirs.score_samples(many), 5),
            "PyOD, 1,000 rows": (lambda: pyod.decision_function(many), 5),
        }
    )
    ours = took["place one row"]
    print(f"\n{'µs':<28}{'a call':>12}{'× ours':>10}")
    for name, us in took.items():
        against = took["place 1,000 rows"] if "1,000" in name else ours
        print(f"{name:<28}{us:>12,.1f}{us / against:>10,.1f}")
    ratio = took["PyOD, one row"] / ours
    print(f"a row against PyOD's call: {ratio:,.0f} ×, goal {GOAL} ×: {'met' if ratio >= GOAL else 'missed'}")


def weight(artefact: Artefact) -> SegmentedForest:
    """Loading from disk: time, file size and memory."""
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as name:
        folder = Path(name)
        write_artefact(folder, artefact)
        size = sum(one.stat().st_size for one in folder.iterdir())
        took = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            model = SegmentedForest(read_artefact(folder, NAMES, 1))
            took.append((time.perf_counter() - began) * 1e3)
        tracemalloc.start()
        model = SegmentedForest(read_artefact(folder, NAMES, 1))
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    forests = len(artefact.card.segments)
    print(
        f"\n{forests} forests: {size / 2**20:.1f} MiB on disk, loaded and checked in {median(took):.0f} ms, "
        f"{held / 2**20:.1f} MiB in memory, {held / forests / 2**20:.2f} MiB each"
    )
    return model


def main() -> None:
    """Train once, weigh, race."""
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "pyod", "safetensors")
    )
    print(f"# The forest\n{machine()}, {packages}")
    matrix, which = rows(ROWS, seed=1), segments(ROWS)
    began = time.perf_counter()
    artefact = fit(matrix, which, NAMES, 1, seed=1)
    took = time.perf_counter() - began
    print(
        f"\n{ROWS:,} rows of {WIDTH} features, {len(artefact.card.segments)} forests of {int(TREES.value)} trees: "
        f"trained in {took:.1f} s, {ROWS / took:,.0f} rows/s; greatest difference from scikit-learn "
        f"{artefact.card.checks['greatest_difference_from_scikit_learn']:.0e}"
    )
    speed(weight(artefact), matrix, artefact.card.segments[0].serves[0])


if __name__ == "__main__":
    main()
