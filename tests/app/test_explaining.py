"""What an analyst is told of a recorded decision: each finding with the value and the limit that belong together."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from app.answers import Decision, LinkedAccounts, ReasonView
from app.api.paging import instant
from app.explaining import Explainer
from app.policy.file import DEFAULT_FILE, load
from app.seal import Seal
from app.store.sql import SqlRecord, open_engine
from detectors.earn_burn import EarnBurn
from tests.detectors.snapshots import account, seen


@pytest.fixture
def record(sqlite_url):
    engine = open_engine(sqlite_url)
    yield SqlRecord(engine, Seal(bytes(32)))
    engine.dispose()


def answer(*reasons: ReasonView) -> bytes:
    return msgspec.json.encode(
        Decision(
            decision_id="dec_1", event_id="e-1", account_id="m-1", decision="challenge", risk_score=55,
            risk_level="high", source="detectors", detectors={}, reasons=reasons, actions=(),
            linked_accounts=LinkedAccounts(0), policy_version="p1", model_version="none", mode="enforce",
            degraded=(), evaluated_at=instant(0), latency_ms=1,
        )
    )  # fmt: skip


def test_a_share_is_shown_against_a_share(record, decided):
    """4,000 of 4,100 points: 98 against 70, not 4,000 against 70; and a list entry against nothing."""
    emptied = EarnBurn().judge(seen("redeem", account(), points=4_000, balance_before=4_100))
    found = next(reason for reason in emptied.reasons if reason.code == "BURN_SHARE_HIGH")
    share = ReasonView(found.code, "earn_burn", 0.5, found.message, dict(found.evidence), "…")
    listed = ReasonView("LIST_WATCH", "list", 0.5, "…", {"kind": "account", "entry_id": "lst_1"}, "…")
    record.append([decided(1, answer=answer(share, listed))])
    explainer = Explainer(record, load(DEFAULT_FILE))
    told = asyncio.run(explainer.explain("default", "dec_1", "analyst", "en"))
    shown = [(one.code, one.source, one.observed, one.limit, one.unit) for one in told.applied]
    assert shown == [
        ("BURN_SHARE_HIGH", "detectors", 98, 70, "share_percent"),
        ("LIST_WATCH", "list", None, None, None),
    ]
