"""10,000 tokens in one bulk job, mailed to a relay on loopback: seconds, mails a second, and whether memory is steady.

python -m benchmarks.token_mail [--tokens 10000]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, Self

from aiosmtpd.smtp import SMTP
from sqlalchemy import func, select

from app.store.sql import open_engine
from app.store.sql.token_tables import outbox
from benchmarks.durable import KINDS, Databases, databases
from benchmarks.installation import Installation, until
from benchmarks.machine import machine
from benchmarks.sending import send
from benchmarks.token_orders import job, orders

ROLES = ("web", "worker")
SAMPLE_S = 0.1
"""Between two looks at the memory."""
PATIENCE_S = 600
"""For all mails to arrive."""
WARM_UP = 200
MIB = 2**20
OK = 200


class Relay:
    """A relay that takes everything, and the file it notes each Message-ID in."""

    def __init__(self, port: int, notes: Path) -> None:
        self.port, self._notes = port, notes

    def arrived(self) -> list[str]:
        """The Message-IDs of what arrived, in that order."""
        return self._notes.read_text().splitlines()


@contextmanager
def relaying(folder: Path) -> Iterator[Relay]:
    """A relay in a process of its own, so that its work is not the service's."""
    ours, theirs = get_context("spawn").Pipe()
    notes = folder / "arrived"
    process = get_context("spawn").Process(target=_relay, args=(notes, theirs), daemon=True)
    process.start()
    try:
        yield Relay(ours.recv(), notes)
    finally:
        process.terminate()
        process.join()


def _relay(notes: Path, told: Connection) -> None:
    async def serve() -> None:
        with notes.open("a", buffering=1) as lines:
            server = await asyncio.get_running_loop().create_server(
                lambda: SMTP(_Postbox(lines), hostname="relay.example"), "127.0.0.1", 0
            )
            told.send(server.sockets[0].getsockname()[1])
            await server.serve_forever()

    asyncio.run(serve())


class _Postbox:
    def __init__(self, lines: Any) -> None:
        self._lines = lines

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        head = envelope.content.partition(b"\r\n\r\n")[0]
        self._lines.write(f"{message_from_bytes(head, policy=policy.SMTP)['Message-ID']}\n")
        return "250 OK"


class Memory:
    """Looks at the resident memory of an installation's processes, in MiB, while it runs."""

    def __init__(self, service: Installation) -> None:
        self._service = service
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.most = self.now()

    def now(self) -> dict[str, float]:
        """As it is."""
        return {
            role: sum(process.memory_info().rss for process in self._service.processes(role)) / MIB
            for role in ROLES
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_S):
            self.most = {role: max(self.most[role], mib) for role, mib in self.now().items()}


class Mailed(NamedTuple):
    """Seconds until the job was answered, and until the last mail was in; MiB before, after a first job, at the most of
    the one measured, and after it.
    """

    issued_s: float
    mailed_s: float
    before: dict[str, float]
    first: dict[str, float]
    most: dict[str, float]
    after: dict[str, float]


def mailed(ledgers: Databases, kind: str, tokens: int) -> Mailed:
    """A fifth of it first, which brings memory to where it stays. Raises RuntimeError for a mail lost or doubled."""
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as home, relaying(Path(home)) as relay:
        settings = {
            "EARNEST_DATABASE_URL": ledgers.empty(kind, Path(home)),
            "EARNEST_SMTP_URL": f"smtp://127.0.0.1:{relay.port}",
            "EARNEST_MAIL_FROM": "Brand <rewards@brand.example>",
            "EARNEST_LOG_LEVEL": "error",
        }
        with Installation(Path(home) / "service", workers=1, **settings) as service:
            key = service.key()
            send(service.address, key, "/v1/tokens", orders(WARM_UP), clients=8, seconds=PATIENCE_S)
            memory = Memory(service)
            before = memory.now()
            _job(service, key, relay, tokens // 5, tokens // 5)
            first = memory.now()
            with memory:
                issued_s, mailed_s = _job(service, key, relay, tokens, tokens // 5 + tokens)
            _check(service, relay, tokens // 5 + tokens)
            return Mailed(issued_s, mailed_s, before, first, memory.most, memory.now())


def _job(service: Installation, key: str, relay: Relay, tokens: int, arrived: int) -> tuple[float, float]:
    """Issue so many; seconds until answered, and until so many mails have arrived in all."""
    sent = job(tokens, mailed=True)
    began = time.perf_counter()
    answer = send(service.address, key, "/v1/tokens/bulk", [sent], clients=1, seconds=PATIENCE_S)
    until(lambda: len(relay.arrived()) >= arrived, PATIENCE_S)
    if answer.others(OK):
        raise RuntimeError("the job was not taken")
    return answer.took_s, time.perf_counter() - began


def _check(service: Installation, relay: Relay, tokens: int) -> None:
    """Every mail of the outbox arrived once, and is noted as sent."""
    engine = open_engine(service.record_url)

    def sent() -> int:
        with engine.connect() as connection:
            asked = select(func.count()).select_from(outbox).where(outbox.c.state == "sent")
            return connection.scalar(asked) or 0

    until(lambda: sent() == tokens)
    with engine.connect() as connection:
        wanted = sorted(connection.scalars(select(outbox.c.message_id)))
    engine.dispose()
    if sorted(relay.arrived()) != wanted:
        raise RuntimeError("a mail was lost or came twice")


def main() -> None:
    """On both databases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=10_000, help="of a job")
    given = parser.parse_args()
    with databases() as ledgers:
        print(f"# Tokens mailed\n{machine()}, {ledgers.versions()}; 1 worker; {given.tokens:,} tokens a job")
        print(f"{'':<14}{'issued s':>10}{'mailed s':>10}{'mails/s':>9}   resident MiB of web, worker")
        for kind in KINDS:
            one = mailed(ledgers, kind, given.tokens)
            steps = ("before", "first", "most", "after")
            told = ", ".join(
                f"{step} {' '.join(f'{mib:.0f}' for mib in getattr(one, step).values())}" for step in steps
            )
            print(
                f"{kind:<14}{one.issued_s:>10.1f}{one.mailed_s:>10.1f}"
                f"{given.tokens / one.mailed_s:>9,.0f}   {told}"
            )


if __name__ == "__main__":
    main()
