from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages import telling
from app.pages.telling import HOUR_S, MINUTE_S

AT_MS = 1_777_809_900_000
"""2026-05-03T12:05:00Z."""


@pytest.mark.parametrize(
    ("minor", "currency", "en", "de"),
    [
        (1000, "EUR", "€10.00", "10,00 €"),
        (5, "GBP", "£0.05", "0,05 £"),
        (123_456_789, "USD", "$1,234,567.89", "1.234.567,89 $"),
        (1000, "JPY", "1,000 JPY", "1.000 JPY"),
        (1234, "KWD", "1.234 KWD", "1,234 KWD"),
        (-250, "EUR", "−€2.50", "−2,50 €"),
        (0, "CHF", "0.00 CHF", "0,00 CHF"),
    ],
)
def test_money(minor, currency, en, de):
    assert telling.money(minor, currency, "en").replace("\u00a0", " ") == en
    assert telling.money(minor, currency, "de").replace("\u00a0", " ") == de


def test_instants_are_told_in_the_programmes_zone():
    berlin = ZoneInfo("Europe/Berlin")
    assert telling.day_and_time(AT_MS, berlin, "en") == "3 May 2026, 14:05"
    assert telling.day_and_time(AT_MS, berlin, "de") == "3. Mai 2026, 14:05\u00a0Uhr"
    assert telling.day_and_time(AT_MS, ZoneInfo("UTC"), "en") == "3 May 2026, 12:05 UTC"


@pytest.mark.parametrize(
    ("seconds", "en", "de"),
    [
        (0, "1 second", "1 Sekunde"),
        (90, "90 seconds", "90 Sekunden"),
        (91, "2 minutes", "2 Minuten"),
        (900, "15 minutes", "15 Minuten"),
        (86_400, "24 hours", "24 Stunden"),
    ],
)
def test_durations(seconds, en, de):
    assert telling.duration(seconds, "en") == en
    assert telling.duration(seconds, "de") == de


@given(seconds=st.integers(1, 10**7))
def test_a_wait_is_never_told_too_short(seconds):
    count, unit = telling.duration(seconds, "en").replace(",", "").split()
    length = {"second": 1, "minute": MINUTE_S, "hour": HOUR_S}[unit.removesuffix("s")]
    assert seconds <= int(count) * length < seconds + length
