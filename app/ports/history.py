"""The hot store: the state of every entity, and the journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, Protocol

from app.capping.ports import Reserves
from app.ports.journal import Effect, Outcome, Pass, Standing
from app.ports.sighting import Claim, Seen, Sighting
from detectors.snapshot import Lock


class Settlement(NamedTuple):
    """
    What a decision changes at the hot store beside being journalled.

    totals: kind → points to add to the account's totals (`earn`, `return`, `adjust`, …).
    burned: points redeemed for good, None where nothing was burned.
    links:  (the account that remembers, the account remembered, probability), keys of 8 bytes, to be remembered.
    unless_locked: nothing is to be done where the account is locked by now.
    rebuilding: it was counted while the hot state was being rebuilt, which must not settle it once more.
    """

    totals: Mapping[str, int]
    burned: int | None = None
    links: tuple[tuple[bytes, bytes, float], ...] = ()
    unless_locked: bool = False
    rebuilding: bool = False


LOCKED_MEANWHILE: Final = b""
"""In the place of an answer: the account was locked after it was read, and nothing was done."""


class HotStoreAway(Exception):
    """The hot store did not answer in time. Carries what was asked."""


class History(Reserves, Protocol):
    """The exact, rebuildable state of every entity, and the journal. Every call raises HotStoreAway."""

    async def observe(self, sighting: Sighting) -> Seen:
        """Count the event at every entity it touches, once, and read them: one round trip."""
        ...

    async def observe_many(self, sightings: Sequence[Sighting]) -> list[Seen]:
        """The same for many, counted in the order given; still one round trip."""
        ...

    async def claim(self, sighting: Sighting) -> Claim:
        """Claim the event id alone: before events whose traces could not be taken back after a conflict."""
        ...

    async def settle_claim(self, sighting: Sighting, body_hash: bytes) -> None:
        """The record holds another body under this id: let the claim say so."""
        ...

    async def commit(self, sighting: Sighting, answer: bytes, entry: bytes, settled: Settlement) -> bytes:
        """Journal the decision, keep the answer, settle the totals, atomically. Returns the answer that counts:
        the first one committed for this event, or LOCKED_MEANWHILE.
        """
        ...

    async def commit_many(self, decided: Sequence[tuple[Sighting, bytes, bytes, Settlement]]) -> list[bytes]:
        """Commit in order; the answers that count, in the same order."""
        ...

    async def retract(self, sighting: Sighting, seen: Seen) -> None:
        """Take back what `observe` added for an event that turned out to be a repeat or a conflict."""
        ...

    async def tell_outcome(
        self,
        sighting: Sighting,
        outcome: Outcome,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        told_ms: int = 0,
        *,
        known_passed: bool = False,
    ) -> Standing | None:
        """Journal what became of an event and let its points follow (burned or not, totalled or not), if `known`
        is still the last outcome told and its challenge not passed unless that is known. Returns None when done,
        otherwise what came between.
        """
        ...

    async def pass_step_up(
        self,
        sighting: Sighting,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        passed_ms: int,
    ) -> Pass | None:
        """Journal that the event's challenge was passed and let its points follow, once, if `known` is still the
        last outcome told. Returns None when done, `passed` where it was before, `locked` where a lock is in the way,
        otherwise the outcome between.
        """
        ...

    async def end_hold(
        self, sighting: Sighting, entry: bytes, points: int, effect: Effect, ended_ms: int, *, released: bool
    ) -> Outcome | Literal["ended", "locked"] | None:
        """Journal how a hold ended and let its points follow, once, unless an outcome was told. Returns None when
        done, `ended` where it was before, `locked` where a lock is in the way, otherwise that outcome.
        """
        ...

    async def lock(self, account_key: bytes, version: int, lock: Lock | None) -> None:
        """Let the account be locked, or not, from now on; a version that is behind the one known changes nothing."""
        ...

    async def stored_answer(self, account_key: bytes, event_key: bytes) -> bytes | None:
        """The answer to an event that the record may not hold yet."""
        ...
