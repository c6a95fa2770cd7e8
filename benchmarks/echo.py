"""The floor to compare with: an ASGI application that sends the body back, in uvicorn as it comes."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from benchmarks.installation import ROOT, until

SERVER = (
    "-m",
    "uvicorn",
    "benchmarks.echo:app",
    "--loop",
    "uvloop",
    "--http",
    "httptools",
    "--no-access-log",
)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """A raw ASGI echo."""
    if scope["type"] != "http":
        raise ValueError("HTTP only")
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Echo:
    """A running echo, to be loaded like an installation."""

    def __init__(self, address: str, process: psutil.Popen) -> None:
        self.address, self._process = address, process

    def cpu_s(self, _role: str) -> float:
        """Seconds of processor time it has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def echoing() -> Iterator[Echo]:
    """One worker on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, *SERVER, "--lifespan", "off", "--port", str(port)]
    process = psutil.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port))
        yield Echo(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except ConnectionRefusedError:
        return False
