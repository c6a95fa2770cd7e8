"""Passing a challenge: a code is sent and checked as for a token, and the one decision becomes `allow`, once.

Two commits, in this order: the code is proven in the record, then the pass is journalled with its points. Whoever
dies between has proven nothing to nobody yet: for two minutes the next call finds the proof and goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from weakref import WeakValueDictionary

import msgspec
from anyio import to_thread
from msgspec import Struct

from app.answers import StepUp
from app.capping.reservations import moves
from app.journal import Journal
from app.outcomes import TURNS, is_journalled, sighting_of
from app.policy.file import PolicyFile
from app.ports.history import History
from app.ports.instants import Clock
from app.ports.journal import Outcome, StepUpPassed
from app.ports.record import Record
from app.ports.rows import DecisionRow
from app.problems import CONFLICT, TOO_MANY_REQUESTS, UNAVAILABLE, Problem
from app.redeeming.counter import ACCOUNT_LOCKED
from app.redeeming.desk import Caller
from app.redeeming.masking import masked
from app.redeeming.passkeys import Asked
from app.redeeming.proving import Asker, NoCode, Wrong
from app.redeeming.secrets import Secrets
from app.settlement import passing
from app.sighting import Sighter
from app.stepping_up.asking import (
    DETAILS,
    NO_CHALLENGE,
    NOT_SENT,
    NOTHING_SENT,
    OVER,
    PASSED_BEFORE,
    SEND_STOPS,
    TOLD_OTHERWISE,
    Sent,
    Verified,
)
from app.stepping_up.channels import person_of
from app.stepping_up.offering import challenged, subject
from app.stepping_up.proofs import Case, Checked, Proofs
from detectors.policy import StepUpMethod
from tokens.challenges import NewChallenge, Stop, Subject, Wait
from tokens.redemption import Proof
from tokens.who import Who

PASSABLE: Final[frozenset[Outcome | None]] = frozenset({None, "completed"})
"""What may have been told of a decision that can still be passed."""
PASSED: Final = Verified(status="passed", decision="allow")


class _Told(Struct):
    actions: tuple[dict[str, Any], ...] = ()


_decode: Final = msgspec.json.Decoder(_Told).decode


class Found(NamedTuple):
    """A decision that asks for a step-up, as recorded."""

    row: DecisionRow
    asked: StepUp

    @property
    def subject(self) -> Subject:
        """As something to be proven for."""
        return subject(self.row.decision_id, self.row.program_id, self.row.account_id)


def asked_of(row: DecisionRow) -> StepUp | None:
    """The step-up that the answer to this decision asked for, if it did."""
    if row.passed_ms is None and row.decision != "challenge":
        return None
    asked = [one for one in _decode(row.answer).actions if one.get("type") == "step_up"]
    return msgspec.convert(asked[0], StepUp, strict=False) if asked else None


class Stepping:
    """
    The use cases, for backends and for the hosted page.

    Args:
        proofs: sends codes, asks for passkeys, and checks both.
        programme_of: decision id → the programme of that decision, None where none is recorded.
        failed: told of every wrong answer, so that the detectors learn of it.
    """

    def __init__(
        self,
        history: History,
        record: Record,
        sighter: Sighter,
        journal: Journal,
        *,
        proofs: Proofs,
        secrets: Secrets,
        file: PolicyFile,
        programme_of: Callable[[str], str | None],
        failed: Callable[[DecisionRow, int], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._history, self._record, self._sighter, self._journal = history, record, sighter, journal
        self._proofs, self._secrets, self._file = proofs, secrets, file
        self._clock, self._failed, self._programme_of = clock, failed, programme_of
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # ------------------------------------------------------------ a backend

    async def send(self, challenge_id: str, method: StepUpMethod, caller: Caller) -> Sent | Problem:
        found = await self.find(caller.principal.program_id, challenge_id)
        return (
            found if isinstance(found, Problem) else await self.send_code(found, method, self._asker(caller))
        )

    async def verify(
        self, challenge_id: str, answer: str, method: StepUpMethod | None, caller: Caller
    ) -> Verified | Problem:
        found = await self.find(caller.principal.program_id, challenge_id)
        if isinstance(found, Problem):
            return found
        return await self.verify_code(found, answer, method, self._asker(caller))

    # ------------------------------------------------------------ whoever has found one

    async def find(self, program_id: str, challenge_id: str) -> Found | Problem:
        """The challenge in this programme; 503 for one too young for the record."""
        decision_id = challenged(challenge_id)
        if decision_id is None:
            return NO_CHALLENGE
        row = await to_thread.run_sync(self._record.decision, program_id, decision_id)
        if row is None:
            soon = await is_journalled(self._history, self._journal, self._sighter, program_id, decision_id)
            return UNAVAILABLE if soon else NO_CHALLENGE
        asked = asked_of(row)
        return NO_CHALLENGE if asked is None else Found(row, asked)

    async def find_anywhere(self, challenge_id: str) -> Found | Problem:
        """The challenge in whichever programme it is: of a member, who brings its id and nothing else."""
        decision_id = challenged(challenge_id)
        if decision_id is None:
            return NO_CHALLENGE
        program_id = await to_thread.run_sync(self._programme_of, decision_id)
        if program_id is not None:
            return await self.find(program_id, challenge_id)
        soon = await self._history.stored_answer(
            bytes([int(decision_id[4], 16)]), bytes.fromhex(decision_id[5:])
        )
        return NO_CHALLENGE if soon is None else UNAVAILABLE

    def case(self, found: Found) -> Case:
        """What is to be proven."""
        row = found.row
        allowed, terms = self._file.programme(row.program_id).step_up, self._file.terms(row.program_id)
        return Case(found.subject, person_of(row), allowed, terms, row.points)

    def standing(self, found: Found) -> Verified | None:
        """Where it stands without a code; None where one can be tried."""
        if found.row.passed_ms is not None:
            return PASSED
        if self._clock() >= round(found.asked.expires_at.timestamp() * 1_000):
            return Verified(status="expired", decision="challenge")
        return None

    async def send_code(self, found: Found, method: StepUpMethod, asker: Asker) -> Sent | Problem:
        """Send a code; the one before is void."""
        standing = self.standing(found)
        if standing is not None:
            return PASSED_BEFORE if standing.status == "passed" else OVER
        if found.row.outcome not in PASSABLE:
            return TOLD_OTHERWISE
        return await to_thread.run_sync(self._send, found, method, asker)

    async def verify_code(
        self, found: Found, answer: str, method: StepUpMethod | None, asker: Asker
    ) -> Verified | Problem:
        """Check a code or a passkey's answer and, where it holds, pass."""
        used: StepUpMethod = (
            await to_thread.run_sync(self._sent_or_app, self.case(found), asker) if method is None else method
        )
        tried = await self.attempt(found, answer, used, asker)
        return tried if isinstance(tried, Verified | Problem) else _spoken(tried, used)

    async def attempt(
        self, found: Found, answer: str, method: StepUpMethod, asker: Asker
    ) -> Verified | Problem | Wrong | Wait | Stop | NoCode:
        """
        The same, with what a wrong answer led to as it is. Calls at one challenge take turns in this process: of many
        with the right code the first passes and the others find it passed, instead of spending its tries.
        """
        async with self._turns.setdefault(found.row.decision_id, asyncio.Lock()):
            standing = self.standing(found)
            if standing is not None:
                return standing
            if found.row.outcome not in PASSABLE:
                return TOLD_OTHERWISE
            checked: Checked = await to_thread.run_sync(
                self._proofs.check, self.case(found), method, asker, answer
            )
            if isinstance(checked, Proof):
                return await self._pass(found.row, method, asker.who)
            if isinstance(checked, Wrong):
                await self._failed(found.row, checked.tries_left)
            return checked

    async def _pass(self, row: DecisionRow, method: StepUpMethod, who: Who) -> Verified | Problem:
        known, points = row.outcome, row.points or 0
        for _ in range(TURNS):
            if known not in PASSABLE:
                return TOLD_OTHERWISE
            effect, now_ms = passing(row.type, known, row.points, row.origin), self._clock()
            entry = StepUpPassed(
                row.decision_id, row.program_id, row.account_id, row.event_id, method, now_ms, who.actor,
                row.occurred_ms, points, effect, row.reserved or b"",
            )  # fmt: skip
            sighting = sighting_of(self._sighter, row)
            between = await self._history.pass_step_up(
                sighting,
                known,
                self._journal.seal(entry, now_ms),
                points,
                effect,
                now_ms,
            )
            if between is None:
                await self._history.hold(moves(entry, sighting.event_key))
            if between is None or between == "passed":
                return PASSED
            if between == "locked":
                return ACCOUNT_LOCKED
            known = between
        return UNAVAILABLE

    # ------------------------------------------------------------ each in a thread

    def _send(self, found: Found, method: StepUpMethod, asker: Asker) -> Sent | Problem:
        case = self.case(found)
        left = self._proofs.left(case)
        if method == "totp" and "totp" in left:
            return NOTHING_SENT
        if method not in left:
            return CONFLICT.because(f"`{method}` is not possible here. Left: {', '.join(left) or 'nothing'}.")
        if method == "passkey":
            return self._asked(case, asker)
        needed = self._proofs.needed(case, "sms_otp")
        if needed is None:  # forgotten this very moment
            return NOT_SENT
        sent = self._proofs.send(case, needed, asker)
        if isinstance(sent, Wait):
            return TOO_MANY_REQUESTS.after(sent.seconds)
        if not isinstance(sent, NewChallenge):
            return SEND_STOPS.get(sent, NOT_SENT)
        return Sent(
            expires_at=_instant(sent.expires_ms),
            reference=sent.reference,
            resend_after_s=self._proofs.resend_after_s(case),
            destination=masked(needed.method, needed.to),
        )

    def _asked(self, case: Case, asker: Asker) -> Sent | Problem:
        asked = self._proofs.ask(case, asker)
        if not isinstance(asked, Asked):
            return CONFLICT.because("No passkey of this member counts here.")
        return Sent(
            expires_at=_instant(asked.challenge.expires_ms), options=msgspec.Raw(asked.options.encode())
        )

    def _sent_or_app(self, case: Case, asker: Asker) -> StepUpMethod:
        if self._proofs.sent_last(case, asker) is not None or "totp" not in self._proofs.left(case):
            return "sms_otp"
        return "totp"

    def _asker(self, caller: Caller) -> Asker:
        """A programme's backend is one session, whichever of its keys calls; each key is a client."""
        principal = caller.principal
        session = self._secrets.call_hash(principal.program_id, "backend")
        ip_hash = self._secrets.client_hash(caller.address) if caller.address else b""
        who = Who(f"key:{principal.key_id}", ip_hash)
        return Asker(session, self._secrets.address_hash("key", principal.key_id), who)


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1_000, UTC)


def _spoken(checked: Wrong | Wait | Stop | NoCode, method: StepUpMethod) -> Verified:
    """What an answer that proved nothing is told."""
    if isinstance(checked, Wrong):
        after = checked.then
        locked = after in {"frozen", "authenticator_disabled"} or (
            isinstance(after, Wait) and after.limit != "backoff"
        )
        return Verified(
            status="locked" if locked else "failed",
            decision="challenge",
            tries_left=checked.tries_left,
            detail="The passkey's answer does not hold." if method == "passkey" else "The code is wrong.",
            retry_after_s=after.seconds if isinstance(after, Wait) else msgspec.UNSET,
        )
    if isinstance(checked, Wait):
        told = "Too many wrong codes: wait before the next."
        return Verified(status="locked", decision="challenge", detail=told, retry_after_s=checked.seconds)
    locked = checked in {"frozen", "authenticator_disabled"}
    return Verified(
        status="locked" if locked else "failed", decision="challenge", detail=DETAILS.get(checked, "")
    )
