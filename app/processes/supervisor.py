"""
One parent for everything `earnest serve` runs: the embedded Valkey, the web processes, the background worker.

It owns the listening socket, so that connections wait in its queue while a web process restarts. Whatever
dies is started again; whatever it started ends with it, even after kill -9.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import structlog

from app import data_dir as layout
from app import metrics
from app.processes.bell import STOPPING, Bell
from app.processes.child import BACKLOG
from app.processes.leash import leash
from app.processes.parts import SHIPPED, Parts
from app.processes.tending import Child, GivenUp
from app.settings import Settings
from app.store import embedded

EXTRA_PATIENCE_S: Final = 5.0
"""Seconds beyond the drain timeout before a child that does not end is killed."""
POLL_S: Final = 0.25
"""Seconds between two looks at children that are ending, should a SIGCHLD be missed."""
READ_BYTES: Final = 64
LOOPBACK_OF: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
"""Listening everywhere is an address that no browser can open."""

log = structlog.get_logger("earnest.processes")


def serve(settings: Settings, *, on_ready: Callable[[str], None], parts: Parts = SHIPPED) -> bool:
    """
    Run the service until a signal stops it.

    Args:
        settings: Which must also be what the environment and `.env` say, beside what was given explicitly:
            the children read them again.
        on_ready: Called once with the base address, e.g. `http://127.0.0.1:8000`, when requests are answered.
        parts: What to run.

    Returns:
        Whether everything ended in its own time; False if a second signal or the patience's end forced it.

    Raises:
        GivenUp: The port is taken, the migrations fail, or a child dies again and again.
        app.data_dir.DirectoryHeld: Another installation runs on the data directory.
        app.store.embedded.NotStarted: The embedded Valkey does not start.
    """
    embedded.retire_orphan(settings.data_dir)
    with layout.held(settings.data_dir) as held, closing(_listen(settings.host, settings.port)) as listening:
        metrics.start_over(layout.metrics_dir(settings.data_dir))
        family = _Family(settings, parts, held, listening)
        with family.store_running(), Bell() as bell:
            family.migrate()
            return family.live(bell, on_ready)


class _Family:
    """The children of one run."""

    def __init__(self, settings: Settings, parts: Parts, held: int, listening: socket.socket) -> None:
        self._settings = settings
        self._parts = parts
        self._held = held
        self._listening = listening
        self._links = {} if settings.public_url else {"EARNEST_PUBLIC_URL": _address(listening)}
        self._ready, self._tell_ready = os.pipe()
        self._store: list[Child] = []
        self._web = [Child(f"web-{index}", self._start_web) for index in range(settings.workers)]
        self._worker = [Child("worker", lambda: self._start("worker", parts.worker))]

    @contextmanager
    def store_running(self) -> Iterator[None]:
        """Run the embedded Valkey, where there is no other, around everything else."""
        if self._settings.redis_url is not None:
            yield
            return
        data_dir = self._settings.data_dir
        valkey = Child("valkey", lambda: embedded.start(data_dir, self._held))
        process = valkey.begin(time.monotonic())
        try:
            embedded.await_ready(data_dir, process)
            self._store = [valkey]
            yield
        finally:
            if valkey.process is not None:
                embedded.stop(valkey.process)

    def migrate(self) -> None:
        """Bring the database up to date, in a process of its own: the parent stays small."""
        if self._start("migrate", self._parts.migrate).wait() != 0:
            raise GivenUp(
                "The database could not be reached or migrated; see the log above, or run: earnest doctor"
            )

    def live(self, bell: Bell, on_ready: Callable[[str], None]) -> bool:
        """Keep everybody alive until a signal to stop. Returns whether all ended in their own time."""
        everyone = [*self._store, *self._web, *self._worker]
        announced = False
        try:
            while True:
                now_s = time.monotonic()
                for child in everyone:
                    if (died := child.tend(now_s)) is not None:
                        metrics.forget(died, layout.metrics_dir(self._settings.data_dir))
                due = [child.due_s for child in everyone if child.process is None]
                timeout_s = max(0.0, min(due) - now_s) if due else None
                rung, said = bell.wait(timeout_s, self._ready)
                if said:
                    os.read(self._ready, READ_BYTES)
                if said and not announced:
                    announced = True
                    on_ready(_address(self._listening))
                if rung & STOPPING:
                    return self._stop(bell)
        except BaseException:
            self._stop(bell)
            raise
        finally:
            os.close(self._ready)
            os.close(self._tell_ready)

    def _stop(self, bell: Bell) -> bool:
        """Web processes first: what they still answer is journalled. Then the worker. Valkey is last."""
        log.info("stopping")
        self._listening.close()
        patience_s = self._settings.drain_timeout_s + EXTRA_PATIENCE_S
        in_time = _ended(self._web, bell, patience_s)
        return _ended(self._worker, bell, patience_s if in_time else 0) and in_time

    def _start_web(self) -> subprocess.Popen[bytes]:
        inherited = (self._listening.fileno(), self._tell_ready)
        return self._start("web", self._parts.app, *map(str, inherited), inherited=inherited)

    def _start(self, *words: str, inherited: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "app.processes.child", *words],
            env={
                **os.environ,
                **self._settings.as_environment(),
                **self._links,
                metrics.DIRECTORY_VARIABLE: str(layout.metrics_dir(self._settings.data_dir)),
            },
            stdin=subprocess.DEVNULL,
            pass_fds=(self._held, *inherited),
            process_group=0,  # Ctrl-C reaches the parent alone, which decides the order
            preexec_fn=leash(signal.SIGKILL),  # noqa: PLW1509 - started by a process of one thread
        )


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        why = error.strerror or str(error)
        raise GivenUp(f"Cannot listen on {host} port {port}: {why}. Choose another with --port.") from None


def _address(listening: socket.socket) -> str:
    """Where this machine reaches it; in development also the base of links that nobody set."""
    host, port = listening.getsockname()[:2]
    host = LOOPBACK_OF.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _ended(children: Sequence[Child], bell: Bell, patience_s: float) -> bool:
    """Ask the children to end, wait, and kill what is left after the patience or at a second signal."""
    living = [child.process for child in children if child.process is not None]
    for process in living:
        process.terminate()
    deadline = time.monotonic() + patience_s
    while living := [process for process in living if process.poll() is None]:
        rung, _ = bell.wait(POLL_S)
        if rung & STOPPING or time.monotonic() > deadline:
            for process in living:
                process.kill()
                process.wait()
            return False
    return True
