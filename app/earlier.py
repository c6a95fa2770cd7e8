"""The answer an event has had already, wherever it is kept: the hot store, this machine's disk, or the record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from app.answers import Answer, Conflict409, Decided200, Unavailable503
from app.journal import Journal
from app.ports.history import History
from app.ports.journal import Decided
from app.ports.record import Record, RecordAway
from app.ports.rows import StoredAnswer
from app.ports.sighting import Claim, Seen, Sighting, Touch
from app.sighting import Sighted
from app.spool import Spool

OTHERS_LOOKS: Final = 40
OTHERS_POLL_S: Final = 0.005
"""How often, and how long between, an event that somebody else has in hand is asked after before it is decided
here: 0.2 s, longer than a decision takes, and what the retry after a crash waits."""


LOOK_UP_THREADS: Final = 8
"""Of their own, so that a hanging database does not stop what else waits for a thread."""
PATIENCE_S: Final = 0.25
"""With the record's word on an event that may be a repeat; longer than a busy database takes."""
REST_S: Final = 1.0
"""After it gave no answer in time it is not asked, so that threads do not pile up behind it."""


class Earlier:
    """Looks for earlier answers. One per web worker."""

    def __init__(
        self, history: History, record: Record, spool: Spool, journal: Journal, ticks: Callable[[], float]
    ) -> None:
        self._history, self._record, self._spool = history, record, spool
        self._journal, self._ticks = journal, ticks
        self._threads = ThreadPoolExecutor(LOOK_UP_THREADS, "look-up")
        self._again_s = 0.0

    async def claim(self, sighted: Sequence[Sighted]) -> tuple[list[Sighting], Mapping[bytes, Claim]]:
        """
        Claim the ids of events with profiles, which leave facts that cannot be taken back, before they are counted.

        Returns:
            What is to be observed, in that order: an event that was answered before only looks at its account.
            And the claims, by event key.
        """
        with_facts = [one for one in sighted if one.sighting.touches[0].facts]
        if not with_facts:
            return [one.sighting for one in sighted], {}
        words = await asyncio.gather(*(self._history.claim(one.sighting) for one in with_facts))
        known = await asyncio.gather(
            *(self._is_known(one, word) for one, word in zip(with_facts, words, strict=True))
        )
        keys = [one.sighting.event_key for one in with_facts]
        answered = {key for key, is_known in zip(keys, known, strict=True) if is_known}
        observed = [
            _looking(one.sighting) if one.sighting.event_key in answered else one.sighting for one in sighted
        ]
        return observed, dict(zip(keys, words, strict=True))

    def is_fresh(self, sighting: Sighting, seen: Seen) -> bool:
        """Whether nobody has answered this event, nor is about to; asked of every event, so without waiting."""
        return seen.claim == "new" and seen.answer is None and not self._spool.holds(sighting.event_key)

    async def answer(self, sighted: Sighted, seen: Seen) -> Answer | None:
        """The answer this event has had; None if it has had none. What a repeat has left is taken back."""
        sighting = sighted.sighting
        if seen.claim == "conflict":
            await self._history.retract(sighting, seen)
            return Conflict409()
        if seen.answer is not None:
            await self._history.retract(sighting, seen)
            return Decided200(self._journal.open_answer(seen.answer), repeated=True)
        if self._spool.holds(sighting.event_key):
            kept = await asyncio.to_thread(self._spool.find, sighting.event_key)
            if kept is not None:
                return await self._told_in_the_dark(sighting, seen, kept)
        if seen.claim in {"new", "pending"}:
            return await self._of_others(sighting)
        try:
            stored = await self.recorded(sighted)
        except RecordAway:  # it may be a repeat, and a repeat must not be decided twice
            await self._history.retract(sighting, seen)
            return Unavailable503()
        if stored is None:
            return await self._of_others(sighting) if seen.claim == "unsure_pending" else None
        same = stored.body_hash == sighting.body_hash
        if seen.complete or not same:  # otherwise a rebuild may have met it there by now, and counted on it
            await self._history.retract(sighting, seen)
        if same:
            return Decided200(stored.answer, repeated=True)
        await self._history.settle_claim(sighting, stored.body_hash)
        return Conflict409()

    async def recorded(self, sighted: Sighted, patience_s: float = PATIENCE_S) -> StoredAnswer | None:
        """The answer in the record. Raises RecordAway, at once for a second after it did not answer in time."""
        if self._ticks() < self._again_s:
            raise RecordAway("the record did not answer a moment ago")
        look_up = asyncio.get_running_loop().run_in_executor(
            self._threads, self._record.answer, sighted.sighting.program_id, sighted.event_id
        )
        try:
            return await asyncio.wait_for(look_up, patience_s)
        except TimeoutError as late:
            self._again_s = self._ticks() + REST_S
            raise RecordAway(f"no answer within {patience_s} s") from late

    async def _is_known(self, sighted: Sighted, word: Claim) -> bool:
        """Whether this event must leave nothing: it is taken, recorded, or perhaps recorded and nobody can tell."""
        if word not in {"unsure", "unsure_pending"}:
            return word == "conflict"
        try:
            return await self.recorded(sighted) is not None
        except RecordAway:
            return True

    async def _told_in_the_dark(self, sighting: Sighting, seen: Seen, kept: Decided) -> Answer:
        """It was answered while the hot store was away, and the worker has not brought the answer there yet."""
        if kept.body_hash == sighting.body_hash:
            return Decided200(kept.answer, repeated=True)
        await self._history.retract(sighting, seen)
        await self._history.settle_claim(sighting, kept.body_hash)
        return Conflict409()

    async def _of_others(self, sighting: Sighting) -> Answer | None:
        """
        The answer of whoever has this event in hand; None if they died over it. To decide it beside them could
        overtake them: a redemption counted as the fifth would be answered as the ninth.
        """
        for _ in range(OTHERS_LOOKS):
            answer = await self._history.stored_answer(sighting.touches[0].key, sighting.event_key)
            if answer is not None:
                return Decided200(self._journal.open_answer(answer), repeated=True)
            await asyncio.sleep(OTHERS_POLL_S)
        return None


def first_claim(sighting: Sighting, seen: Seen, claims: Mapping[bytes, Claim]) -> Seen:
    """What was seen, with the word of the first claim: by the time it is counted our own claim is pending."""
    word = claims.get(sighting.event_key)
    again = seen.claim in {"pending", "unsure_pending"}
    return seen._replace(claim=word) if word is not None and again else seen


def unless_only_looked_at(sighting: Sighting, answer: Answer | None) -> Answer | None:
    """No decision without counting: where an event was only looked at for fear of a repeat, the caller asks again."""
    return Unavailable503() if answer is None and not sighting.touches[0].kind else answer


def _looking(sighting: Sighting) -> Sighting:
    return sighting._replace(touches=(Touch("account", sighting.touches[0].key, ""),))
