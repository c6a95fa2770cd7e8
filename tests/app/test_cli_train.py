"""`earnest train`: one command from events to a model, and never a half-written one or somebody else's folder."""

from __future__ import annotations

import json
import os
import random
import re
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from app.cli import main
from app.keys import derive, master_key
from app.offline.artefacts import CARD, read_artefact
from app.ports.labels import Label
from app.seal import Seal
from app.settings import load
from app.store.sql import SqlRecord, migrate, open_engine
from detectors.forest.features import NAMES, VERSION

START = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = 2_500


@pytest.fixture
def earnest(tmp_path, monkeypatch):
    """Run `earnest train …` in a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(main, ["train", *map(str, words)])


@pytest.fixture(scope="module")
def shopping():
    rng = random.Random(3)
    return pl.DataFrame([
        {
            "event_id": f"e{n}", "type": "earn", "account_id": f"m{rng.randrange(100)}",
            "occurred_at": (START + timedelta(seconds=rng.randrange(60 * 86_400))).isoformat(),
            "points": rng.randrange(1, 500), "store_id": f"s{rng.randrange(5)}",
        } for n in range(EVENTS)
    ])  # fmt: skip


@pytest.fixture
def history(shopping, tmp_path):
    shopping.write_parquet(tmp_path / "history.parquet")
    return tmp_path / "history.parquet"


def test_it_writes_a_model_that_loads_and_says_how_good_it_is_and_what_comes_next(earnest, history, tmp_path):
    done = earnest(history, "--out", "model")
    assert done.exit_code == 0, done.output
    assert done.stderr == "", "quiet where nobody watches"
    artefact = read_artefact(tmp_path / "model", NAMES, VERSION)
    told = done.stdout
    assert artefact.card.version in told
    assert f"{EVENTS:,} read, 0 refused, 0 repeated" in told
    assert re.search(r"default earn any +[\d,]+ +[\d,]+ +0\.\d{3} +0\.\d{3}", told)
    assert "stand above the 99th percentile (1 % is right)" in told
    assert "Next:  earnest replay EVENTS… --model model" in told


def test_the_same_command_gives_the_same_bytes_and_replaces_the_model(earnest, history, tmp_path):
    assert earnest(history, "--out", "a").exit_code == 0
    assert earnest(history, "--out", "b", "--seed", 1).exit_code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    assert {path.name for path in (tmp_path / "b").iterdir()} != before.keys()
    assert earnest(history, "--out", "b").exit_code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()} == before


def test_rows_that_are_no_events_are_told_and_the_others_learned(earnest, shopping, tmp_path):
    lines = [json.dumps(row) for row in shopping.iter_rows(named=True)]
    (tmp_path / "history.ndjson").write_text("\n".join(['{"type": "earn"}', "nonsense", *lines]))
    done = earnest("history.ndjson", "--out", "model")
    assert done.exit_code == 0
    assert "2 refused" in done.stdout
    assert "history.ndjson, row 2" in done.stderr


@pytest.mark.parametrize(
    ("text", "why"),
    [("event_id,type\n1,earn\n", "no column"), ("", "is empty"), ("\x00\x01", "not UTF-8")],
)
def test_where_nothing_can_be_read_nothing_is_written(earnest, tmp_path, text, why):
    (tmp_path / "history.csv").write_text(text)
    done = earnest("history.csv", "--out", "model")
    assert (done.exit_code, done.stdout) == (1, "")
    assert why in done.stderr
    assert not (tmp_path / "model").exists()


def test_too_little_history_is_no_model(earnest, shopping, tmp_path):
    shopping.head(300).write_csv(tmp_path / "history.csv")
    for words in (["history.csv"], ["history.csv", "--until", "2020-01-01T00:00:00Z"]):
        done = earnest(*words, "--out", "model")
        assert done.exit_code == 1
        assert re.search("too few to learn from|no event to learn from", done.stderr)
        assert not (tmp_path / "model").exists()


def test_a_folder_of_anything_else_is_left_as_it_is(earnest, history, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "card.json").write_text("{}")
    (tmp_path / "file").write_text("mine")
    for out in ("photos", "file"):
        done = earnest(history, "--out", out)
        assert done.exit_code == 2
        assert "model" in done.stderr
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["card.json"]
    assert (tmp_path / "photos" / "card.json").read_text() == "{}"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_in_which_a_training_died_is_used_again(earnest, history, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mdl_000000000000.safetensors").write_bytes(b"half")
    assert earnest(history, "--out", "model").exit_code == 0
    assert read_artefact(tmp_path / "model", NAMES, VERSION)
    assert len(list((tmp_path / "model").iterdir())) == 2


@pytest.mark.parametrize(
    "words",
    [[], ["x.csv", "--record"], ["x.csv", "--until", "yesterday"], ["x.csv", "--until", "2026-01-01T00:00:00"],
     ["x.csv", "--seed", "-1"], ["x.csv", "--labels", "nowhere.csv"]],
)  # fmt: skip
def test_a_wrong_command_is_refused_before_any_work(earnest, words):
    assert earnest(*words, "--out", "model").exit_code == 2


def test_labels_that_cannot_be_used_end_it(earnest, history, tmp_path):
    (tmp_path / "labels.csv").write_text("event_id\ne1\n")
    done = earnest(history, "--labels", "labels.csv", "--out", "model")
    assert done.exit_code == 1
    assert "column `label`" in done.stderr


def test_until_and_labels_reach_the_model(earnest, history, shopping, tmp_path):
    (tmp_path / "labels.csv").write_text("account_id,label\nm1,fraud\nm2,legitimate\n")
    done = earnest(history, "--labels", "labels.csv", "--until", "2026-02-20T00:00:00Z", "--out", "model")
    assert done.exit_code == 0, done.output
    notes = json.loads((tmp_path / "model" / CARD).read_bytes())["notes"]
    early = shopping.filter(pl.col("occurred_at") < "2026-02-20")
    assert notes["events"] == early.height
    assert notes["events_known_fraud"] == early.filter(pl.col("account_id") == "m1").height


@pytest.fixture
def recorded(earnest, tmp_path, decided):
    """An installation that scored some thousand events: of random vectors, a settled member's."""
    settings = load(data_dir=tmp_path / "data")
    settings.data_dir.mkdir()
    engine = open_engine(settings.record_url)
    migrate(engine)
    rows = np.random.default_rng(1).random((EVENTS, len(NAMES)), np.float32)
    rows[:, NAMES.index("age")] += 3.5
    entries = [
        decided(
            60 * n, vector=rows[n].tobytes(), account_id=f"m-{n % 50}", type="earn" if n % 10 else "redeem"
        )
        for n in range(EVENTS)
    ]
    record = SqlRecord(engine, Seal(derive(master_key(settings), "record")))
    record.append([*entries, decided(1, vector=b"of another version")])
    record.add_label(Label("lbl_1", "default", "m-7", None, "fraud", None, "desk", 1, "anna"))
    engine.dispose()
    return entries


