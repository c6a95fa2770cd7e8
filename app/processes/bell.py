"""Signals as something to wait for: the supervisor sleeps until one of them, or a child's word, arrives."""

from __future__ import annotations

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Final, Self

STOPPING: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
WATCHED: Final = STOPPING | {signal.SIGCHLD}
READ_BYTES: Final = 4_096
"""One byte a signal: more than ever wait at once."""


class Bell:
    """Collects signals while it is entered; puts everything back afterwards. Main thread only."""

    def __enter__(self) -> Self:
        self._heard, self._rung = socket.socketpair()
        for end in (self._heard, self._rung):
            end.settimeout(0)
        self._before = {number: signal.signal(number, _noted) for number in WATCHED}
        self._wakeup = signal.set_wakeup_fd(self._rung.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._heard.close()
        self._rung.close()

    def wait(self, timeout_s: float | None, *others: int) -> tuple[frozenset[int], list[int]]:
        """Wait for signals, for something to read from the others, or for the time to pass."""
        readable, _, _ = select.select([self._heard.fileno(), *others], [], [], timeout_s)
        rung = frozenset(self._heard.recv(READ_BYTES) if self._heard.fileno() in readable else b"")
        return rung, [fd for fd in others if fd in readable]


def _noted(_signal: int, _frame: FrameType | None) -> None:
    """The wakeup descriptor carries the number; nothing is done inside a handler."""
