"""What a replay has decided so far, in parts in a private folder beside its output; the output appears complete.

A run that is interrupted leaves its parts. The next one over the same files, under the same policy and model, takes
their events in again without judging them, and goes on behind them. Anything else begins anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

import msgspec
import polars as pl

from app.offline.replay_rows import LINKS, ROWS, as_text
from detectors.forest.features import VERSION as FEATURES_VERSION

PART_ROWS: Final = 65_536
"""Rows a part: some six seconds, which is what an interruption costs."""
ENDINGS: Final = (".parquet", ".csv")
READABLE: Final = 0o644
_ASIDE: Final = 0o700
_LOCK: Final = "lock"
_PLAN: Final = "plan"


class OutputHeld(Exception):
    """Another replay is writing the same output."""


class Plan(msgspec.Struct, frozen=True):
    """
    All that decides what a replay brings; parts of another plan are thrown away.

    sources: of each file its name, size in bytes, and when it was last changed (ns).
    judges:  of each policy and model that decides, its version.
    """

    sources: tuple[tuple[str, int, int], ...]
    judges: tuple[tuple[str, str], ...]
    region: str | None

    def digest(self) -> str:
        """The same for the same plan, judged by the same release with the same features."""
        made_by = (version("earnest"), FEATURES_VERSION)
        return hashlib.sha256(msgspec.json.encode((self, list(ROWS), made_by))).hexdigest()


class Parts:
    """
    The parts of one output.

    Args:
        out: The output, `.parquet` or `.csv`. Nothing is there before `finish`.
        plan: What they are parts of.
        tracks: How many judges decide every event; each writes its own rows.

    Raises:
        OutputHeld: Another replay is at it.
        OSError: The folder cannot be written.
    """

    def __init__(self, out: Path, plan: Plan, tracks: int) -> None:
        self._out, self._tracks = out, tracks
        self._folder = out.with_name(f".{out.name}.replay")
        self._folder.mkdir(mode=_ASIDE, exist_ok=True)
        self._lock = (self._folder / _LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise OutputHeld(f"another replay is writing {out}") from None
        self._begin(plan.digest())
        self.written = self._whole()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._lock.close()

    def add(self, frames: Sequence[pl.DataFrame]) -> None:
        """The next part: a frame of each judge, over the same events."""
        for track, frame in enumerate(frames):
            _whole_file(self._path(track, self.written), frame.write_parquet)
        self.written += 1

    def read(self) -> Iterator[list[pl.DataFrame]]:
        """The parts there are, in order."""
        for part in range(self.written):
            yield [pl.read_parquet(self._path(track, part)) for track in range(self._tracks)]

    def rows(self, track: int, since: datetime | None) -> pl.LazyFrame:
        """All rows of one judge, from an instant on."""
        files = [self._path(track, part) for part in range(self.written)]
        rows = pl.scan_parquet(files).drop(LINKS) if files else pl.LazyFrame(schema=ROWS)
        return rows if since is None else rows.filter(pl.col("occurred_at") >= since)

    def finish(self, since: datetime | None) -> None:
        """Write the output, all at once."""
        write_table(self._out, self.rows(0, since))

    def discard(self) -> None:
        """Remove the parts."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self, digest: str) -> None:
        plan = self._folder / _PLAN
        if plan.exists() and plan.read_text(encoding="ascii") == digest:
            return
        for path in self._folder.iterdir():
            if path.name != _LOCK:
                path.unlink()
        plan.write_text(digest, encoding="ascii")

    def _whole(self) -> int:
        """How many parts every judge has finished."""
        part = 0
        while all(self._path(track, part).exists() for track in range(self._tracks)):
            part += 1
        return part

    def _path(self, track: int, part: int) -> Path:
        return self._folder / f"rows-{track}-{part:06}.parquet"


def write_table(out: Path, rows: pl.LazyFrame) -> None:
    """Rows as a file, by its ending, all at once: until then what was there stays."""
    write = as_text(rows).sink_csv if out.suffix.lower() == ".csv" else rows.sink_parquet
    _whole_file(out, write)
    out.chmod(READABLE)


def _whole_file(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, make sure it is on disk, and rename: a crash leaves all of it or nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(beside)
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
