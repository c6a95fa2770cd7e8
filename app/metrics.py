"""The counters of all processes, in Prometheus' format. Several processes share them through a directory.

The supervisor names that directory in PROMETHEUS_MULTIPROC_DIR before a child starts; without it (tests, a
single process) everything stays in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import multiprocess as shared

DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Seconds. Fine around the one to five milliseconds a decision takes, then the hot store's patience (50 ms),
the fallback's deadline (100 ms), and where a caller has given up."""

OK: Final = 200
DECIDING: Final = frozenset({"/v1/decisions", "/v1/decisions/batch"})

_registry = CollectorRegistry()
_seconds = Histogram(
    "earnest_decision_seconds", "From the request to the answer.", buckets=BUCKETS_S, registry=_registry
)
_decisions = Counter(
    "earnest_decisions", "Decisions made.", ("decision", "type", "source"), registry=_registry
)
_detector_errors = Counter(
    "earnest_detector_errors", "Detectors that raised and abstained.", ("detector",), registry=_registry
)
_fallbacks = Counter(
    "earnest_fallbacks", "Decisions made without the hot store.", ("type",), registry=_registry
)
_journal_lag = Gauge(
    "earnest_journal_lag_seconds",
    "Age of the oldest journal entry that is not in the record.",
    registry=_registry,
    multiprocess_mode="livemostrecent",
)
_journal_entries = Gauge(
    "earnest_journal_entries",
    "Journal entries that are not in the record.",
    registry=_registry,
    multiprocess_mode="livemostrecent",
)
_answers = Counter(
    "earnest_http_answers",
    "Requests answered, other than decisions given.",
    ("path", "method", "status"),
    registry=_registry,
)
_recorded = Counter("earnest_recorded", "Journal entries written to the record.", registry=_registry)
_model_info = Gauge(
    "earnest_model_info",
    "Web processes that judge by this model.",
    ("version",),
    registry=_registry,
    multiprocess_mode="livesum",
)
_model_refused = Gauge(
    "earnest_model_refused",
    "Web processes that could not take up the active model and judge by the one before, or none.",
    registry=_registry,
    multiprocess_mode="livesum",
)
_model_drift = Gauge(
    "earnest_model_drift",
    "Population stability index of a feature, or of the score: the greatest of any segment.",
    ("feature",),
    registry=_registry,
    multiprocess_mode="livemax",
)

_audited = Counter(
    "earnest_audited",
    "Moves of tokens, codes and keys, by the word they have in the audit. One that was beaten by another and made "
    "again counts each time.",
    ("event",),
    registry=_registry,
)
_token_refusals = Counter(
    "earnest_token_refusals", "Tokens' texts and redemptions refused.", ("reason",), registry=_registry
)
_outbox = Gauge(
    "earnest_outbox_messages",
    "Messages by what became of them, of the last 30 days.",
    ("state",),
    registry=_registry,
    multiprocess_mode="livemostrecent",
)
_webhooks = Counter(
    "earnest_webhook_tries", "Webhook messages sent, tries that failed, and messages given up.", ("outcome",),
    registry=_registry,
)  # fmt: skip

_decision_child = cache(_decisions.labels)
"""At most 4 decisions × 13 types × 5 sources; finding a child anew costs more than counting with it."""


def decided(decision: str, event_type: str, source: str, seconds: float) -> None:
    """Count one decision and how long it took."""
    _seconds.observe(seconds)
    _decision_child(decision, event_type, source).inc()


def answered(path: str, method: str, status: int, _seconds: float) -> None:
    """Count a request. Decisions given are counted by `decided`, which says more; the rest is counted here."""
    if status != OK or path not in DECIDING:
        _answers.labels(path, method, status).inc()


def detector_failed(detector: str) -> None:
    """Count a detector that raised."""
    _detector_errors.labels(detector).inc()


def fell_back(event_type: str) -> None:
    """Count a decision made without the hot store."""
    _fallbacks.labels(event_type).inc()


def journal(lag_s: float, entries: int) -> None:
    """Set how far the record is behind: seconds, and entries."""
    _journal_lag.set(lag_s)
    _journal_entries.set(entries)


def recorded(entries: int) -> None:
    """Count entries that reached the record."""
    _recorded.inc(entries)


def audited(event: str) -> None:
    """Count a move: `token.issued`, `token.redeemed`, `otp.sent`, `otp.failed` …; a score or so of words."""
    _audited.labels(event).inc()


def token_refused(reason: str) -> None:
    """Count a refusal: `not_ours` forged or garbage, `unknown` nowhere held, or the ledger's own word."""
    _token_refusals.labels(reason).inc()


def outbox(messages: Mapping[str, int]) -> None:
    """Set how many messages are in each state; none in those not named."""
    for state in ("waiting", "sent", "bounced", "failed", "cancelled"):
        _outbox.labels(state).set(messages.get(state, 0))


def webhooks_told(outcome: str, messages: int) -> None:
    """Count webhook messages that were sent, tries that failed, or messages that became dead letters."""
    _webhooks.labels(outcome).inc(messages)


def model_taken(before: str | None, version: str | None) -> None:
    """Say which model this process judges by; None for none. A process that dies stops being counted."""
    if before is not None:
        _model_info.labels(before).set(0)
    if version is not None:
        _model_info.labels(version).set(1)
    _model_refused.set(0)


def model_refused() -> None:
    """Say that the active model could not be taken up."""
    _model_refused.set(1)


def drifted(indices: Mapping[str, float]) -> None:
    """Set how far each feature, and the score, has moved from what the model learned."""
    for feature, index in indices.items():
        _model_drift.labels(feature).set(index)


def render() -> bytes:
    """Everything counted by all processes, in the text format of Prometheus."""
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if directory is None:
        return generate_latest(_registry)
    everyone = CollectorRegistry()
    shared.MultiProcessCollector(everyone, directory)  # type: ignore[no-untyped-call]
    return generate_latest(everyone)


def start_over(directory: Path) -> None:
    """Empty the directory, before the first process counts: counters begin with the service."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file in directory.glob("*.db"):
        file.unlink()


def forget(pid: int, directory: Path) -> None:
    """Drop what only a living process can say; what a dead one counted stays counted."""
    shared.mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]
