"""One-time tokens over HTTP, as a backend and a browser have them, and a look into the ledger behind it."""

from __future__ import annotations

import http.client
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode
from uuid import uuid4

import psycopg
from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url

from app.store import embedded
from app.store.asking import Refused, Unanswered, ask
from app.store.sql import open_engine
from app.store.sql.token_tables import redemptions, tokens
from benchmarks.installation import PATIENCE_S, Client, Reply, until
from tests.e2e.between import Between
from tests.e2e.events import fresh

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
POSTGRES_SOCKET = ".s.PGSQL.5432"
T = TypeVar("T")


class Link(NamedTuple):
    """A token as its issuer has it: `text` is the secret, `code` what its content must be."""

    token_id: str
    account_id: str
    text: str
    code: str


def order(account_id: str, code: str, **rest: Any) -> dict[str, Any]:
    """The body that orders a token without a code, whose link is given back."""
    reward = {"points": 500, "payload": {"voucher_code": code}}
    return {"account_id": account_id, "purpose": "reward_link", "reward": reward} | rest


def text_of(link: str) -> str:
    """The token in a link."""
    return link.rpartition("/r/")[2]


def issue(client: Client, **rest: Any) -> Link:
    """A new token of a new member."""
    account_id, code = fresh(), fresh("code")
    reply = client.ask("POST", "/v1/tokens", order(account_id, code, **rest))
    assert reply.status == 201, reply
    return Link(reply.json["token_id"], account_id, text_of(reply.json["link"]), code)


def redeem(client: Client, link: Link, key: str) -> Reply:
    """`POST /v1/tokens/redeem` under this Idempotency-Key."""
    body = {"token": link.text, "account_id": link.account_id}
    return client.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": key})


def revoke(client: Client, link: Link) -> Reply:
    """`POST /v1/tokens/{id}/revoke`."""
    return client.ask("POST", f"/v1/tokens/{link.token_id}/revoke")


def enter(client: Client, link: Link) -> Reply:
    """A member's "Continue"."""
    return client.ask("POST", f"/r/{link.text}", b"", **FORM)


class Visit:
    """A member's browser after "Continue": its cookie, and the fields of the form on its page."""

    def __init__(self, client: Client, link: Link) -> None:
        entered = enter(client, link)
        assert entered.status == 303, entered
        self._cookie = entered.headers["set-cookie"].partition(";")[0]
        self._fields = urlencode(re.findall(r'name="(\w+)" value="(\w+)"', self.look(client)))

    def look(self, client: Client) -> str:
        """The page as it is now."""
        return client.ask("GET", "/redeem", Cookie=self._cookie).body.decode()

    def release(self, client: Client) -> Reply:
        """The button that shows the reward."""
        return client.ask("POST", "/redeem/release", self._fields.encode(), Cookie=self._cookie, **FORM)


def paid(reply: Reply, link: Link) -> str:
    """The redemption's id; the reward must be the token's own, whole."""
    assert reply.status == 200, reply
    assert reply.json["token_id"] == link.token_id
    assert reply.json["reward"] == {"points": 500, "payload": {"voucher_code": link.code}}
    redemption_id: str = reply.json["redemption_id"]
    return redemption_id


def pays_once(client: Client, link: Link) -> None:
    """The token is unused: it pays, to one key, whatever came before."""
    assert client.get(f"/v1/tokens/{link.token_id}").json["state"] == "issued"
    key = fresh("key")
    first = redeem(client, link, key)
    paid(first, link)
    assert redeem(client, link, key).body == first.body
    assert redeem(client, link, fresh("key")).status == 409


def storm(clients: Sequence[Client], calls: Sequence[Callable[[Client], T]]) -> list[T]:
    """Every client makes its share of the calls, one after the other; all begin at the same moment."""
    barrier = Barrier(len(clients))

    def work(client: Client, share: Sequence[Callable[[Client], T]]) -> list[T]:
        client.connect()
        barrier.wait(PATIENCE_S)
        return [call(client) for call in share]

    shares = [calls[number :: len(clients)] for number in range(len(clients))]
    with ThreadPoolExecutor(len(clients)) as pool:
        return [answer for answers in pool.map(work, clients, shares) for answer in answers]


