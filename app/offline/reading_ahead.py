"""History read, checked and sighted in a process of its own, while this one judges what was read before.

The pipe between the two holds a batch, so the reader is never far ahead. Events travel as JSON, which keeps the
offset of their instants. A reader that dies is an error here, never a wait.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

import msgspec

from app.offline.event_files import EventFiles
from app.offline.replaying import private_sighter
from app.offline.row_faults import RowFault, UnreadableHistory
from app.offline.undisturbed import undisturbed
from app.sighting import Sighted
from detectors.event import Event

EVENTS_AT_ONCE: Final = 2_048
"""Events a message: a few megabytes, a fifth of a second of judging."""
GRACE_S: Final = 5.0
"""For a reader that was told to stop, to remove its private folder."""
Progress = Callable[[int, int], None]
"""Told what is done and the whole (see `app.offline.event_files.Progress`)."""


class ReaderLost(Exception):
    """The reading process ended in the middle."""


class Batch(msgspec.Struct, tag=True):
    """Events in order, as JSON, and what each touches."""

    events: bytes
    sighted: list[Sighted]


class Position(msgspec.Struct, tag=True):
    """How far the reader is."""

    done: int
    of: int


class Told(msgspec.Struct, tag=True):
    """The end: what was left out, and how many events there were."""

    faults: list[RowFault]
    fault_counts: dict[str, int]
    faulty_rows: int
    duplicates: int


class Unreadable(msgspec.Struct, tag=True):
    """There is nothing to read, and why."""

    reason: str
    told: Told


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(Batch | Position | Told | Unreadable).decode
_encode_events: Final = msgspec.json.Encoder().encode
_decode_events: Final = msgspec.json.Decoder(list[Event]).decode
NOTHING_LEFT_OUT: Final = Told([], {}, 0, 0)


class ReadingAhead:
    """
    Events of files in the order of their instants, with their sightings, and afterwards what was left out.

    Args:
        sources: As `EventFiles` takes them.
        region: See `Sighter`.
    """

    def __init__(self, sources: Sequence[str | Path], region: str | None) -> None:
        context = multiprocessing.get_context("spawn")
        self._messages, theirs = context.Pipe(duplex=False)
        self._reader = context.Process(
            target=_read, args=(tuple(sources), region, theirs), name="earnest-reader", daemon=True
        )
        with undisturbed():
            self._reader.start()
        theirs.close()
        self._told = NOTHING_LEFT_OUT

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._messages.close()
        self._reader.terminate()
        self._reader.join(GRACE_S)
        if self._reader.is_alive():
            self._reader.kill()
            self._reader.join()
        self._reader.close()

    def events(self, progress: Progress) -> Iterator[tuple[Event, Sighted]]:
        """
        Every event, once.

        Raises:
            UnreadableHistory: No row is an event.
            ReaderLost: The reader died.
        """
        while True:
            message = self._next()
            match message:
                case Batch(events, sighted):
                    yield from zip(_decode_events(events), sighted, strict=True)
                case Position(done, of):
                    progress(done, of)
                case Told():
                    self._told = message
                    return
                case Unreadable(reason, told):
                    self._told = told
                    raise UnreadableHistory(reason)

    def _next(self) -> Batch | Position | Told | Unreadable:
        try:
            message: Batch | Position | Told | Unreadable = _decode(self._messages.recv_bytes())
        except (EOFError, OSError) as error:
            self._reader.join(GRACE_S)
            raise ReaderLost(f"the process that reads ended with {self._reader.exitcode}") from error
        return message

    @property
    def faults(self) -> Sequence[RowFault]:
        """See `EventFiles.faults`; known at the end."""
        return self._told.faults

    @property
    def fault_counts(self) -> Mapping[str, int]:
        """Rows left out, by reason; known at the end."""
        return self._told.fault_counts

    @property
    def faulty_rows(self) -> int:
        """Rows left out; known at the end."""
        return self._told.faulty_rows

    @property
    def duplicates(self) -> int:
        """Rows that repeated an earlier one; known at the end."""
        return self._told.duplicates


def _read(sources: Sequence[str | Path], region: str | None, out: Connection) -> None:
    """The reader's life."""
    signal.signal(signal.SIGTERM, _leave)
    gc.disable()
    sight = private_sighter(region).sight
    try:
        with EventFiles(sources) as history:
            try:
                events = history.events(progress=lambda done, of: out.send_bytes(_encode(Position(done, of))))
                while batch := list(islice(events, EVENTS_AT_ONCE)):
                    out.send_bytes(_encode(Batch(_encode_events(batch), [sight(one) for one in batch])))
            except UnreadableHistory as reason:
                out.send_bytes(_encode(Unreadable(str(reason), _told(history))))
            else:
                out.send_bytes(_encode(_told(history)))
            finally:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the private folder goes, all of it
    except UnreadableHistory as reason:
        out.send_bytes(_encode(Unreadable(str(reason), NOTHING_LEFT_OUT)))
    except BrokenPipeError:
        return  # nobody wants to know any more
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # what is left to do is to end


def _leave(_signal: int, _frame: object) -> None:
    raise SystemExit(0)  # so that the private folder goes


def _told(history: EventFiles) -> Told:
    return Told(list(history.faults), dict(history.fault_counts), history.faulty_rows, history.duplicates)
