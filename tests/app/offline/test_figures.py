"""Figures against scikit-learn, against examples reckoned by hand, and against what labels leave open."""

import io
import json
from datetime import UTC, datetime, timedelta

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from sklearn.metrics import average_precision_score, roc_auc_score

from app.offline.definitions import DEFINITIONS, PERCENT, shown
from app.offline.figures import Coverage, Decided, Typology, figures
from app.offline.figures_table import BY_TYPOLOGY, RANKED, print_figures
from app.offline.honesty import coverage_sentences
from app.offline.labelling import BadLabels
from app.offline.ranking import Ranking

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DECISIONS = ("allow", "challenge", "review", "block")


def rows(*events: tuple[str, str, str, float], **columns: list) -> pl.DataFrame:
    """Events as (event_id, account_id, decision, risk_score), an hour apart."""
    ids, accounts, decisions, scores = zip(*events, strict=True)
    return pl.DataFrame(
        {
            "event_id": ids,
            "account_id": accounts,
            "occurred_at": [NOON + timedelta(hours=hour) for hour in range(len(events))],
            "type": ["redeem"] * len(events),
            "decision": decisions,
            "risk_score": scores,
        }
        | columns
    )


def truth(labels: dict[str, str], **columns: list) -> pl.DataFrame:
    return pl.DataFrame({"event_id": list(labels), "label": list(labels.values())} | columns)


BY_HAND = rows(
    ("e1", "ann", "allow", 10.0),
    ("e2", "ann", "challenge", 60.0),
    ("e3", "bob", "block", 95.0),
    ("e4", "bob", "allow", 40.0),
    ("e5", "cat", "allow", 30.0),
    ("e6", "dan", "review", 55.0),
    points=[100, 200, 500, 300, 50, 0],
)
BY_HAND_TRUTH = truth(
    {
        "e1": "legitimate",
        "e2": "legitimate",
        "e3": "fraud",
        "e4": "fraud",
        "e5": "policy_abuse",
        "e6": "legitimate",
    },
    typology=[None, None, "ATO_DRAIN", "ATO_DRAIN", "PROMO_STACK", None],
    incident_id=[None, None, "i1", "i1", "i2", None],
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.booleans(), st.sampled_from(DECISIONS)), min_size=2, max_size=60
    )
)
def test_ranking_figures_are_those_of_scikit_learn(cases):
    """AUC and average precision of the risk score agree with scikit-learn; recall at 1 % with its definition."""
    scores = [float(score) for score, _, _ in cases]
    bad = [is_bad for _, is_bad, _ in cases]
    table = rows(*((f"e{i}", f"a{i}", cases[i][2], scores[i]) for i in range(len(cases))))
    found = figures(table, truth({f"e{i}": "fraud" if bad[i] else "legitimate" for i in range(len(cases))}))
    [risk] = found.rankings
    if all(bad) or not any(bad):
        assert (risk.auc, risk.average_precision, risk.recall_at_1_percent) == (None, None, None)
        return
    honest = [score for score, is_bad in zip(scores, bad, strict=True) if not is_bad]
    cutoffs = [cut for cut in {*scores, 1e9} if sum(score >= cut for score in honest) <= 0.01 * len(honest)]
    caught = sum(is_bad and score >= min(cutoffs) for score, is_bad in zip(scores, bad, strict=True))
    assert risk.auc == pytest.approx(roc_auc_score(bad, scores))
    assert risk.average_precision == pytest.approx(average_precision_score(bad, scores))
    assert risk.recall_at_1_percent == pytest.approx(caught / sum(bad))
    flagged = [is_bad for is_bad, (_, _, decision) in zip(bad, cases, strict=True) if decision != "allow"]
    assert found.decided.precision == (pytest.approx(sum(flagged) / len(flagged)) if flagged else None)
    assert found.decided.recall == pytest.approx(sum(flagged) / sum(bad))


def test_decisions_by_hand():
    """Six events: each figure follows from its definition with pencil and paper."""
    found = figures(BY_HAND, BY_HAND_TRUTH, capacity=2)
    assert found.decided == Decided(
        alert_rate=3 / 6,
        challenge_rate=1 / 6,
        review_rate=1 / 6,
        block_rate=1 / 6,
        precision=1 / 3,
        recall=1 / 3,
        account_precision=1 / 2,  # bob and ann stand first; bob is bad
        account_precision_ceiling=1.0,  # bob and cat
        capacity=2,
        value_detection_rate=500 / 850,
        incident_recall=1 / 2,
        first_alert_median_s=0.0,
        first_alert_p90_s=0.0,
        honest_events_touched=2 / 3,
        honest_members_touched=1.0,
        insult_rate=1 / 2,  # dan was only reviewed
    )
    assert found.typologies == (
        Typology("ATO_DRAIN", 2, 1, 1.0, 1 / 2, 500 / 800),
        Typology("PROMO_STACK", 1, 1, 0.0, 0.0, 0.0),
    )


