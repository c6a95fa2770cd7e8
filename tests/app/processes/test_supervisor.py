"""Real processes under `earnest serve`: what dies is healed, what ends ends in order, nothing is orphaned."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from app import data_dir as layout
from app.store.asking import Refused, Unanswered, ask

PATIENCE_S = 15.0
PARTS = """
import asyncio, signal, sqlite3, threading
from pathlib import Path
from app import metrics

def create_app(settings):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        if scope["path"] == "/slow":
            (settings.data_dir / "slow-began").touch()
            while not (settings.data_dir / "slow-may-end").exists():
                await asyncio.sleep(0.01)
        body = b"pong"
        if scope["path"] == "/metrics":
            body = metrics.render()
        elif scope["path"] == "/links":
            body = str(settings.public_url).encode()
        else:
            metrics.decided("allow", "earn", "detectors", 0.001)
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
    return app

def run(settings):
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    (settings.data_dir / "worker-began").write_text(str(settings.public_url))
    stop.wait()
    (settings.data_dir / "worker-ended").touch()

def migrate(url):
    sqlite3.connect(url.removeprefix("sqlite:///")).execute("CREATE TABLE IF NOT EXISTS migrated (x)")

def broken(settings):
    raise SystemExit(3)
"""
SERVE = """
import sys
from pathlib import Path
from app import logs
from app.processes.parts import Parts
from app.processes.supervisor import serve
from app.settings import load
logs.configure()
settings = load(data_dir=Path(sys.argv[1]), port=0, workers=2, drain_timeout_s=5)
parts = Parts(app=f"small_parts:{sys.argv[2]}", worker="small_parts:run", migrate="small_parts:migrate")
ended_well = serve(settings, on_ready=lambda address: print(address, flush=True), parts=parts)
sys.exit(0 if ended_well else 1)
"""


class Serving:
    """A supervisor in a process of its own, and its children as the system sees them."""

    def __init__(self, home: Path, app: str = "create_app") -> None:
        home.mkdir(exist_ok=True)
        (home / "small_parts.py").write_text(PARTS)
        self.data_dir = home / "data"
        log = (home / "log").open("wb")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("EARNEST_")}
        self.parent = psutil.Popen(
            [sys.executable, "-c", SERVE, str(self.data_dir), app],
            cwd=home,
            env={**environment, "PYTHONPATH": str(home)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        self.home = home

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def ready(self) -> Serving:
        """Wait for the address."""
        self.port = int(self.parent.stdout.readline().rpartition(":")[2] or 0)
        assert self.port, self.log
        return self

    def get(self, path: str = "/") -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def children(self, word: str) -> list[psutil.Process]:
        found = []
        for child in self.parent.children():
            with suppress(psutil.NoSuchProcess):
                if word in child.cmdline() or child.name() == word:
                    found.append(child)
        return found

    def hot_store_answers(self) -> bool:
        try:
            return ask(f"unix://{layout.socket_path(self.data_dir)}", "PING") == "PONG"
        except (Unanswered, Refused):
            return False


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a dead one that nobody has buried yet is dead."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def until(law, patience_s: float = PATIENCE_S) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + patience_s
    while not law():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


@pytest.fixture
def serving(tmp_path):
    """A family that answers; whatever the test leaves of it is killed."""
    family = Serving(tmp_path / "home").ready()
    everyone = family.parent.children()
    yield family
    for process in (family.parent, *everyone):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    family.parent.wait()
    family.parent.stdout.close()


@pytest.mark.parametrize("word", ["web", "worker", "valkey-server"])
def test_a_killed_child_is_replaced_while_the_service_goes_on(serving, word):
    until(lambda: serving.children("worker"))
    victim = serving.children(word)[0]
    before = len(serving.children(word))
    killed_at = time.monotonic()
    victim.kill()

    def healed():
        now = serving.children(word)
        return len(now) == before and victim.pid not in [child.pid for child in now]

    until(healed)
    until(serving.hot_store_answers)
    assert serving.get() == b"pong"
    assert time.monotonic() - killed_at < 3


def test_without_a_base_of_links_the_children_learn_the_address_they_are_reached_at(serving):
    """The port was chosen by the system."""
    here = f"http://127.0.0.1:{serving.port}"
    assert serving.get("/links") == here.encode()
    began = serving.data_dir / "worker-began"
    until(lambda: began.exists() and began.read_text() == here)


def test_what_the_hot_store_held_survives_its_death(serving):
    url = f"unix://{layout.socket_path(serving.data_dir)}"
    ask(url, "SET", "counted", "6")
    serving.children("valkey-server")[0].kill()
    until(serving.hot_store_answers)
    assert ask(url, "GET", "counted") == "6"


def test_counters_of_all_web_processes_and_of_dead_ones_are_one(serving):
    for _ in range(5):
        serving.get()
    for child in serving.children("web"):
        child.kill()
    serving.get()
    assert b'earnest_decisions_total{decision="allow",source="detectors",type="earn"} 6.0' in serving.get(
        "/metrics"
    )


def test_sigterm_lets_a_running_request_end_then_the_worker_then_the_store(serving):
    request = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import urllib.request as r; print(r.urlopen('http://127.0.0.1:{serving.port}/slow').read())",
        ],
        stdout=subprocess.PIPE,
    )
    until((serving.data_dir / "slow-began").exists)
    until((serving.data_dir / "worker-began").exists)
    everyone = serving.parent.children()
    serving.parent.send_signal(signal.SIGTERM)
    until(lambda: "stopping" in serving.log)
    assert not (serving.data_dir / "worker-ended").exists(), "the worker outlives the requests"
    (serving.data_dir / "slow-may-end").touch()
    assert request.communicate()[0] == b"b'pong'\n"
    assert serving.parent.wait(PATIENCE_S) == 0
    assert (serving.data_dir / "worker-ended").exists()
    assert not alive(everyone)


def test_a_second_signal_forces_the_end(serving):
    request = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import urllib.request as r; r.urlopen('http://127.0.0.1:{serving.port}/slow')",
        ],
        stderr=subprocess.DEVNULL,
    )
    until((serving.data_dir / "slow-began").exists)
    serving.parent.send_signal(signal.SIGINT)
    until(lambda: "stopping" in serving.log)
    serving.parent.send_signal(signal.SIGINT)
    assert serving.parent.wait(3) == 1
    assert request.wait(PATIENCE_S) != 0


def test_nothing_outlives_a_killed_parent_and_the_directory_is_free_at_once(serving, tmp_path):
    everyone = serving.parent.children()
    assert len(everyone) == 4
    serving.parent.kill()
    until(lambda: not alive(everyone), patience_s=1)
    again = Serving(tmp_path / "home").ready()
    assert again.get() == b"pong"
    again.parent.terminate()
    assert again.parent.wait(PATIENCE_S) == 0
    again.parent.stdout.close()


def test_two_services_on_one_directory_are_refused_in_words(serving):
    second = Serving(serving.home)
    assert second.parent.wait(PATIENCE_S) == 1
    second.parent.stdout.close()
    assert f"Another Earnest (process {serving.parent.pid}) is running" in second.log
    assert serving.get() == b"pong"


def test_a_child_that_never_gets_well_ends_the_service(tmp_path):
    family = Serving(tmp_path / "home", app="broken")
    assert family.parent.wait(PATIENCE_S) == 1
    family.parent.stdout.close()
    assert "times in a row" in family.log
    assert not layout.living_holder(family.data_dir)
