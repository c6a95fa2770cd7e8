"""A challenge's name follows from its decision's, and a number too new to trust is not offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stepping_up.offering import REST_MS, challenge_id, challenged, offered, subject, subject_name

DECISIONS = st.from_regex(r"dec_[0-9a-f]{33}", fullmatch=True)


@given(DECISIONS)
def test_names_lead_from_a_decision_to_its_challenge_and_back(decision_id):
    name = challenge_id(decision_id)
    assert challenged(name) == decision_id
    assert subject_name(subject(decision_id, "default", "m-1").hash) == name


@given(st.text())
def test_any_other_text_names_nothing(text):
    assert challenged(text) is None or challenge_id(challenged(text)) == text


@pytest.mark.parametrize(
    ("since_ms", "kept"), [(None, True), (1_000 - REST_MS, True), (1_001 - REST_MS, False), (1_000, False)]
)
def test_a_number_rests_72_hours(since_ms, kept):
    assert ("sms_otp" in offered(("totp", "sms_otp"), since_ms, 1_000)) is kept
