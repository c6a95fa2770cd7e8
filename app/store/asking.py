"""One question to Redis or Valkey, asked synchronously: for start-up and `doctor`, never for a decision."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote, urlsplit

import hiredis

DEFAULT_PORT: Final = 6379
TIMEOUT_S: Final = 2.0
"""Seconds for connecting and for each answer: a store that needs longer is of no use to a decision."""
READ_BYTES: Final = 65_536


class Unanswered(Exception):
    """The store could not be reached, or broke off."""


class HungUp(Unanswered):
    """The store took the question and closed the connection, as it does on SHUTDOWN."""


class Refused(Exception):
    """The store answered with an error."""


def ask(url: str, *words: str) -> object:
    """
    Send one command and return its answer: str, int, None or a list of these.

    Args:
        url: `redis://`, `rediss://`, `valkey://` or `valkeys://` with user, password and database as usual,
             or `unix://` and the path of a socket.
        words: The command, e.g. `"CONFIG", "GET", "appendonly"`.

    Raises:
        Unanswered: No connection or no answer.
        Refused: An error for an answer, e.g. a wrong password or a data set still loading.
    """
    parts = urlsplit(url)
    commands: list[tuple[str, ...]] = []
    if parts.password:
        user = (unquote(parts.username),) if parts.username else ()
        commands.append(("AUTH", *user, unquote(parts.password)))
    if parts.scheme != "unix" and parts.path.strip("/"):
        commands.append(("SELECT", parts.path.strip("/")))
    try:
        with _connected(url) as connection:
            answers = [_exchange(connection, command) for command in (*commands, words)]
    except (OSError, ValueError) as error:
        raise Unanswered(
            f"no answer from the hot store: {getattr(error, 'strerror', None) or error}"
        ) from None
    return answers[-1]


@contextmanager
def _connected(url: str) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as local:
            local.settimeout(TIMEOUT_S)
            local.connect(parts.path)
            yield local
        return
    host = parts.hostname or "localhost"
    with socket.create_connection((host, parts.port or DEFAULT_PORT), TIMEOUT_S) as plain:
        if parts.scheme in {"rediss", "valkeys"}:
            with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as sealed:
                yield sealed
        else:
            yield plain


def _exchange(connection: socket.socket, words: tuple[str, ...]) -> object:
    connection.sendall(hiredis.pack_command(words))  # type: ignore[arg-type] # its stub knows one word only
    reader = hiredis.Reader(encoding="utf-8", errors="replace")
    while (answer := reader.gets()) is False:
        chunk = connection.recv(READ_BYTES)
        if not chunk:
            raise HungUp("the hot store closed the connection")
        reader.feed(chunk)
    if isinstance(answer, hiredis.ReplyError):
        raise Refused(str(answer))
    return answer
