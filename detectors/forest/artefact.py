"""A model as bytes: a card and its arrays, in formats that hold numbers and can run nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
import safetensors.numpy
from msgspec import structs
from numpy.typing import NDArray
from safetensors import SafetensorError

from detectors.forest.card import Card, ModelRefused, read_card, versioned, write_card
from detectors.forest.drift import BINS
from detectors.forest.percentiles import LEVELS

MAX_ARRAYS_BYTES: Final = 2**30
"""A forest of the usual size takes 0.4 MB: this is 2,000 segments."""
LEAST_SCORE: Final = 2.0**-10
"""No path is ten times the average of its tree: even 4,096 equal rows under 12 splits score above 2^-3."""
PICKLE_STARTS: Final = (
    *(b"\x80" + bytes([protocol]) for protocol in range(2, 6)),
    b"(",
    b"cos\n",
    b"cposix\n",
)
"""A pickle's first bytes: protocols 2 to 5, and what older ones begin with when they carry a program."""

Arrays = Mapping[str, NDArray[Any]]


class Artefact(NamedTuple):
    """A whole model: the card and the arrays it speaks of (see `shapes`)."""

    card: Card
    arrays: Arrays


def shapes(card: Card) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    """
    Name → shape and type of each array; the first axis is the card's segments.

    feature, threshold: the splits, all levels in a row (see `model.Trees.of`).
    rows:          training rows at each place of the last level.
    quantile:      scores at `percentiles.LEVELS`.
    usual, spread: median of each feature, and 1.4826 × the median distance from it: a standard deviation where
                   the feature is normal, and deaf to the few that are not.
    drift_edge, drift_share: inner deciles and shares of each feature, and in the last row of the score.
    """
    segments, width = len(card.segments), len(card.features)
    splits, ends = card.trees * (2**card.depth - 1), card.trees * 2**card.depth
    return {
        "feature": ((segments, splits), np.uint8),
        "threshold": ((segments, splits), np.float32),
        "rows": ((segments, ends), np.uint16),
        "quantile": ((segments, len(LEVELS)), np.float64),
        "usual": ((segments, width), np.float32),
        "spread": ((segments, width), np.float32),
        "drift_edge": ((segments, width + 1, BINS - 1), np.float64),
        "drift_share": ((segments, width + 1, BINS), np.float64),
    }


def seal(card: Card, arrays: Arrays) -> Artefact:
    """The artefact of a finished model: the card gets the arrays' hash, and its version."""
    digest = hashlib.sha256(_pack(arrays)).hexdigest()
    return Artefact(versioned(structs.replace(card, arrays_sha256=digest)), arrays)


def write(artefact: Artefact) -> tuple[bytes, bytes]:
    """The card's bytes (JSON) and the arrays' bytes (safetensors). The same model, the same bytes."""
    return write_card(artefact.card), _pack(artefact.arrays)


def read(
    card_bytes: bytes, arrays_bytes: bytes, features: tuple[str, ...], features_version: int
) -> Artefact:
    """
    The model those bytes hold, fit to judge vectors of these features.

    Raises:
        ModelRefused: Altered, truncated, a pickle, of other features, or of shapes and values no model has.
    """
    refuse_pickle(card_bytes)
    refuse_pickle(arrays_bytes)
    card = read_card(card_bytes)
    if card.features_version != features_version or card.features != features:
        raise ModelRefused(
            f"the model was trained on version {card.features_version} of the features, this service computes "
            f"version {features_version}: train it again"
        )
    _refuse_absurd(card)
    if hashlib.sha256(arrays_bytes).hexdigest() != card.arrays_sha256:
        raise ModelRefused("the arrays are not those the card was written for: truncated, altered or swapped")
    try:
        arrays = safetensors.numpy.load(arrays_bytes)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelRefused(f"the arrays cannot be read: {error}") from error
    _refuse_impossible(card, arrays)
    return Artefact(card, arrays)


def refuse_pickle(start: bytes) -> None:
    """Say plainly why a pickle is not read, whatever it is called. Both of our formats have a brace early on."""
    if start.startswith(PICKLE_STARTS) and start[8:9] != b"{":
        raise ModelRefused(
            "this is a pickle, which can run any program when read; models are never loaded so"
        )


def _pack(arrays: Arrays) -> bytes:
    packed: bytes = safetensors.numpy.save({name: np.ascontiguousarray(one) for name, one in arrays.items()})
    return packed


def _refuse_absurd(card: Card) -> None:
    if card.samples > 2**card.depth:
        raise ModelRefused(f"{card.samples} rows do not fit in trees of depth {card.depth}")
    size = sum(int(np.prod(shape)) * np.dtype(kind).itemsize for shape, kind in shapes(card).values())
    if size > MAX_ARRAYS_BYTES:
        raise ModelRefused(
            f"the arrays would take {size:,} bytes, and none take more than {MAX_ARRAYS_BYTES:,}"
        )


def _refuse_impossible(card: Card, arrays: Arrays) -> None:
    wanted = shapes(card)
    if arrays.keys() != wanted.keys():
        raise ModelRefused(f"wanted the arrays {sorted(wanted)}, found {sorted(arrays)}")
    for name, (shape, kind) in wanted.items():
        one = arrays[name]
        if one.shape != shape or one.dtype != kind:
            raise ModelRefused(
                f"{name} is {one.dtype} of shape {one.shape}, wanted {np.dtype(kind)} of {shape}"
            )
    if (arrays["feature"] >= len(card.features)).any():
        raise ModelRefused("a split names a feature that the vector does not have")
    if not (arrays["threshold"] > -np.inf).all():
        raise ModelRefused("a split's threshold is not a number")
    each = arrays["rows"].reshape(len(card.segments), card.trees, -1).sum(axis=2, dtype=np.int64)
    if (each != each[:, :1]).any() or (each < 1).any() or (each > card.samples).any():
        raise ModelRefused(f"a tree does not hold the same 1 to {card.samples} rows as the others")
    quantile = arrays["quantile"]
    if not ((quantile >= LEAST_SCORE) & (quantile <= 1.0)).all() or (np.diff(quantile) < 0.0).any():
        raise ModelRefused(f"the score's quantiles do not rise from {LEAST_SCORE} to 1")
    for name in ("usual", "spread", "drift_share"):
        if not np.isfinite(arrays[name]).all():
            raise ModelRefused(f"{name} holds something that is not a number")
    if np.isnan(arrays["drift_edge"]).any() or (np.diff(arrays["drift_edge"]) < 0.0).any():
        raise ModelRefused("the edges of the drift baseline do not rise")
