"""One face for every way to prove oneself: codes and passkeys, for whatever is to be proven."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from app.ports.instants import Clock
from app.redeeming.passkeys import Asked, PasskeyProver
from app.redeeming.proving import Asker, Needed, NoCode, Prover, Wrong
from app.redeeming.terms import Terms
from app.stepping_up.channels import Channels, Person
from detectors.policy import CodeMethod, StepUp, StepUpMethod
from tokens.challenges import Challenge, Challenges, NewChallenge, Stop, Subject, Wait
from tokens.limits import wait_before_resend_s
from tokens.redemption import Proof

Checked = Proof | Wrong | Wait | Stop | NoCode
"""What an answer led to."""


class Case(NamedTuple):
    """What is to be proven, by whom, and by what it may be. `points`: at stake."""

    subject: Subject
    person: Person
    allowed: StepUp
    terms: Terms
    points: int | None = None


class Proofs:
    """
    Sends and checks. Synchronous: called in a thread. Raises RecordAway.

    Args:
        prover: of codes.
        passkeys: of passkeys.
        challenges: what was sent.
        channels: which ways a member has.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        prover: Prover,
        passkeys: PasskeyProver,
        challenges: Challenges,
        channels: Channels,
        clock: Clock,
    ) -> None:
        self._prover, self._passkeys, self._challenges = prover, passkeys, challenges
        self._channels, self._clock = channels, clock

    def left(self, case: Case) -> tuple[StepUpMethod, ...]:
        """By what it can be proven, in the policy's order."""
        return self._channels.left(case.person, case.allowed, case.terms, case.points)

    def needed(self, case: Case, method: CodeMethod) -> Needed | None:
        """What a code by this method is; None where none would count."""
        return self._channels.needed(case.person, method, case.terms) if method in self.left(case) else None

    def send(self, case: Case, needed: Needed, asker: Asker) -> NewChallenge | Wait | Stop | NoCode:
        """Send a code by text message; the one before is void."""
        return self._prover.send(case.subject, by(asker, "sms_otp"), needed, case.terms, None)

    def resend_after_s(self, case: Case) -> int:
        """Seconds from the last code to the next."""
        return wait_before_resend_s(self._challenges.sends(case.subject))

    def sent_last(self, case: Case, asker: Asker) -> Challenge | None:
        """The code this session was sent last, if it can still be right."""
        sent = self._challenges.challenge(case.subject, by(asker, "sms_otp").session_hash)
        return sent if sent is not None and sent.expires_ms > self._clock() else None

    def ask(self, case: Case, asker: Asker) -> Asked | NoCode:
        """What the browser is to be asked for a passkey."""
        if "passkey" not in self.left(case):
            return "no_address"
        return self._passkeys.ask(case.subject, by(asker, "passkey"), case.person.key_by_ms)

    def check(self, case: Case, method: StepUpMethod, asker: Asker, answer: str) -> Checked:
        """Check a code or a passkey's answer; who lost a race against the right one finds the proof of whoever won."""
        own = by(asker, method)
        if method == "passkey":
            if "passkey" not in self.left(case):
                return "no_address"
            checked = self._passkeys.check(case.subject, own, answer, case.person.key_by_ms)
            standing = self._passkeys.last(case.subject, own)
        else:
            needed = self.needed(case, method)
            if needed is None:
                return "no_address"
            checked = self._prover.check(case.subject, own, needed, answer)
            standing = self._challenges.challenge(case.subject, own.session_hash)
        if not isinstance(checked, Proof) and standing is not None and self._prover.is_proven(standing):
            return Proof(standing.challenge_id, own.session_hash)
        return checked


def by(asker: Asker, method: StepUpMethod) -> Asker:
    """One session's ways are apart: what is answered is held against its own kind."""
    own = sha256(asker.session_hash + method.encode()).digest()
    return Asker(own, asker.client, asker.who)
