"""An HTTP server that misbehaves as it is told: a script of one behaviour a request, the last one for all after it."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Self

DRIP_S = 0.02


@dataclass(frozen=True)
class Heard:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Behaviour = Callable[[socket.socket, Heard, Event], None]


class OddServer:
    """Listens on the loopback address until it is closed; `heard` are the requests, in order."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard: list[Heard] = []
        self._script: list[Behaviour] = []
        self._over = Event()
        self._threads = [Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def will(self, *script: Behaviour) -> Self:
        """From the next request on."""
        self._script, self.heard = list(script), []
        return self

    def _accept(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):
                connection, _ = self._listener.accept()
                thread = Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), connection.makefile("rb") as reader:
            line = reader.readline().decode().split()
            headers = {}
            while (pair := reader.readline().decode().rstrip()) != "":
                name, _, value = pair.partition(": ")
                headers[name.lower()] = value
            heard = Heard(line[0], line[1], headers, reader.read(int(headers.get("content-length", 0))))
            behaviour = self._script[min(len(self.heard), len(self._script) - 1)]
            self.heard.append(heard)
            behaviour(connection, heard, self._over)


def _head(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {length}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answers(status: int, body: object = None, **headers: str) -> Behaviour:
    """Answers so. A body that is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(connection: socket.socket, _: Heard, __: Event) -> None:
        connection.sendall(_head(status, len(raw), headers) + raw)

    return behave


def decides(**more: object) -> Behaviour:
    """Answers an event, or each of several, with allow; with fields nobody knows yet."""

    def one(event: Mapping[str, Any]) -> dict[str, object]:
        return {
            "decision_id": "dec_1",
            "event_id": event["event_id"],
            "account_id": event["account_id"],
            "decision": "allow",
            "risk_score": 0.0,
            "risk_level": "low",
            "source": "detectors",
            "of_tomorrow": {"a": 1},
        } | more

    def behave(connection: socket.socket, heard: Heard, over: Event) -> None:
        asked = heard.json
        body = {"decisions": [one(row) for row in asked]} if isinstance(asked, list) else one(asked)
        answers(200, body)(connection, heard, over)

    return behave


def takes(connection: socket.socket, heard: Heard, over: Event) -> None:
    """Takes all that is told."""
    answers(202, {"accepted": len(heard.json), "duplicates": 0, "rejected": []})(connection, heard, over)


def resets(connection: socket.socket, _: Heard, __: Event) -> None:
    """Ends the connection with a reset, without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs(_: socket.socket, __: Heard, over: Event) -> None:
    """Says nothing until the test is over."""
    over.wait()


def drips(connection: socket.socket, _: Heard, over: Event) -> None:
    """Sends headers without end, a byte now and then: never silent, never done."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not over.wait(DRIP_S):
        connection.sendall(b"a")


def drips_a_body(connection: socket.socket, _: Heard, over: Event) -> None:
    """The same with a body of a gigabyte."""
    connection.sendall(_head(200, 2**30, {}))
    while not over.wait(DRIP_S):
        connection.sendall(b" ")


def truncates(connection: socket.socket, _: Heard, __: Event) -> None:
    """Promises more than it sends."""
    connection.sendall(_head(200, 4_096, {}) + b'{"decision_id": "dec_1", ')
