"""A real installation that may be killed and started again: `earnest serve` on a data directory, and clients."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

import psutil

from app import data_dir as layout
from app.access import SCOPES, mint
from app.clock import system_clock
from app.store.asking import Refused, Unanswered, ask
from app.store.sql import migrate, open_engine
from app.store.sql.api_keys import ApiKeyRecord
from app.store.valkey import STATE_KEY

PATIENCE_S = 60.0
"""Seconds for anything that must come true: far beyond what it takes, so that a busy machine fails nothing."""
PATIENT = {"EARNEST_HOT_TIMEOUT_MS": "10000", "EARNEST_FALLBACK_DEADLINE_MS": "15000"}
"""For what is not about deadlines: nobody on a busy machine is answered by the fallback, or told that a store is away."""
POLL_S = 0.01
ROOT = Path(__file__).resolve().parent.parent


class Reply(NamedTuple):
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """One connection that is kept open, with a key. Raises OSError or HTTPException when it breaks."""

    def __init__(self, address: str, key: str | None) -> None:
        parts = urlsplit(address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
        self._headers = {"Content-Type": "application/json"}
        if key is not None:
            self._headers["Authorization"] = f"Bearer {key}"

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection.close()

    def connect(self) -> int:
        """Open the connection; its local port."""
        if self._connection.sock is None:
            self._connection.connect()
        port: int = self._connection.sock.getsockname()[1]
        return port

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Reply:
        """One request. A body that is not bytes is sent as JSON."""
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            self._connection.request(method, path, sent, self._headers | headers)
            response = self._connection.getresponse()
            return Reply(response.status, dict(response.headers), response.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def decide(self, event: object) -> Reply:
        """`POST /v1/decisions`."""
        return self.ask("POST", "/v1/decisions", event)

    def get(self, path: str) -> Reply:
        """`GET` of a path."""
        return self.ask("GET", path)


class Installation:
    """
    One data directory and, while it runs, its processes.

    Args:
        home: A directory of its own; data, log and working directory are in it.
        workers: Web processes.
        environment: Settings, by their `EARNEST_*` names.
    """

    def __init__(self, home: Path, *, workers: int = 2, **environment: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.data_dir, self.log = home, home / "data", home / "log"
        self._workers, self._environment = workers, environment
        self.address = ""
        self._process: psutil.Popen | None = None
        self._key = ""

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Run `earnest serve` and wait until it answers."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("EARNEST_")}
        with self.log.open("ab") as log:
            self._process = psutil.Popen(
                [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--workers", str(self._workers)],
                cwd=self.home,
                env=inherited | {"EARNEST_DATA_DIR": str(self.data_dir)} | self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.address = self._process.stdout.readline().rpartition(" ")[2].strip()
        if not self.address:
            self._ended()
            raise RuntimeError(f"It did not start:\n{self.log.read_text()}")
        until(lambda: len(self.processes("web")) == self._workers)
        until(self._is_whole)  # before that, decisions say that the history is being rebuilt
        return self

    def stop(self) -> int:
        """End it as an operator does, waking what was stopped; its exit code."""
        if self._process is None:
            return 0
        for role in ("web", "worker", "valkey"):
            self.signal(role, signal.SIGCONT)
        self._process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill_everything(self) -> None:
        """`kill -9` of all processes, the supervisor first, so that it heals nothing."""
        assert self._process is not None
        everyone = [self._process, *self._process.children()]
        for process in everyone:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(everyone[1:], PATIENCE_S)
        self._ended()

    def kill_supervisor(self) -> None:
        """`kill -9` of the parent alone, and wait until its children have followed."""
        assert self._process is not None
        children = self._process.children()
        self._process.kill()
        self._ended()
        if psutil.wait_procs(children, PATIENCE_S)[1]:
            raise TimeoutError("children outlived their supervisor")

    def processes(self, role: str) -> list[psutil.Process]:
        """The living children of a role: web, worker, valkey."""
        assert self._process is not None
        found = []
        for child in self._process.children():
            with suppress(psutil.NoSuchProcess, IndexError):
                if child.name() == "valkey-server" if role == "valkey" else child.cmdline()[3] == role:
                    found.append(child)
        return found

    def cpu_s(self, role: str) -> float:
        """Seconds of processor time that the living processes of a role have used."""
        times = [process.cpu_times() for process in self.processes(role)]
        return float(sum(one.user + one.system for one in times))

    def signal(self, role: str, number: signal.Signals) -> list[int]:
        """Send a signal to every process of a role; their ids."""
        processes = self.processes(role)
        for process in processes:
            process.send_signal(number)
        return [process.pid for process in processes]

    def key(self, *scopes: str, **rest: Any) -> str:
        """A new API key; all scopes where none is named. `rest` as for `app.access.mint`."""
        engine = open_engine(self.record_url)
        try:
            migrate(engine)
            given: dict[str, Any] = {"name": "load", "program_id": "default", "now_ms": system_clock()} | rest
            minted = mint(scopes=scopes or SCOPES, **given)
            ApiKeyRecord(engine).add_key(minted.row)
        finally:
            engine.dispose()
        return minted.token

    def client(self, key: str | None = None) -> Client:
        """A client; with a key of all scopes where none is given."""
        self._key = self._key or self.key()
        return Client(self.address, key or self._key)

    def clients_of_each(self, count: int) -> list[list[Client]]:
        """So many connected clients of each web process. Which one accepts a connection is the kernel's choice."""
        found: dict[int, list[Client]] = {process.pid: [] for process in self.processes("web")}

        def more() -> bool:
            fresh = {one.connect(): one for one in (self.client() for _ in found)}
            for one in fresh.values():
                one.get("/healthz")  # it is accepted when it is answered
            for pid, clients in found.items():
                ports = {peer.raddr.port for peer in psutil.Process(pid).net_connections() if peer.raddr}
                mine = [fresh.pop(port) for port in ports & fresh.keys()]
                wanted = count - len(clients)
                clients.extend(mine[:wanted])
                fresh |= {id(one): one for one in mine[wanted:]}
            for surplus in fresh.values():
                surplus.close()
            return all(len(clients) == count for clients in found.values())

        until(more)
        return list(found.values())

    @property
    def record_url(self) -> str:
        """Where its record is."""
        return self._environment.get("EARNEST_DATABASE_URL", f"sqlite:///{layout.record_path(self.data_dir)}")

    @property
    def hot_url(self) -> str:
        """Where its hot store is."""
        return self._environment.get("EARNEST_REDIS_URL", f"unix://{layout.socket_path(self.data_dir)}")

    def ask_hot_store(self, *words: str) -> Any:
        """One command to the hot store."""
        return ask(self.hot_url, *words)

    def settle(self) -> None:
        """Wait until everything decided is in the record and the hot state is whole."""
        with self.client() as client:
            until(lambda: _is_settled(self, client))

    def _is_whole(self) -> bool:
        """Whether the hot store holds everything; one that cannot be asked is not waited for."""
        try:
            return bool(self.ask_hot_store("HEXISTS", STATE_KEY.decode(), "complete"))
        except Refused:  # it is loading its file
            return False
        except Unanswered:
            return True

    def _ended(self) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        try:
            return int(process.wait(PATIENCE_S))
        finally:
            process.stdout.close()


def _is_settled(installation: Installation, client: Client) -> bool:
    spool = layout.spool_dir(installation.data_dir)
    if any(spool.glob("[!.]*")):  # what begins with a dot is a draft of a killed process
        return False
    if client.get("/readyz").status != 200:
        return False
    return b"\nearnest_journal_entries 0.0\n" in client.get("/metrics").body


def until(law: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + patience_s
    while not law():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not become true in time")
        time.sleep(POLL_S)


def at_once(clients: Sequence[Client], bodies: Sequence[object]) -> list[Reply]:
    """Every client sends its event at the same moment; the replies in that order."""
    barrier = Barrier(len(bodies))

    def send(client: Client, body: object) -> Reply:
        client.connect()
        barrier.wait(PATIENCE_S)
        return client.decide(body)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, clients, bodies))
