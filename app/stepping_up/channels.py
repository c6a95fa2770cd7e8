"""By what a member can prove themselves: their app and their telephone, as they were before anything was suspected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.ports import DecisionRow, Record
from app.redeeming.proving import Needed
from app.redeeming.terms import Terms
from app.stepping_up.offering import REST_MS
from detectors.identity.phone import canonical_phone
from detectors.policy import StepUpMethod
from tokens.ledger import Challenges
from tokens.limits import CODE_DIGITS

PROFILES: Final = 50
"""Looked through for a number, newest first: as many changes as a life has, and what a request can pay for."""


class Channels:
    """
    Which methods a member has. Synchronous: called in a thread. Raises RecordAway.

    Args:
        record: the profiles they were given.
        challenges: their apps.
        region: ISO 3166-1 alpha-2 country of numbers without a country code, where there is one.
    """

    def __init__(self, record: Record, challenges: Challenges, region: str | None) -> None:
        self._record, self._challenges, self._region = record, challenges, region

    def needed(self, row: DecisionRow, method: StepUpMethod, terms: Terms) -> Needed | None:
        """What a code by this method is; None where the member cannot prove themselves by it."""
        if method == "totp":
            return Needed("totp", None, CODE_DIGITS, None, terms.locale) if self._has_app(row) else None
        number = self._number(row)
        return None if number is None else Needed("sms", number, CODE_DIGITS, None, terms.locale)

    def left(
        self, row: DecisionRow, methods: Sequence[StepUpMethod], terms: Terms
    ) -> tuple[StepUpMethod, ...]:
        """Those of the methods that the member has."""
        return tuple([one for one in methods if self.needed(row, one, terms) is not None])

    def _has_app(self, row: DecisionRow) -> bool:
        """An app confirmed 72 h before the decision: a younger one, be it the first, may be a thief's."""
        app = self._challenges.authenticator(row.program_id, row.account_id)
        if app is None or app.confirmed_ms is None or app.disabled_ms is not None:
            return False
        return row.received_ms - app.confirmed_ms >= REST_MS

    def _number(self, row: DecisionRow) -> str | None:
        """The newest number that had stood for 72 h when the event happened; a younger one never counts."""
        upto_ms = min(row.occurred_ms, row.received_ms) - REST_MS
        for profile in self._record.contacts(row.program_id, row.account_id, upto_ms, PROFILES):
            if profile.phone is not None:
                country = profile.country or self._region
                number = canonical_phone(profile.phone, country)
                if number is not None:
                    return number
        return None
