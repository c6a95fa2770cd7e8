"""Practice cases are what the code of today decides of the demo programme, and tell nothing before the answer."""

from __future__ import annotations

from collections import defaultdict

import pytest

from app.demo.typologies import CATALOGUE
from app.playbook import making
from app.playbook.cases import FILE, OFFERED, answers, cases, consequence, judged
from app.playbook.loading import PlaybookFaulty
from detectors.texts import TEXTS

MOST_BYTES = 300_000


def test_the_cases_are_what_the_code_makes_today(tmp_path):
    """Where a detector or the policy changed: `python -m app.playbook.making`, and read the difference."""
    again = tmp_path / "practice.json"
    making.write(again)
    assert again.read_bytes() == FILE.read_bytes()
    assert len(again.read_bytes()) < MOST_BYTES


def test_each_typology_the_demo_plays_has_a_fraud_and_a_look_alike():
    of = defaultdict(list)
    for case in cases().values():
        of[case.typology].append(case.is_fraud)
    assert set(of) == set(CATALOGUE)
    assert all({True, False} == set(kinds) and 2 <= len(kinds) <= 3 for kinds in of.values())


def test_neither_the_order_nor_the_number_of_a_case_tells_what_it_is():
    firsts = [case.is_fraud for case in cases().values() if case.id.endswith("-1")]
    thirds = [case.is_fraud for case in cases().values() if case.id.endswith("-3")]
    for kinds in (firsts, thirds):
        assert 0.2 < sum(kinds) / len(kinds) < 0.8


def test_a_case_shows_the_decision_in_question_last_and_nothing_after_it():
    for case in cases().values():
        assert case.lines[-1].before_ms == 0
        assert case.lines[-1].who == ""
        assert all(line.before_ms >= 0 for line in case.lines)
        assert {code for code, _ in case.reasons} <= set(TEXTS)


def test_every_right_answer_can_be_chosen_and_is_judged_right():
    for case in cases().values():
        right = answers(case)
        assert {right.best, *right.fine} <= set(OFFERED)
        assert right.best not in right.fine
        assert judged(case, right.best) == "best"
        assert all(judged(case, move) == "fine" for move in right.fine)
        assert any(judged(case, move) == "not_this" for move in OFFERED)


def test_an_honest_member_is_never_closed_and_an_employee_never_accused():
    for case in cases().values():
        right = {answers(case).best, *answers(case).fine}
        assert "close" not in right
        if case.typology in {"cashier_self", "agent_credit"} and case.is_fraud:
            assert right <= {"report", "hold"}


def test_the_same_choice_leads_elsewhere_where_nobody_is_guilty():
    fraud = next(case for case in cases().values() if case.is_fraud)
    honest = next(case for case in cases().values() if not case.is_fraud)
    assert consequence(fraud, "release") != consequence(honest, "release")


def test_a_file_of_another_shape_is_refused_by_name(tmp_path):
    (tmp_path / "practice.json").write_text('[{"id": 1}]')
    with pytest.raises(PlaybookFaulty, match=r"practice\.json: Expected `str`, got `int`"):
        cases(tmp_path / "practice.json")
