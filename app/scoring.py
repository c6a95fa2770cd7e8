"""The main job: an event comes in, a decision with reasons goes out, counted once and journalled before it is told.

Two round trips to the hot store: count and read, then journal and settle. A worker may die anywhere between: the
event is then counted but unanswered, and the caller's retry finds it counted and gets the one answer there will be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import structlog

from app import metrics
from app.answering import entry_of, spoken
from app.answers import Answer, Conflict409, Decided200, Unavailable503
from app.capping.capping import Case, capped, in_the_dark
from app.capping.reservations import moves
from app.earlier import Earlier, first_claim, unless_only_looked_at
from app.journal import Journal
from app.judging import Judged, judge
from app.locking.minding import locks_of_record, minding_locks
from app.ports.history import LOCKED_MEANWHILE, History, HotStoreAway
from app.ports.instants import Clock
from app.ports.journal import Decided, Origin
from app.ports.record import Record, RecordAway
from app.ports.sighting import Seen
from app.rulebook import Rulebook
from app.sighting import Sighted, Sighter
from app.spool import Spool
from detectors.actions import SEVERITY
from detectors.event import Event
from detectors.policy import DETECTORS
from detectors.snapshot import LinkSeen
from detectors.verdict import Found, fallback, weigh

TOGETHER: Final = 32
"""Events of a batch decided in one go, some 3 ms, before single requests get their turn."""
AHEAD: Final = 3
"""Stretches of a batch under way at once: one counted, one judged, one journalled."""
DISK_THREADS: Final = 8
"""Of their own, so that no reader of a hanging database stands before a decision; fsyncs overlap in the kernel."""
KEPT: Final[frozenset[Origin]] = frozenset({"event", "redemption"})
"""Origins that settle differently, so a decision in the dark keeps them; `source` tells that it was in the dark."""
RECORD_PATIENCE_S: Final = 0.03
"""For the record's word on a repeat while the hot store is away: leaves the disk half of the 100 ms."""

log = structlog.get_logger("earnest.scoring")


_Fresh = tuple[Event, Sighted, Seen]
"""An event that nobody has answered, and what is known of it."""


class _Draft(NamedTuple):
    """A decision made and not yet journalled."""

    sighted: Sighted
    entry: Decided
    rebuilding: bool


