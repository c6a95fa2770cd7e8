"""Metrics: names the operator's dashboards rely on, and a price per decision that stays small."""

from __future__ import annotations

import subprocess
import sys

from app import metrics


def counted(text: bytes, sample: str) -> float:
    """The value of one sample; 0 where it is not there yet."""
    lines = [line for line in text.decode().splitlines() if line.startswith(f"{sample} ")]
    return float(lines[0].rpartition(" ")[2]) if lines else 0.0


def test_a_decision_is_counted_by_what_it_was_and_timed():
    name = 'earnest_decisions_total{decision="review",source="rule",type="transfer"}'
    before = metrics.render()
    metrics.decided("review", "transfer", "rule", 0.0018)
    after = metrics.render()
    assert counted(after, name) == counted(before, name) + 1
    bucket = 'earnest_decision_seconds_bucket{le="0.002"}'
    assert counted(after, bucket) == counted(before, bucket) + 1


def test_what_goes_wrong_and_what_lags_is_there():
    metrics.detector_failed("velocity")
    metrics.fell_back("redeem")
    metrics.journal(1.5, 12)
    metrics.recorded(3)
    text = metrics.render()
    assert counted(text, 'earnest_detector_errors_total{detector="velocity"}') >= 1
    assert counted(text, 'earnest_fallbacks_total{type="redeem"}') >= 1
    assert counted(text, "earnest_journal_lag_seconds") == 1.5
    assert counted(text, "earnest_journal_entries") == 12
    assert counted(text, "earnest_recorded_total") >= 3


def test_what_became_of_tokens_codes_and_messages_is_there_and_names_nobody():
    metrics.audited("token.redeemed")
    metrics.audited("otp.failed")
    metrics.token_refused("not_ours")
    metrics.outbox({"waiting": 3, "failed": 1})
    text = metrics.render()
    assert counted(text, 'earnest_audited_total{event="token.redeemed"}') >= 1
    assert counted(text, 'earnest_audited_total{event="otp.failed"}') >= 1
    assert counted(text, 'earnest_token_refusals_total{reason="not_ours"}') >= 1
    assert counted(text, 'earnest_outbox_messages{state="waiting"}') == 3
    metrics.outbox({"sent": 3})
    assert counted(metrics.render(), 'earnest_outbox_messages{state="waiting"}') == 0


def test_counting_a_decision_among_processes_costs_microseconds(tmp_path):
    """2.4 µs when it was written; 25 µs leaves room for a busy machine and still catches a lost cache."""
    script = (
        "import timeit; from app import metrics;"
        "one = lambda: metrics.decided('allow', 'earn', 'detectors', 0.0018);"
        "print(min(timeit.repeat(one, number=5000)) / 5000)"
    )
    environment = {metrics.DIRECTORY_VARIABLE: str(tmp_path)}
    told = subprocess.check_output([sys.executable, "-c", script], env=environment)
    assert float(told) < 25e-6
