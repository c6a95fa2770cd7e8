"""Seeded chance: the same seed and name, the same draws, on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import exp, log
from random import Random
from typing import Final, Self, TypeVar

T = TypeVar("T")
KNUTH_LIMIT: Final = 30.0
"""Mean above which a Poisson draw is rounded from a normal one: the multiplication method would be slow."""


class Chance(Random):
    """A stream of draws of its own, so that a new draw in one room does not shift all others."""

    @classmethod
    def of(cls, seed: int, *names: object) -> Self:
        """The stream of this name under this seed."""
        said = "/".join(str(part) for part in (seed, *names))
        return cls(int.from_bytes(blake2b(said.encode(), digest_size=16).digest(), "big"))

    def opaque(self, prefix: str, bits: int = 80) -> str:
        """An id that says nothing: prefix and random hexadecimal digits, always of one length."""
        return f"{prefix}{self.getrandbits(bits):0{bits // 4}x}"

    def happens(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def around(self, median: float, spread: float) -> float:
        """A positive number around a median; `spread` is the standard deviation of its logarithm."""
        return self.lognormvariate(log(median), spread)

    def count(self, mean: float) -> int:
        """How many, where they come independently (Poisson)."""
        if mean > KNUTH_LIMIT:
            return max(0, round(self.gauss(mean, mean**0.5)))
        limit, product, drawn = exp(-mean), self.random(), 0
        while product > limit:
            product *= self.random()
            drawn += 1
        return drawn

    def one(self, weighted: Sequence[tuple[T, float]]) -> T:
        """One of several, each with its weight."""
        at = self.random() * sum(weight for _, weight in weighted)
        for value, weight in weighted:
            at -= weight
            if at < 0:
                return value
        return weighted[-1][0]

    def some(self, among: Sequence[T], most: int) -> list[T]:
        """Up to `most` different ones."""
        return self.sample(among, min(most, len(among)))