class Scorer:
    """
    Decides events. One per web worker.

    Args:
        ticks: Monotonic seconds, for latencies.
    """

    def __init__(
        self,
        history: History,
        record: Record,
        sighter: Sighter,
        rulebook: Rulebook,
        journal: Journal,
        spool: Spool,
        clock: Clock,
        ticks: Callable[[], float],
    ) -> None:
        self._history, self._record, self._sighter = history, record, sighter
        self._rulebook, self._journal, self._spool = rulebook, journal, spool
        self._clock, self._ticks = clock, ticks
        self._earlier = Earlier(history, record, spool, journal, ticks)
        self._disk = ThreadPoolExecutor(DISK_THREADS, "spool")
        self._holding: set[asyncio.Future[None]] = set()

    async def decide(self, event: Event, origin: Origin, link: LinkSeen | None = None) -> Answer:
        """Decide one event, or repeat the answer it was given before. `link`: the one-time link it redeems."""
        return (await self._together([event], origin, link))[0]

    async def decide_many(self, events: Sequence[Event], origin: Origin) -> Sequence[Answer]:
        """
        Decide events in the order given: one answer each, in that order.

        An account's events wait for one another; between others the hot store counts one stretch while the
        last is being judged.
        """
        answers: list[Answer] = []
        begun: deque[tuple[frozenset[Names], asyncio.Task[list[Answer]]]] = deque()
        try:
            for stretch, names in _stretches(events):
                while begun and (len(begun) >= AHEAD or any(names & others for others, _ in begun)):
                    answers += await begun.popleft()[1]
                task = asyncio.create_task(self._together(stretch, origin))
                begun.append((names, task))
                if any(event.profile is not None for event in stretch):
                    await asyncio.wait(
                        [task]
                    )  # its ids are claimed first, so its counting would come too late
                await asyncio.sleep(0)  # its questions leave before the next stretch is prepared
            while begun:
                answers += await begun.popleft()[1]
        finally:
            for _, task in begun:
                task.cancel()
        return answers

    async def _together(
        self, events: Sequence[Event], origin: Origin, link: LinkSeen | None = None
    ) -> list[Answer]:
        began, received_ms = self._ticks(), self._clock()
        sighted = [self._sighter.sight(event) for event in events]
        if link is not None:
            sighted = [one._replace(link=link) for one in sighted]
        try:
            sightings, claims = await self._earlier.claim(sighted)
            seen = await self._history.observe_many(sightings)
            if seen[-1].config != self._rulebook.version:
                await self._rulebook.refresh(seen[-1].config, self._clock())
            if claims:
                seen = [first_claim(*one, claims) for one in zip(sightings, seen, strict=True)]
            seen = await locks_of_record(self._record, events, seen)
            answers = await self._answered(sighted, seen)
            if claims:
                answers = [unless_only_looked_at(*one) for one in zip(sightings, answers, strict=True)]
        except HotStoreAway as away:
            return [
                await self._in_the_dark(event, one, origin, str(away), began)
                for event, one in zip(events, sighted, strict=True)
            ]
        fresh = [
            (event, one, known)
            for event, one, known, answer in zip(events, sighted, seen, answers, strict=True)
            if answer is None
        ]
        kept = iter(await self._decided(fresh, origin, received_ms, began))
        return [next(kept) if answer is None else answer for answer in answers]

    async def _answered(self, sighted: Sequence[Sighted], seen: Sequence[Seen]) -> list[Answer | None]:
        """The answers given before, None for every event that has had none."""
        if all(self._earlier.is_fresh(one.sighting, known) for one, known in zip(sighted, seen, strict=True)):
            return [None] * len(sighted)
        return await asyncio.gather(*(self._before(*one) for one in zip(sighted, seen, strict=True)))

    async def _before(self, sighted: Sighted, seen: Seen) -> Answer | None:
        fresh = self._earlier.is_fresh(sighted.sighting, seen)
        return None if fresh else await self._earlier.answer(sighted, seen)

    async def _decided(
        self, fresh: Sequence[_Fresh], origin: Origin, received_ms: int, began: float
    ) -> list[Answer]:
        """Judge, reserve, journal. Where nobody can say what is left of a cap, the fallback answers."""
        try:
            drafts = await self._drafted(fresh, origin, received_ms, began)
        except HotStoreAway as away:
            return [await self._in_the_dark(event, one, origin, str(away), began) for event, one, _ in fresh]
        self._count(drafts, began)
        return await self._keep(drafts, received_ms)

    async def _drafted(
        self, fresh: Sequence[_Fresh], origin: Origin, received_ms: int, began: float
    ) -> list[_Draft]:
        cases = [self._judged(event, one, known, received_ms) for event, one, known in fresh]
        judged = await capped(cases, self._history, self._sighter, origin, received_ms)
        return [
            _Draft(
                case.sighted,
                self._draft(case.event, case.sighted, one, origin, received_ms, began),
                rebuilding=not known.complete,
            )
            for case, one, (_, _, known) in zip(cases, judged, fresh, strict=True)
        ]

    def _judged(self, event: Event, sighted: Sighted, seen: Seen, received_ms: int) -> Case:
        programme = self._rulebook.programme(event.program_id)
        notes = [] if seen.complete else ["history: being rebuilt from the record"]
        if not self._rulebook.is_fresh:
            notes.append("lists: could not be read again")
        judged = judge(programme, event, sighted, seen.entities, received_ms, notes)
        for failed in {note.partition(":")[0] for note in judged.verdict.degraded}.intersection(DETECTORS):
            metrics.detector_failed(failed)
        return Case(event, sighted, seen.entities["account"], judged, programme.policy)

    def _draft(
        self,
        event: Event,
        sighted: Sighted,
        judged: Judged,
        origin: Origin,
        received_ms: int,
        began: float,
    ) -> Decided:
        programme = self._rulebook.programme(event.program_id)
        latency_ms = round((self._ticks() - began) * 1_000, 3)
        answer = spoken(event, sighted.sighting, judged, programme, origin, received_ms, latency_ms)
        return entry_of(event, sighted.sighting, judged, programme, origin, received_ms, answer)

    async def _keep(self, drafts: Sequence[_Draft], now_ms: int) -> list[Answer]:
        """Journal what was decided; on the disk, if the hot store went away meanwhile."""
        if not drafts:
            return []
        sealed = [self._journal.seal_answer(one.entry.answer, now_ms) for one in drafts]
        try:
            kept = await self._history.commit_many(
                [
                    (
                        one.sighted.sighting,
                        answer,
                        self._journal.seal(one.entry, now_ms),
                        minding_locks(one.entry)._replace(rebuilding=one.rebuilding),
                    )
                    for one, answer in zip(drafts, sealed, strict=True)
                ]
            )
        except HotStoreAway:
            return [await self._spooled(one) for one in drafts]
        self._hold([one for one, answer, now in zip(drafts, sealed, kept, strict=True) if now is answer])
        late = [one for one, now in zip(drafts, kept, strict=True) if now == LOCKED_MEANWHILE]
        again = iter(await self._locked_meanwhile(late, now_ms))
        return [
            next(again)
            if now == LOCKED_MEANWHILE
            else Decided200(one.entry.answer)
            if now is answer
            else Decided200(self._journal.open_answer(now), repeated=True)
            for one, answer, now in zip(drafts, sealed, kept, strict=True)
        ]

    def _hold(self, drafts: Sequence[_Draft]) -> None:
        """What was let through keeps its parts of caps. Nobody waits: the worker says it again when it is recorded."""
        made = [one for draft in drafts for one in moves(draft.entry, draft.sighted.sighting.event_key)]
        if made:
            holding = asyncio.ensure_future(self._history.hold(made))
            self._holding.add(holding)
            holding.add_done_callback(self._held)

    def _held(self, holding: asyncio.Future[None]) -> None:
        self._holding.discard(holding)
        if not holding.cancelled():
            holding.exception()

    async def _locked_meanwhile(self, drafts: Sequence[_Draft], now_ms: int) -> list[Answer]:
        """Their accounts were locked between being read and being answered: read and judged again."""
        if not drafts:
            return []
        began = self._ticks()
        try:
            seen = await self._history.observe_many([one.sighted.sighting for one in drafts])
            fresh = [(one.entry.event, one.sighted, known) for one, known in zip(drafts, seen, strict=True)]
            again = await self._drafted(fresh, drafts[0].entry.origin, now_ms, began)
        except HotStoreAway as away:
            return [
                await self._in_the_dark(one.entry.event, one.sighted, one.entry.origin, str(away), began)
                for one in drafts
            ]
        return await self._keep(again, now_ms)

    async def _in_the_dark(
        self, event: Event, sighted: Sighted, origin: Origin, why: str, began: float
    ) -> Answer:
        """The policy's fallback: no history, so no silent yes to points going out, and nothing is lost."""
        metrics.fell_back(event.type)
        programme = self._rulebook.programme(event.program_id)
        policy = programme.policy
        notes = [f"history: {why}"]
        try:
            stored = await self._earlier.recorded(sighted, RECORD_PATIENCE_S)
        except RecordAway:
            notes.append("record: away")
        else:
            if stored is not None:
                same = stored.body_hash == sighted.sighting.body_hash
                return Decided200(stored.answer, repeated=True) if same else Conflict409()
        verdict = fallback(event.type, policy, "; ".join(notes))
        hits = programme.list_hits(sighted, {}, self._clock())
        listed = weigh(event.type, Found((), (), tuple(hits)), policy, verdict.degraded)
        if SEVERITY[listed.action] > SEVERITY[verdict.action]:
            verdict = listed
        origin = origin if origin in KEPT else "fallback"
        case, now_ms = Case(event, sighted, None, Judged(verdict, (), b""), policy), self._clock()
        judged = in_the_dark(case, self._sighter, origin, now_ms)
        draft = _Draft(sighted, self._draft(event, sighted, judged, origin, now_ms, began), rebuilding=False)
        self._count([draft], began)
        return await self._spooled(draft)

    async def _spooled(self, draft: _Draft) -> Answer:
        sighting = draft.sighted.sighting
        try:
            kept = await asyncio.get_running_loop().run_in_executor(
                self._disk, self._spool.keep, sighting.event_key, draft.entry, self._clock()
            )
        except OSError:
            log.exception("neither the hot store nor the disk takes a decision")
            return Unavailable503()
        if kept.body_hash != sighting.body_hash:
            return Conflict409()
        return Decided200(kept.answer, repeated=kept is not draft.entry)

    def _count(self, drafts: Sequence[_Draft], began: float) -> None:
        took = self._ticks() - began
        for draft in drafts:
            entry = draft.entry
            metrics.decided(entry.decision, entry.event.type, entry.source, took)


Names = tuple[str, str]
"""Programme and account."""


def _stretches(events: Sequence[Event]) -> Iterator[tuple[list[Event], frozenset[Names]]]:
    """Runs of events in order, no account twice in one, with the accounts each touches."""
    stretch: list[Event] = []
    names: set[Names] = set()
    for event in events:
        its = {(event.program_id, event.account_id)}
        if event.counterparty_account_id is not None:
            its.add((event.program_id, event.counterparty_account_id))
        if stretch and (names & its or len(stretch) == TOGETHER):
            yield stretch, frozenset(names)
            stretch, names = [], set()
        stretch.append(event)
        names |= its
    if stretch:
        yield stretch, frozenset(names)
