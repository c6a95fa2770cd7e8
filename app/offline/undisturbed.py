"""Helping processes that Ctrl-C does not reach: whoever started them hears it, and ends them."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Final

HELD_BACK: Final = {signal.SIGINT}


@contextmanager
def undisturbed() -> Iterator[None]:
    """
    Processes started in here never hear SIGINT, not even while they import; ours waits until the end.

    A terminal sends it to the whole group, and each helper would print a traceback of its own.
    """
    resource_tracker.ensure_running()  # at its own first start it would let SIGINT through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
