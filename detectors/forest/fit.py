"""From rows to a model: a forest for each segment that can carry one, thin ones merged, the rest named."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from detectors.forest import drift
from detectors.forest.artefact import Arrays, Artefact, seal
from detectors.forest.card import Card, Learned, LeftOut, Usual, Window
from detectors.forest.explain import contributions, expected_path
from detectors.forest.gathering import Gathered, Matrix, Segment
from detectors.forest.merging import merged
from detectors.forest.model import Trees, floor_float32
from detectors.forest.percentiles import quantiles
from detectors.thresholds import Threshold

TREES: Final = Threshold(
    200,
    "trees",
    "twice the paper's 100 halves the chance in a rank; 400 would double the cost of every event",
    "Liu, Ting and Zhou, Isolation Forest, ICDM 2008, section 4: paths converge before 100",
)
SAMPLES: Final = Threshold(
    256,
    "rows",
    "small samples keep frauds from hiding each other; 256 is where the paper's accuracy levels off",
    "Liu, Ting and Zhou, Isolation Forest, ICDM 2008, section 4",
)
MIN_ROWS: Final = Threshold(
    500,
    "rows",
    "five rows stand beyond the reported 99th percentile, and a tree sees half of them, not the same ones",
    "detectors.anomaly.RARE",
)
SAME: Final = 1e-9
"""Greatest difference from scikit-learn's scores, and greatest rest of an attribution, that a model may have."""
COMPARED_ROWS: Final = 1_000
"""Rows of each segment on which the two are compared before a model leaves this room: 15 ms a segment."""
EXPLAINED_ROWS: Final = 16
"""Rows of each segment whose attributions are summed: 1 ms a segment."""
NORMAL: Final = 1.4826
"""Standard deviations in a median absolute deviation of a normal feature."""
SHOWN_SHARES: Final = (0.5, 0.9, 0.99, 0.999)
"""Quantiles of the score that the card prints; the arrays hold all."""


class NothingLearned(ValueError):
    """No segment, even with all merged, has rows enough. Carries the rows met and those needed."""

    def __init__(self, rows: int, needed: int) -> None:
        super().__init__(f"{rows:,} rows are too few to learn from: a model needs {needed:,} of them")
        self.rows, self.needed = rows, needed


class Unfaithful(RuntimeError):
    """The finished trees do not score as scikit-learn's do: never write such a model."""


@dataclass(frozen=True, slots=True)
class ForestSettings:
    """How forests are grown. samples: a power of two fills the trees best; min_rows at least samples."""

    trees: int = int(TREES.value)
    samples: int = int(SAMPLES.value)
    min_rows: int = int(MIN_ROWS.value)

    def __post_init__(self) -> None:
        if not 2 <= self.samples <= self.min_rows:  # noqa: PLR2004  one row is no tree
            raise ValueError(f"{self.samples} rows a tree, of at least {self.min_rows}")

    @property
    def depth(self) -> int:
        """Levels of splits: scikit-learn's own limit for so many rows."""
        return int(np.ceil(np.log2(self.samples)))


DUTY: Final = ForestSettings()
FOR_TESTS: Final = ForestSettings(trees=8, samples=32, min_rows=64)
"""Fast; never fit for duty."""


def fit(
    vectors: Matrix,
    segments: Sequence[Segment],
    names: Sequence[str],
    features_version: int,
    seed: int,
    *,
    window: Window | None = None,
    notes: Mapping[str, int | float | str] | None = None,
    usual: Sequence[Usual] = (),
    settings: ForestSettings = DUTY,
) -> Artefact:
    """
    A model of rows at hand. For more rows than fit in memory, gather them in chunks and call `fit_gathered`.

    Args:
        vectors: (n, d) float32, finite.
        segments: Programme, type and tenure band of each row.
        names: The d features.
        features_version: Of the vector's definition.
        seed: From 0. The same rows in the same order, seed and libraries give the same bytes.
        window: Instants of the first and last event.
        notes: What the caller wants on the card.
        usual: What is usual in each programme.
        settings: Trees, rows per tree, rows per segment.

    Raises:
        NothingLearned: Too few rows for a single segment.
    """
    gathered = Gathered(len(names), seed)
    gathered.add(segments, vectors)
    return fit_gathered(
        gathered, names, features_version, window=window, notes=notes, usual=usual, settings=settings
    )


