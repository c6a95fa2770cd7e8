from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from app.offline.labelling import SCORES
from benchmarks import adbench
from benchmarks.quality_listed import misses, touched
from benchmarks.quality_plots import draw
from benchmarks.quality_run import Run
from benchmarks.quality_told import figures_of, together

NOON = datetime(2025, 9, 1, 12, tzinfo=UTC)


def run(*events, labels=(), members):
    """Events are (event_id, account_id, decision); labels (event_id, incident_id), all of the typology `brokering`."""
    rows = pl.DataFrame(
        [
            {
                "event_id": event_id,
                "account_id": account_id,
                "occurred_at": NOON + timedelta(minutes=minute),
                "type": "redeem",
                "decision": decision,
                "risk_score": 0.0 if decision == "allow" else 60.0,
                **{score: 0.5 for score in SCORES if score != "risk_score"},
                "reasons": [] if decision == "allow" else ["BURN_SHARE_HIGH"],
                "points": 100,
            }
            for minute, (event_id, account_id, decision) in enumerate(events)
        ]
    )
    accounts = dict(rows.select("event_id", "account_id").iter_rows())
    truth = pl.DataFrame(
        [
            (event_id, accounts[event_id], "fraud", "brokering", incident, 100)
            for event_id, incident in labels
        ],
        schema=["event_id", "account_id", "label", "typology", "incident_id", "points"],
        orient="row",
    )
    who = pl.DataFrame(
        {"account_id": list(members), "traits": list(members.values())},
        schema={"account_id": pl.String, "traits": pl.List(pl.String)},
    )
    return Run(rows, truth, who, {})


@pytest.fixture
def lived():
    return run(
        ("e1", "honest", "allow"),
        ("e2", "honest", "challenge"),
        ("e3", "thief", "block"),
        ("e4", "thief", "allow"),
        ("e5", "missed", "allow"),
        ("e6", "victim", "review"),
        ("e7", "quiet", "allow"),
        labels=[("e3", "i1"), ("e4", "i1"), ("e5", "i2")],
        members={"honest": ["saver"], "thief": ["fraudster"], "missed": ["touched"], "victim": ["touched"], "quiet": []},
    )  # fmt: skip


def test_what_accounts_of_incidents_do_besides_counts_neither_as_honest_nor_as_fraud(lived):
    found = figures_of(lived)
    assert found.decided.honest_events_touched == pytest.approx(1 / 3)
    assert found.decided.honest_members_touched == pytest.approx(1 / 2)
    assert found.coverage.labels["undetermined"] == 1
    assert [(one.trait, one.members_touched) for one in found.groups] == [("saver", 1.0)]


def test_an_incident_is_caught_by_any_of_its_events_also_in_several_programmes_together(lived):
    other = run(("f1", "elsewhere", "block"), labels=[("f1", "i3")], members={"elsewhere": ["fraudster"]})
    (typology,) = figures_of(together([lived, other])).typologies
    assert (typology.incidents, typology.incident_recall) == (3, pytest.approx(2 / 3))


def test_misses_lists_the_incidents_of_which_nothing_was_stopped_and_no_other(lived, capsys):
    misses(lived, "brokering")
    told = capsys.readouterr().out
    assert "1 of 2 incidents missed" in told
    assert "incident i2: 1 events" in told
    assert "incident i1" not in told


def test_touched_counts_honest_events_only(lived, capsys):
    touched(lived)
    told = capsys.readouterr().out
    assert "1 honest events of 1 members touched" in told
    assert "BURN_SHARE_HIGH" in told


def test_every_picture_is_there_as_svg_and_png(lived, tmp_path):
    for file in draw(lived, None, tmp_path):
        begins = file.read_bytes()[:8]
        assert begins.startswith(b"<svg") if file.suffix == ".svg" else begins == b"\x89PNG\r\n\x1a\n"
    assert len(list(tmp_path.iterdir())) == 6


@pytest.mark.parametrize(
    ("made", "shape", "first"), [(adbench.wdbc, (367, 30), 15.3), (adbench.wine, (129, 13), 13.29)]
)
def test_scikit_learns_rows_become_adbenchs(made, shape, first):
    matrix, flags = made()
    assert matrix.shape == shape
    assert flags.sum() == flags[:10].sum() == 10
    assert matrix[0, 0] == first


def test_a_split_is_the_seeds_alone_and_keeps_the_share_of_outliers():
    matrix, flags = adbench.wdbc()
    learned, scored, truth = adbench.prepared(matrix, flags, 1)
    again = adbench.prepared(matrix, flags, 1)
    assert (len(learned), len(scored)) == (700, 300)
    assert np.array_equal(scored, again[1])
    assert np.array_equal(truth, again[2])
    assert learned.min() == 0
    assert learned.max() == pytest.approx(1)


def test_the_forest_of_earnest_train_ranks_as_the_published_one_does():
    learned, scored, truth = adbench.prepared(*adbench.wdbc(), seed=1)
    published = adbench.datasets()[0].published[0]
    assert roc_auc_score(truth, adbench.ours(learned, scored, 1)) == pytest.approx(published, abs=0.01)
