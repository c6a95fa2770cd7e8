"""The README's example of learning from history, run as it stands; and once more on a public programme's files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = next(
    block
    for block in re.findall(r"^```bash\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    if "earnest train" in block
)
PUBLIC = ROOT.parent / "shared" / "data"
"""loyaltygen, a public generator's programme, where the benchmark data lies beside the repository."""


def run(commands: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["/bin/bash", "-euc", commands],
        cwd=folder,
        env={"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(folder), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def holds(folder: Path, told: str) -> None:
    """Every event has its row, the model its card, the report its plots; the figures are printed."""
    rows = pl.read_parquet(folder / "decisions.parquet")
    assert rows["event_id"].n_unique() == rows.height > 0
    assert rows["risk_score"].is_between(0, 100).all()
    assert rows["anomaly"].is_not_null().any()
    assert (folder / "model" / "card.json").is_file()
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert report.count("<svg") >= 2
    assert not re.search(r"<script|<link|src=\"http", report)
    for figure in ("AUC", "Average precision", "Recall at 1 %", "Precision", "Value detection rate"):
        assert figure in told


def test_the_example_runs_as_it_stands(tmp_path):
    holds(tmp_path, run(EXAMPLE, tmp_path))


@pytest.mark.parametrize("name", ["loyaltygen"])
def test_a_public_programme_is_learned_and_decided(tmp_path, name):
    """From its own files; without them from the invented programme's, by the same commands."""
    events = PUBLIC / f"{name}_events.parquet"
    if not events.is_file():
        run("python -m app.demo --out history --members 200 --days 60 --seed 8", tmp_path)
        (tmp_path / "history" / "events.parquet").rename(tmp_path / f"{name}_events.parquet")
        (tmp_path / "history" / "labels.parquet").rename(tmp_path / f"{name}_labels.parquet")
    else:
        for kind in ("events", "labels"):
            (tmp_path / f"{name}_{kind}.parquet").symlink_to(PUBLIC / f"{name}_{kind}.parquet")
    learned = EXAMPLE[EXAMPLE.index("earnest train") :]
    learned = learned.replace("history/events", f"{name}_events").replace("history/labels", f"{name}_labels")
    holds(tmp_path, run(learned, tmp_path))
