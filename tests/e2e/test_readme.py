"""The README's own examples, run as they stand; its tables, held against what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from app.api.http_app import OPERATIONS
from benchmarks.installation import until
from detectors.catalogue import CATALOGUE
from tests.e2e.events import event, fresh

README = (Path(__file__).parents[2] / "README.md").read_text()
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = FENCED.findall(README)


def table(column: str) -> list[list[str]]:
    """The rows of the tables whose first column is called so."""
    rows = []
    for part in README.split(f"\n| {column} | ")[1:]:
        for line in part.splitlines()[2:]:
            if not line.startswith("|"):
                break
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_request_to_paste_is_decided(service):
    curl = next(text for _, text in BLOCKS if text.startswith("curl "))
    pasted = curl.replace("http://127.0.0.1:8000", service.address)
    key = service.key("score")
    ran = subprocess.run(
        ["/bin/bash", "-c", pasted],
        env={"KEY": key, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    decided = json.loads(ran.stdout)
    assert (decided["event_id"], decided["decision"]) == ("till-17-000451", "allow")


def test_the_reward_to_paste_is_promised_and_its_mail_is_in_the_development_outbox(service):
    curl = next(text for _, text in BLOCKS if "/v1/tokens " in text)
    pasted = curl.replace("http://127.0.0.1:8000", service.address)
    ran = subprocess.run(
        ["/bin/bash", "-c", pasted],
        env={"KEY": service.key("tokens"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(ran.stdout)
    assert (told["state"], "link" in told) == ("issued", False)
    with service.client() as client:
        until(lambda: b"mira@example.com" in client.get("/outbox").body)


def test_the_answer_shown_is_the_answer_to_a_sixth_redemption(client):
    shown = json.loads(next(text for language, text in BLOCKS if language == "json"))
    member = fresh()
    for _ in range(6):
        told = client.decide(event("redeem", member)).json
    assert told | shown == told


def test_every_call_listed_exists_and_every_detector_is_listed():
    paths = {operation.path for operation in OPERATIONS}
    for cell, *_ in table("call"):
        for spelled in re.findall(r"(/v1/[^`\s]*|/openapi\.json)", cell):
            family = re.sub(r"\{(allow,block,watch)\}", "{list}", spelled)
            shape = re.sub(r"\{[^}]*\}", "{}", family)
            assert shape in {re.sub(r"\{[^}]*\}", "{}", path) for path in paths}, spelled
    assert {cell.strip("`") for cell, *_ in table("detector")} == {one.name for one in CATALOGUE}
