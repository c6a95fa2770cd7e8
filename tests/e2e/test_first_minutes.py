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


def test_a_newcomer_interrupts_the_loading_starts_again_and_pastes_what_is_printed(tmp_path):
    with demo(tmp_path) as said:
        lines = read_to(said, "To ask for the next decision")
        assert any("VELOCITY_REDEEM_ACCOUNT_1H" in line for line in lines)
        read_to(said, "Loading a programme")
    begun = Begun.read(tmp_path / "data" / "demo")
    with demo(tmp_path) as said:
        lines = read_to(said, LAST)
        page = json.loads(pasted(lines, "/v1/decisions?limit=5"))
        timeline = json.loads(pasted(lines, "/timeline"))
        explained = json.loads(pasted(lines, "/explanation"))
        labels = json.loads(pasted(lines, "/v1/labels"))
        metrics = pasted(lines, "/metrics")
    assert Begun.read(tmp_path / "data" / "demo") == begun._replace(loaded=True), "it went on, not anew"
    assert len(page["items"]) == 5
    assert any(item["decision"] in {"review", "block"} for item in timeline["items"])
    assert explained["applied"]
    assert labels["items"]
    assert "earnest_journal_entries" in metrics
    with demo(tmp_path) as said:
        again = read_to(said, LAST)
        first = "".join(again[: again.index(next(line for line in again if "To look around" in line))])
        page = json.loads(pasted(again, "/v1/decisions?limit=5"))
        assert "Loading" not in first
        assert any(item["model_version"].startswith("mdl_") for item in page["items"])
        assert any(item["detectors"]["anomaly"]["status"] != "abstained" for item in page["items"])


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
