"""The data directory: what lies where in it, and that one installation at a time has it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SOCKET_PATH_LIMIT: Final = 104
"""Bytes of a unix socket's path: 108 with the closing zero on Linux, 104 on macOS."""
PATIENCE_WITH_A_DEAD_HOLDER_S: Final = 5.0
"""Seconds. A holder that was killed leaves children, which end within a second or so and then let go."""
POLL_S: Final = 0.02
"""Seconds between two looks at a lock: well below what a person notices."""


class DirectoryHeld(Exception):
    """Another installation runs on this data directory."""


def socket_path(data_dir: Path) -> Path:
    """Where the embedded Valkey listens. A directory too long for a socket gets a short one elsewhere."""
    path = data_dir / "valkey" / "valkey.sock"
    if len(os.fsencode(path)) < SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"earnest-{os.getuid()}-{digest}" / "valkey.sock"


def valkey_dir(data_dir: Path) -> Path:
    """Where the embedded Valkey writes its append-only file."""
    return data_dir / "valkey"


def record_path(data_dir: Path) -> Path:
    """The SQLite file of the record."""
    return data_dir / "record.db"


def secret_key_path(data_dir: Path) -> Path:
    """The master key of a development installation."""
    return data_dir / "secret.key"


def metrics_dir(data_dir: Path) -> Path:
    """Where the processes leave their counters for whichever of them is asked."""
    return data_dir / "metrics"


def spool_dir(data_dir: Path) -> Path:
    """Where decisions wait that were made while the hot store was away."""
    return data_dir / "spool"


def outbox_dir(data_dir: Path) -> Path:
    """Where mails and text messages stay that have no relay and no messenger to go to."""
    return data_dir / "outbox"


def models_dir(data_dir: Path) -> Path:
    """The shelf of models."""
    return data_dir / "models"


def demo_dir(data_dir: Path) -> Path:
    """What `earnest serve --demo` notes of the programme it shows."""
    return data_dir / "demo"


def make_private(directory: Path) -> None:
    """
    Create the directory for this user alone.

    Raises:
        PermissionError: It exists and belongs to another user (in a shared /tmp, somebody's trap).
        OSError: It cannot be created.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.lstat()
    if directory.is_symlink() or status.st_uid != os.getuid():
        raise PermissionError(
            f"{directory} belongs to another user; remove it or choose another data directory"
        )


def hold(data_dir: Path) -> int:
    """
    Take the data directory for this process and the children that inherit the answer.

    Returns:
        A file descriptor. The directory is free again when its last copy is closed, however that happens,
        so a killed parent's children must be gone before anyone else begins.

    Raises:
        DirectoryHeld: Somebody else has it. A holder that is dead is waited for; one that lives is not.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PATIENCE_WITH_A_DEAD_HOLDER_S
    while not _try_lock(fd):
        holder = _holder(fd)
        if _lives(holder) or time.monotonic() > deadline:
            os.close(fd)
            raise DirectoryHeld(
                f"Another Earnest (process {holder}) is running on {data_dir}: stop it, or use --data"
            )
        time.sleep(POLL_S)
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(os.getpid()).encode(), 0)
    return fd


@contextmanager
def held(data_dir: Path) -> Iterator[int]:
    """Hold the data directory for a while. Raises DirectoryHeld."""
    fd = hold(data_dir)
    try:
        yield fd
    finally:
        os.close(fd)


def living_holder(data_dir: Path) -> int | None:
    """The process that has this directory now, if it is alive."""
    try:
        fd = os.open(data_dir / "lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        return None if _try_lock(fd) or not _lives(_holder(fd)) else _holder(fd)
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(fd: int) -> int:
    written = os.pread(fd, 20, 0)
    return int(written) if written.isdigit() else 0


def _lives(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
