"""Proving who redeems by a passkey: asked of the browser, counted like any try, compared, and never good twice."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

import structlog

from app.ports.instants import Clock
from app.redeeming.proving import Asker, NoCode, Wrong
from app.redeeming.secrets import Secrets
from tokens.challenges import Challenge, Challenges, Counted, Stop, Subject, Wait
from tokens.codes import matches
from tokens.errors import PasskeyRefused
from tokens.limits import VERIFIED_FOR_S
from tokens.passkey_ledger import Passkey, Passkeys
from tokens.passkeys import Site, asserted_count, challenge_of, credential_of, request_options
from tokens.redemption import Proof

MS: Final = 1_000
log: Final = structlog.get_logger("earnest.tokens")


class Asked(NamedTuple):
    """What the browser is asked, as JSON; and the challenge in it, as held."""

    challenge: Challenge
    options: str


class PasskeyProver:
    """
    Asks for passkeys and checks the answers. Synchronous: called in a thread. Raises RecordAway.

    Args:
        passkeys: those the accounts have, and the challenges.
        challenges: the counters of tries.
        secrets: the pepper of challenges, and the accounts' opaque names.
        site: where members come to.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self, passkeys: Passkeys, challenges: Challenges, secrets: Secrets, site: Site, clock: Clock
    ) -> None:
        self._passkeys, self._challenges, self._secrets = passkeys, challenges, secrets
        self._site, self._clock = site, clock

    def ask(self, subject: Subject, asker: Asker, made_by_ms: int | None = None) -> Asked | NoCode:
        """What to ask this session's browser; the challenge is made when first asked for. `made_by_ms`: younger passkeys
        do not count here.
        """
        usable = self._usable(subject, made_by_ms)
        if not isinstance(usable, list):
            return usable
        challenge = self._begun(subject, asker)
        options = request_options(
            self._site, self._challenge(challenge.challenge_id, asker), [one.credential for one in usable]
        )
        return Asked(challenge, options)

    def last(self, subject: Subject, asker: Asker) -> Challenge | None:
        """The session's last challenge for a passkey."""
        return self._passkeys.challenge(subject, asker.session_hash)

    def _is_proven(self, challenge: Challenge) -> bool:
        """Whether this challenge was passed just now; the ledger asks again, and uses it up."""
        if challenge.verified_ms is None:
            return False
        return self._clock() - challenge.verified_ms <= VERIFIED_FOR_S * MS

    def check(
        self, subject: Subject, asker: Asker, answer: str, made_by_ms: int | None = None
    ) -> Proof | Wrong | Wait | Stop | NoCode:
        """Whether the answer holds; a try is counted before anything is compared. `made_by_ms` as in `ask`."""
        usable = self._usable(subject, made_by_ms)
        if not isinstance(usable, list):
            return usable
        challenge = self.last(subject, asker)
        if challenge is None:
            return "not_asked"
        try:
            credential_id = credential_of(answer)
        except PasskeyRefused:
            return "not_a_code"
        passkey = next((one for one in usable if one.credential_id == credential_id), None)
        if self._is_proven(challenge):  # an answer was lost between the proof and the redemption
            again = self._count_in(asker, challenge.challenge_id, challenge.code_hash, passkey, answer)
            return "code_gone" if again is None else Proof(challenge.challenge_id, asker.session_hash)
        counted = self._challenges.count(
            subject, challenge.challenge_id, asker.session_hash, asker.client, self._clock()
        )
        if not isinstance(counted, Counted):
            return counted
        count = self._count_in(asker, counted.challenge_id, counted.code_hash, passkey, answer)
        if (
            passkey is not None
            and count is not None
            and self._passes(subject, asker, counted, passkey, count)
        ):
            return Proof(counted.challenge_id, asker.session_hash)
        then = self._challenges.failed(subject, counted, asker.client, asker.who, self._clock())
        return Wrong(counted.tries_left, then)

    def _count_in(
        self, asker: Asker, challenge_id: str, kept_hash: bytes, passkey: Passkey | None, answer: str
    ) -> int | None:
        """What the authenticator counted, where the passkey signed this challenge; else None."""
        raw = self._challenge(challenge_id, asker)
        if passkey is None or not matches(sha256(raw).digest(), kept_hash):
            return None
        owner = account_handle(self._secrets, passkey.program_id, passkey.account_id)
        try:
            return asserted_count(self._site, raw, answer, public_key=passkey.public_key, user_id=owner)
        except PasskeyRefused:
            return None

    def _passes(self, subject: Subject, asker: Asker, counted: Counted, passkey: Passkey, count: int) -> bool:
        passed = self._passkeys.passed(subject, counted, passkey.passkey_id, count, asker.who, self._clock())
        if passed == "went_back":
            log.warning(
                "the count of a passkey went back: there may be a copy", program_id=subject.program_id
            )
            self._passkeys.suspect(subject, passkey.passkey_id, asker.who, self._clock())
        return passed == "passed"

    def _begun(self, subject: Subject, asker: Asker) -> Challenge:
        def hash_of(challenge_id: str) -> bytes:
            return sha256(self._challenge(challenge_id, asker)).digest()

        return self._passkeys.begin(subject, asker.session_hash, hash_of, self._clock())

    def _challenge(self, challenge_id: str, asker: Asker) -> bytes:
        return challenge_of(self._secrets.pepper, challenge_id, asker.session_hash)

    def _usable(self, subject: Subject, made_by_ms: int | None) -> list[Passkey] | NoCode:
        """The member's passkeys that do not rest and are not too young."""
        held = [
            one
            for one in self._passkeys.passkeys(subject.program_id, subject.account_id)
            if made_by_ms is None or one.made_ms <= made_by_ms
        ]
        if not held:
            return "no_address"
        now_ms = self._clock()
        return [one for one in held if one.rests_until_ms <= now_ms] or "held"


def account_handle(secrets: Secrets, program_id: str, account_id: str) -> bytes:
    """32 bytes that are the same each time and say nothing of the account (WebAuthn, 14.6.1)."""
    return secrets.call_hash(program_id, "passkey account", account_id)
