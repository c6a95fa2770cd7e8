"""Where decisions wait that were made while the hot store was away: one sealed file each, on this machine's disk.

A file's name is the event's key, and it appears whole or not at all, so that of two workers deciding the same
event in the dark one answer is kept, and a killed process leaves nothing half done.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import structlog
from msgspec import DecodeError

from app.journal import Journal
from app.ports.journal import Decided
from app.seal import SealBroken

log = structlog.get_logger("earnest.spool")


class Spooled(NamedTuple):
    """A decision that waits, and the file it waits in."""

    path: Path
    entry: Decided


class Spool:
    """A directory of decisions that the worker has still to journal."""

    def __init__(self, directory: Path, journal: Journal) -> None:
        self._directory = directory
        self._prefix = f"{directory}/"
        self._journal = journal

    def keep(self, event_key: bytes, entry: Decided, now_ms: int) -> Decided:
        """
        Put a decision on the disk and return the one that counts: the first one kept for this event.

        Raises:
            OSError: The disk does not take it; then nothing can be promised.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / event_key.hex()
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".") as draft:
            draft.write(self._journal.seal(entry, now_ms))
            draft.flush()
            os.fsync(draft.fileno())
            try:
                os.link(draft.name, path)
            except FileExistsError:
                return self._read(path).entry
        return entry

    def waiting(self) -> Iterator[Spooled]:
        """The decisions that wait, oldest first."""
        if not self._directory.is_dir():
            return
        with os.scandir(self._directory) as found:
            kept = sorted((one.stat().st_mtime_ns, one.name) for one in found if not one.name.startswith("."))
        for _, name in kept:
            path = self._directory / name
            try:
                yield self._read(path)
            except (
                FileNotFoundError,
                IsADirectoryError,
            ):  # another worker was quicker; or it is none of ours
                continue
            except (SealBroken, DecodeError, TypeError):
                log.exception("a waiting decision cannot be read; set aside", entry_id=name)
                path.rename(path.with_name(f".unreadable-{name}"))

    def holds(self, event_key: bytes) -> bool:
        """Whether a decision for this event waits: two microseconds, so that every event can be asked for."""
        return os.access(self._prefix + event_key.hex(), os.F_OK)

    def find(self, event_key: bytes) -> Decided | None:
        """The decision kept for an event, if it still waits."""
        try:
            return self._read(self._directory / event_key.hex()).entry
        except FileNotFoundError:
            return None

    def _read(self, path: Path) -> Spooled:
        entry = self._journal.open(path.read_bytes())
        if not isinstance(entry, Decided):
            raise TypeError(f"{path.name} holds no decision")
        return Spooled(path, entry)
