"""Events as a caller posts them: JSON trees with ids of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

POINTED = {"earn", "redeem", "transfer", "return", "purchase", "expire"}
_numbers = count()


def instant(**ago: float) -> str:
    """Now, or so long ago (`days`, `hours`, `seconds` …), as RFC 3339."""
    return (datetime.now(UTC) - timedelta(**ago)).isoformat().replace("+00:00", "Z")


def fresh(prefix: str = "m") -> str:
    """An id nobody has used."""
    return f"{prefix}-{uuid4().hex[:12]}"


def event(kind: str, account_id: str, **rest: Any) -> dict[str, Any]:
    """An event that happens now, of ten points where points belong to it."""
    tree = {
        "event_id": f"e-{next(_numbers)}-{uuid4().hex[:12]}",
        "type": kind,
        "occurred_at": instant(),
        "account_id": account_id,
    }
    return tree | ({"points": 10} if kind in POINTED else {}) | rest


def evidence(decision: dict[str, Any], code: str) -> dict[str, Any] | None:
    """The evidence of a reason, None where it was not given."""
    return next((reason["evidence"] for reason in decision["reasons"] if reason["code"] == code), None)
