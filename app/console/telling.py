"""Instants, durations, points and money as the console writes them: English, UTC, one form everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from app.pages import telling
from app.ports.instants import LAST_MS

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
_STEPS: Final = ((2 * DAY_MS, DAY_MS, "d"), (2 * HOUR_MS, HOUR_MS, "h"), (MINUTE_MS, MINUTE_MS, "min"))
"""From how long on a distance is told in which unit."""


class When(NamedTuple):
    """An instant: for machines, for people, and how far from now."""

    iso: str
    absolute: str
    relative: str


def when(at_ms: int, now_ms: int) -> When:
    """`2026-05-03T14:05:00Z`, `3 May 2026, 14:05 UTC`, `2 h ago` or `in 5 min`."""
    at = datetime.fromtimestamp(min(at_ms, LAST_MS) / 1_000, UTC)
    away, is_ahead = span(abs(at_ms - now_ms)), at_ms > now_ms
    relative = {"now": "just now"}.get(away, f"in {away}" if is_ahead else f"{away} ago")
    absolute = f"{at.day} {telling.MONTHS['en'][at.month - 1][:3]} {at.year}, {at:%H:%M} UTC"
    return When(f"{at:%Y-%m-%dT%H:%M:%SZ}", absolute, relative)


def span(ms: int) -> str:
    """A length of time in one unit, rounded down: `12 min`, `5 h`, `3 d`; less than a minute is `now`."""
    for least, unit, name in _STEPS:
        if ms >= least:
            return f"{ms // unit} {name}"
    return "now"


def points(value: int) -> str:
    """`12,500`, with a true minus sign."""
    return f"{value:,}".replace("-", "\N{MINUS SIGN}")


def money(minor: int, currency: str) -> str:
    """`€10.00`."""
    return telling.money(minor, currency, "en")


BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("HeadlessChrome", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
"""What a browser's name of itself holds, the telling ones first: nearly all of them say Safari too."""
SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser(agent: str) -> str:
    """`Firefox on Windows`: enough to know one's own sessions by."""
    name = next((told for sign, told in BROWSERS if f"{sign}/" in agent), "A browser")
    system = next((told for sign, told in SYSTEMS if sign in agent), None)
    return f"{name} on {system}" if system else name
