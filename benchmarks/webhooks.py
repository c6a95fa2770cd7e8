"""
Webhooks to a local receiver by one worker: made, signed, sent, settled. `python -m benchmarks.webhooks`.

Twice: a receiver that takes everything, and one that answers 500 to half of it, at random, with waits of 50 ms between
tries. The receiver runs in a process of its own, verifies every signature by the library and counts ids; what is lost
or out of order ends the run.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import uvloop
from standardwebhooks import Webhook as Verifier

from app.clock import system_clock
from app.ports.journal import Decided
from app.seal import Seal
from app.store.sql import SqlRecord, migrate, open_engine
from app.store.sql.webhooks import SqlDeliveries, SqlEndpoints, SqlProjection
from app.webhooks.guarding import Guard, networks
from app.webhooks.ports import Webhook
from app.webhooks.posting import Poster
from app.webhooks.sending import Sender
from app.webhooks.signing import fresh, shown
from benchmarks.machine import machine
from detectors.event import Event

KEY: Final = bytes(range(32))
GOAL: Final = 500
"""Messages a second, one worker."""
AT_ONCE: Final = 500
SOON_S: Final = 0.05
POLL_S: Final = 0.02


def receive(secret: str, share_refused: float) -> None:
    """The receiver: prints its port, answers until it is killed. GET tells what it has taken."""
    verifier, chance = Verifier(secret), random.Random(7)
    taken: dict[str, int] = {}
    last: dict[str, int] = {}
    told = {"refused": 0, "repeated": 0, "disordered": 0}

    class Talk(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.data = transport, b""

        def data_received(self, data: bytes) -> None:
            self.data += data
            while (end := self.data.find(b"\r\n\r\n")) >= 0:
                first, *lines = self.data[:end].decode().split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
                length = int(headers.get("content-length", "0"))
                if len(self.data) < end + 4 + length:
                    return
                body, self.data = self.data[end + 4 : end + 4 + length], self.data[end + 4 + length :]
                if first.startswith("GET"):
                    page = json.dumps(told | {"taken": len(taken)}).encode()
                    self.transport.write(
                        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page)
                    )
                else:
                    self.transport.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n" % take(headers, body))

    def take(headers: dict[str, str], body: bytes) -> bytes:
        data = verifier.verify(body, headers)["data"]
        if chance.random() < share_refused:
            told["refused"] += 1
            return b"500 Internal Server Error"
        number = int(data["event_id"])
        told["repeated"] += headers["webhook-id"] in taken
        told["disordered"] += number < last.get(data["account_id"], -1)
        taken[headers["webhook-id"]] = last[data["account_id"]] = number
        return b"200 OK"

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    uvloop.run(serve())


def decided(n: int, accounts: int) -> Decided:
    """The n-th decision, with reasons of the usual size."""
    at_ms = system_clock()
    answer = {
        "risk_level": "high", "mode": "enforce",
        "reasons": [{"code": f"REASON_{k}", "message": "m" * 60, "evidence": {"count": 6}} for k in range(3)],
    }  # fmt: skip
    return Decided(
        decision_id=f"dec_{n}",
        event=Event(
            event_id=str(n), type="earn", occurred_at=datetime.fromtimestamp(at_ms / 1_000, UTC),
            account_id=f"m-{n % accounts}", points=1,
        ),
        body_hash=n.to_bytes(16, "big"), answer=json.dumps(answer).encode(), origin="decision", received_ms=at_ms,
        decision="review", shadow_decision=None, risk_score=61.5, source="detectors", policy_version="p",
        model_version="m", burned=None,
    )  # fmt: skip


async def measure(
    url: str, messages: int, accounts: int, share_refused: float
) -> tuple[float, dict[str, int]]:
    """Messages a second from the first look to the last settled, making them included; what the receiver counted."""
    engine, secret = open_engine(url), fresh()
    migrate(engine)
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
        [sys.executable, "-m", "benchmarks.webhooks", "--receive", shown(secret), str(share_refused)],
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        port = int(await asyncio.to_thread(process.stdout.readline))
        target = f"http://127.0.0.1:{port}/hooks"
        SqlEndpoints(engine, Seal(KEY)).add(
            Webhook("whk_1", "default", target, ("*",), "", (secret,), system_clock()), 1
        )
        SqlRecord(engine, Seal(KEY)).append([decided(n, accounts) for n in range(messages)])
        poster = Poster(Guard(networks(["127.0.0.0/8"]), https_only=False))
        sender = Sender(
            SqlDeliveries(engine, Seal(KEY)),
            poster.post,
            system_clock,
            random.random,
            backoff_s=(SOON_S,) * 100,
        )
        projection, begun = SqlProjection(engine), time.perf_counter()
        while _counts(port)["taken"] < messages:
            made = await asyncio.to_thread(projection.step, system_clock(), AT_ONCE)
            await sender.step()
            if not made:
                await asyncio.sleep(POLL_S)
        await sender.quiet()
        spent = time.perf_counter() - begun
        await poster.close()
        return messages / spent, _counts(port)
    finally:
        process.kill()
        process.wait()
        engine.dispose()


def _counts(port: int) -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/")
    counts: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return counts


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and exit 1 where something was lost, out of order, or too slow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--database", help="a PostgreSQL URL; a SQLite file where none is given")
    parser.add_argument("--receive", nargs=2, metavar=("SECRET", "SHARE"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.receive:
        receive(given.receive[0], float(given.receive[1]))
        return
    print(f"# Webhooks, 1 worker\n{machine()}")
    fine = True
    for share in (0.0, 0.5):
        with tempfile.TemporaryDirectory(prefix="earnest-webhooks-") as folder:
            url = given.database or f"sqlite:///{Path(folder) / 'record.db'}"
            rate, counts = uvloop.run(measure(url, given.messages, given.accounts, share))
        whole = counts["taken"] == given.messages and not counts["disordered"]
        fine = fine and whole and (share > 0 or rate >= GOAL)
        print(
            f"{given.messages} messages, {share:.0%} refused: {rate:,.0f} delivered/s (goal {GOAL}); "
            f"taken {counts['taken']}, refused {counts['refused']}, repeated {counts['repeated']}, "
            f"out of order {counts['disordered']}"
        )
    if not fine:
        sys.exit(1)


if __name__ == "__main__":
    main()
