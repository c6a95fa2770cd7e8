"""One connection to Valkey on which every call of a loop tick leaves as one write.

hiredis does the protocol; this adds what it does not have: a queue of waiting callers, one deadline for all,
reconnection, and scripts loaded on connection. Why not a client library: docs/decisions/0001-hot-store.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import hiredis

from app.ports.history import HotStoreAway

Command = tuple[bytes | str | int | float, ...]

RETRY_S: Final = 0.05
"""Between attempts to connect: a restarted embedded server answers after about this long."""
LOOKS_A_TIMEOUT: Final = 8
"""How often overdue replies are looked for: a caller waits an eighth longer than its patience at most."""
STUCK_S: Final = 1.0
"""A connection whose oldest call has waited this long is given up: the server hangs rather than lags."""
AWAY_REPLIES: Final = (
    "LOADING",
    "OOM",
    "MISCONF",
    "READONLY",
    "BUSY",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "MASTERDOWN",
)
"""Replies with which a server says that it cannot serve now."""


LOST_REPLY: Final = "ERR Function not found"


class HotStoreFault(Exception):
    """The hot store refused a command: a bug of ours, not an outage."""


SCRIPTS: Final = (
    "observe", "restore", "claim", "commit", "retract", "outcome", "pass", "effect", "link", "lock", "remember",
    "throttle", "reserve", "keep", "release", "hold",
)  # fmt: skip
PRELUDES: Final = ("series", "entity", "caps")


def _library() -> tuple[str, str]:
    """
    The Lua files as one function library, and the mark that its functions' names end in: the library's own hash,
    so that workers of two versions serve side by side while one replaces the other.

    A library is compiled once; a script of EVALSHA makes its local functions anew at every call.
    """
    folder = files("app.store") / "lua"
    text = "".join((folder / f"{name}.lua").read_text() for name in PRELUDES)
    bodies = {name: (folder / f"{name}.lua").read_text() for name in SCRIPTS}
    mark = sha256("".join([text, *bodies.values()]).encode()).hexdigest()[:8]
    functions = "".join(
        f"redis.register_function('{name}_{mark}', function(KEYS, ARGV)\n{body}end)\n"
        for name, body in bodies.items()
    )
    return f"#!lua name=earnest_{mark}\n{text}{functions}", mark


LIBRARY, MARK = _library()
FUNCTIONS: Final = {name: f"{name}_{MARK}".encode() for name in SCRIPTS}


@dataclass(slots=True)
class _Call:
    wanted: int
    reply: asyncio.Future[list[Any]]
    since: float
    got: list[Any] = field(default_factory=list)
    overdue: bool = False


def pack(command: Command) -> bytes:
    """One command in the wire protocol."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub knows 1-tuples only
    return packed


_LOAD: Final = pack(("FUNCTION", "LOAD", "REPLACE", LIBRARY))


def _ignored(reply: asyncio.Future[list[Any]]) -> None:
    if not reply.cancelled():
        reply.exception()


def script(name: str, keys: Sequence[bytes], *args: bytes | str | float) -> bytes:
    """A packed call of one of our Lua files."""
    return pack((b"FCALL", FUNCTIONS[name], len(keys), *keys, *args))


