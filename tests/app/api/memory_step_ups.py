"""Step-ups without stores: the right code is 246810, and whoever passed stays passed."""

from __future__ import annotations

from datetime import UTC, datetime

from app.problems import CONFLICT, Problem
from app.redeeming.desk import Caller
from app.stepping_up.asking import NO_CHALLENGE, NOTHING_SENT, Sent, Verified
from app.stepping_up.offering import challenged

RIGHT = "246810"


class MemoryStepUps:
    """`app.stepping_up.asking.StepUpDesk` over the decisions of a record in memory."""

    def __init__(self, record) -> None:
        self._record, self._passed = record, set()

    async def send(self, challenge_id: str, method: str, caller: Caller) -> Sent | Problem:
        if not self._known(challenge_id, caller):
            return NO_CHALLENGE
        if method == "totp":
            return NOTHING_SENT
        if method == "passkey":
            return CONFLICT.because("`passkey` is not possible here. Left: sms_otp.")
        return Sent(
            reference="K7",
            expires_at=datetime(2026, 11, 21, 12, 5, tzinfo=UTC),
            resend_after_s=60,
            destination="••• 42",
        )

    async def verify(
        self, challenge_id: str, code: str, method: str | None, caller: Caller
    ) -> Verified | Problem:
        if not self._known(challenge_id, caller):
            return NO_CHALLENGE
        if code == RIGHT:
            self._passed.add(challenge_id)
        if challenge_id in self._passed:
            return Verified(status="passed", decision="allow")
        wait = {"retry_after_s": 900} if method == "totp" else {}
        return Verified(
            status="locked" if wait else "failed", decision="challenge", tries_left=9, detail="Wrong.", **wait
        )

    def _known(self, challenge_id: str, caller: Caller) -> bool:
        decision_id = challenged(challenge_id)
        row = decision_id and self._record.decision(caller.principal.program_id, decision_id)
        return row is not None and row.decision == "challenge"
