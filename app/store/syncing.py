"""What the embedded Valkey has written, put on the disk beside it: it never waits for that itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from app.data_dir import valkey_dir

SYNC_EVERY_S: Final = 1.0
"""What may be lost with the machine, as with Valkey's own `everysec`."""


def sync(data_dir: Path) -> None:
    """Put the append-only files on the disk, beside the server that writes them."""
    for path in (valkey_dir(data_dir) / "appendonlydir").glob("*.aof"):
        try:
            opened = os.open(path, os.O_RDONLY)
        except FileNotFoundError:  # rewritten meanwhile
            continue
        try:
            os.fdatasync(opened)
        finally:
            os.close(opened)
