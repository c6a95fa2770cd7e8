"""`make run` as a newcomer meets it: a first decision at once, a programme with a past, a model, life that goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from click.testing import CliRunner

from app.cli import main
from app.demo.begun import Begun
from benchmarks.installation import Client, until

LAST = "what is counted"


@contextmanager
def demo(home):
    """`earnest serve --demo` in a group of its own, as a terminal has it; ended as by Ctrl-C."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EARNEST_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--demo", "--port", "0"],
        cwd=home, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process.stdout
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(30) == 0, rest
        assert "Traceback" not in rest
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def read_to(said, words):
    """All lines to the one that holds these words, and the one after it."""
    lines = []
    for line in said:
        lines.append(line)
        if words in line:
            return [*lines, next(said)]
    raise AssertionError("".join(lines))


def pasted(lines, path):
    """The answer to the printed curl that asks for this path; the key is pasted before it."""
    key = next(line.strip() for line in lines if line.strip().startswith("KEY="))
    line = next(line for line in lines if "curl" in line and path in line and "KEY" in line)
    ran = subprocess.run(
        ["/bin/bash", "-c", f"{key}\n{line}"],
        env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout


def every(lines, path):
    """All there is of a list, by the printed key."""
    key = next(line.strip() for line in lines if line.strip().startswith("KEY="))
    with Client(links(lines)[0].partition("/console")[0], key.removeprefix("KEY=")) as client:
        return client.get(f"{path}?limit=200").json["items"]


def door(link):
    """What a browser gets that opens a link into the console."""
    address, _, rest = link.partition("/console")
    with Client(address, None) as client:
        return client.get(f"/console{rest}").body


def links(lines):
    """The printed links into the console."""
    return [line.split()[-1] for line in lines if "/console/enter/" in line]


def decided(cases):
    """The cases that people closed."""
    return {case["case_id"]: case["resolution"] for case in cases if case["state"] == "closed"}


def proven(decision):
    """Whether a member of the demo was challenged for it."""
    asked = any(action["type"] == "step_up" for action in decision["actions"])
    return asked and decision["event_id"].startswith("treat-")


def judged(decision):
    """Whether the model took part in it."""
    looked = decision["detectors"]["anomaly"]["status"] != "abstained"
    return looked and decision["model_version"].startswith("mdl_")


def assert_there_is_work(cases):
    """Open cases of several kinds, and each other state a case can be in, a second pair of eyes among them."""
    waiting = [case for case in cases if case["state"] == "open"]
    assert {case["state"] for case in cases} >= {
        "open", "in_progress", "waiting", "escalated", "approval", "closed",
    }  # fmt: skip
    assert {"fraud", "policy_abuse", "legitimate"} <= set(decided(cases).values())
    assert "ring" in {case["kind"] for case in waiting}
    assert {case["priority"] for case in waiting} == {1, 2, 3}
    assert len({case["typology"] for case in waiting}) >= 5


def test_a_newcomer_interrupts_the_loading_starts_again_and_pastes_what_is_printed(tmp_path):
    with demo(tmp_path) as said:
        lines = read_to(said, "To ask for the next decision")
        assert any("VELOCITY_REDEEM_ACCOUNT_1H" in line for line in lines)
        assert any("Loading a programme" in line for line in said)
    begun = Begun.read(tmp_path / "data" / "demo")
    with demo(tmp_path) as said:
        lines = read_to(said, LAST)
        page = json.loads(pasted(lines, "/v1/decisions?limit=5"))
        timeline = json.loads(pasted(lines, "/timeline"))
        explained = json.loads(pasted(lines, "/explanation"))
        labels = json.loads(pasted(lines, "/v1/labels"))
        metrics = pasted(lines, "/metrics")
        cases, tokens = every(lines, "/v1/cases"), every(lines, "/v1/tokens")
        recent = every(lines, "/v1/decisions")
        contexts = every(lines, "/v1/contexts")
        doors = [door(link) for link in links(lines)]
    assert_there_is_work(cases)
    assert {token["state"] for token in tokens} == {"issued", "redeemed"}
    assert sum(token["held_at"] is not None for token in tokens) == 1
    assert [one["context"] for one in contexts] == ["store_tablet"]
    assert [one["decision"] for one in recent if proven(one)] == ["allow", "allow"]
    assert len(doors) == 4
    assert all(b"signs you in once" in door for door in doors)
    assert Begun.read(tmp_path / "data" / "demo") == begun._replace(loaded=True), "it went on, not anew"
    assert len(page["items"]) == 5
    assert any(item["decision"] in {"review", "block"} for item in timeline["items"])
    assert explained["applied"]
    assert labels["items"]
    assert "earnest_journal_entries" in metrics
    with demo(tmp_path) as said:
        again = read_to(said, LAST)
        first = "".join(again[: again.index(next(line for line in again if "To look around" in line))])
        assert decided(every(again, "/v1/cases")) == decided(cases), "it is not done twice"
        assert not set(links(again)) & set(links(lines))
        assert "Loading" not in first
        until(lambda: any(map(judged, every(again, "/v1/decisions"))))


def test_the_demonstration_is_refused_in_production(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "ENV": "production", "SECRET_KEY": "q83vEjRWeJASNFZ4mrze8BEiM0RVZneImaq7zN3u/wA=",
        "PUBLIC_URL": "https://earnest.example", "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": "postgresql://127.0.0.1:1/earnest", "DATA_DIR": str(tmp_path / "data"),
    }.items():  # fmt: skip
        monkeypatch.setenv(f"EARNEST_{name}", value)
    told = CliRunner().invoke(main, ["serve", "--demo"])
    assert told.exit_code == 2
    assert "--demo" in told.stderr


@pytest.fixture(autouse=True)
def _fresh_home(tmp_path, monkeypatch):
    """Nobody's settings but the test's."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
