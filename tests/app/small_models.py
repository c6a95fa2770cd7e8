"""Small models for the service's own vector, quickly made: other seeds, other versions."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from app.offline.artefacts import write_artefact
from detectors.forest.artefact import Artefact
from detectors.forest.features import NAMES, VERSION
from detectors.forest.fit import FOR_TESTS, fit

EARN = ("default", "earn", "new")


@cache
def trained(seed: int) -> Artefact:
    """A model of one segment, new members' earning, of random rows."""
    matrix = np.random.default_rng(seed).normal(size=(1_000, len(NAMES))).astype(np.float32)
    return fit(matrix, [EARN] * len(matrix), NAMES, VERSION, seed=seed, settings=FOR_TESTS)


def trained_into(folder: Path, seed: int) -> str:
    """The same as `earnest train --out` leaves it; its version."""
    return write_artefact(folder, trained(seed))


def truncate(folder: Path) -> None:
    """Cut the arrays of a model short, as a full disk would."""
    (arrays,) = folder.glob("mdl_*.safetensors")
    arrays.write_bytes(arrays.read_bytes()[:-100])