def test_a_ring_of_events_of_one_source_counts_once():
    """Three events of one labelled transaction: one transaction, by its highest score and sternest decision."""
    table = rows(
        ("e1", "ann", "allow", 5.0), ("e2", "bob", "review", 70.0), ("e3", "cat", "allow", 6.0),
        ("e4", "dan", "allow", 50.0),
    )  # fmt: skip
    labels = truth(
        {"e1": "fraud", "e2": "fraud", "e3": "fraud", "e4": "legitimate"}, source_event=[7, 7, 7, None]
    )
    found = figures(table, labels)
    assert found.coverage.transactions == 2
    assert (found.decided.recall, found.decided.precision, found.rankings[0].auc) == (1.0, 1.0, 1.0)


def test_what_is_not_labelled_is_not_honest_until_somebody_says_so():
    """An unlabelled alert changes alert rates only; with `honest` it is a false alarm."""
    table = rows(("e1", "ann", "block", 90.0), ("e2", "bob", "challenge", 95.0), ("e3", "cat", "allow", 1.0))
    labels = truth({"e1": "fraud"})
    unknown, complete = figures(table, labels), figures(table, labels, unlabelled="honest")
    assert unknown.decided.alert_rate == complete.decided.alert_rate == pytest.approx(2 / 3)
    assert (unknown.decided.precision, unknown.decided.insult_rate, unknown.rankings[0].auc) == (
        1.0,
        None,
        None,
    )
    assert (complete.decided.precision, complete.decided.insult_rate, complete.rankings[0].auc) == (
        0.5,
        0.5,
        0.5,
    )
    assert "2 events have no label" in " ".join(coverage_sentences(unknown.coverage))
    assert "count as honest" in " ".join(coverage_sentences(complete.coverage))


def test_undetermined_events_and_members_count_nowhere():
    """Neither the event nor its account is called good or bad."""
    table = rows(("e1", "ann", "block", 90.0), ("e2", "ann", "allow", 1.0), ("e3", "bob", "allow", 2.0))
    found = figures(table, truth({"e1": "undetermined", "e2": "legitimate", "e3": "legitimate"}))
    assert (found.decided.precision, found.decided.honest_members_touched) == (None, 0.0)


def test_a_label_of_an_account_is_each_of_its_events_but_those_with_their_own():
    """An event's own label is nearer to the truth than its account's."""
    table = rows(("e1", "ann", "block", 90.0), ("e2", "ann", "allow", 1.0), ("e3", "bob", "allow", 2.0))
    labels = pl.DataFrame(
        {"event_id": [None, "e2", None], "account_id": ["ann", "ann", "bob"],
         "label": ["fraud", "legitimate", "legitimate"]}
    )  # fmt: skip
    assert figures(table, labels).coverage.labels == {
        "fraud": 1, "policy_abuse": 0, "legitimate": 2, "undetermined": 0, "unlabelled": 0,
    }  # fmt: skip
    by_account = figures(table, pl.DataFrame({"account_id": ["ann", "gone"], "label": ["fraud", "fraud"]}))
    assert (by_account.coverage.labels["fraud"], by_account.coverage.unmatched) == (2, 1)


def test_an_event_of_another_programme_keeps_its_own_label():
    """Event ids are unique within a programme only."""
    table = rows(("e1", "ann", "block", 90.0), ("e1", "bob", "allow", 1.0), program_id=["a", "b"])
    labels = pl.DataFrame(
        {"event_id": ["e1", "e1"], "program_id": ["a", "b"], "label": ["fraud", "legitimate"]}
    )
    assert figures(table, labels).decided.precision == 1.0


def test_a_policy_in_shadow_is_judged_by_what_it_asked_for():
    """Nothing was enforced, but the figures are of the policy, not of the shadow."""
    table = rows(("e1", "ann", "allow", 90.0), ("e2", "bob", "allow", 1.0), would_have=["block", "allow"])
    found = figures(table, truth({"e1": "fraud", "e2": "legitimate"})).decided
    assert (found.recall, found.block_rate, found.insult_rate) == (1.0, 0.5, 0.0)


def test_an_abstaining_detector_ranks_last_and_says_how_often_it_spoke():
    """Null is no evidence, not a missing event."""
    table = rows(
        ("e1", "ann", "allow", 1.0), ("e2", "bob", "allow", 2.0), ("e3", "cat", "allow", 3.0),
        takeover=[0.9, None, None], insider=pl.Series([None, None, None], dtype=pl.Float64),
    )  # fmt: skip
    found = {
        one.score: one
        for one in figures(table, truth({"e1": "fraud", "e2": "legitimate", "e3": "fraud"})).rankings
    }
    assert (found["takeover"].spoke, found["takeover"].auc) == (pytest.approx(1 / 3), 0.75)
    assert found["insider"] == Ranking("insider", 0.0)


