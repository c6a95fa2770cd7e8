"""What became of a decision: told once, in a legal order, and the points follow."""

from __future__ import annotations

import asyncio
from typing import Final

from msgspec import Struct, json

from app.answers import OutcomeAnswer, RefusedTransition, Told, Unavailable503, UnknownDecision
from app.capping.reservations import moves
from app.journal import Journal
from app.ports.history import History, HotStoreAway
from app.ports.instants import Clock
from app.ports.journal import Effect, Outcome, OutcomeTold
from app.ports.record import Record, RecordAway
from app.ports.rows import DecisionRow
from app.ports.sighting import Sighting, Touch
from app.settlement import LEGAL, effect_of, passed, settles
from app.sighting import MARK_BYTES, Sighter

TURNS: Final = 5
"""Attempts when others tell outcomes of the same decision at the same time: each attempt lost, one of them won."""


class _Answered(Struct):
    event_id: str


_decode: Final = json.Decoder(_Answered).decode


class Outcomes:
    """Tells outcomes. One per web worker."""

    def __init__(
        self, history: History, record: Record, sighter: Sighter, journal: Journal, clock: Clock
    ) -> None:
        self._history, self._record, self._sighter = history, record, sighter
        self._journal, self._clock = journal, clock

    async def tell(
        self, program_id: str, decision_id: str, outcome: Outcome, told_by: str, *, only_first: bool = False
    ) -> OutcomeAnswer:
        """
        Note what became of a decision; with `only_first` only where nothing was told of it yet. A decision too young
        for the record is waited for by the caller (503).
        """
        try:
            row = await asyncio.to_thread(self._record.decision, program_id, decision_id)
            if row is None:
                return await self._unrecorded(program_id, decision_id)
            return await self._tell(row, outcome, told_by, only_first=only_first)
        except (HotStoreAway, RecordAway):
            return Unavailable503()

    async def _tell(
        self, row: DecisionRow, outcome: Outcome, told_by: str, *, only_first: bool
    ) -> OutcomeAnswer:
        known, was_passed = row.outcome, row.passed_ms is not None or row.hold_end == "released"
        for _ in range(TURNS):
            if known == outcome:
                return Told(outcome)
            if outcome not in LEGAL[known] or (only_first and known is not None):
                return RefusedTransition(known or outcome)
            effect = _effect(row, outcome, known, was_passed=was_passed)
            points = row.points or 0
            told = OutcomeTold(
                row.decision_id, row.program_id, row.account_id, row.event_id,
                outcome, self._clock(), told_by, row.occurred_ms, points, effect, row.reserved or b"",
            )  # fmt: skip
            entry = self._journal.seal(told, self._clock())
            sighting = sighting_of(self._sighter, row)
            between = await self._history.tell_outcome(
                sighting, outcome, known, entry, points, effect, told.told_ms,
                known_passed=was_passed,
            )  # fmt: skip
            if between is None:
                await self._history.hold(moves(told, sighting.event_key))
                return Told(outcome)
            if between == "passed":
                was_passed = True
            else:
                known = between
        return Unavailable503()

    async def _unrecorded(self, program_id: str, decision_id: str) -> OutcomeAnswer:
        """Unknown, unless the journal still has it for this programme: then it is recorded within moments."""
        soon = await is_journalled(self._history, self._journal, self._sighter, program_id, decision_id)
        return Unavailable503() if soon else UnknownDecision()


async def is_journalled(
    history: History, journal: Journal, sighter: Sighter, program_id: str, decision_id: str
) -> bool:
    """Whether this programme's decision waits in the journal to be recorded. Raises HotStoreAway."""
    if not _well_formed(decision_id):
        return False
    event_key = bytes.fromhex(decision_id[5:])
    answer = await history.stored_answer(bytes([int(decision_id[4], 16)]), event_key)
    if answer is None:
        return False
    return sighter.event_key(program_id, _decode(journal.open_answer(answer)).event_id) == event_key


def sighting_of(sighter: Sighter, row: DecisionRow) -> Sighting:
    """As much of the event's sighting as the account's script needs."""
    account = sighter.digest(row.program_id, "account", row.account_id)
    event_key = sighter.event_key(row.program_id, row.event_id)
    touch = Touch("account", account, "burn", row.points or 0)
    return Sighting(row.program_id, event_key, b"", event_key[:MARK_BYTES], row.occurred_ms, (touch,))


def _effect(row: DecisionRow, outcome: Outcome, known: Outcome | None, *, was_passed: bool) -> Effect:
    if row.type == "redeem":
        return effect_of(outcome, redeemed=True, burned=_burned(row, known, was_passed=was_passed))
    allowed = was_passed or passed(row.decision, row.origin)
    return settles(row.type, outcome, known, allowed=allowed, points=row.points)


def _burned(row: DecisionRow, known: Outcome | None, *, was_passed: bool) -> bool | None:
    """
    Whether the points are burned after the last outcome known, of which the record may show less. None: perhaps,
    for it may have been completed before it was disputed.
    """
    if row.type != "redeem" or known in {"cancelled", "reversed"}:
        return False
    if known == "completed" or row.burned is not None or (was_passed and row.origin != "redemption"):
        return True
    return None if known == "disputed" else False


def _well_formed(decision_id: str) -> bool:
    return (
        len(decision_id) == 4 + 1 + 32
        and decision_id.startswith("dec_")
        and all(digit in "0123456789abcdef" for digit in decision_id[4:])
    )
