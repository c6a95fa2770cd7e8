"""What `earnest doctor` says of one thing it looked at."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Status = Literal["ok", "warn", "fail"]

CLOCKS_APART_MS: Final = 2_000
"""Clocks that differ by more are not kept by NTP; the contract tolerates 5 minutes in events."""
CLOCKS_ALARM_MS: Final = 5_000
"""From here on a token's issue, back-dated by as much, may lie ahead of another machine's clock. [tokens.md] R2."""


class Finding(NamedTuple):
    """One line of the report."""

    name: str
    status: Status
    found: str
    remedy: str = ""


def clocks(whose: str, apart_ms: int) -> Finding:
    """How far another machine's clock is from this one's."""
    grave: Status = "fail" if apart_ms > CLOCKS_ALARM_MS else "warn" if apart_ms > CLOCKS_APART_MS else "ok"
    told = f"{whose} {apart_ms / 1_000:.1f} s apart" if grave != "ok" else f"{whose} agrees"
    return Finding("clocks", grave, told, "" if grave == "ok" else "Run NTP on both machines.")
