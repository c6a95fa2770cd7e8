"""A leash for child processes: when the parent dies, even by kill -9, they get a signal and follow."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""`prctl(2)`: the signal to get when the thread that forked us ends."""


def leash(sent: signal.Signals) -> Callable[[], None]:
    """
    For `Popen(preexec_fn=…)`: ties the child to this process. Start such children from the main thread,
    because the kernel watches the thread that forked. Only Linux can do this; elsewhere it ties nothing.
    """
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def tie() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
            if os.getppid() != parent:  # the parent died between fork and prctl
                os._exit(1)

    return tie
