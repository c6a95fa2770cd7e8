"""`earnest replay`: what it writes, what it says, and that it never leaves half an output."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner

from app.cli import main
from app.demo.programme import generate
from app.offline import replay_run
from app.offline.reading_ahead import ReaderLost, ReadingAhead
from app.offline.replay_parts import OutputHeld, Parts, Plan
from app.offline.replay_run import Judge, replay
from app.policy.file import DEFAULT_FILE, load

END = datetime(2026, 3, 1, tzinfo=UTC)
CONTRACT = [
    "event_id", "account_id", "occurred_at", "type", "decision", "risk_score", "velocity", "earn_burn",
    "duplicates", "takeover", "insider", "anomaly", "reasons",
]  # fmt: skip
STRICT = 'name = "strict"\n[cutoffs.redeem]\nchallenge = 0.01\nreview = 0.02\nblock = 0.9\n'
ANY_PLAN = Plan((("events", 1, 1),), (("policy", "none"),), None)


@pytest.fixture(scope="module")
def made():
    """A fortnight of a small programme with fraud in it."""
    end_ms = int(END.timestamp()) * 1_000
    return generate(seed=2, members=40, days=14, end_ms=end_ms, fraud_share=0.5)


@pytest.fixture
def earnest(tmp_path, monkeypatch, made):
    """Run `earnest replay events.ndjson …` in a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    lines = [msgspec.json.encode(event) for event in made.events]
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(lines[::-1]))
    return lambda *words: CliRunner().invoke(main, ["replay", *words])


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"data"}


def test_every_event_gets_a_row_in_the_order_of_time_in_either_format(earnest, made, tmp_path):
    assert earnest("events.ndjson", "--out", "d.parquet").exit_code == 0
    assert earnest("events.ndjson", "--out", "d.csv").exit_code == 0
    rows, text = pl.read_parquet("d.parquet"), pl.read_csv("d.csv")
    assert rows.columns[: len(CONTRACT)] == text.columns[: len(CONTRACT)] == CONTRACT
    assert rows.height == text.height == len(made.events)
    assert rows["occurred_at"].is_sorted()
    assert set(rows["decision"]) > {"allow"}
    assert rows["risk_score"].is_between(0, 100).all()
    assert rows.filter(pl.col("decision") != "allow")["reasons"].list.len().min() > 0
    assert text["decision"].equals(rows["decision"])
    assert (
        text["occurred_at"]
        .str.to_datetime(time_zone="UTC")
        .equals(rows["occurred_at"].dt.cast_time_unit("us"))
    )
    assert text["reasons"].fill_null("").equals(rows["reasons"].list.join(";"))
    assert names(tmp_path) == {"events.ndjson", "d.parquet", "d.csv"}


def test_what_lies_before_the_instant_counts_and_is_not_written(earnest):
    assert earnest("events.ndjson", "--out", "all.parquet").exit_code == 0
    since = (END - timedelta(days=5)).isoformat()
    assert earnest("events.ndjson", "--out", "late.parquet", "--score-from", since).exit_code == 0
    rows, late = pl.read_parquet("all.parquet"), pl.read_parquet("late.parquet")
    assert 0 < late.height < rows.height
    assert late.equals(rows.filter(pl.col("occurred_at") >= END - timedelta(days=5)))


def test_an_instant_behind_everything_leaves_nothing_to_write(earnest, tmp_path):
    told = earnest("events.ndjson", "--out", "d.parquet", "--score-from", "2030-01-01T00:00:00Z")
    assert told.exit_code == 1
    assert "nothing happened" in told.stderr
    assert names(tmp_path) == {"events.ndjson"}


def test_bad_rows_are_told_and_the_good_go_on(earnest, made, tmp_path):
    with (tmp_path / "events.ndjson").open("ab") as file:
        file.write(b'\n{"event_id": "x"}\n{"nonsense\n')
    told = earnest("events.ndjson", "--out", "d.parquet")
    assert told.exit_code == 0
    assert f"row {len(made.events) + 1}" in told.stderr
    assert pl.read_parquet("d.parquet").height == len(made.events)


