"""An artefact is read as it was written, or refused with the reason."""

from __future__ import annotations

import json
import pickle
import struct

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.forest.artefact import Artefact, read, seal, write
from detectors.forest.card import Card, ModelRefused, versioned, write_card
from detectors.forest.segmented import SegmentedForest
from tests.detectors.forest.forests import NAMES, VERSION, rows, small

MODEL = small()
CARD, ARRAYS = write(MODEL)


def load(card: bytes = CARD, arrays: bytes = ARRAYS) -> Artefact:
    return read(card, arrays, NAMES, VERSION)


def forged(name: str, value: np.ndarray) -> tuple[bytes, bytes]:
    """What somebody writes who knows the format: hashes and version are right, the array is not."""
    return write(seal(MODEL.card, {**MODEL.arrays, name: value}))


def claimed(**said: object) -> bytes:
    """A card that says something else, with a version that follows from it."""
    return write_card(versioned(msgspec.structs.replace(MODEL.card, **said)))


def test_what_was_written_is_read_and_written_again_to_the_same_bytes():
    """Card, arrays and judgement."""
    again = load()
    assert again.card == MODEL.card
    assert write(again) == (CARD, ARRAYS)
    segments = [one.segment for one in MODEL.card.segments] * 20
    matrix = rows(len(segments))
    there, here = (SegmentedForest(one).place_many(segments, matrix) for one in (MODEL, again))
    assert there.percentile.tolist() == here.percentile.tolist()


def test_the_version_names_the_card_and_the_arrays():
    """Another seed of the same trees, or another number in the arrays, is another model."""
    assert MODEL.card.version.startswith("mdl_")
    other = seal(MODEL.card, {**MODEL.arrays, "usual": MODEL.arrays["usual"] + 1})
    versions = {MODEL.card.version, other.card.version, json.loads(claimed(seed=12))["version"]}
    assert len(versions) == 3


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(CARD) - 1), by=st.integers(1, 255))
def test_no_byte_of_the_card_can_be_changed(at, by):
    """Whichever it is."""
    changed = bytearray(CARD)
    changed[at] ^= by
    with pytest.raises(ModelRefused):
        load(card=bytes(changed))


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(ARRAYS) - 1), by=st.integers(1, 255))
def test_no_byte_of_the_arrays_can_be_changed(at, by):
    """Whichever it is: in the header, in a threshold, in the last quantile."""
    changed = bytearray(ARRAYS)
    changed[at] ^= by
    with pytest.raises(ModelRefused):
        load(arrays=bytes(changed))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_truncated_artefact_is_refused(data):
    """Wherever it ends."""
    with pytest.raises(ModelRefused):
        load(card=CARD[: data.draw(st.integers(0, len(CARD) - 1))])
    with pytest.raises(ModelRefused, match="truncated"):
        load(arrays=ARRAYS[: data.draw(st.integers(0, len(ARRAYS) - 1))])


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_and_nothing_else_is_raised(noise):
    """Neither as a card nor as arrays, not even as arrays whose hash the card holds."""
    with pytest.raises(ModelRefused):
        load(card=noise)
    with pytest.raises(ModelRefused):
        load(arrays=noise)
    import hashlib  # noqa: PLC0415  to play the forger, in this test alone

    with pytest.raises(ModelRefused):
        load(claimed(arrays_sha256=hashlib.sha256(noise).hexdigest()), noise)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_as_a_pickle(protocol):
    """With the reason, before anything looks into it."""
    pickled = pickle.dumps({"model": [1, 2, 3]}, protocol)
    with pytest.raises(ModelRefused, match="pickle"):
        load(card=pickled)
    with pytest.raises(ModelRefused, match="pickle"):
        load(arrays=pickled)


def test_a_header_as_long_as_a_pickles_first_byte_is_no_pickle():
    """640 is 0x0280: the first two bytes of arrays whose table of contents is so long."""
    header = b"{" + b" " * 638 + b"}"
    with pytest.raises(ModelRefused, match="not those the card was written for"):
        load(arrays=struct.pack("<Q", len(header)) + header)


