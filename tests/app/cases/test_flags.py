"""What a decision adds to a case, and what the case is called."""

from __future__ import annotations

import pytest

from app.cases.flags import (
    ABUSE,
    OTHER,
    Figures,
    Flag,
    one_account,
    recommended,
    said,
    together,
    typology_of,
    with_flag,
)
from app.demo.typologies import CATALOGUE
from detectors.typologies import TYPOLOGIES


def flag(**more):
    usual = {
        "seq": 1, "decision_id": "dec_1", "program_id": "p", "account_id": "m", "account_key": b"", "type": "redeem",
        "occurred_ms": 0, "decision": "block", "risk_score": 80.0, "reasons": ("BURN_SHARE_HIGH",), "gained_points": 0,
        "spent_points": 100, "held_ms": None, "partner_id": None, "store_id": None,
    }  # fmt: skip
    return Flag(**(usual | more))


def test_a_typology_is_what_the_weightiest_telling_reason_points_to():
    assert typology_of(("ANOMALY_UNUSUAL", "PROBE_THEN_DRAIN", "BURN_SHARE_HIGH")) == "probe_drain"
    assert typology_of(("ANOMALY_UNUSUAL", "A_RULE_OF_OURS")) == OTHER


@pytest.mark.parametrize("typology", sorted(CATALOGUE))
def test_the_recommendation_agrees_with_what_the_demo_programme_knows(typology):
    assert recommended(typology) == CATALOGUE[typology][0]


def test_abuse_is_of_known_typologies():
    assert set(TYPOLOGIES) >= ABUSE


def test_the_riskiest_decision_names_the_case():
    figures = with_flag(with_flag(Figures(), flag()), flag(risk_score=50.0, reasons=("DUPLICATE_PERSON",)))
    assert (figures.typology, figures.risk_score, figures.decisions, figures.blocked) == (
        "ato_drain",
        80.0,
        2,
        2,
    )
    assert figures.reasons == ("BURN_SHARE_HIGH",)


def test_a_ring_adds_up_and_an_account_known_twice_keeps_its_largest_attempt():
    one = with_flag(Figures(), flag(spent_points=100, gained_points=10))
    two = with_flag(Figures(), flag(spent_points=70, gained_points=5))
    assert (together((one, two)).points, one_account(one, two).points) == (185, 115)
    assert together(()) == Figures()


def test_an_answer_that_cannot_be_read_says_nothing():
    assert (said(b"\xff").codes, said(b"[]").held_ms) == ((), None)
