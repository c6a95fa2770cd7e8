"""Passing a challenge: a code is sent and checked as for a token, and the one decision becomes `allow`, once.

Two commits, in this order: the code is proven in the record, then the pass is journalled with its points. Whoever
dies between has proven nothing to nobody yet: for two minutes the next call finds the proof and goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple
from weakref import WeakValueDictionary

import msgspec
from anyio import to_thread
from msgspec import Struct

from app.answers import StepUp
from app.journal import Journal
from app.outcomes import TURNS, is_journalled, sighting_of
from app.policy.file import PolicyFile
from app.ports import Clock, DecisionRow, History, Outcome, Record, StepUpPassed
from app.problems import CONFLICT, TOO_MANY_REQUESTS, UNAVAILABLE, Problem
from app.redeeming.counter import ACCOUNT_LOCKED
from app.redeeming.desk import Caller
from app.redeeming.masking import masked
from app.redeeming.proving import Asker, Needed, NoCode, Prover, Wrong
from app.redeeming.secrets import Secrets
from app.settlement import passing
from app.sighting import Sighter
from app.stepping_up.asking import (
    DETAILS,
    NO_CHALLENGE,
    NOTHING_SENT,
    OVER,
    PASSED_BEFORE,
    SEND_STOPS,
    TOLD_OTHERWISE,
    Sent,
    Verified,
)
from app.stepping_up.channels import Channels
from app.stepping_up.offering import challenged, subject
from detectors.policy import StepUpMethod
from tokens.ledger import Challenge, Challenges, NewChallenge, Proof, Stop, Subject, Wait, Who
from tokens.limits import wait_before_resend_s

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
        failed: told of every wrong code, so that the detectors learn of it.
        is_recorded_soon: whether a decision unknown to the record waits in the journal.
    """

    def __init__(
        self,
        history: History,
        record: Record,
        sighter: Sighter,
        journal: Journal,
        *,
        prover: Prover,
        challenges: Challenges,
        secrets: Secrets,
        file: PolicyFile,
        region: str | None,
        failed: Callable[[DecisionRow, int], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._history, self._record, self._sighter, self._journal = history, record, sighter, journal
        self._prover, self._challenges, self._secrets = prover, challenges, secrets
        self._file, self._clock, self._failed = file, clock, failed
        self._channels = Channels(record, challenges, region)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    # ------------------------------------------------------------ a backend

    async def send(
        self, challenge_id: str, method: StepUpMethod | Literal["passkey"], caller: Caller
    ) -> Sent | Problem:
        found = await self.find(caller.principal.program_id, challenge_id)
        return (
            found if isinstance(found, Problem) else await self.send_code(found, method, self._asker(caller))
        )

    async def verify(
        self, challenge_id: str, code: str, method: StepUpMethod | None, caller: Caller
    ) -> Verified | Problem:
        found = await self.find(caller.principal.program_id, challenge_id)
        if isinstance(found, Problem):
            return found
        return await self.verify_code(found, code, method, self._asker(caller))

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

    def methods(self, found: Found) -> tuple[StepUpMethod, ...]:
        """By which the member can prove themselves. In a thread."""
        program_id = found.row.program_id
        offered = self._file.programme(program_id).step_up.methods
        return self._channels.left(found.row, offered, self._file.terms(program_id))

    def standing(self, found: Found) -> Verified | None:
        """Where it stands without a code; None where one can be tried."""
        if found.row.passed_ms is not None:
            return PASSED
        if self._clock() >= round(found.asked.expires_at.timestamp() * 1_000):
            return Verified(status="expired", decision="challenge")
        return None

    async def send_code(
        self, found: Found, method: StepUpMethod | Literal["passkey"], asker: Asker
    ) -> Sent | Problem:
        """Send a code; the one before is void."""
        standing = self.standing(found)
        if standing is not None:
            return PASSED_BEFORE if standing.status == "passed" else OVER
        if found.row.outcome not in PASSABLE:
            return TOLD_OTHERWISE
        return await to_thread.run_sync(self._send, found, method, asker)

    async def verify_code(
        self, found: Found, code: str, method: StepUpMethod | None, asker: Asker
    ) -> Verified | Problem:
        """Check a code and, where it is right, pass. Calls at one challenge take turns in this process: of many with
        the right code the first passes and the others find it passed, instead of spending its tries.
        """
        async with self._turns.setdefault(found.row.decision_id, asyncio.Lock()):
            standing = self.standing(found)
            if standing is not None:
                return standing
            if found.row.outcome not in PASSABLE:
                return TOLD_OTHERWISE
            used, checked = await to_thread.run_sync(self._check, found, code, method, asker)
            if isinstance(checked, Proof):
                return await self._pass(found.row, used, asker.who)
            if isinstance(checked, Wrong):
                await self._failed(found.row, checked.tries_left)
            return _spoken(checked)

    async def _pass(self, row: DecisionRow, method: StepUpMethod, who: Who) -> Verified | Problem:
        known, points = row.outcome, row.points or 0
        for _ in range(TURNS):
            if known not in PASSABLE:
                return TOLD_OTHERWISE
            effect, now_ms = passing(row.type, known, row.points), self._clock()
            entry = StepUpPassed(
                row.decision_id, row.program_id, row.account_id, row.event_id, method, now_ms, who.actor,
                row.occurred_ms, points, effect,
            )  # fmt: skip
            between = await self._history.pass_step_up(
                sighting_of(self._sighter, row),
                known,
                self._journal.seal(entry, now_ms),
                points,
                effect,
                now_ms,
            )
            if between is None or between == "passed":
                return PASSED
            if between == "locked":
                return ACCOUNT_LOCKED
            known = between
        return UNAVAILABLE

    # ------------------------------------------------------------ each in a thread

    def _send(self, found: Found, method: StepUpMethod | Literal["passkey"], asker: Asker) -> Sent | Problem:
        row = found.row
        terms, left = self._file.terms(row.program_id), self.methods(found)
        if method == "totp" and "totp" in left:
            return NOTHING_SENT
        if method == "passkey" or method not in left or (needed := self._needed(row, method)) is None:
            return CONFLICT.because(f"`{method}` is not possible here. Left: {', '.join(left) or 'nothing'}.")
        sent = self._prover.send(found.subject, _by(asker, method), needed, terms, None)
        if isinstance(sent, Wait):
            return TOO_MANY_REQUESTS.after(sent.seconds)
        if not isinstance(sent, NewChallenge):
            return SEND_STOPS.get(sent) or CONFLICT.because("No code can be sent for this challenge.")
        return Sent(
            sent.reference,
            datetime.fromtimestamp(sent.expires_ms / 1_000, UTC),
            wait_before_resend_s(self._challenges.sends(found.subject)),
            masked(needed.method, needed.to),
        )

    def _check(
        self, found: Found, code: str, method: StepUpMethod | None, asker: Asker
    ) -> tuple[StepUpMethod, Proof | Wrong | Wait | Stop | NoCode]:
        """Check it; who lost a race against the right code finds the proof of whoever won."""
        used = method or self._sent_or_app(found, asker)
        needed, by = self._needed(found.row, used), _by(asker, used)
        if needed is None:
            return used, "no_address"
        checked = self._prover.check(found.subject, by, needed, code)
        if not isinstance(checked, Proof):
            standing = self._challenges.challenge(found.subject, by.session_hash)
            if standing is not None and self._prover.is_proven(standing):
                return used, Proof(standing.challenge_id, by.session_hash)
        return used, checked

    def sent_last(self, found: Found, asker: Asker) -> Challenge | None:
        """The code this session was sent last, if it can still be right."""
        sent = self._challenges.challenge(found.subject, _by(asker, "sms_otp").session_hash)
        return sent if sent is not None and sent.expires_ms > self._clock() else None

    def _sent_or_app(self, found: Found, asker: Asker) -> StepUpMethod:
        if self.sent_last(found, asker) is not None or "totp" not in self.methods(found):
            return "sms_otp"
        return "totp"

    def _needed(self, row: DecisionRow, method: StepUpMethod) -> Needed | None:
        if method not in self._file.programme(row.program_id).step_up.methods:
            return None
        return self._channels.needed(row, method, self._file.terms(row.program_id))

    def _asker(self, caller: Caller) -> Asker:
        """A programme's backend is one session, whichever of its keys calls; each key is a client."""
        principal = caller.principal
        session = self._secrets.call_hash(principal.program_id, "backend")
        ip_hash = self._secrets.address_hash("ip", caller.address) if caller.address else b""
        who = Who(f"key:{principal.key_id}", ip_hash)
        return Asker(session, self._secrets.address_hash("key", principal.key_id), who)


def _by(asker: Asker, method: StepUpMethod) -> Asker:
    """One session's codes and its app's are apart: a code typed is held against its own kind."""
    own = sha256(asker.session_hash + method.encode()).digest()
    return Asker(own, asker.client, asker.who)


def _spoken(checked: Wrong | Wait | Stop | NoCode) -> Verified:
    """What a code that proved nothing is told."""
    if isinstance(checked, Wrong):
        after = checked.then
        locked = after in {"frozen", "authenticator_disabled"} or (
            isinstance(after, Wait) and after.limit != "backoff"
        )
        return Verified(
            status="locked" if locked else "failed",
            decision="challenge",
            tries_left=checked.tries_left,
            detail="The code is wrong.",
            retry_after_s=after.seconds if isinstance(after, Wait) else msgspec.UNSET,
        )
    if isinstance(checked, Wait):
        told = "Too many wrong codes: wait before the next."
        return Verified(status="locked", decision="challenge", detail=told, retry_after_s=checked.seconds)
    locked = checked in {"frozen", "authenticator_disabled"}
    return Verified(
        status="locked" if locked else "failed", decision="challenge", detail=DETAILS.get(checked, "")
    )
