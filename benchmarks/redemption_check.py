"""What the check at redemption costs: the same redemption with and without it, in turns, on both databases.

python -m benchmarks.redemption_check [--tokens 600] [--seconds 2] [--rounds 3]

One data directory has two web processes, one of them without the check, so that a busy moment of the machine or of the
worker reaches both alike. With one client each token goes to the other process than the one before it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from app.composition import tokens as composed
from app.main import create_app
from app.redeeming.checking import UNCHECKED
from app.settings import Settings
from benchmarks.durable import KINDS, Databases, databases
from benchmarks.installation import PATIENT, ROOT, Client, Installation
from benchmarks.machine import machine
from benchmarks.sending import send
from benchmarks.token_orders import issued, redemptions

OK = 200
WARM_UP = 60
"""Tokens that count for nothing, half of them at each process."""
MANY = 32
"""Clients at once, as in `benchmarks.tokens`."""
ENOUGH_A_SECOND = 1_000
"""Tokens made beforehand for each second of many clients' load: more than a worker redeems."""
WAYS = ("without", "with the check")


class Figures(NamedTuple):
    """Milliseconds, and redemptions a second."""

    p50_ms: float
    p99_ms: float
    rate: float


def unchecked(settings: Settings) -> Any:
    """The application as it is, but that nothing is asked before a commit."""
    setattr(composed, "redemption_check", lambda **_: UNCHECKED)  # noqa: B010 - mypy knows no such name there
    return create_app(settings)


@contextmanager
def beside(service: Installation, environment: dict[str, str]) -> Iterator[str]:
    """A second web process on the installation's data directory, without the check; its address."""
    ready, tell_ready = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        words = ("web", "benchmarks.redemption_check:unchecked", str(listening.fileno()), str(tell_ready))
        process = subprocess.Popen(
            [sys.executable, "-m", "app.processes.child", *words],
            cwd=ROOT,
            env=os.environ
            | environment
            | {"EARNEST_DATA_DIR": str(service.data_dir), "EARNEST_PUBLIC_URL": service.address},
            pass_fds=(listening.fileno(), tell_ready),
        )
        os.close(tell_ready)
        try:
            if not os.read(ready, 1):
                raise RuntimeError("the process without the check did not start")
            yield address
        finally:
            os.close(ready)
            process.terminate()
            process.wait(20)


def in_turns(clients: Sequence[Client], bodies: Sequence[bytes]) -> list[Figures]:
    """One redemption at a time, each by the next client; figures of each."""
    taken: list[list[float]] = [[] for _ in clients]
    run = secrets.token_hex(8)
    for place, body in enumerate(bodies):
        key = {"Idempotency-Key": f"{run}-{place}"}
        began = time.perf_counter()
        answer = clients[place % len(clients)].ask("POST", "/v1/tokens/redeem", body, **key)
        taken[place % len(clients)].append((time.perf_counter() - began) * 1e3)
        if answer.status != OK:
            raise RuntimeError(f"{answer.status}: {answer.body[:500]!r}")
    return [
        Figures(statistics.median(ms), statistics.quantiles(ms, n=100)[98], 1e3 * len(ms) / sum(ms))
        for ms in taken
    ]


def at_once(address: str, key: str, bodies: Sequence[bytes], seconds: float) -> Figures:
    """Many clients at one process."""
    run = secrets.token_hex(8)
    sent = send(address, key, "/v1/tokens/redeem", bodies, clients=MANY, seconds=seconds, run=run)
    if sent.others(OK):
        raise RuntimeError(f"{sent.others(OK)} of {len(sent.statuses)} were not redeemed")
    return Figures(sent.p50_ms, sent.p99_ms, sent.rate)


def measured(given: Any, ledgers: Databases, kind: str) -> dict[tuple[int, str], Figures]:
    """One round on one database, by clients and way."""
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as home:
        settings = {
            "EARNEST_DATABASE_URL": ledgers.empty(kind, Path(home)),
            "EARNEST_LOG_LEVEL": "error",
        } | PATIENT  # every redemption is decided: what the fallback asks would be another figure
        with (
            Installation(Path(home) / "service", workers=1, **settings) as service,
            beside(service, settings) as without,
        ):
            key = service.key()
            addresses = (without, service.address)
            with service.client(key) as client:
                rows = issued(client, WARM_UP + 2 * given.tokens)
                many = int(given.seconds * ENOUGH_A_SECOND)
                crowds = [issued(client, many) for _ in WAYS]
            bodies = redemptions(rows)
            with Client(addresses[0], key) as one, Client(addresses[1], key) as other:
                in_turns((one, other), bodies[:WARM_UP])
                service.settle()
                alone = in_turns((one, other), bodies[WARM_UP:])
            service.settle()
            _were_checked(service)
            crowded = [
                at_once(address, key, redemptions(crowd), given.seconds)
                for address, crowd in zip(addresses, crowds, strict=True)
            ]
    found = {(1, way): one for way, one in zip(WAYS, alone, strict=True)}
    return found | {(MANY, way): one for way, one in zip(WAYS, crowded, strict=True)}


def _were_checked(service: Installation) -> None:
    """Redemptions were decided, all of them allowed: what was measured is what is meant."""
    with service.client() as client:
        told = client.get("/v1/decisions?limit=100").json["items"]
    if {(one["event_id"][:5], one["decision"]) for one in told} != {("link_", "allow")}:
        raise RuntimeError(f"not every redemption was decided and allowed: {told[:1]}")


def median(taken: Sequence[Figures]) -> Figures:
    """Each figure's median."""
    return Figures(*map(statistics.median, zip(*taken, strict=True)))


def main() -> None:
    """Rounds on both databases, so that a drift of the machine reaches all alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=600, help="redeemed one after the other, each way")
    parser.add_argument("--seconds", type=float, default=2, help="of load by many clients, each way")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is told")
    given = parser.parse_args()
    taken: dict[tuple[str, int, str], list[Figures]] = {}
    with databases() as ledgers:
        versions = ledgers.versions()
        for _ in range(given.rounds):
            for kind in KINDS:
                for key, one in measured(given, ledgers, kind).items():
                    taken.setdefault((kind, *key), []).append(one)
    print(f"# The check at redemption\n{machine()}, {versions}; 1 worker")
    print(f"medians of {given.rounds} rounds; +: ms that the check adds at p50, ×: how many times the p50")
    print(f"{'':<28}{'clients':>8}{'a second':>10}{'p50 ms':>10}{'p99 ms':>10}{'+':>8}{'×':>7}")
    medians = {key: median(figures) for key, figures in taken.items()}
    for (kind, clients, way), one in sorted(medians.items(), key=lambda item: KINDS.index(item[0][0])):
        bare = medians[kind, clients, WAYS[0]]
        beyond = "" if one is bare else f"{one.p50_ms - bare.p50_ms:>8.2f}{one.p50_ms / bare.p50_ms:>7.2f}"
        print(
            f"{kind + ', ' + way:<28}{clients:>8}{one.rate:>10,.0f}{one.p50_ms:>10.2f}{one.p99_ms:>10.2f}"
            + beyond
        )


if __name__ == "__main__":
    main()
