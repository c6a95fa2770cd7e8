"""
Milliseconds of each page of the console at a million decisions and 100,000 cases.

    python -m benchmarks.console_pages DIRECTORY [rounds] [DATABASE_URL]

Fills the record in the directory (or of the URL) where it is empty, lets the chores read it, and starts one web process
as it is deployed, with its hot store; the worker rests. An analyst who is signed in asks each page in turn, each time of
another case or member, over one connection of the same machine: what is timed is the whole request. Charts are drawn as
they are in service, by a process of their own; how many came in time is told.
"""

from __future__ import annotations

import base64
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from app import data_dir as layout
from app.clock import system_clock
from app.composition.console import sql_users
from app.keys import derive
from app.seal import Seal
from app.sighting import Sighter
from app.store import embedded
from app.store.asking import ask
from app.store.sql import migrate, open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.reviewing.counting import SqlCounting
from app.store.sql.reviewing.gathering import SqlGathering
from app.store.sql.tables import decisions
from app.store.valkey import STATE_KEY
from app.users.ports import Credentials, Link, NewPerson, NewSession
from app.users.rights import EVERYTHING, Role
from app.users.secrets import secret_hash
from app.worker.reviewing import COUNT_AT_ONCE, GATHER_AT_ONCE
from benchmarks.console import caught_up
from benchmarks.console_fill import MASTER, PROGRAM, account, fill
from benchmarks.machine import machine
from tokens.who import Who

BUDGET_MS: Final = 200
DECISIONS, MEMBERS, CASES = 1_000_000, 100_000, 100_000
HOUR_MS: Final = 3_600_000
WHO: Final = Who("benchmark")
Chance = random.Random
Where = Callable[[Chance], str]
"""The path of a page, of another thing each time."""


def member(chance: Chance) -> str:
    """A member's id; a few have very many decisions."""
    return account(int(MEMBERS * chance.random() ** 1.5))


def case(chance: Chance) -> str:
    """The path of a case."""
    return f"/console/cases/cas_{chance.randrange(1, CASES)}"


def ring(chance: Chance) -> str:
    """One that is likely a ring: every tenth that is open."""
    return f"/console/cases/cas_{10 * chance.randrange(1, CASES // 10)}"


PAGES: Final[Mapping[str, Where]] = {
    "queue": lambda _: "/console/queue",
    "queue, all states": lambda _: "/console/queue?state=all",
    "queue, of a reason": lambda _: "/console/queue?state=all&reason=NEW_DEVICE_SPENDS",
    "queue, a result, the last week": lambda _: (
        "/console/queue?state=all&decision=review&opened=7d&order=value"
    ),
    "queue, of a typology, due first": lambda _: "/console/queue?typology=ato_drain&priority=1&order=due",
    "queue, of a store": lambda chance: f"/console/queue?state=all&store=s-{chance.randrange(200)}",
    "case": case,
    "case, timeline": lambda chance: f"{case(chance)}/timeline",
    "case, things": lambda chance: f"{case(chance)}/things",
    "case, links": lambda chance: f"{case(chance)}/links",
    "ring": ring,
    "ring, links": lambda chance: f"{ring(chance)}/links",
    "account": lambda chance: f"/console/accounts/{PROGRAM}/{member(chance)}",
    "account, the busiest": lambda _: f"/console/accounts/{PROGRAM}/{account(0)}",
    "account, timeline": lambda chance: f"/console/accounts/{PROGRAM}/{member(chance)}/timeline",
    "account, links": lambda chance: f"/console/accounts/{PROGRAM}/{member(chance)}/links",
    "finding an account": lambda chance: f"/console/accounts?q={member(chance)}",
    "decision": lambda chance: f"/console/decisions/{PROGRAM}/dec_{chance.randrange(1, DECISIONS):024x}",
    "dashboard, 30 days": lambda _: "/console/dashboard",
    "dashboard, 90 days": lambda _: "/console/dashboard?period=90",
    "lists": lambda _: "/console/lists",
    "audit": lambda _: "/console/audit",
    "playbook": lambda _: "/console/playbook",
    "playbook, a reason": lambda _: "/console/playbook/reasons/NEW_DEVICE_SPENDS",
}


