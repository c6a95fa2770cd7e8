"""The README's own examples, run as they stand; its tables, held against what there is."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from app.api.http_app import OPERATIONS
from detectors.catalogue import CATALOGUE
from tests.e2e.events import event, fresh

README = (Path(__file__).parents[2] / "README.md").read_text()
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = FENCED.findall(README)


def table(column: str) -> list[list[str]]:
    """The rows of the table whose first column is called so."""
    lines = README.split(f"\n| {column} | ", 1)[1].splitlines()[2:]
    rows = []
    for line in lines:
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
