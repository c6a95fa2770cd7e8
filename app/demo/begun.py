"""Which programme an installation shows: the instant it was made for, noted in the data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, NamedTuple, Self

from app.demo.caller import Caller
from app.ports.instants import Clock

NOTE: Final = "begun.json"


class Begun(NamedTuple):
    """The note in the data directory that says which programme was loaded, and whether all of it was."""

    at_ms: int
    loaded: bool

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The note; None where there is none to be read."""
        try:
            told = json.loads((folder / NOTE).read_bytes())
            return cls(int(told["at_ms"]), bool(told["loaded"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Put the note there, in place of the one before."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = folder / f".{NOTE}"
        beside.write_text(json.dumps(self._asdict()))
        beside.replace(folder / NOTE)


def begin(caller: Caller, folder: Path, clock: Clock) -> Begun | None:
    """
    Which programme is this installation's, decided before anything else is told to it.

    None where the record holds something else: somebody's own data are left alone. Raises as `Caller.ask`.
    """
    if not is_empty(caller):
        return Begun.read(folder)
    begun = Begun(clock(), loaded=False)
    begun.write(folder)
    return begun


def is_empty(caller: Caller) -> bool:
    """Whether nothing was ever decided. Raises as `Caller.ask`."""
    return not caller.ask("GET", "/v1/decisions?limit=1")["items"]