def fit_gathered(
    gathered: Gathered,
    names: Sequence[str],
    features_version: int,
    *,
    window: Window | None = None,
    notes: Mapping[str, int | float | str] | None = None,
    usual: Sequence[Usual] = (),
    settings: ForestSettings = DUTY,
) -> Artefact:
    """A model of what was gathered; see `fit`."""
    if len(names) != gathered.width:
        raise ValueError(f"{len(names)} names for {gathered.width} features")
    groups, rest = merged(gathered.totals, settings.min_rows)
    if not groups:
        raise NothingLearned(sum(gathered.totals.values()), settings.min_rows)
    learned, parts, checks = [], [], _Checks()
    for group in groups:
        rows = gathered.sample(group.members)
        arrays, scores = _grow(rows, _seed_of(gathered.seed, group.segment), settings, checks)
        parts.append(arrays)
        shown = {str(share): float(np.quantile(scores, share)) for share in SHOWN_SHARES}
        learned.append(Learned(group.segment, group.serves, group.rows, len(rows), shown))
    card = Card(
        features_version=features_version,
        features=tuple(names),
        window=window,
        seed=gathered.seed,
        rows=sum(gathered.totals.values()),
        trees=settings.trees,
        samples=settings.samples,
        depth=settings.depth,
        min_rows=settings.min_rows,
        segments=tuple(learned),
        left_out=tuple(LeftOut(segment, gathered.totals[segment]) for segment in rest),
        checks=checks.said(names, parts),
        libraries={name: version(name) for name in ("numpy", "safetensors", "scikit-learn")},
        notes=dict(notes or {}),
        arrays_sha256="0" * 64,
        usual=tuple(sorted(usual, key=lambda one: one.program_id)),
    )
    return seal(card, {name: np.stack([one[name] for one in parts]) for name in parts[0]})


@dataclass(slots=True)
class _Checks:
    """The worst that was met over all segments."""

    difference: float = 0.0
    rest: float = 0.0

    def said(self, names: Sequence[str], parts: Sequence[Arrays]) -> dict[str, float | str]:
        never_split = set(range(len(names)))
        for part in parts:
            never_split -= set(np.unique(part["feature"][np.isfinite(part["threshold"])]).tolist())
        return {
            "greatest_difference_from_scikit_learn": self.difference,
            "greatest_rest_of_an_attribution": self.rest,
            "features_that_never_varied": ", ".join(names[index] for index in sorted(never_split)),
        }


def _seed_of(seed: int, segment: Segment) -> int:
    """A seed for each segment that does not hang on which others there are; 32 bits, as scikit-learn takes them."""
    text = "\x1f".join((str(seed), *segment))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _grow(
    rows: Matrix, seed: int, settings: ForestSettings, checks: _Checks
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float64]]:
    """The arrays of one segment (`artefact.shapes` without the first axis), and the scores of its rows."""
    grown = IsolationForest(n_estimators=settings.trees, max_samples=settings.samples, random_state=seed)
    grown.fit(rows)
    feature, threshold, held = _flattened(grown, settings.depth)
    trees = Trees.of(settings.trees, feature, threshold, held)
    scores = trees.scores(rows)
    _compare(grown, trees, rows, scores, checks)
    both = np.column_stack([rows.astype(np.float64), scores])
    edges = drift.edges(both)
    middle = np.median(rows, axis=0)
    arrays: dict[str, NDArray[Any]] = {
        "feature": feature,
        "threshold": threshold,
        "rows": held,
        "quantile": quantiles(scores),
        "usual": middle.astype(np.float32),
        "spread": (NORMAL * np.median(np.abs(rows - middle), axis=0)).astype(np.float32),
        "drift_edge": edges,
        "drift_share": drift.shares(drift.counts(edges, both)),
    }
    return arrays, scores


def _compare(grown: Any, trees: Trees, rows: Matrix, scores: NDArray[np.float64], checks: _Checks) -> None:
    """Hold the flat trees against scikit-learn's, and the attributions against the paths, before anybody relies."""
    some = rows[:COMPARED_ROWS]
    checks.difference = max(
        checks.difference, float(np.abs(-grown.score_samples(some) - scores[:COMPARED_ROWS]).max())
    )
    start = expected_path(trees)
    for row, score in zip(rows[:EXPLAINED_ROWS], scores[:EXPLAINED_ROWS].tolist(), strict=True):
        path = -trees.scale * float(np.log2(score))
        checks.rest = max(checks.rest, abs(start - path - float(contributions(trees, row).sum())))
    if checks.difference > SAME or checks.rest > SAME:
        raise Unfaithful(f"scores differ by {checks.difference}, attributions leave a rest of {checks.rest}")


def _flattened(grown: Any, depth: int) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint16]]:
    """scikit-learn's trees, filled up to one depth; what `model.Trees.of` takes."""
    trees = [one.tree_ for one in grown.estimators_]
    starts = np.cumsum([0, *(one.node_count for one in trees)])[:-1]
    left, right = (
        np.concatenate(
            [
                np.where(getattr(one, side) < 0, -1, getattr(one, side) + at)
                for one, at in zip(trees, starts, strict=True)
            ]
        )
        for side in ("children_left", "children_right")
    )
    feature = np.concatenate([one.feature for one in trees])
    threshold = floor_float32(np.concatenate([one.threshold for one in trees]))
    held = np.concatenate([one.n_node_samples for one in trees])
    at = starts
    features, thresholds = [], []
    for _ in range(depth):
        splits = (at >= 0) & (left[at] >= 0)
        features.append(np.where(splits, feature[at], 0).astype(np.uint8))
        thresholds.append(np.where(splits, threshold[at], np.inf).astype(np.float32))
        at = np.column_stack([np.where(splits, left[at], at), np.where(splits, right[at], -1)]).ravel()
    rows = np.where(at >= 0, held[at], 0).astype(np.uint16)
    return np.concatenate(features), np.concatenate(thresholds), rows