def test_where_no_row_is_an_event_the_output_there_was_stays(earnest, tmp_path):
    (tmp_path / "d.csv").write_text("as it was")
    (tmp_path / "bad.ndjson").write_text('{"event_id": "x"}\n')
    told = earnest("bad.ndjson", "--out", "d.csv")
    assert told.exit_code == 1
    assert "no row is an event" in told.stderr
    assert "bad.ndjson, row 1" in told.stderr
    assert (tmp_path / "d.csv").read_text() == "as it was"
    assert names(tmp_path) == {"events.ndjson", "bad.ndjson", "d.csv"}


@pytest.mark.parametrize(
    "words",
    [
        ["--out", "d.parquet"],
        ["events.ndjson"],
        ["events.ndjson", "--out", "d.xlsx"],
        ["events.ndjson", "--out", "d.parquet", "--score-from", "yesterday"],
        ["events.ndjson", "--out", "d.parquet", "--policy", "no-such-file"],
        ["events.ndjson", "--out", "d.parquet", "--compare", "no-such-file"],
    ],
)
def test_bad_usage_ends_with_2_and_writes_nothing(earnest, tmp_path, words):
    told = earnest(*words)
    assert told.exit_code == 2
    assert "Error:" in told.stderr
    assert names(tmp_path) == {"events.ndjson"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["no-such.ndjson"], "no such file"),
        (["events.ndjson", "--policy", "events.ndjson"], "events.ndjson: Invalid"),
        (["events.ndjson", "--model", "."], "card.json"),
        (["events.ndjson", "--labels", "labels.csv"], "dunno"),
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_decided(earnest, tmp_path, words, why):
    (tmp_path / "labels.csv").write_text("event_id,label\ne-1,dunno\n")
    told = earnest(*words, "--out", "d.parquet")
    assert told.exit_code == 1
    assert why in told.stderr
    assert "Traceback" not in told.output
    assert names(tmp_path) == {"events.ndjson", "labels.csv"}


def test_with_labels_it_prints_figures_without_colour_and_writes_the_report(earnest, made, tmp_path):
    labels = {label.event_id: "fraud" for label in made.labels if label.label == "fraud"}
    every = [event["event_id"] for event in made.events]
    truth = pl.DataFrame({"event_id": every, "label": [labels.get(one, "legitimate") for one in every]})
    truth.write_csv(tmp_path / "labels.csv")
    told = earnest("events.ndjson", "--out", "d.parquet", "--labels", "labels.csv", "--report", "r.html")
    assert told.exit_code == 0, told.output
    for figure in ("AUC", "Average precision", "Precision", "Recall", "Value detection rate", "precision@k"):
        assert figure in told.stdout
    assert "\x1b" not in told.output
    assert told.stderr == ""
    assert (tmp_path / "r.html").read_text().lstrip().lower().startswith("<!doctype html>")


def test_another_policy_is_judged_beside_on_a_state_of_its_own(earnest, tmp_path):
    """The second judge's decisions are those of a replay under it alone."""
    (tmp_path / "strict.toml").write_text(STRICT)
    told = earnest("events.ndjson", "--out", "d.parquet", "--compare", "strict.toml")
    assert told.exit_code == 0, told.output
    assert earnest("events.ndjson", "--out", "alone.parquet", "--policy", "strict.toml").exit_code == 0
    rows, alone = pl.read_parquet("d.parquet"), pl.read_parquet("alone.parquet")
    changed = pl.read_parquet("d.compared.parquet")
    differing = rows["decision"] != alone["decision"]
    assert differing.any()
    assert changed["event_id"].equals(rows.filter(differing)["event_id"])
    assert changed["decision_compared"].equals(
        alone.filter(differing)["decision"].rename("decision_compared")
    )
    assert f"{changed.height:,}" in told.stdout
    assert f"{changed['account_id'].n_unique():,}" in told.stdout


# ---------------------------------------------------------------- interrupted


class Interrupted(Exception):
    """Somebody pressed a key."""


class CutShort(Parts):
    """A replay that is interrupted while it decides its fourth part."""

    def add(self, frames):
        if self.written == 3:
            raise Interrupted
        super().add(frames)