def test_an_account_found_on_one_day_takes_no_place_on_the_next():
    """Two days, k = 1: bob is found on the first, so cat can be found on the second though bob scores higher."""
    table = rows(("e1", "bob", "block", 99.0), ("e2", "bob", "block", 99.0), ("e3", "cat", "block", 50.0))
    table = table.with_columns(
        occurred_at=pl.Series(
            [NOON, NOON + timedelta(days=1), NOON + timedelta(days=1)], dtype=pl.Datetime("us", "UTC")
        )
    )
    found = figures(table, truth({"e1": "fraud", "e2": "fraud", "e3": "fraud"}), capacity=1)
    assert (found.decided.account_precision, found.decided.account_precision_ceiling) == (1.0, 1.0)


def test_time_to_first_alert_runs_from_the_first_abusive_event():
    """Two hours of probing before the drain is seen; an incident never seen has no time."""
    table = rows(
        ("e1", "ann", "allow", 1.0), ("e2", "ann", "allow", 2.0), ("e3", "ann", "review", 80.0),
        ("e4", "bob", "allow", 3.0),
    )  # fmt: skip
    found = figures(table, truth(dict.fromkeys(("e1", "e2", "e3", "e4"), "fraud")))
    assert (found.decided.first_alert_median_s, found.decided.incident_recall) == (7_200.0, 0.5)


def test_honest_members_are_told_apart_by_trait():
    """A member of two groups counts in both; one who abused the programme in none."""
    members = pl.DataFrame(
        {"account_id": ["ann", "bob", "dan"], "traits": [["saver", "household"], ["saver"], ["saver"]]}
    )
    household, saver = figures(BY_HAND, BY_HAND_TRUTH, members=members).groups
    assert (household.trait, household.members, household.insult_rate) == ("household", 1, 1.0)
    assert (saver.members, saver.members_touched, saver.insult_rate) == (2, 1.0, 0.5)
    assert (saver.events, saver.events_touched) == (3, pytest.approx(2 / 3))


@pytest.mark.parametrize(
    ("table", "labels", "said"),
    [
        (BY_HAND.drop("decision"), BY_HAND_TRUTH, "decision"),
        (BY_HAND, BY_HAND_TRUTH.drop("label"), "label"),
        (BY_HAND, BY_HAND_TRUTH.drop("event_id"), "event_id"),
        (BY_HAND, truth({"e1": "crook"}), "unknown label: crook"),
        (BY_HAND.with_columns(decision=pl.lit("maybe")), BY_HAND_TRUTH, "unknown decision: maybe"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(table, labels, said):
    with pytest.raises(BadLabels, match=said):
        figures(table, labels)


def test_no_rows_and_no_labels_give_no_figures():
    """Nothing is made up where there is nothing."""
    found = figures(BY_HAND.clear(), BY_HAND_TRUTH.clear())
    assert (found.decided.precision, found.decided.alert_rate, found.typologies) == (None, None, ())
    assert found.coverage == Coverage(0, 0, 0, dict.fromkeys(found.coverage.labels, 0), 0, "unknown")


def test_figures_are_plain_json():
    found = figures(BY_HAND, BY_HAND_TRUTH)
    assert json.loads(json.dumps(found.as_json())) == json.loads(msgspec.json.encode(found))


def test_every_figure_has_a_definition():
    """Nobody has to guess a denominator."""
    assert {*Decided.__dataclass_fields__, *RANKED, *BY_TYPOLOGY} == set(DEFINITIONS)


def test_the_table_shows_names_from_files_as_text():
    """A typology is data: rich's markup in it is not obeyed."""
    labels = BY_HAND_TRUTH.with_columns(typology=pl.lit("[red]x[/red]"))
    members = pl.DataFrame({"account_id": ["ann"], "traits": [["[bold]t"]]})
    out = io.StringIO()
    print_figures(Console(file=out, width=140), figures(BY_HAND, labels, members=members), explain=True)
    assert {"[red]x[/red]", "[bold]t"} <= set(out.getvalue().split())
    assert all(one.title in out.getvalue() for one in DEFINITIONS.values())


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(None, "share", "–"), (0.0031, "share", "0.31" + PERCENT), (0.619, "share", "61.9" + PERCENT),
     (1.0, "share", "100.0" + PERCENT), (0.9567, "number", "0.957"), (100, "number", "100"),
     (90.0, "seconds", "90 s"), (7_200.0, "seconds", "2 h"), (864_000.0, "seconds", "10 d")],
)  # fmt: skip
def test_figures_are_shown_in_units_people_use(value, unit, said):
    assert shown(value, unit) == said
