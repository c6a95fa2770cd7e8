"""Small forests for the tests: seeded rows with constant, rare, discrete and large features."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from detectors.forest.artefact import Artefact
from detectors.forest.fit import FOR_TESTS, fit
from detectors.forest.gathering import Segment

NAMES = ("normal", "constant", "rare", "rounded", "large", "skewed")
VERSION = 3
REDEEM: Segment = ("p", "redeem", "old")
EARN: Segment = ("p", "earn", "old")


def rows(count: int, seed: int = 1) -> NDArray[np.float32]:
    """So many rows of NAMES."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=(count, len(NAMES)))
    normal[:, 1] = 5.0
    normal[:, 2] = normal[:, 2] > 1.5
    normal[:, 3] = np.round(normal[:, 3])
    normal[:, 4] *= 1e30
    normal[:, 5] = np.exp(2 * normal[:, 5])
    return normal.astype(np.float32)


def small() -> Artefact:
    """A model of two types of events, one of them with a thin tenure band."""
    segments = [EARN] * 200 + [REDEEM] * 650 + [("p", "redeem", "new")] * 20
    return fit(rows(len(segments)), segments, NAMES, VERSION, seed=11, settings=FOR_TESTS)
