"""Where the console shows what: every link of a chart, a graph or a row is made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, unquote, urlencode

from app.reviewing.counting import DAY_MS


def segment(text: str) -> str:
    """
    An id as one part of a path, whatever is in it; `plain` reads it back.

    Quoted twice: what stands between a browser and us may undo the first, and a slash must not become one again. Dots
    alone would be taken for a way up.
    """
    once = quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
    return quote(once, safe="")


def plain(part: str) -> str:
    """An id from a path, whose first quoting the server has undone."""
    return unquote(part)


def account(program_id: str, account_id: str) -> str:
    """The account's page."""
    return f"/console/accounts/{segment(program_id)}/{segment(account_id)}"


def decision(program_id: str, decision_id: str) -> str:
    """Why a decision came out as it did."""
    return f"/console/decisions/{segment(program_id)}/{segment(decision_id)}"


def identifier(program_id: str, kind: str, digest: bytes) -> str:
    """Who used a device, an address, a payment instrument."""
    return f"/console/identifiers/{segment(program_id)}/{kind}/{digest.hex()}"


def case(case_id: str) -> str:
    """A case."""
    return f"/console/cases/{quote(case_id, safe='')}"


def cases(program_id: str, **chosen: str | int | Sequence[str]) -> str:
    """The queue, showing only what is chosen, any of several; closed cases too where `state` is `all`."""
    return f"/console/queue?{urlencode({'program': program_id, **chosen}, doseq=True)}"


def period(first_day: int, last_day: int) -> Mapping[str, int]:
    """Days since 1970-01-01, both included, as the instants of a filter."""
    return {"from_ms": first_day * DAY_MS, "to_ms": (last_day + 1) * DAY_MS}
