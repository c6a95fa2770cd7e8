"""Rows put in the order of their instants on disk, repeats found, within a memory that does not grow with them.

Sorted runs are written as rows arrive. Read back, history is cut into ranges of time of about the same number of
rows; of each run only the pages of one range are read. A history that is in order already costs one read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

from app.offline.columns import AT, COLUMNS, DEFAULTS, REQUIRED, SEQ

RUN_ROWS: Final = 262_144
"""Rows sorted at once, some 150 MB with every column filled; 20 million rows are 80 files."""
PAGE_ROWS: Final = 8_192
"""Rows of a run that are read or left together: a range takes about this many of each of 80 runs."""
RANGE_ROWS: Final = 262_144
"""Rows of history in memory at once."""
MARK_EVERY: Final = 256
"""Of a run every so manieth instant is remembered, to cut ranges by: 8 bytes for 256 rows."""
SHARE_KEYS: Final = 1_000_000
"""Repeated ids settled at once."""
_KEY: Final = "_key"
_CHECK: Final = "_check"
_BODY: Final = "_body"
_ORDER: Final = (AT, "event_id", "program_id", SEQ)


class Repeats(NamedTuple):
    """
    Rows whose event_id, in their programme, an earlier row has.

    duplicates: seqs of rows with the same body. conflicts: seqs of rows with another body.
    """

    duplicates: pl.Series
    conflicts: pl.Series


class Runs:
    """Sorted files in a folder, filled once and then read as often as need be."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: list[Path] = []
        self._waiting: list[pl.DataFrame] = []
        self._marks: list[pl.Series] = []
        self._filled = {AT, SEQ, *REQUIRED, *DEFAULTS}
        self.rows = 0

    def add(self, frame: pl.DataFrame) -> None:
        """More rows, a frame of COLUMNS in any order."""
        if frame.is_empty():
            return
        self._waiting.append(frame)
        self.rows += frame.height
        if sum(one.height for one in self._waiting) >= RUN_ROWS:
            self.end()

    def end(self) -> None:
        """Write what is still in memory."""
        if not self._waiting:
            return
        run = pl.concat(self._waiting).sort(_ORDER)
        self._waiting.clear()
        self._filled |= {name for name in run.columns if run[name].null_count() < run.height}
        self._marks.append(run[AT].gather_every(MARK_EVERY))
        self._files.append(self._folder / f"run-{len(self._files):06}.parquet")
        run.write_parquet(self._files[-1], compression="lz4", row_group_size=PAGE_ROWS, statistics=True)

    def scan(self) -> pl.LazyFrame:
        """All rows, in no order to rely on."""
        if not self._files:
            return pl.LazyFrame(schema=COLUMNS)
        return pl.scan_parquet(self._files, low_memory=True)

    def ranges(self) -> Iterator[pl.DataFrame]:
        """
        All rows in the order of time, then event_id, programme and place, a range of time at a time.

        Columns in which no row has anything are left out.
        """
        edges = self._edges()
        filled = [name for name in COLUMNS if name in self._filled]  # absent text costs 16 bytes a cell
        for low, high in zip([None, *edges], [*edges, None], strict=True):
            inside = pl.lit(value=True)
            if low is not None:
                inside &= pl.col(AT) >= low
            if high is not None:
                inside &= pl.col(AT) < high
            rows = self.scan().filter(inside).select(filled)
            yield rows.collect(engine="streaming").sort(_ORDER)

    def _edges(self) -> list[datetime]:
        """Instants that cut history into ranges of about RANGE_ROWS; equal instants are never cut apart."""
        if not self._marks:
            return []
        marks = pl.concat(self._marks).sort()
        edges: list[datetime] = marks.gather_every(RANGE_ROWS // MARK_EVERY)[1:].unique().sort().to_list()
        return edges

    def repeats(self) -> Repeats:
        """Every row but the first, in reading order, of each event_id of a programme."""
        keys = self.scan().select(_hashed(0).alias(_KEY)).collect(engine="streaming")[_KEY].sort()
        twice = keys.filter(keys == keys.shift(1)).unique()
        del keys
        shares = -(-twice.len() // SHARE_KEYS)
        found = [
            self._settle(twice.filter(twice % shares == share), shares, share) for share in range(shares)
        ]
        nothing = pl.Series(SEQ, [], pl.Int64)
        return Repeats(
            pl.concat([nothing, *(one.duplicates for one in found)]),
            pl.concat([nothing, *(one.conflicts for one in found)]),
        )

    def _settle(self, twice: pl.Series, shares: int, share: int) -> Repeats:
        content = [name for name in COLUMNS if name not in {SEQ, "occurred_at"}]  # AT is what it says
        rows = (
            self.scan()
            .with_columns(_hashed(0).alias(_KEY))
            .filter(pl.col(_KEY) % shares == share)
            .join(twice.to_frame(_KEY).lazy(), on=_KEY, how="semi")
            .select(_KEY, _hashed(1).alias(_CHECK), pl.struct(content).hash(2).alias(_BODY), SEQ)
            .collect(engine="streaming")
            .sort(_KEY, _CHECK, SEQ)
        )
        again = (pl.col(_KEY) == pl.col(_KEY).shift(1)) & (pl.col(_CHECK) == pl.col(_CHECK).shift(1))
        first = pl.col(_BODY).first().over(_KEY, _CHECK)
        rows = rows.with_columns(first.alias("_first")).filter(again.fill_null(value=False))
        same = rows["_body"] == rows["_first"]
        return Repeats(rows[SEQ].filter(same), rows[SEQ].filter(~same))


def _hashed(seed: int) -> pl.Expr:
    """64 bits of the id in its programme. Two of them together do not collide by chance."""
    return pl.struct("program_id", "event_id").hash(seed)
