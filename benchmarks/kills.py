"""`python -m benchmarks.kills`: kill -9 in mid-load, then what was acknowledged against what was recorded."""

from __future__ import annotations

import http.client
import json
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from threading import Event, Lock, Thread
from typing import Any, NamedTuple

from app import data_dir as layout
from benchmarks.installation import POLL_S, Client, Installation, until

CLIENTS = 4
EVENTS_AN_ACCOUNT = 20
"""More than the ten redemptions a day of the shipped policy, so that the next one tells how many were counted."""
STRETCH = 200
"""Acknowledged events before and after a kill."""
WAITING = 20
"""Decisions on the disk when everything is killed."""
DAY = "VELOCITY_REDEEM_ACCOUNT_24H"
OK = 200


class Load:
    """Clients that send distinct redemptions, each until it is acknowledged, and keep every acknowledgement."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._numbers, self._lock, self._stopping = count(), Lock(), Event()
        self.acknowledged: dict[str, bytes] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.retried = 0
        self.failures: list[BaseException] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the clients; at the end each gets the answer to its last event."""
        threads = [Thread(target=self._work) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join()
        if self.failures:
            raise self.failures[0]

    def more(self, answers: int = STRETCH) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + answers
        until(lambda: len(self.acknowledged) >= wanted or self.failures)

    def _work(self) -> None:
        try:
            client = self._installation.client()
            while not self._stopping.is_set():
                with self._lock:
                    number = next(self._numbers)
                event = redemption(f"load-{number}", f"m-{number // EVENTS_AN_ACCOUNT}")
                self.events[event["event_id"]] = event
                while (answer := _answer(client, event)) is None:
                    self.retried += 1
                    time.sleep(POLL_S)
                    client = self._installation.client()
                self.acknowledged[event["event_id"]] = answer
            client.close()
        except BaseException as error:  # told by `running`: a thread's own end is silent
            self.failures.append(error)
            raise


class Findings(NamedTuple):
    """
    How many events were acknowledged, recorded, and decided without the hot store; which ones are missing from the
    record, differ there, or were answered differently when repeated; and which accounts were counted wrong.
    """

    acknowledged: int
    recorded: int
    fallbacks: int
    lost: list[str]
    altered: list[str]
    repeated_otherwise: list[str]
    miscounted: dict[str, tuple[int, int | None]]
    """Account → events sent, events counted."""


def redemption(event_id: str, account_id: str) -> dict[str, Any]:
    """Ten points, now."""
    now = datetime.now(UTC).isoformat()
    return {
        "event_id": event_id,
        "type": "redeem",
        "occurred_at": now,
        "account_id": account_id,
        "points": 10,
    }


def _answer(client: Client, event: dict[str, Any]) -> bytes | None:
    try:
        reply = client.decide(event)
    except (OSError, http.client.HTTPException):
        client.close()
        return None
    return reply.body if reply.status == OK else None


def examine(installation: Installation, load: Load) -> Findings:
    """Hold the record and the hot state against what the clients were told."""
    installation.settle()
    with installation.client() as client:
        recorded = dict(_recorded(client))
        lost = [name for name in load.acknowledged if name not in recorded]
        altered = [
            name
            for name, body in load.acknowledged.items()
            if name in recorded and not json.loads(body).items() <= recorded[name].items()
        ]
        repeated_otherwise = [
            name for name, body in load.acknowledged.items() if _answer(client, load.events[name]) != body
        ]
        sent = Counter(event["account_id"] for event in load.events.values())
        counted = {
            account: _counted(client, account)
            for account, events in sent.items()
            if events == EVENTS_AN_ACCOUNT
        }
    miscounted = {
        account: (sent[account], seen) for account, seen in counted.items() if seen != sent[account]
    }
    known = len(recorded.keys() & load.events.keys())
    fallbacks = sum(b'"source":"fallback"' in body for body in load.acknowledged.values())
    return Findings(len(load.acknowledged), known, fallbacks, lost, altered, repeated_otherwise, miscounted)


def _recorded(client: Client) -> Iterator[tuple[str, dict[str, Any]]]:
    cursor = ""
    while cursor is not None:
        page = client.get(f"/v1/decisions?limit=200{cursor and f'&cursor={cursor}'}").json
        yield from ((one["event_id"], one) for one in page["items"])
        cursor = page["next_cursor"]


def _counted(client: Client, account: str) -> int | None:
    """How many redemptions of today the hot state holds, told by one more."""
    decision = client.decide(redemption(f"probe-{account}", account)).json
    found = (reason["evidence"]["count"] for reason in decision["reasons"] if reason["code"] == DAY)
    seen = next(found, None)
    return None if seen is None else seen - 1


def kill(installation: Installation, role: str) -> None:
    """Kill the busiest process of a role and wait until another has taken its place."""
    victim = max(installation.processes(role), key=lambda process: len(process.net_connections()))
    before = len(installation.processes(role))
    victim.kill()
    until(lambda: _replaced(installation, role, victim.pid, before))


def _replaced(installation: Installation, role: str, victim: int, before: int) -> bool:
    now = [process.pid for process in installation.processes(role)]
    return len(now) == before and victim not in now


def kill_all(installation: Installation) -> None:
    """Kill every process at once and start again on the same directory."""
    installation.kill_everything()
    installation.start()


def kill_supervisor(installation: Installation) -> None:
    """Kill the parent alone: its children must follow, and the directory be free for the next."""
    installation.kill_supervisor()
    installation.start()


def kill_all_in_the_dark(installation: Installation) -> None:
    """Kill every process while decisions wait on the disk for a Valkey that hangs."""
    installation.signal("valkey", signal.SIGSTOP)
    until(lambda: len([*layout.spool_dir(installation.data_dir).glob("[!.]*")]) >= WAITING)
    kill_all(installation)


KILLS: dict[str, Callable[[Installation], None]] = {
    "a web process": lambda installation: kill(installation, "web"),
    "the background worker": lambda installation: kill(installation, "worker"),
    "Valkey": lambda installation: kill(installation, "valkey"),
    "the supervisor": kill_supervisor,
    "all at once": kill_all,
    "all while Valkey hangs": kill_all_in_the_dark,
}


def in_the_dark(installation: Installation, events: int = 200) -> list[float]:
    """Milliseconds to each answer while Valkey is stopped, slowest last."""
    installation.signal("valkey", signal.SIGSTOP)
    try:
        with installation.client() as client:
            took = []
            for number in range(events):
                began = time.perf_counter()
                client.decide(redemption(f"dark-{number}", f"dark-{number}"))
                took.append((time.perf_counter() - began) * 1e3)
    finally:
        installation.signal("valkey", signal.SIGCONT)
    return sorted(took)


def main() -> None:
    """Kill one after the other in one load, then measure the answers while Valkey is stopped."""
    home = Path(tempfile.mkdtemp(prefix="earnest-kills-"))
    with Installation(home, EARNEST_LOG_LEVEL="error") as installation:
        load = Load(installation)
        print(f"{CLIENTS} clients, 2 web processes, embedded Valkey, SQLite\n")
        print(f"{'killed (kill -9)':<24}{'acknowledged':>14}{'retried':>10}  so far")
        with load.running():
            for name, do in KILLS.items():
                load.more()
                do(installation)
                load.more()
                print(f"{name:<24}{len(load.acknowledged):>14,}{load.retried:>10,}")
        found = examine(installation, load)
        print(f"\nacknowledged {found.acknowledged:,}, recorded {found.recorded:,}")
        print(f"acknowledged and not recorded: {len(found.lost)}; recorded otherwise: {len(found.altered)}")
        print(f"of these decided without Valkey: {found.fallbacks}")
        print(f"answered otherwise when repeated: {len(found.repeated_otherwise)}")
        print(f"accounts counted wrong: {len(found.miscounted)} {found.miscounted or ''}")
        took = in_the_dark(installation)
        print(
            f"\nValkey stopped: {len(took)} answers, median {median(took):.1f} ms, slowest {took[-1]:.1f} ms"
        )


if __name__ == "__main__":
    main()
