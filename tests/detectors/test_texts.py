"""What members read: in both languages, neutral, and silent about limits and suspicions."""

from __future__ import annotations

import re

import pytest

from detectors import anomaly, earn_burn, takeover
from detectors.policy import DEFAULT
from detectors.texts import REQUEST, TEXTS, member_text, spoken_to_member

SUSPICIOUS = re.compile(
    r"fraud|abuse|suspic|risk|block|betrug|missbrauch|verdacht|risiko|gesperrt|\d", re.IGNORECASE
)


def test_every_code_of_ours_has_a_text():
    codes = {limit.code for limit in DEFAULT.limits} | {
        *earn_burn.CODES,
        *anomaly.CODES,
        *takeover.CODES,
        "REFERRED_ONESELF",
    }
    assert codes | {"LIST_BLOCK", "LIST_WATCH", "ACCOUNT_LOCKED", "FALLBACK"} <= set(TEXTS)


@pytest.mark.parametrize("code", TEXTS)
def test_texts_are_neutral_in_both_languages(code):
    en, de = member_text(code, "en"), member_text(code, "de")
    assert en != de
    for text in (en, de):
        assert text.endswith(".")
        assert not SUSPICIOUS.search(text)


def test_a_programmes_own_code_reads_as_an_ordinary_request():
    assert member_text("OWN_RULE", "en") == REQUEST.en


@pytest.mark.parametrize("locale", ["en", "de"])
def test_nobody_is_told_to_wait_for_what_is_done_or_refused(locale):
    """A text that promises or asks belongs to a challenge or a review."""
    promising = {member_text(code, locale) for code in TEXTS}
    for code in TEXTS:
        assert spoken_to_member(code, "review", locale) in promising
        assert spoken_to_member(code, "block", locale) not in promising
        assert spoken_to_member(code, "allow", locale) not in promising