def test_the_record_is_learned_from_as_it_was_scored(earnest, recorded, tmp_path):
    done = earnest("--record", "--out", "model")
    assert done.exit_code == 0, done.output
    assert f"{EVENTS + 1:,} read, 1 refused" in done.stdout
    card = read_artefact(tmp_path / "model", NAMES, VERSION).card
    assert card.notes["source"] == "record"
    warm = datetime.fromisoformat(card.notes["learned_from"])
    late = [one for one in recorded if one.event.occurred_at >= warm]
    fraud = [one for one in late if one.event.account_id == "m-7"]
    assert card.notes["events_known_fraud"] == len(fraud) > 0
    assert card.rows + card.checks["held_out_rows"] == len(late) - len(fraud)
    assert ("default", "earn", "settled") in {one for learned in card.segments for one in learned.serves}
    before = (tmp_path / "model" / CARD).read_bytes()
    assert earnest("--record", "--out", "model").exit_code == 0
    assert (tmp_path / "model" / CARD).read_bytes() == before


def test_without_a_record_there_is_nothing_to_learn_and_none_is_made(earnest, tmp_path):
    done = earnest("--record", "--out", "model")
    assert done.exit_code == 1
    assert "no record" in done.stderr
    assert not (tmp_path / "data" / "record.db").exists()
    assert not (tmp_path / "model").exists()
