"""History from files: events in the order of their instants, each once, and every row that is none with its reason."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Self
from weakref import finalize

import polars as pl

from app.intake import BadRow
from app.offline.batches import EndsEarly, Lines, Table, check_header, read
from app.offline.checking import events_frame, read_lines, read_table
from app.offline.columns import AT, LEAVES, METADATA, SEQ, events_of, place_of, seq_of
from app.offline.ordering import Repeats, Runs
from app.offline.row_faults import CONFLICT, FaultBook, RowFault, UnreadableHistory
from app.offline.sources import Source, find, source_of
from detectors.event import Event

Progress = Callable[[int, int], None]
"""Called with what is done and the whole, in bytes of the sources, which are gone over twice: read, then given out."""
EVENTS_AT_ONCE: Final = 8_192
"""Events made at once: a few megabytes."""


class EventFiles:
    """
    Recorded events, from files, folders and globs of NDJSON, CSV and Parquet.

    Files are read once, into a private folder beside other temporary files that takes about as much room as they
    do as Parquet; `close`, or leaving `with`, removes it. Memory does not grow with their size, but for 8 bytes
    a row while repeated ids are looked for.

    Args:
        sources: names of files, folders (searched through) or globs.
        temporary: where the private folder is made; None for the system's own place.

    Raises:
        UnreadableHistory: nothing can be read at all, with the reason of each file.
    """

    def __init__(self, sources: Sequence[str | Path], *, temporary: Path | None = None) -> None:
        self._book = FaultBook()
        self._sources = [source for source in map(self._usable, find(sources)) if source is not None]
        if not self._sources:
            raise UnreadableHistory(self._why())
        self._bytes = sum(source.size for source in self._sources)
        folder = tempfile.mkdtemp(prefix="earnest-history-", dir=temporary)  # for this user's eyes only
        self._remove = finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._runs = Runs(Path(folder))
        self._repeats: Repeats | None = None
        self.rows = 0
        """Rows read so far, good and bad."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the private folder. Nothing can be read afterwards."""
        self._remove()

    @property
    def faults(self) -> Sequence[RowFault]:
        """The first thousand rows that were left out, conflicts among them, and files that break off."""
        return self._book.kept

    @property
    def fault_counts(self) -> Mapping[str, int]:
        """Rows left out, by reason; a row with several faults counts for each."""
        return self._book.reasons

    @property
    def faulty_rows(self) -> int:
        """Rows left out for their faults."""
        return self._book.rows

    @property
    def duplicates(self) -> int:
        """Rows that said once more, word for word, what an earlier row had said."""
        return 0 if self._repeats is None else self._repeats.duplicates.len()

    @property
    def usable(self) -> int | None:
        """Events there are to give out; None before everything has been read."""
        return None if self._repeats is None else self._runs.rows - sum(map(len, self._repeats))

    def events(self, *, progress: Progress | None = None) -> Iterator[Event]:
        """
        Every event once, by its instant; equal instants by event_id, then programme.

        Of rows with one event_id in one programme the first in reading order counts. May be called again.

        Raises UnreadableHistory where no row is an event.
        """
        self._read(progress)
        told, given = self._bytes, 0
        for events in self._ranges():
            for part in events.iter_slices(EVENTS_AT_ONCE):
                yield from events_of(part)
                given += part.height
                if progress is not None:
                    progress(told + self._bytes * given // (self.usable or 1), 2 * self._bytes)

    def lazy(self, *, progress: Progress | None = None) -> pl.LazyFrame:
        """
        The same events as columns, nested ones dotted, in no order to rely on; good while this object is open.

        `occurred_at` is an instant in UTC (µs), `metadata` JSON text, everything else text, Int64, Float64 or
        Boolean. Every column of the schema is there; an absent field is null.
        """
        repeats = self._read(progress)
        left_out = pl.concat(repeats).to_frame(SEQ).lazy()
        rows = self._runs.scan()
        if sum(map(len, repeats)):
            rows = rows.join(left_out, on=SEQ, how="anti")
        return rows.with_columns(pl.col(AT).alias("occurred_at")).select(*LEAVES, METADATA)

    def _ranges(self) -> Iterator[pl.DataFrame]:
        left_out = pl.concat(self._read(None)).to_frame(SEQ)
        for events in self._runs.ranges():
            yield (
                events
                if left_out.is_empty()
                else events.join(left_out, on=SEQ, how="anti", maintain_order="left")
            )

    def _usable(self, path: Path) -> Source | None:
        try:
            source = source_of(path)
            check_header(source)
        except (UnreadableHistory, EndsEarly) as reason:
            self._book.file(str(path), str(reason))
            return None
        return source

    def _why(self) -> str:
        return "\n".join(
            f"{fault.file}: {', '.join(one.message for one in fault.errors)}" for fault in self._book.kept
        )

    def _read(self, progress: Progress | None) -> Repeats:
        """Everything into sorted runs, once."""
        if self._repeats is not None:
            return self._repeats
        done = 0
        for number, source in enumerate(self._sources):
            try:
                for batch in read(source):
                    self._take(number, batch)
                    if progress is not None:
                        progress(done + batch.position, 2 * self._bytes)
            except EndsEarly as reason:
                self._book.file(str(source.path), str(reason))
            done += source.size
        self._runs.end()
        repeats = self._runs.repeats()
        if not self._runs.rows:
            raise UnreadableHistory("no row is an event")  # the faults say why, by row
        self._conflicts(repeats.conflicts)
        self._repeats = repeats
        return repeats

    def _take(self, number: int, batch: Lines | Table) -> None:
        name = str(self._sources[number].path)
        if isinstance(batch, Lines):
            seqs = (seq_of(number, row) for row in batch.rows)
            doubtful = list(zip(seqs, read_lines(batch.lines), strict=True))
        else:
            good, doubtful = read_table(batch.frame, batch.rows + seq_of(number, 0))
            self._runs.add(good)
        self._runs.add(events_frame(doubtful))
        for row, faults in batch.broken:
            self._book.add(RowFault(name, row, None, faults.items))
        for seq, read_row in doubtful:
            if isinstance(read_row, BadRow):
                self._book.add(RowFault(name, place_of(seq)[1], read_row.event_id, read_row.faults.items))
        self.rows += len(batch.rows) + len(batch.broken)

    def _conflicts(self, seqs: pl.Series) -> None:
        """Tell rows that contradict an earlier one: the first of them one by one, the others by their number."""
        told = seqs.sort().head(self._book.room)
        rows = self._runs.scan().filter(pl.col(SEQ).is_in(told.implode())).select(SEQ, "event_id")
        for seq, event_id in rows.collect(engine="streaming").sort(SEQ).iter_rows():
            number, row = place_of(seq)
            self._book.add(RowFault(str(self._sources[number].path), row, event_id, (CONFLICT,)))
        self._book.count(CONFLICT, seqs.len() - told.len())
