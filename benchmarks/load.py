"""Load from outside the process: wrk with a stream of distinct events."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

REFUSALS_SHOWN = 2_000
"""Characters of what was answered with anything but 200."""
SCRIPT = Path(__file__).with_name("traffic.lua")


class Loaded(Protocol):
    """What can be loaded: it has an address, and its processes use processor time."""

    address: str

    def cpu_s(self, role: str) -> float: ...


@dataclass(frozen=True)
class Measured:
    """Rates a second, milliseconds, and microseconds of processor time a request."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    refused: int


def load(service: Loaded, key: str, *, clients: int, seconds: int, accounts: int = 10_000) -> Measured:
    """So many clients for so long, each sending its next event when it has its answer."""
    before = service.cpu_s("web")
    environment = {"KEY": key, "RUN": secrets.token_hex(4), "ACCOUNTS": str(accounts)}
    shape = [f"-t{min(clients, 2)}", f"-c{clients}", f"-d{seconds}s", "--timeout", "5s"]
    ran = subprocess.run(
        ["wrk", *shape, "-s", str(SCRIPT), service.address],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    sys.stderr.write(ran.stderr[:REFUSALS_SHOWN])
    found = re.search(r"RESULT (.*)", ran.stdout)
    if not found:
        raise RuntimeError(ran.stdout + ran.stderr)
    requests, took_us, p50, p99, _, status_errors, other_errors = map(int, found[1].split())
    cpu_us = (service.cpu_s("web") - before) / max(requests, 1) * 1e6
    return Measured(requests / took_us * 1e6, p50 / 1e3, p99 / 1e3, cpu_us, status_errors + other_errors)
