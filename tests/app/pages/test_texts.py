from __future__ import annotations

import re
from string import Formatter

import pytest

from app.pages.texts import TEXTS, field_name
from tests.app.pages.examples import LOCALES, MISHAPS, STEPS


def places(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_the_same():
    assert TEXTS["en"].keys() == TEXTS["de"].keys()
    for key, text in TEXTS["en"].items():
        assert places(text) == places(TEXTS["de"][key]), key


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_is_plain(locale):
    """Texts go into pages unescaped: markup in one would be markup."""
    for text in TEXTS[locale].values():
        assert not re.search(r"[<>&\"]", text)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_member_is_accused_or_talked_down_to(locale):
    words = " ".join(TEXTS[locale].values()).lower()
    for word in (
        "fraud",
        "suspic",
        "abuse",
        "token",
        "otp",
        "invalid",
        "betrug",
        "verdächt",
        "missbrauch",
        "ungültig",
    ):
        assert word not in words


@pytest.mark.parametrize("locale", LOCALES)
def test_every_step_and_mishap_has_its_words(locale):
    assert {f"{step}_heading" for step in STEPS} | set(MISHAPS) <= TEXTS[locale].keys()


def test_a_field_without_a_translation_is_named_by_its_key():
    assert field_name("voucher_code", "de") == "Gutscheincode"
    assert field_name("seat_row", "de") == "Seat row"
    assert field_name("_", "en") == "_"