def test_an_interrupted_replay_goes_on_and_ends_as_if_it_had_not_been(earnest, tmp_path, monkeypatch):
    monkeypatch.setattr(replay_run, "PART_ROWS", 100)

    def run(parts):
        with parts, ReadingAhead(["events.ndjson"], None) as history:
            replay(history, [Judge(load(DEFAULT_FILE))], parts, None, lambda _done, _of: None)
            return parts.rows(0, None).collect()

    whole = run(Parts(tmp_path / "whole.parquet", ANY_PLAN, 1))
    with pytest.raises(Interrupted):
        run(CutShort(tmp_path / "d.parquet", ANY_PLAN, 1))
    assert not (tmp_path / "d.parquet").exists()
    again = Parts(tmp_path / "d.parquet", ANY_PLAN, 1)
    assert again.written == 3
    assert run(again).equals(whole)
    assert whole.height > 400


def test_parts_of_another_plan_are_thrown_away(tmp_path):
    with Parts(tmp_path / "d.csv", ANY_PLAN, 1) as parts:
        parts.add([pl.DataFrame({"a": [1]})])
    with Parts(tmp_path / "d.csv", ANY_PLAN, 1) as parts:
        assert parts.written == 1
    with Parts(tmp_path / "d.csv", Plan((), (), "DE"), 1) as parts:
        assert parts.written == 0


def test_two_replays_do_not_write_one_output(tmp_path):
    with Parts(tmp_path / "d.csv", ANY_PLAN, 1), pytest.raises(OutputHeld, match="another replay"):
        Parts(tmp_path / "d.csv", ANY_PLAN, 1)


def test_a_reader_that_is_killed_is_an_error_and_no_wait(earnest):
    with ReadingAhead(["events.ndjson"], None) as history:
        history._reader.kill()
        with pytest.raises(ReaderLost, match="-9"):
            list(history.events(lambda _done, _of: None))


def test_what_another_policy_would_change_is_a_csv_beside_a_csv(earnest, tmp_path):
    (tmp_path / "strict.toml").write_text(STRICT)
    told = earnest("events.ndjson", "--out", "d.csv", "--compare", "strict.toml")
    assert told.exit_code == 0, told.output
    changed = pl.read_csv("d.compared.csv")
    assert changed.height > 0
    assert (changed["decision"] != changed["decision_compared"]).all()
    assert changed["reasons_compared"].drop_nulls().str.contains(r"\A[A-Z_0-9;]*\z").all()


@pytest.mark.parametrize(
    "words",
    [
        ["events.csv", "--out", "events.csv"],
        ["events.csv", "--out", "./link.csv"],
        ["events.csv", "--out", "d.csv", "--report", "d.csv"],
        ["events.csv", "--out", "d.csv", "--report", "events.csv"],
        ["events.csv", "--out", "d.csv", "--policy", "strict.toml", "--report", "strict.toml"],
        ["d.compared.csv", "--out", "d.csv", "--compare", "strict.toml"],
    ],
)
def test_nothing_that_is_read_or_written_is_written_over(earnest, tmp_path, words):
    (tmp_path / "strict.toml").write_text(STRICT)
    for name in ("events.csv", "d.compared.csv"):
        (tmp_path / name).write_text("event_id,type,occurred_at,account_id\n")
    (tmp_path / "link.csv").symlink_to("events.csv")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    told = earnest(*words)
    assert told.exit_code == 2, told.output
    assert "name another file" in told.output
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (
            pl.DataFrame({"event_id": ["e"], "label": ["fraud"], "points": ["a few"]}),
            "`points` must hold numbers",
        ),
        (pl.DataFrame({"event_id": ["e"], "label": [["fraud"]]}), "`label` must hold text"),
    ],
)
def test_labels_of_the_wrong_kind_are_told_in_a_sentence(earnest, tmp_path, labels, problem):
    labels.write_parquet(tmp_path / "labels.parquet")
    told = earnest("events.ndjson", "--out", "d.csv", "--labels", "labels.parquet")
    assert told.exit_code == 1
    assert problem in told.output


def test_an_instant_that_utc_cannot_hold_is_refused(earnest):
    told = earnest("events.ndjson", "--out", "d.csv", "--score-from", "0001-01-01T00:00:00+14:00")
    assert told.exit_code == 2
    assert "is no RFC 3339 instant" in told.output
