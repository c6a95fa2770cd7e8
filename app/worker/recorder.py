"""From the journal to the record: read, write to SQL, then forget. Doing it twice is doing it once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import structlog
from msgspec import DecodeError
from sqlalchemy.exc import SQLAlchemyError

from app import metrics
from app.capping.reservations import moves
from app.journal import Journal
from app.ports.instants import Clock
from app.ports.journal import Decided, HoldEnded, JournalEntry, OutcomeTold
from app.ports.record import Record
from app.seal import SealBroken
from app.sighting import Sighter
from app.store.packing import PARTITIONS, partition
from app.store.pipeline import Pipeline, pack, script
from app.store.valkey import ENDED, PASSED, claim_key, filter_key
from app.store.valkey_caps import moving
from app.worker.dead_letters import set_aside

BATCH: Final = 100
"""Entries read from each of the sixteen journals at once: 1,600 a transaction at most, some 3 MB."""
HELPING: Final = 50
"""Commands sent at once while forgetting: 0.1 ms of Valkey's time."""
TOGETHER: Final = 8
"""Events marked in a filter by one call: few, so that decisions do not wait for it."""
ANSWERS_STAY_MS: Final = 600_000
"""Answers stay at hand for ten minutes after they are recorded: retries come in seconds, and cost no SQL."""

log = structlog.get_logger("earnest.worker")


def remembering(events: Sequence[bytes]) -> bytes:
    """The packed command that marks recorded events, all of one filter, by their keys of 16 bytes."""
    one = events[0]
    keys = [filter_key(one), filter_key(one, building=True), *map(claim_key, events)]
    return script("remember", keys, ANSWERS_STAY_MS, *events)


class _Read(NamedTuple):
    """One journal's stretch: its tag, the id to trim up to, and the entries with their ids."""

    tag: bytes
    last: bytes
    entries: list[tuple[bytes, bytes]]


class Recorder:
    """
    Moves entries in the order of each journal. There may be more than one at work; one is enough.

    Args:
        pipeline: Its own connection, with patience for large replies.
    """

    def __init__(
        self, pipeline: Pipeline, record: Record, journal: Journal, sighter: Sighter, clock: Clock
    ) -> None:
        self._pipeline, self._record, self._journal = pipeline, record, journal
        self._sighter, self._clock = sighter, clock

    async def step(self) -> int:
        """
        Record what waits, up to a batch of each journal. Returns how many entries it was.

        Raises:
            app.ports.history.HotStoreAway: Nothing was read, or what was recorded will be read again.
            app.ports.record.RecordAway: Nothing was recorded, and nothing forgotten.
        """
        reads = await self._read()
        opened: list[JournalEntry] = []
        broken: list[tuple[bytes, bytes]] = []
        for read in reads:
            for entry_id, sealed in read.entries:
                try:
                    opened.append(self._journal.open(sealed))
                except (SealBroken, DecodeError):
                    log.exception("journal entry cannot be opened; set aside", entry_id=entry_id.decode())
                    broken.append((read.tag, sealed))
        refused = await self._append(opened)
        broken += [(PARTITIONS[0], self._sealed(entry)) for entry in refused]
        recorded = [entry for entry in opened if not any(entry is one for one in refused)]
        await self._forget(reads, recorded, broken)
        metrics.recorded(len(recorded))
        return len(recorded) + len(broken)

    async def _read(self) -> list[_Read]:
        reads = []
        for tag in PARTITIONS:  # one by one, and forgotten in helpings: decisions are not to wait for this
            reply = await self._pipeline.execute("XRANGE", b"j" + tag, "-", "+", "COUNT", BATCH)
            if reply:
                reads.append(_Read(tag, reply[-1][0], [(entry_id, fields[1]) for entry_id, fields in reply]))
        return reads

    async def _append(self, entries: list[JournalEntry]) -> list[JournalEntry]:
        """Write them together; where the database refuses one for what it holds, one by one. The refused."""
        if not entries:
            return []
        try:
            await asyncio.to_thread(self._record.append, entries)
        except (
            SQLAlchemyError,
            ValueError,
            ArithmeticError,
        ):  # drivers tell some refusals in Python's own words
            if len(entries) == 1:
                log.exception("the record refused an entry; set aside", decision_id=entries[0].decision_id)
                return entries
            halves = entries[: len(entries) // 2], entries[len(entries) // 2 :]
            return [*await self._append(halves[0]), *await self._append(halves[1])]
        return []

    async def _forget(
        self, reads: list[_Read], entries: list[JournalEntry], broken: list[tuple[bytes, bytes]]
    ) -> None:
        """Only after it is recorded: mark the event ids, let the answers age. Trim the journals."""
        packed = [set_aside(sealed, tag) for tag, sealed in broken]
        packed += self._remembering(entries)
        for read in reads:
            ms, _, sequence = read.last.partition(b"-")
            packed.append(pack(("XTRIM", b"j" + read.tag, "MINID", b"%b-%d" % (ms, int(sequence) + 1))))
        for start in range(0, len(packed), HELPING):
            helping = packed[start : start + HELPING]
            await self._pipeline.call(b"".join(helping), len(helping))

    def _remembering(self, entries: list[JournalEntry]) -> Iterator[bytes]:
        """The commands that mark recorded events in their filters and let their answers age."""
        marked: dict[bytes, list[bytes]] = {}
        for entry in entries:
            nibble = int(entry.decision_id[4], 16)
            if isinstance(entry, Decided):
                event = self._sighter.event_key(entry.event.program_id, entry.event.event_id)
                its = marked.setdefault(partition(event), [])
                its.append(event)
                if len(its) == TOGETHER:
                    yield remembering(its)
                    its.clear()
                kept = b"w"
            else:
                event = self._sighter.event_key(entry.program_id, entry.event_id)
                kept = b"o" if isinstance(entry, OutcomeTold) else PASSED
                if isinstance(entry, HoldEnded):
                    yield pack((b"PEXPIRE", ENDED + PARTITIONS[nibble] + event, ANSWERS_STAY_MS))
            yield pack((b"PEXPIRE", kept + PARTITIONS[nibble] + event, ANSWERS_STAY_MS))
            yield from map(moving, moves(entry, event))  # once more: whoever decided may have died before it
        for its in marked.values():
            if its:
                yield remembering(its)

    def _sealed(self, entry: JournalEntry) -> bytes:
        return self._journal.seal(entry, self._clock())