class Pipeline(asyncio.Protocol):
    """
    A self-healing connection.

    Args:
        url: `unix:///path`, `redis://[user:password@]host:port/db` or, with TLS, `rediss://…`;
             `valkey://` and `valkeys://` are the same.
        timeout_s: how long a call may wait for its reply, in seconds.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = urlsplit(url)
        self._timeout_s = timeout_s
        self._transport: asyncio.WriteTransport | None = None
        self._reader = hiredis.Reader()
        self._waiting: deque[_Call] = deque()
        self._outgoing: list[bytes] = []
        self._ready = False
        self._watching = False
        self._closing = False
        self._connecting: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"Pipeline({self._url.scheme}://{self._url.hostname or self._url.path})"

    async def open(self, *, patience_s: float = 0.0) -> None:
        """Connect in the background; wait up to `patience_s` for the first connection."""
        self._loop = asyncio.get_running_loop()
        self._connecting = self._loop.create_task(self._connect())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._connecting), patience_s)

    async def close(self) -> None:
        """Close the connection; what still waits is told that the store is away."""
        self._closing = True
        if self._connecting:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._transport:
            self._transport.abort()

    def call(
        self, packed: bytes, replies: int = 1, *, timeout_s: float | None = None
    ) -> asyncio.Future[list[Any]]:
        """
        Send packed commands; the future brings their replies in order.

        Raises (from the future): HotStoreAway when there is no connection, no reply in time, or the server
        cannot serve; HotStoreFault when it refused a command.
        """
        if not self._ready or self._is_hanging():
            failed: asyncio.Future[list[Any]] = self._loop.create_future()
            failed.set_exception(HotStoreAway("the hot store does not answer"))
            return failed
        return self._send(packed, replies, timeout_s)

    async def execute(self, *command: bytes | str | float) -> Any:
        """One command, its one reply."""
        return (await self.call(pack(command)))[0]

    def _send(self, packed: bytes, replies: int, timeout_s: float | None = None) -> asyncio.Future[list[Any]]:
        loop = self._loop
        extra = 0.0 if timeout_s is None else timeout_s - self._timeout_s
        call = _Call(replies, loop.create_future(), loop.time() + extra)
        self._waiting.append(call)
        if not self._outgoing:
            loop.call_soon(self._flush)
        self._outgoing.append(packed)
        if not self._watching:
            self._watching = True
            loop.call_later(self._timeout_s / LOOKS_A_TIMEOUT, self._watch)
        return call.reply

    def _is_hanging(self) -> bool:
        """Whether the reply due next is overdue: those behind it would wait in vain."""
        return bool(self._waiting) and self._waiting[0].overdue

    def _flush(self) -> None:
        if self._transport and self._outgoing:
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _watch(self) -> None:
        now = self._loop.time()
        for call in self._waiting:  # each by its own patience: a hurried one may stand behind a patient one
            if now - call.since >= self._timeout_s and not call.reply.done():
                call.overdue = True
                call.reply.set_exception(HotStoreAway(f"no reply within {self._timeout_s * 1_000:.0f} ms"))
        if (
            self._waiting
            and now - self._waiting[0].since > max(STUCK_S, self._timeout_s * 2)
            and self._transport
        ):
            self._transport.abort()
        self._watching = bool(self._waiting)
        if self._watching:
            self._loop.call_later(self._timeout_s / LOOKS_A_TIMEOUT, self._watch)

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's are no WriteTransport by class
        self._reader = hiredis.Reader()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._ready, self._transport = False, None
        self._outgoing.clear()
        waiting, self._waiting = self._waiting, deque()
        for call in waiting:
            if not call.reply.done():
                call.reply.set_exception(HotStoreAway("the connection to the hot store was lost"))
        if not self._closing and (self._connecting is None or self._connecting.done()):
            self._connecting = self._loop.create_task(self._connect())

    def data_received(self, data: bytes) -> None:
        reader = self._reader
        reader.feed(data)
        waiting = self._waiting
        while waiting:
            reply = reader.gets()
            if reply is False:
                return
            call = waiting[0]
            call.got.append(reply)
            if len(call.got) == call.wanted:
                waiting.popleft()
                if not call.reply.done():
                    self._deliver(call)

    def _deliver(self, call: _Call) -> None:
        for reply in call.got:
            if isinstance(reply, hiredis.ReplyError):
                text = str(reply)
                lost = text.startswith(LOST_REPLY)
                if lost:  # somebody flushed the functions: the next call finds them again
                    self._send(_LOAD, 1).add_done_callback(_ignored)
                away = lost or text.startswith(AWAY_REPLIES)
                call.reply.set_exception(HotStoreAway(text) if away else HotStoreFault(text))
                return
        call.reply.set_result(call.got)

    async def _connect(self) -> None:
        while not self._closing:
            try:
                async with asyncio.timeout(max(STUCK_S, self._timeout_s)):  # a lost host never refuses
                    await self._dial()
                hello = []
                if self._url.password:
                    user = (unquote(self._url.username),) if self._url.username else ()
                    hello.append(pack(("AUTH", *user, unquote(self._url.password))))
                if self._url.scheme != "unix" and self._url.path.strip("/"):
                    hello.append(pack(("SELECT", self._url.path.strip("/"))))
                hello.append(_LOAD)
                await self._send(b"".join(hello), len(hello))
            except (OSError, HotStoreAway, HotStoreFault):
                pass
            else:
                self._ready = self._transport is not None  # it may have hung up with this very answer
                if self._ready:
                    return
            if self._transport:
                self._transport.abort()
            await asyncio.sleep(RETRY_S)

    async def _dial(self) -> None:
        if self._url.scheme == "unix":
            await self._loop.create_unix_connection(lambda: self, self._url.path)
            return
        secure = ssl.create_default_context() if self._url.scheme in {"rediss", "valkeys"} else None
        host, port = self._url.hostname or "127.0.0.1", self._url.port or 6379
        await self._loop.create_connection(lambda: self, host, port, ssl=secure)
