"""By what a member can prove themselves: app, telephone and passkeys, as they were before anything was suspected."""

from __future__ import annotations

from typing import Final, NamedTuple

from app.ports.record import Record
from app.ports.rows import DecisionRow
from app.redeeming.proving import Needed
from app.redeeming.terms import Terms
from app.stepping_up.offering import REST_MS
from detectors.identity.phone import canonical_phone
from detectors.policy import CodeMethod, StepUp, StepUpMethod
from tokens.challenges import Challenges
from tokens.limits import CODE_DIGITS
from tokens.passkey_ledger import Passkeys

PROFILES: Final = 50
"""Looked through for a number, newest first: as many changes as a life has, and what a request can pay for."""


class Person(NamedTuple):
    """
    Whose ways are asked for.

    contact_by_ms: a number given later than that is too new to trust.
    key_by_ms:     so is an app or a passkey made later than that.
    """

    program_id: str
    account_id: str
    contact_by_ms: int
    key_by_ms: int


def person_of(row: DecisionRow) -> Person:
    """Who was challenged, with what had stood for 72 h by then."""
    contact_by_ms = min(row.occurred_ms, row.received_ms) - REST_MS
    return Person(row.program_id, row.account_id, contact_by_ms, row.received_ms - REST_MS)


class Channels:
    """
    Which methods a member has. Synchronous: called in a thread. Raises RecordAway.

    Args:
        record: the profiles they were given.
        challenges: their apps.
        passkeys: their passkeys.
        region: ISO 3166-1 alpha-2 country of numbers without a country code, where there is one.
    """

    def __init__(
        self, record: Record, challenges: Challenges, passkeys: Passkeys, region: str | None
    ) -> None:
        self._record, self._challenges, self._passkeys, self._region = record, challenges, passkeys, region

    def needed(self, person: Person, method: CodeMethod, terms: Terms) -> Needed | None:
        """What a code by this method is; None where the member cannot prove themselves by it."""
        if method == "totp":
            has_app = self._has_app(person)
            return Needed("totp", None, CODE_DIGITS, None, terms.locale) if has_app else None
        number = self._number(person)
        return None if number is None else Needed("sms", number, CODE_DIGITS, None, terms.locale)

    def left(
        self, person: Person, allowed: StepUp, terms: Terms, points: int | None
    ) -> tuple[StepUpMethod, ...]:
        """Those of the policy's methods that the member has; where a passkey is demanded and there, only what it says."""
        left = tuple([one for one in allowed.methods if self._has(person, one, terms)])
        if "passkey" in left and allowed.demands_passkey(points):
            return tuple([one for one in left if one == "passkey" or one in allowed.passkey_fallback])
        return left

    def _has(self, person: Person, method: StepUpMethod, terms: Terms) -> bool:
        if method == "passkey":
            held = self._passkeys.passkeys(person.program_id, person.account_id)
            return any(one.made_ms <= person.key_by_ms for one in held)
        return self.needed(person, method, terms) is not None

    def _has_app(self, person: Person) -> bool:
        """An app confirmed 72 h before: a younger one, be it the first, may be a thief's."""
        app = self._challenges.authenticator(person.program_id, person.account_id)
        if app is None or app.confirmed_ms is None or app.disabled_ms is not None:
            return False
        return app.confirmed_ms <= person.key_by_ms

    def _number(self, person: Person) -> str | None:
        """The newest number that had stood for 72 h; a younger one never counts."""
        account = (person.program_id, person.account_id)
        for profile in self._record.contacts(*account, person.contact_by_ms, PROFILES):
            if profile.phone is not None:
                country = profile.country or self._region
                number = canonical_phone(profile.phone, country)
                if number is not None:
                    return number
        return None
