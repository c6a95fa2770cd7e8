"""A model's card: what it learned from, how, and what it cannot judge. Its hash is the model's version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, structs

from detectors.forest.gathering import Segment

MAX_CARD_BYTES: Final = 16 * 2**20
"""A card of 10,000 segments is half of it."""
VERSION_DIGITS: Final = 12
"""48 bits of SHA-256: enough to name a model; the arrays' own hash is held in full."""

Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Version = Annotated[str, Meta(pattern=r"\A(mdl_[0-9a-f]{12})?\Z")]
Count = Annotated[int, Meta(ge=0, le=10**12)]
Trees = Annotated[int, Meta(ge=1, le=2_000)]
Depth = Annotated[int, Meta(ge=1, le=12)]
"""2,000 trees of 4,096 rows are far more than ever helped, and 80 MB a segment."""


class ModelRefused(Exception):
    """An artefact that must not be loaded. `reason` is a sentence for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Window(Struct, frozen=True, forbid_unknown_fields=True):
    """The instants of the first and the last event learned from, ms since 1970-01-01 UTC."""

    from_ms: int
    until_ms: int


class Learned(Struct, frozen=True, forbid_unknown_fields=True):
    """
    One forest of the model.

    segment:   what it stands for; "" is any.
    serves:    the segments judged by it. A merged one serves the thin segments it was merged from.
    rows:      of all it stands for, in the window.
    sampled:   of these, the rows that trees, quantiles and baseline were taken from.
    quantiles: score at some shares, for reading; all of them are in the arrays.
    """

    segment: Segment
    serves: tuple[Segment, ...]
    rows: Count
    sampled: Count
    quantiles: dict[str, float]


class LeftOut(Struct, frozen=True, forbid_unknown_fields=True):
    """A segment with too few rows, even merged: the model says nothing of it."""

    segment: Segment
    rows: Count


class Usual(Struct, frozen=True, forbid_unknown_fields=True):
    """
    What is usual in one programme: the scale its points are held against, where the policy names none.

    burn_per_earn: points redeemed for each point earned.
    month_points:  points that a median member earns in 30 days, at least 1.
    points_per_minor: points that a median purchase brings for each minor unit of money; 0 where there are none.
    """

    program_id: str
    burn_per_earn: Annotated[float, Meta(ge=0, le=1_000)]
    month_points: Annotated[int, Meta(ge=1, le=10**9)]
    points_per_minor: Annotated[float, Meta(ge=0, le=10**6)] = 0.0


class Card(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    Everything about a model but its arrays. The format only grows: new fields have defaults and are omitted there.

    version:   `mdl_` and the start of the hash of this card without it.
    features:  names in the order of the vector, under their `features_version`.
    rows:      met in training, sampled or not, left out or not.
    trees, samples, depth: of each forest; depth is what `samples` rows need.
    min_rows:  below it a segment was merged.
    checks:    what was measured on the finished model before it was written.
    libraries: package → version it was made with.
    notes:     what the caller adds: source, rows refused, campaigns.
    usual:     of each programme.
    """

    format: Literal[1] = 1
    version: Version = ""
    features_version: int
    features: Annotated[tuple[str, ...], Meta(min_length=1, max_length=256)]
    window: Window | None
    seed: Annotated[int, Meta(ge=0)]
    rows: Count
    trees: Trees
    samples: Annotated[int, Meta(ge=2, le=4_096)]
    depth: Depth
    min_rows: Count
    segments: Annotated[tuple[Learned, ...], Meta(min_length=1, max_length=10_000)]
    left_out: tuple[LeftOut, ...]
    checks: Mapping[str, float | str]
    libraries: Mapping[str, str]
    notes: Mapping[str, int | float | str]
    arrays_sha256: Hash
    usual: tuple[Usual, ...] = ()


def write_card(card: Card) -> bytes:
    """The card as JSON, one way only, for people and for hashing."""
    return msgspec.json.format(msgspec.json.encode(card, order="sorted"), indent=1) + b"\n"


def versioned(card: Card) -> Card:
    """The card with the version that follows from the rest of it."""
    nameless = structs.replace(card, version="")
    digest = hashlib.sha256(write_card(nameless)).hexdigest()
    return structs.replace(nameless, version=f"mdl_{digest[:VERSION_DIGITS]}")


def read_card(raw: bytes) -> Card:
    """
    The card that was written.

    Raises:
        ModelRefused: It is too large, not a card, or not as it was written.
    """
    if len(raw) > MAX_CARD_BYTES:
        raise ModelRefused(f"the card has {len(raw):,} bytes, and none is larger than {MAX_CARD_BYTES:,}")
    try:
        card = msgspec.json.decode(raw, type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelRefused(f"the card cannot be read, it may be truncated: {error}") from error
    if write_card(card) != raw or versioned(card) != card:
        raise ModelRefused("the card was altered: its version does not follow from what it says")
    return card
