"""Models swapped under load: every request is answered, by the old model or the new."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

import pytest

from app.model_shelf import Shelf
from benchmarks.installation import until
from tests.app.small_models import trained_into, truncate
from tests.e2e.events import event, fresh

CALLERS = 4


@pytest.fixture
def shelved(tmp_path):
    """Puts two models on the shelf of an installation that has not started; their versions."""

    def prepare(installation):
        shelf = Shelf(installation.data_dir / "models")
        for seed in range(2):
            trained_into(tmp_path / f"trained-{seed}", seed)
            shelf.add(tmp_path / f"trained-{seed}")

    return prepare


def load_until(stop: Flag, client) -> list[tuple[int, str]]:
    """Ask for decisions without a pause; status and model of each."""
    told = []
    with client:
        while not stop.is_set():
            reply = client.decide(event("earn", fresh()))
            told.append((reply.status, reply.json["model_version"]))
    return told


def used_by(client, version):
    """Web processes that judge by this version."""
    line = f'earnest_model_info{{version="{version}"}} '
    shown = client.get("/metrics").body.decode()
    return next((float(row.removeprefix(line)) for row in shown.splitlines() if row.startswith(line)), 0.0)


def test_models_change_under_load_and_every_request_is_answered(installed, shelved):
    service = installed(prepare=shelved)
    shelf = Shelf(service.data_dir / "models")
    one, two = sorted(found.version for found in shelf.shelved())
    stop = Flag()
    with ThreadPoolExecutor(CALLERS) as pool, service.client() as asking:
        callers = [pool.submit(load_until, stop, service.client()) for _ in range(CALLERS)]
        try:
            for change, version in (
                (lambda: shelf.activate(one), one),
                (lambda: shelf.activate(two), two),
                (shelf.rollback, one),
            ):
                change()
                until(lambda version=version: used_by(asking, version) == 2)
            truncate(shelf.folder / two)
            (shelf.folder / "active").write_text(f"{two}\n")
            until(lambda: b"\nearnest_model_refused 2.0\n" in asking.get("/metrics").body)
            assert asking.decide(event("earn", fresh())).json["model_version"] == one
            assert asking.get("/readyz").status == 200
        finally:
            stop.set()
        told = [answer for caller in callers for answer in caller.result()]
    assert {status for status, _ in told} == {200}
    assert {version for _, version in told} == {"none", one, two}


def test_a_service_that_starts_without_its_model_answers_but_is_not_ready_until_rolled_back(
    installed, shelved
):
    def prepare(installation):
        shelved(installation)
        shelf = Shelf(installation.data_dir / "models")
        for found in shelf.shelved():
            shelf.activate(found.version)
        truncate(shelf.folder / shelf.active())

    service = installed(prepare=prepare)
    with service.client() as client:
        assert client.decide(event("earn", fresh())).json["model_version"] == "none"
        assert client.get("/readyz").status == 503
        assert "model" in json.dumps(client.get("/readyz").json)
        rolled = subprocess.run(
            [sys.executable, "-m", "app.cli", "models", "rollback", "--data", service.data_dir],
            capture_output=True, text=True, check=True, cwd=service.home,
        )  # fmt: skip
        version = rolled.stdout.strip()
        until(lambda: used_by(client, version) == 2)
        assert client.get("/readyz").status == 200
        decided = client.decide(event("earn", fresh())).json
    assert decided["model_version"] == version
    assert decided["detectors"]["anomaly"]["status"] != "abstained"