def test_a_model_of_other_features_is_refused():
    """Another version, or another order."""
    with pytest.raises(ModelRefused, match="version 3 of the features, this service computes version 4"):
        read(CARD, ARRAYS, NAMES, VERSION + 1)
    with pytest.raises(ModelRefused, match="features"):
        read(CARD, ARRAYS, NAMES[::-1], VERSION)


def _with(name: str, place: tuple[int, ...], value: float) -> np.ndarray:
    changed = MODEL.arrays[name].copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("feature", _with("feature", (0, 0), len(NAMES)), "feature that the vector does not have"),
        ("feature", MODEL.arrays["feature"].astype(np.int64), "feature is int64"),
        ("threshold", _with("threshold", (0, 3), np.nan), "threshold"),
        ("threshold", _with("threshold", (0, 3), -np.inf), "threshold"),
        ("threshold", MODEL.arrays["threshold"][:, :-1], "shape"),
        ("rows", _with("rows", (0, 0), 60_000), "rows"),
        ("rows", np.zeros_like(MODEL.arrays["rows"]), "rows"),
        ("quantile", MODEL.arrays["quantile"][:, ::-1], "quantiles"),
        ("quantile", _with("quantile", (0, 0), np.nan), "quantiles"),
        ("quantile", _with("quantile", (0, -1), 1.5), "quantiles"),
        ("usual", _with("usual", (0, 0), np.inf), "usual"),
        ("drift_share", _with("drift_share", (0, 0, 0), np.nan), "drift_share"),
        ("drift_edge", _with("drift_edge", (0, 0, 0), np.inf), "drift baseline"),
        ("another", np.zeros(3), "another"),
    ],
)  # fmt: skip
def test_what_no_model_holds_is_refused_though_every_hash_is_right(name, value, said):
    """A hostile writer can make hashes; the numbers must make sense all the same."""
    with pytest.raises(ModelRefused, match=said):
        load(*forged(name, value))


@pytest.mark.parametrize(
    "said",
    [
        {"trees": 2_001}, {"depth": 13}, {"trees": 0}, {"samples": 4_097, "depth": 12}, {"samples": 64},
        {"trees": 2_000, "depth": 12, "segments": MODEL.card.segments * 40}, {"segments": ()},
        {"features": ()}, {"rows": -1}, {"format": 2},
    ],
)  # fmt: skip
def test_absurd_sizes_are_refused_before_anything_is_made_of_them(said):
    """A card may claim anything."""
    with pytest.raises(ModelRefused):
        load(card=claimed(**said))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_forest_of_any_numbers_judges_and_ends(data):
    """No array points anywhere, so that trees made by an enemy still give a score, a place and an explanation."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    shape = MODEL.arrays["threshold"].shape
    ends = MODEL.arrays["rows"].reshape(shape[0], MODEL.card.trees, -1)
    wild = {
        **MODEL.arrays,
        "feature": rng.integers(0, len(NAMES), shape).astype(np.uint8),
        "threshold": np.where(rng.random(shape) < 0.3, np.inf, rng.normal(size=shape)).astype(np.float32),
        "rows": rng.permuted(ends, axis=2).reshape(MODEL.arrays["rows"].shape),
    }
    model = SegmentedForest(load(*write(seal(MODEL.card, wild))))
    for row in rows(5, seed=seed % 1_000):
        place = model.place(("p", "earn", "old"), row)
        assert place is not None
        assert 0.0 < place.percentile < 1.0
        assert np.isfinite(place.contributions()).all()


def test_a_version_is_a_name_and_never_a_path():
    """It becomes a file's name before the arrays are looked at."""
    with pytest.raises(ModelRefused, match="version"):
        load(card=CARD.replace(MODEL.card.version.encode(), b"mdl_/../../etc/x"))


def test_the_card_says_it_all_in_one_way():
    """Other spacing, another order or a name twice is not the card that was written."""
    assert isinstance(msgspec.json.decode(CARD, type=Card), Card)
    for other in (msgspec.json.format(CARD, indent=0), CARD + b" ", CARD.replace(b"{", b'{"seed":11,', 1)):
        with pytest.raises(ModelRefused, match="altered"):
            load(card=other)
