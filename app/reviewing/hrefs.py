"""Where the console shows what: every link of a chart, a graph or a row is made here."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from app.reviewing.counting import DAY_MS


def account(program_id: str, account_id: str) -> str:
    """The account's page."""
    return f"/console/accounts/{quote(program_id, safe='')}/{quote(account_id, safe='')}"


def decision(program_id: str, decision_id: str) -> str:
    """Why a decision came out as it did."""
    return f"/console/decisions/{quote(program_id, safe='')}/{quote(decision_id, safe='')}"


def identifier(program_id: str, kind: str, digest: bytes) -> str:
    """Who used a device, an address, a payment instrument."""
    return f"/console/identifiers/{quote(program_id, safe='')}/{kind}/{digest.hex()}"


def case(case_id: str) -> str:
    """A case."""
    return f"/console/cases/{quote(case_id, safe='')}"


def cases(program_id: str, **chosen: str | int) -> str:
    """The queue, showing only what is chosen; closed cases too where `state` is `all`."""
    return f"/console/queue?{urlencode({'program': program_id, **chosen})}"


def period(first_day: int, last_day: int) -> Mapping[str, int]:
    """Days since 1970-01-01, both included, as the instants of a filter."""
    return {"from_ms": first_day * DAY_MS, "to_ms": (last_day + 1) * DAY_MS}
