"""One-time tokens: issued, redeemed and refused, on both databases, beside a bare sign and one durable insert.

python -m benchmarks.tokens [--seconds 3] [--rounds 3] [--only issue|bulk|redeem|refuse|floor …]
"""

from __future__ import annotations

import argparse
import secrets
import signal
import statistics
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select, text

from app.store.sql import open_engine
from app.store.sql.token_tables import redemptions as paid
from benchmarks.durable import KINDS, Databases, databases
from benchmarks.installation import Installation
from benchmarks.machine import machine
from benchmarks.sending import Sent, send
from benchmarks.token_floor import floor
from benchmarks.token_orders import forged, issued, job, nonsense, orders, redemptions

CLIENTS = (1, 32)
PARTS = ("floor", "issue", "bulk", "redeem", "refuse")
ROWS = 10_000
"""Of a bulk job: the most there may be."""
ROWS_EACH = 1_000
"""Of each of 32 bulk jobs at once, so that a round stays short."""
ENOUGH_A_SECOND = 2_000
"""Orders and tokens made beforehand for each second of load: several times what a worker does."""
GARBAGE_A_SECOND = 20_000
AGAIN = 500
"""Redeemed tokens that are tried once more."""
CREATED, OK, CONFLICT, NOT_FOUND, UNAVAILABLE = 201, 200, 409, 404, 503
HIDDEN = ("tokens", "redemptions", "idempotent_calls", "otp_subjects", "token_keys")
"""Renamed while garbage is refused: whatever asks for one of these fails."""


class Figures(NamedTuple):
    """A second, ms, and answers of another status than wanted."""

    rate: float
    p50_ms: float
    p99_ms: float
    wrong: int


class Bench:
    """One installation with one worker on one database; figures by what was measured and clients."""

    def __init__(self, service: Installation, seconds: float) -> None:
        self._service, self._seconds = service, seconds
        self._key = service.key()
        self.taken: dict[tuple[str, int], Figures] = {}

    def warm_up(self) -> None:
        """Orders that count for nothing."""
        self._send("/v1/tokens", orders(500), 8)

    def issue(self) -> None:
        """Single orders."""
        for clients in CLIENTS:
            sent = self._send("/v1/tokens", orders(int(self._seconds * ENOUGH_A_SECOND)), clients)
            self._keep("issue", clients, sent, CREATED)

    def bulk(self) -> None:
        """One job of 10,000 rows, then 32 jobs at once; a second: rows, ms: jobs."""
        for clients, rows in ((1, ROWS), (CLIENTS[-1], ROWS_EACH)):
            jobs = [job(rows) for _ in range(clients)]
            self._keep("issue in bulk, rows", clients, self._send("/v1/tokens/bulk", jobs, clients), OK, rows)

    def redeem(self) -> None:
        """Tokens issued in bulk, each once; then the ledger is asked who was paid, and some are tried again."""
        for clients in CLIENTS:
            with self._service.client() as client:
                rows = issued(client, min(int(self._seconds * ENOUGH_A_SECOND), ROWS))
            bodies = redemptions(rows)
            sent = self._send("/v1/tokens/redeem", bodies, clients, named=True)
            self._keep("redeem", clients, sent, OK)
            again = [bodies[place] for place in sent.places[:AGAIN]]
            repeated = self._send("/v1/tokens/redeem", again, clients, named=True)
            if repeated.others(CONFLICT):
                raise RuntimeError("a redeemed token was answered otherwise than by 409")
            answered = {rows[place]["token_id"] for place in sent.places}
            if self._paid(answered) != len(answered) or len(answered) != len(sent.places):
                raise RuntimeError("a token was not paid exactly once")

    def refuse(self) -> None:
        """What is no token, as it comes and with every store away."""
        with self._service.client() as client:
            genuine = issued(client, 100)
        count = int(self._seconds * GARBAGE_A_SECOND)
        for name, bodies in (
            ("refuse nonsense", nonsense(count)),
            ("refuse a wrong MAC", forged(count, genuine)),
        ):
            for clients in CLIENTS:
                sent = self._send("/v1/tokens/redeem", bodies, clients, named=True)
                self._keep(name, clients, sent, NOT_FOUND)
        self._refuse_in_the_dark(nonsense(200) + forged(200, genuine), redemptions(genuine[:1]))

    def _refuse_in_the_dark(self, garbage: list[bytes], genuine: list[bytes]) -> None:
        """With Valkey stopped and the tables renamed garbage is still unknown, and a genuine token is not told so."""
        self._rename("{0}", "{0}_hidden")
        self._service.signal("valkey", signal.SIGSTOP)
        try:
            refused = self._send("/v1/tokens/redeem", garbage, 8, named=True)
            control = self._send("/v1/tokens/redeem", genuine, 1, named=True)
        finally:
            self._service.signal("valkey", signal.SIGCONT)
            self._rename("{0}_hidden", "{0}")
        if refused.others(NOT_FOUND) or control.others(UNAVAILABLE):
            raise RuntimeError("refusing garbage needs a store, or a genuine token needs none")

    def _send(self, path: str, bodies: list[bytes], clients: int, *, named: bool = False) -> Sent:
        run = secrets.token_hex(8) if named else ""
        return send(
            self._service.address, self._key, path, bodies, clients=clients, seconds=self._seconds, run=run
        )

    def _keep(self, name: str, clients: int, sent: Sent, wanted: int, each: int = 1) -> None:
        self.taken[name, clients] = Figures(sent.rate * each, sent.p50_ms, sent.p99_ms, sent.others(wanted))

    def _paid(self, token_ids: Collection[str]) -> int:
        """Rows of redemptions of these tokens."""
        engine = open_engine(self._service.record_url)
        with engine.connect() as connection:
            found = sum(one in token_ids for one in connection.scalars(select(paid.c.token_id)))
        engine.dispose()
        return found

    def _rename(self, of: str, to: str) -> None:
        engine = open_engine(self._service.record_url)
        with engine.begin() as connection:
            for name in HIDDEN:
                connection.execute(text(f"ALTER TABLE {of.format(name)} RENAME TO {to.format(name)}"))
        engine.dispose()


