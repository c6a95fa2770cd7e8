"""Ctrl-C is for the one who started the helpers."""

from __future__ import annotations

import signal
import subprocess
import sys

from app.offline.undisturbed import undisturbed

ASK = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))"


def test_what_is_started_in_here_never_hears_ctrl_c_and_we_do_again_afterwards():
    with undisturbed():
        told = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert told.stdout == "True\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
