"""Keeping one child process alive: started when due, buried when it died, given up when hopeless."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

STEADY_S: Final = 5.0
"""Seconds after which a child counts as well: its next death is a new one, and it starts again at once."""
FIRST_DELAY_S: Final = 0.1
LONGEST_DELAY_S: Final = 5.0
"""Seconds before the next start in a row, doubled up to the longest: a broken child must not hog it all."""
HOPELESS_STARTS: Final = 5
"""A child that dies so often (within some 4 s) without ever having been well will not
get better by itself."""

log = structlog.get_logger("earnest.processes")


class GivenUp(Exception):
    """Something that must run cannot be made to. The message says what, the log above it why."""


@dataclass
class Child:
    """One process to be kept alive."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    begun_s: float = 0.0
    due_s: float = 0.0
    short_lives: int = 0
    was_well: bool = False

    def tend(self, now_s: float) -> int | None:
        """Notice a death, start what is due. Returns the process id of one that has died."""
        died = None
        if self.process is not None and self.process.poll() is not None:
            died = self.process.pid
            log.warning("child died", child=self.name, pid=died, exit_code=self.process.returncode)
            self.process = None
            self._put_off(now_s)
        if self.process is None and now_s >= self.due_s:
            self.begin(now_s)
        return died

    def begin(self, now_s: float) -> subprocess.Popen[bytes]:
        """Start it now."""
        self.process, self.begun_s = self.start(), now_s
        log.info("child started", child=self.name, pid=self.process.pid)
        return self.process

    def _put_off(self, now_s: float) -> None:
        well = now_s - self.begun_s >= STEADY_S
        self.was_well = self.was_well or well
        self.short_lives = 0 if well else self.short_lives + 1
        delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2 ** (self.short_lives - 1)) if self.short_lives else 0.0
        self.due_s = now_s + delay
        if not self.was_well and self.short_lives >= HOPELESS_STARTS:
            raise GivenUp(f"The {self.name} process died {self.short_lives} times in a row; see the log.")