def measured(given: Any, ledgers: Databases, kind: str) -> dict[tuple[str, int], Figures]:
    """One round on one database."""
    found: dict[tuple[str, int], Figures] = {}
    with tempfile.TemporaryDirectory(prefix="earnest-bench-") as home:
        folder = Path(home)
        if "floor" in given.only:
            for threads in CLIENTS:
                (folder / str(threads)).mkdir()
                bare = floor(ledgers, kind, folder / str(threads), threads=threads, seconds=given.seconds)
                found["sign + insert", threads] = Figures(bare.rate, bare.p50_ms, bare.p99_ms, 0)
        url = ledgers.empty(kind, folder)
        settings = {"EARNEST_DATABASE_URL": url, "EARNEST_LOG_LEVEL": "error"}
        with Installation(folder / "service", workers=1, **settings) as service:
            bench = Bench(service, given.seconds)
            bench.warm_up()
            for part in given.only:
                if part != "floor":
                    getattr(bench, part)()
            return found | bench.taken


def median(taken: list[Figures]) -> Figures:
    """Each figure's median; of wrong answers, all."""
    rate, p50, p99, wrong = zip(*taken, strict=True)
    return Figures(statistics.median(rate), statistics.median(p50), statistics.median(p99), sum(wrong))


def main() -> None:
    """Rounds of everything on both databases, so that a drift of the machine reaches all alike."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median is told")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    given = parser.parse_args()
    taken: dict[tuple[str, str, int], list[Figures]] = {}
    with databases() as ledgers:
        versions = ledgers.versions()
        for _ in range(given.rounds):
            for kind in KINDS:
                for (name, clients), one in measured(given, ledgers, kind).items():
                    taken.setdefault((kind, name, clients), []).append(one)
    print(f"# One-time tokens\n{machine()}, {versions}; 1 worker")
    print(f"medians of {given.rounds} rounds of {given.seconds:g} s; ×: rates beside the bare sign + insert")
    print(f"{'':<34}{'clients':>8}{'a second':>10}{'p50 ms':>10}{'p99 ms':>10}{'×':>7}{'wrong':>7}")
    medians = {key: median(values) for key, values in taken.items()}
    for (kind, name, clients), one in sorted(medians.items(), key=lambda item: KINDS.index(item[0][0])):
        bare = medians.get((kind, "sign + insert", clients))
        ratio = f"{one.rate / bare.rate:.2f}" if bare else ""
        print(
            f"{kind + ', ' + name:<34}{clients:>8}{one.rate:>10,.0f}{one.p50_ms:>10.2f}{one.p99_ms:>10.2f}"
            f"{ratio:>7}{one.wrong:>7}"
        )


if __name__ == "__main__":
    main()
