"""A Valkey of our own outside the service, and a man in the middle who can hold a command back or lose its reply."""

from __future__ import annotations

import socket
import subprocess
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Literal

from app.store import embedded
from app.store.asking import Refused, Unanswered, ask
from benchmarks.installation import PATIENCE_S, until

READ_BYTES = 65_536
Where = Literal["before", "after"]


@contextmanager
def outside_valkey(home: Path) -> Iterator[int]:
    """A Valkey on a port, with the persistence the documentation asks for; the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"port": str(port), "dir": str(home), **embedded.PERSISTENCE}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    binary = embedded.command(home)[0]
    process = subprocess.Popen([binary, *words], stdout=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port))
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _answers(port: int) -> bool:
    try:
        return ask(f"redis://127.0.0.1:{port}", "PING") == "PONG"
    except (Unanswered, Refused):
        return False


class Between:
    """
    Passes everything on, until it is told to cut at a command: from then on that connection is silent.

    `caught` is set when it has happened. Connections opened afterwards pass.

    Args:
        target: A port of this machine, or the path of a socket.
    """

    def __init__(self, target: int | Path) -> None:
        self._target = target
        self._cut: tuple[bytes, Where] | None = None
        self._ends: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.port = 0
        self.caught = threading.Event()
        self._listen()

    def cut(self, at: bytes, where: Where) -> None:
        """At the next command that holds `at`: swallow it (`before`), or pass it on and swallow its reply."""
        self.caught.clear()
        self._cut = at, where

    def hang_up(self) -> None:
        """Break every connection there is."""
        for end in list(self._ends):
            _hang_up(end)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Break every connection there is, and refuse new ones meanwhile."""
        self.close()
        self.hang_up()
        try:
            yield
        finally:
            self._listen()

    def close(self) -> None:
        """Take no more connections."""
        _hang_up(self._listening)  # wakes the thread that accepts: closing alone would let it take one more
        self._listening.close()

    def _listen(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=[self._listening], daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = self._reach()
                self._ends.update((client, server))
                silent = threading.Event()
                for source, target, is_asking in ((client, server, True), (server, client, False)):
                    job = partial(self._pass_on, source, target, silent, is_asking=is_asking)
                    threading.Thread(target=job, daemon=True).start()

    def _reach(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self._target))
        return server

    def _pass_on(
        self, source: socket.socket, target: socket.socket, silent: threading.Event, *, is_asking: bool
    ) -> None:
        with source, target, _hanging_up(source, target), suppress(OSError):
            while data := source.recv(READ_BYTES):
                if is_asking and self._cut is not None and self._cut[0] in data:
                    where, self._cut = self._cut[1], None
                    silent.set()
                    if where == "after":
                        target.sendall(data)
                    self.caught.set()
                elif not silent.is_set():
                    target.sendall(data)


@contextmanager
def _hanging_up(*ends: socket.socket) -> Iterator[None]:
    """Closing does not reach the other side while the other thread still reads: hang up first."""
    try:
        yield
    finally:
        for end in ends:
            _hang_up(end)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
