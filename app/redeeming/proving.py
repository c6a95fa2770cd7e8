"""Proving who redeems: a code sent or an app's, counted before it is compared. The same engine for every subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from app.ports.instants import Clock
from app.redeeming.letters import CodeLetter, message_id_of, seal_letter
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from tokens.challenges import Authenticator, Challenge, Challenges, Counted, NewChallenge, Stop, Subject, Wait
from tokens.codes import code_hash, matches, new_challenge_id, new_code, reference, spelled
from tokens.limits import (
    AUTHENTICATOR_REST_S,
    CODE_DIGITS,
    CODE_LIFE_S,
    HIGH_VALUE_CODE_DIGITS,
    VERIFIED_FOR_S,
)
from tokens.outbox import Message, MessageKind
from tokens.redemption import Proof
from tokens.token import Locale, Method, Token
from tokens.totp import matched_step
from tokens.who import Who

MS: Final = 1_000


class Needed(NamedTuple):
    """What a subject's code is: how it reaches the member, how long it is, and which app was enrolled for it."""

    method: Method
    to: str | None
    digits: int
    authenticator_id: str | None
    locale: Locale


class Wrong(NamedTuple):
    """The code was wrong: what is left at the subject, for life, and what that led to."""

    tries_left: int
    then: Wait | Stop | None


NoCode = Literal["not_a_code", "not_asked", "no_address", "held"]
"""`not_asked`: no code was sent to this session. `no_address`: where it would go is not known (any more)."""


@dataclass(frozen=True)
class Asker:
    """One side of a proof: its session, and by what its fails are counted."""

    session_hash: bytes
    client: bytes
    who: Who


class Prover:
    """
    Sends codes and checks them. Synchronous: called in a thread. Raises RecordAway.

    Args:
        challenges: the counters.
        secrets: the pepper, and what seals the outbox.
        host: of the page the code is typed into.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, challenges: Challenges, secrets: Secrets, host: str, clock: Clock) -> None:
        self._challenges, self._secrets, self._host, self._clock = challenges, secrets, host, clock

    def state(self, subject: Subject, asker: Asker, needed: Needed) -> Challenge | NoCode:
        """The session's challenge; for an app it is made when first asked for."""
        if needed.method == "passkey":  # it is no code: see `app.redeeming.passkeys`
            return "no_address"
        if needed.method == "totp":
            app = self._app(subject, needed)
            if not isinstance(app, Authenticator):
                return app
            return self._challenges.begin(subject, asker.session_hash, app.authenticator_id, self._clock())
        return self._challenges.challenge(subject, asker.session_hash) or "not_asked"

    def is_proven(self, challenge: Challenge) -> bool:
        """Whether this challenge was passed just now; the ledger asks again, and uses it up."""
        if challenge.verified_ms is None:
            return False
        return self._clock() - challenge.verified_ms <= VERIFIED_FOR_S * MS

    def send(
        self, subject: Subject, asker: Asker, needed: Needed, terms: Terms, token_hash: bytes | None
    ) -> NewChallenge | Wait | Stop | NoCode:
        """Send a new code; the one before is void."""
        if needed.to is None or needed.method not in {"sms", "email"}:
            return "no_address"
        now_ms = self._clock()
        challenge_id, code = new_challenge_id(), new_code(needed.digits)
        new = NewChallenge(
            challenge_id=challenge_id,
            session_hash=asker.session_hash,
            method=needed.method,
            code_hash=code_hash(self._secrets.pepper, challenge_id, code),
            digits=needed.digits,
            reference=reference(),
            to_hash=self._secrets.address_hash("code", needed.to),
            sent_ms=now_ms,
            expires_ms=now_ms + CODE_LIFE_S * MS,
        )
        letter = CodeLetter(
            to=needed.to,
            locale=needed.locale,
            brand=terms.brand,
            support=terms.support,
            code=code,
            reference=new.reference,
            host=self._host,
            minutes=CODE_LIFE_S // 60,
        )
        kind: MessageKind = "sms" if needed.method == "sms" else "mail"
        message_id = message_id_of(challenge_id, self._host)
        message = Message(
            message_id=message_id,
            kind=kind,
            program_id=subject.program_id,
            token_hash=token_hash,
            sealed=seal_letter(self._secrets.outbox, message_id, kind, letter),
            created_ms=now_ms,
            expires_ms=new.expires_ms,
        )
        return self._challenges.send(subject, new, message, terms.codes_a_day, asker.who, now_ms)

    def check(
        self, subject: Subject, asker: Asker, needed: Needed, text: str
    ) -> Proof | Wrong | Wait | Stop | NoCode:
        """Whether the code is right; a try is counted before anything is compared."""
        challenge = self.state(subject, asker, needed)
        if not isinstance(challenge, Challenge):
            return challenge
        code = spelled(text, challenge.digits)
        if code is None:
            return "not_a_code"
        if self.is_proven(challenge):  # an answer was lost between the proof and the redemption
            again = self._is_right_again(subject, needed, challenge, code)
            return Proof(challenge.challenge_id, asker.session_hash) if again else "code_gone"
        counted = self._challenges.count(
            subject, challenge.challenge_id, asker.session_hash, asker.client, self._clock()
        )
        if not isinstance(counted, Counted):
            return counted
        step = None
        if needed.method == "totp":
            app = self._app(subject, needed)
            step = matched_step(app.seed, code, self._clock()) if isinstance(app, Authenticator) else None
            right = step is not None
        else:
            right = matches(code_hash(self._secrets.pepper, counted.challenge_id, code), counted.code_hash)
        if right and self._challenges.passed(subject, counted, asker.client, step, asker.who, self._clock()):
            return Proof(counted.challenge_id, asker.session_hash)
        then = self._challenges.failed(subject, counted, asker.client, asker.who, self._clock())
        return Wrong(counted.tries_left, then)

    def _is_right_again(self, subject: Subject, needed: Needed, challenge: Challenge, code: str) -> bool:
        """Whether a code fits a challenge that was passed: of a backend's callers, all of them one session, not all know
        it. An app may show the next code by then.
        """
        if needed.method != "totp":
            return matches(code_hash(self._secrets.pepper, challenge.challenge_id, code), challenge.code_hash)
        app = self._app(subject, needed)
        step = matched_step(app.seed, code, self._clock()) if isinstance(app, Authenticator) else None
        return step is not None and isinstance(app, Authenticator) and step >= app.last_step

    def _app(self, subject: Subject, needed: Needed) -> Authenticator | NoCode:
        """The member's app, unless it took another's place so lately that it may be a thief's."""
        app = self._challenges.authenticator(subject.program_id, subject.account_id)
        if app is None or app.confirmed_ms is None:
            return "no_address"
        changed = app.replaced or app.authenticator_id != needed.authenticator_id
        rested = self._clock() - app.confirmed_ms >= AUTHENTICATOR_REST_S * MS
        return "held" if changed and not rested else app


def needed_of(token: Token, terms: Terms) -> Needed:
    """What the code of this token is: with a passkey, that of what it may fall back to. None of `passkey` is a code."""
    method: Method = token.otp_fallback or token.otp_method
    valuable = (token.reward.face_value_minor or 0) >= terms.high_value_minor
    delivered = method in {"sms", "email"}
    digits = HIGH_VALUE_CODE_DIGITS if valuable and delivered else CODE_DIGITS
    return Needed(method, token.otp_to, digits, token.authenticator_id, token.locale)


def subject_of(token: Token) -> Subject:
    """The token as something to be proven for."""
    return Subject("token", token.token_hash, token.program_id, token.account_id)
