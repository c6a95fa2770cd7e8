"""Models on disk: a folder with `card.json` and the arrays it names. The card goes last, so it is never a half."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from detectors.forest.artefact import MAX_ARRAYS_BYTES, Artefact, read, refuse_pickle, write
from detectors.forest.card import MAX_CARD_BYTES, Card, ModelRefused, read_card

CARD: Final = "card.json"
HEADER_BYTES: Final = 2**20
"""Room for the arrays' own table of contents beside MAX_ARRAYS_BYTES of numbers."""
PICKLES: Final = frozenset({".pkl", ".pickle", ".joblib"})
"""How files are called that can run any program when read."""


class _Absent(ModelRefused):
    """A file of the model is not there."""


def write_artefact(folder: Path, artefact: Artefact) -> str:
    """
    Put a model into a folder, made if needed, in place of the one there. Returns its version.

    Whoever reads meanwhile gets the old model or the new one; after a crash it is one of the two.

    Raises:
        OSError: The folder cannot be written.
    """
    card, arrays = write(artefact)
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / arrays_name(artefact.card)
    with _alone(folder):
        _replace(kept, arrays)
        _replace(folder / CARD, card)
        for other in folder.glob("mdl_*.safetensors"):
            if other != kept:
                other.unlink(missing_ok=True)
    return artefact.card.version


def read_artefact(folder: Path, features: tuple[str, ...], features_version: int) -> Artefact:
    """
    The model in a folder, for vectors of these features.

    Raises:
        ModelRefused: There is none, or it must not be loaded; with the reason.
    """
    if folder.is_file():
        _refuse_file(folder)
    card = _bounded(folder / CARD, MAX_CARD_BYTES)
    while True:
        refuse_pickle(card)
        try:
            arrays = _bounded(folder / arrays_name(read_card(card)), MAX_ARRAYS_BYTES + HEADER_BYTES)
            return read(card, arrays, features, features_version)
        except _Absent:
            before, card = card, _bounded(folder / CARD, MAX_CARD_BYTES)
            if card == before:  # otherwise a writer replaced the model between the two reads: look again
                raise


def arrays_name(card: Card) -> str:
    """The file that holds the arrays of this card, beside it."""
    return f"{card.version}.safetensors"


def _refuse_file(path: Path) -> None:
    if path.suffix.lower() in PICKLES:
        raise ModelRefused(
            f"{path.name} is a pickle, which can run any program when read; models are never loaded so"
        )
    with path.open("rb") as file:
        refuse_pickle(file.read(16))
    raise ModelRefused(f"{path.name} is a file; a model is a folder with {CARD}")


def _bounded(path: Path, most: int) -> bytes:
    """The file's bytes, looked at for size before they are read."""
    try:
        if not path.is_file():
            raise _Absent(f"there is no {path.name} in {path.parent.name or path.parent}")
        if path.stat().st_size > most:
            raise ModelRefused(
                f"{path.name} has {path.stat().st_size:,} bytes, and none has more than {most:,}"
            )
        return path.read_bytes()
    except FileNotFoundError as error:
        raise _Absent(f"{path.name} has just gone") from error
    except OSError as error:
        raise ModelRefused(f"{path.name} cannot be read: {error.strerror}") from error


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One writer at a time, or one would take the arrays of the other's card for what an earlier model left."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, content: bytes) -> None:
    """Write beside, make sure it is on disk, and rename: the name holds all of it or what it held before."""
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