def prepared(url: str) -> None:
    """A full record that the worker has read."""
    migrate(url)
    engine = open_engine(url)
    with engine.connect() as connection:
        there = connection.execute(select(func.count()).select_from(decisions.alias())).scalar_one()
    if not there:
        fill(url, DECISIONS, MEMBERS, CASES, system_clock())
    caught_up("counting", SqlCounting(engine).step, COUNT_AT_ONCE)
    keys = AccountKeys(Seal(derive(MASTER, "record")))
    caught_up("gathering", SqlGathering(engine, keys, Sighter(MASTER, "DE")).step, GATHER_AT_ONCE)
    engine.dispose()


def signed_in(url: str, role: Role) -> dict[str, str]:
    """The headers of somebody new of that role."""
    engine, now_ms = open_engine(url), system_clock()
    name = f"{role}-{now_ms}"
    users, link = sql_users(engine, MASTER), Link(secret_hash(f"link-{name}"), "enrol", now_ms + HOUR_MS)
    person = NewPerson(name, f"{name}@shop.example", secret_hash(name), role, EVERYTHING)
    users.add(person, link, WHO, now_ms)
    session = NewSession(secret_hash(f"cookie-{name}"), secret_hash(f"id-{name}"), "benchmark")
    if not users.enrol(link.link_hash, Credentials("-", b"seed", 0, ()), session, WHO, now_ms):
        raise RuntimeError("nobody was let in")
    engine.dispose()
    return {"Cookie": f"earnest-session=cookie-{name}"}


@contextmanager
def serving(home: Path, url: str) -> Iterator[int]:
    """One web process with its hot store; its port."""
    data = home / "data"
    given = {
        "EARNEST_DATA_DIR": str(data), "EARNEST_DATABASE_URL": url, "EARNEST_HOME_COUNTRY": "DE",
        "EARNEST_SECRET_KEY": base64.b64encode(MASTER).decode(),
    }  # fmt: skip
    ready, told = os.pipe()
    with embedded.running(data), socket.create_server(("127.0.0.1", 0)) as listening:
        ask(f"unix://{layout.socket_path(data)}", "HSET", STATE_KEY.decode(), "complete", "1")
        words = "web", "app.main:create_app", str(listening.fileno()), str(told)
        web = subprocess.Popen(
            [sys.executable, "-m", "app.processes.child", *words],
            env=os.environ | given,
            pass_fds=(listening.fileno(), told),
        )
        os.close(told)
        try:
            if not os.read(ready, 1):
                raise RuntimeError("the web process did not start")
            yield listening.getsockname()[1]
        finally:
            web.terminate()
            web.wait()
            os.close(ready)


def measured(name: str, port: int, headers: Mapping[str, str], path_of: Where, rounds: int) -> bool:
    """Print the median and the 95th percentile; whether that is within the budget."""
    chance, took, drawn, answers = random.Random(5), [], 0, Counter[int]()
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for turn in range(rounds + 1):
        began = time.perf_counter()
        connection.request("GET", path_of(chance), headers=dict(headers))
        response = connection.getresponse()
        body = response.read()
        if turn:  # the first one loads what is loaded once
            took.append(1_000 * (time.perf_counter() - began))
            answers[response.status] += 1
            drawn += b'class="chart' in body
    connection.close()
    late = statistics.quantiles(took, n=20)[-1]
    found = " ".join(f"{times} × {status}" for status, times in sorted(answers.items()))
    over = "" if late <= BUDGET_MS else f"  over {BUDGET_MS} ms"
    pictures = f"  {drawn} with pictures" if drawn else ""
    print(f"{name:<34}{statistics.median(took):8.1f} ms {late:8.1f} ms  {found}{pictures}{over}", flush=True)
    return not over


def main(home: Path, rounds: int = 30, url: str = "") -> None:
    """Measure every page."""
    data = home / "data"
    layout.make_private(data)
    url = url or f"sqlite:///{layout.record_path(data)}"
    prepared(url)
    print(f"{machine()}; {open_engine(url).dialect.name}; load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"{'':<34}{'median':>11}{'95 %':>12}")
    analyst, auditor = signed_in(url, "analyst"), signed_in(url, "auditor")
    with serving(home, url) as port:
        fine = [
            measured(name, port, auditor if name == "audit" else analyst, path_of, rounds)
            for name, path_of in PAGES.items()
        ]
    print(f"{sum(fine)} of {len(fine)} pages within {BUDGET_MS} ms")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int((sys.argv[2:] or ["30"])[0]), "".join(sys.argv[3:]))
