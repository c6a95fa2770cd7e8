"""Why a decision came out as it did, and what would have changed it, for an analyst or in the member's words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec

from app.answering import instant
from app.answers import Applied, Audience, Counterfactual, Decision, Explanation, ReasonView, Source
from app.policy.file import PolicyFile, PolicyRefused, parse
from app.ports.record import Record
from app.ports.rows import DecisionRow
from app.traces import unpack_found
from detectors.actions import Action
from detectors.counterfactuals import counterfactuals
from detectors.deciding import deciding
from detectors.policy import Locale, Policy
from detectors.texts import CARRIED_OUT, NOT_CARRIED_OUT, Text, spoken_to_member
from detectors.verdict import weigh

SUMMARY: Final[Mapping[Action, Text]] = {
    "allow": CARRIED_OUT,
    "challenge": Text(
        "We asked for a confirmation before going on.", "Wir haben vorab um eine Bestätigung gebeten."
    ),
    "review": Text(
        "A person looks at this before it goes on.", "Ein Mensch sieht sich das an, bevor es weitergeht."
    ),
    "block": NOT_CARRIED_OUT,
}
CONFIRMED: Final = Text("You confirmed that it was you.", "Sie haben bestätigt, dass Sie es waren.")
SOURCE_OF: Final[Mapping[str, Source]] = {
    "list": "list",
    "limit": "limit",
    "rule": "rule",
    "fallback": "fallback",
}
_decode = msgspec.json.Decoder(Decision).decode


class Explainer:
    """Explains recorded decisions under the policy they were made with."""

    def __init__(self, record: Record, file: PolicyFile) -> None:
        self._record, self._file = record, file

    async def explain(
        self, program_id: str, decision_id: str, audience: Audience, locale: str
    ) -> Explanation | None:
        """The explanation; None where the programme has no such decision. Raises RecordAway."""
        row = await asyncio.to_thread(self._record.decision, program_id, decision_id)
        if row is None:
            return None
        told = _decode(row.answer)
        if audience == "member":
            return _for_member(told, row, "de" if locale.startswith("de") else "en")
        policy = await asyncio.to_thread(self._policy, row)
        return Explanation(
            decision_id=decision_id,
            audience="analyst",
            locale="en",
            decision=row.decision,
            source=told.source,
            summary=_summary(told) + _passed(row),
            applied=tuple(_applied(reason, policy) for reason in told.reasons),
            would_change=_would_change(row, policy),
            policy_version=told.policy_version,
            model_version=told.model_version,
        )

    def _policy(self, row: DecisionRow) -> Policy | None:
        """The policy as it stood then; None where it was not kept."""
        if row.policy_version == self._file.version:
            return self._file.programme(row.program_id)
        text = self._record.policy(row.policy_version)
        if text is None:
            return None
        try:
            return parse(text).programme(row.program_id)
        except PolicyRefused:  # written for a version of Earnest whose policies we no longer read
            return None


def _passed(row: DecisionRow) -> str:
    if row.passed_ms is None:
        return ""
    return f" The challenge was passed by {row.passed_method} at {instant(row.passed_ms).isoformat()}: allow."


def _for_member(told: Decision, row: DecisionRow, locale: Locale) -> Explanation:
    """In the member's words: what it means and the texts of the reasons; no limit, no score, no suspicion."""
    decision = told.decision if row.passed_ms is None else row.decision
    texts = dict.fromkeys(spoken_to_member(reason.code, decision, locale) for reason in told.reasons)
    words = SUMMARY[decision] if row.passed_ms is None else CONFIRMED
    summary = words.de if locale == "de" else words.en
    texts.pop(summary, None)
    return Explanation(
        decision_id=told.decision_id,
        audience="member",
        locale=locale,
        decision=decision,
        summary=summary,
        applied=tuple(Applied(code="NOTE", text=text) for text in texts),
        would_change=(),
        policy_version=told.policy_version,
        model_version=told.model_version,
    )


def _summary(told: Decision) -> str:
    lead = f"{told.decision} by {told.source}, risk {told.risk_score:.2f} of 100 ({told.risk_level})"
    if told.mode == "shadow":
        lead += f"; in shadow: enforced it would be {told.would_have}"
    if told.degraded:
        lead += f"; degraded: {'; '.join(told.degraded)}"
    return f"{lead}."


def _applied(reason: ReasonView, policy: Policy | None) -> Applied:
    limits = {limit.code for limit in policy.limits} if policy else set()
    source: Source = "limit" if reason.code in limits else SOURCE_OF.get(reason.detector, "detectors")
    pair = deciding(reason.code, reason.evidence)
    return Applied(
        code=reason.code,
        source=source,
        text=reason.message,
        observed=pair.observed if pair else None,
        limit=pair.limit if pair else None,
        unit=pair.name if pair else None,
        contribution=reason.contribution,
    )


def _would_change(row: DecisionRow, policy: Policy | None) -> tuple[Counterfactual, ...]:
    if not row.found or policy is None:
        return ()
    verdict = weigh(row.type, unpack_found(row.found, policy), policy)
    changes = (change.rpartition(": ") for change in counterfactuals(verdict, policy))
    return tuple(Counterfactual(words, _action(action)) for words, _, action in changes)


def _action(word: str) -> Action:
    action: Action = msgspec.convert(word, Action)
    return action
