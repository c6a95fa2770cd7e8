"""The shelf of models: a folder for each version, and one line that says which of them judges."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from app.offline.artefacts import CARD, read_artefact, write_artefact
from detectors.forest.artefact import Artefact
from detectors.forest.card import Card, ModelRefused
from detectors.forest.features import NAMES, VERSION

ACTIVE: Final = "active"
HISTORY: Final = "history"
HISTORY_KEPT: Final = 20
"""Activations that can be rolled back: months of weekly training."""
LINE_BYTES: Final = 4_096
"""More than both files ever hold; a larger one is not ours."""
DRAFTS: Final = ".adding-"
"""How a model is called while it is being copied; what a killed command leaves is swept up by the next."""
NAME: Final = re.compile(r"mdl_[0-9a-f]{12}")


class NotOnShelf(Exception):
    """There is no such model, or nothing to go back to. The message says what to do."""


class Shelved(NamedTuple):
    """A model on the shelf: its card, or why it must not be loaded."""

    version: str
    card: Card | None
    refused: str


class Shelf:
    """
    Models side by side in a folder, of which one may be active.

    Commands change it one at a time, under a lock; every change is a single rename, so whoever reads meanwhile
    sees the shelf before or after it. Readers need no lock.

    Args:
        folder: Made at the first change; one that is not there is an empty shelf.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def active(self) -> str | None:
        """The version that judges; None where none does. Raises ModelRefused where that cannot be told."""
        lines = self._lines(ACTIVE)
        if not lines:
            return None
        if len(lines) > 1 or not NAME.fullmatch(lines[0]):
            raise ModelRefused(f"the file {ACTIVE} of the shelf names no model")
        return lines[0]

    def stamp(self, version: str) -> tuple[int, ...]:
        """Changes when this version is put on the shelf again; empty where it is not there."""
        try:
            status = (self.folder / version / CARD).stat()
        except OSError:
            return ()
        return status.st_ino, status.st_mtime_ns

    def load(self, version: str) -> Artefact:
        """A model, verified. Raises ModelRefused with the reason."""
        artefact = read_artefact(self.folder / version, NAMES, VERSION)
        if artefact.card.version != version:
            raise ModelRefused(f"the folder {version} holds {artefact.card.version}")
        return artefact

    def shelved(self) -> list[Shelved]:
        """Every model, newest first, by the end of what it learned from; each is read through."""
        found = [self._examined(name) for name in self._versions()]
        return sorted(found, key=lambda one: (-_until_ms(one.card), one.version))

    def add(self, source: Path) -> Card:
        """
        Copy a trained model onto the shelf. One that is there is replaced by itself, which mends it.

        Raises:
            ModelRefused: It must not be loaded, with the reason.
            OSError: The shelf cannot be written.
        """
        artefact = read_artefact(source, NAMES, VERSION)
        with self._locked():
            place = self.folder / artefact.card.version
            if place.is_dir():
                write_artefact(place, artefact)
            else:
                self._place(place, artefact)
        return artefact.card

    def activate(self, version: str) -> str | None:
        """
        Let this version judge from now on. Returns the one before.

        Raises:
            NotOnShelf: There is no such version.
            ModelRefused: It must not be loaded; nothing has changed.
            OSError: The shelf cannot be written.
        """
        if version not in self._versions():
            raise NotOnShelf(f"There is no model {version} on the shelf; see: earnest models list")
        self.load(version)
        with self._locked():
            before = self._active_or_none()
            if before != version:
                self._remember(_without(version, [before, *self.history()]))
                self._write(ACTIVE, [version])
        return before

    def deactivate(self) -> str | None:
        """Let no model judge. Returns the one before."""
        with self._locked():
            before = self._active_or_none()
            self._remember(_without(None, [before, *self.history()]))
            (self.folder / ACTIVE).unlink(missing_ok=True)
        return before

    def rollback(self) -> str:
        """
        Let the version judge that did before the active one. Returns it.

        Raises:
            NotOnShelf: None did.
            ModelRefused: It must not be loaded any more; nothing has changed.
        """
        with self._locked():
            now = self._active_or_none()
            history = _without(now, self.history())  # a command may have been killed between its two writes
            if not history:
                raise NotOnShelf(
                    "No model was active before this one; to judge without: earnest models deactivate"
                )
            self.load(history[0])
            self._write(ACTIVE, history[:1])
            self._remember(history[1:])
        return history[0]

    def history(self) -> list[str]:
        """The versions that judged before the active one, latest first."""
        return [line for line in self._lines(HISTORY) if NAME.fullmatch(line)]

    def _examined(self, version: str) -> Shelved:
        try:
            return Shelved(version, self.load(version).card, "")
        except ModelRefused as refused:
            return Shelved(version, None, refused.reason)

    def _versions(self) -> list[str]:
        try:
            return sorted(path.name for path in self.folder.iterdir() if NAME.fullmatch(path.name))
        except FileNotFoundError:
            return []

    def _active_or_none(self) -> str | None:
        """For changing it: an unreadable line is replaced, not obeyed."""
        try:
            return self.active()
        except ModelRefused:
            return None

    def _lines(self, name: str) -> list[str]:
        try:
            with (self.folder / name).open("rb") as file:
                return file.read(LINE_BYTES).decode("ascii", "replace").split()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ModelRefused(f"the file {name} of the shelf cannot be read: {error.strerror}") from error

    def _remember(self, versions: Sequence[str]) -> None:
        self._write(HISTORY, versions[:HISTORY_KEPT])

    def _write(self, name: str, lines: Sequence[str]) -> None:
        handle, beside = tempfile.mkstemp(prefix=DRAFTS, dir=self.folder)
        with os.fdopen(handle, "w") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(self.folder / name)

    def _place(self, place: Path, artefact: Artefact) -> None:
        draft = Path(tempfile.mkdtemp(prefix=DRAFTS, dir=self.folder))
        try:
            write_artefact(draft, artefact)
            draft.chmod(0o755)
            draft.rename(place)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One change at a time; the kernel lets go of the lock however the command ends."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for left in self.folder.glob(f"{DRAFTS}*"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            yield


def _without(first: str | None, versions: Sequence[str | None]) -> list[str]:
    """The versions but for None, and but for this one where it comes first: it judges, so it was not before."""
    kept = [version for version in versions if version is not None]
    return kept[1:] if kept and kept[0] == first else kept


def _until_ms(card: Card | None) -> int:
    return card.window.until_ms if card is not None and card.window is not None else 0