def insisting(client: Client, call: Callable[[Client], Reply]) -> Reply:
    """The answer to a call that is repeated while connections break and stores are away, as callers do."""
    told: list[Reply] = []

    def answered() -> bool:
        try:
            reply = call(client)
        except (OSError, http.client.HTTPException):
            return False
        told.append(reply)
        return reply.status != 503

    until(answered)
    return told[-1]


@contextmanager
def looking(record_url: str) -> Iterator[Connection]:
    """A connection to the ledger beside the service; rolled back at the end, whatever was done with it."""
    engine = open_engine(record_url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def recorded(record_url: str) -> dict[str, str]:
    """Token → redemption, of all that were ever paid. A token that is here twice fails."""
    with looking(record_url) as connection:
        rows = connection.execute(select(redemptions.c.token_id, redemptions.c.redemption_id)).all()
    found = dict(map(tuple, rows))
    assert len(found) == len(rows)
    return found


def content_is_kept(record_url: str, link: Link) -> bool:
    """Whether both halves of the sealed content are in the ledger; one without the other fails."""
    wanted = select(tokens.c.wrapped_key, tokens.c.ciphertext).where(tokens.c.token_id == link.token_id)
    with looking(record_url) as connection:
        key, content = connection.execute(wanted).one()
    assert (key is None) == (content is None)
    return key is not None


def schema_of_our_own(server: str) -> str:
    """The URL of a schema with nothing in it: another installation's keys open nothing here."""
    schema = f"t_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return f"{server}&options=-csearch_path%3D{schema}"


@contextmanager
def in_front_of(url: str) -> Iterator[tuple[Between, str]]:
    """Somebody between a PostgreSQL behind a socket of this machine and whoever takes this URL instead."""
    direct = make_url(url)
    between = Between(Path(str(direct.query["host"])) / POSTGRES_SOCKET)
    query = {name: value for name, value in direct.query.items() if name != "host"}
    through = direct.set(host="127.0.0.1", port=between.port, query=query)
    try:
        yield between, through.render_as_string(hide_password=False)
    finally:
        between.close()


SNAPSHOTS_ONLY = {"save": "", "appendonly": "no", "repl-diskless-sync-delay": "0"}
"""The last: a replica need not wait for others to come."""


class Valkey:
    """
    One outside the service, on a port of its own, that can be killed and started on what it left.

    It writes snapshots when told to, and nothing else: what SAVE wrote is what it has after a kill.
    """

    def __init__(self, home: Path, port: int) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._home, self.port = home, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **options: str) -> None:
        """Run it and wait until it answers."""
        given = {"port": str(self.port), "dir": str(self._home), **SNAPSHOTS_ONLY} | options
        words = [word for name, value in given.items() for word in (f"--{name}", *value.split())]
        binary = embedded.command(self._home)[0]
        self._process = subprocess.Popen([binary, *words], stdout=subprocess.DEVNULL)
        until(self._answers)

    def ask(self, *words: str) -> Any:
        """One command."""
        return ask(f"redis://127.0.0.1:{self.port}", *words)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """`kill -9`; nothing happens where it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)
            self._process = None

    def take_over(self, other: Valkey) -> None:
        """Be another one from now on, which has this one's port already."""
        self._process, self._home, other._process = other._process, other._home, None
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.ask("PING") == "PONG")
        except (Unanswered, Refused):
            return False


@contextmanager
def clients_of(service: Any, count: int) -> Iterator[list[Client]]:
    """So many connections, as many to each web process, taking turns."""
    each = service.clients_of_each(count // len(service.processes("web")))
    clients = [one for turn in zip(*each, strict=True) for one in turn]
    try:
        yield clients
    finally:
        for one in clients:
            one.close()
