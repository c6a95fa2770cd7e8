"""What a member is shown of a token: made of what is held, and of nothing a gesture led to."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import msgspec

from app.ports.instants import Clock
from app.redeeming.finding import Found
from app.redeeming.masking import masked
from app.redeeming.proving import Needed, needed_of
from app.redeeming.releasing import reward_view
from app.redeeming.terms import Terms
from app.redeeming.views import Step, View
from app.redeeming.visiting import Client
from tokens.challenges import Challenge
from tokens.limits import TRIES_PER_SUBJECT, wait_before_resend_s
from tokens.token import Token

MS: Final = 1_000
ECHO_DIGITS: Final = 32
"""Hexadecimal digits of what was shown: 128 bits."""
ENDED: Final[dict[str, Step]] = {"revoked": "revoked", "expired": "expired", "frozen": "frozen"}


class Showing:
    """
    Makes views.

    Args:
        terms: programme → its terms; None: those a page greets with before the programme is known.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, terms: Callable[[str | None], Terms], clock: Clock) -> None:
        self._terms, self._clock = terms, clock

    def ended(self, found: Found) -> Step | None:
        """The step of a token that cannot be redeemed now."""
        token, now_ms = found.token, self._clock()
        if token.state == "redeemed":
            return "redeemed"
        if token.state in ENDED:
            return ENDED[token.state]
        timing = found.claims.timing(now_ms)
        if timing == "expired" or now_ms >= token.expires_ms:
            return "expired"
        if token.locked:
            return "locked"
        if token.held_ms is not None:
            return "delayed"
        return "early" if timing == "early" or now_ms < token.not_before_ms else None

    def view(self, found: Found, step: Step, challenge: Challenge | None = None, **beside: Any) -> View:
        """A page at a token; `challenge`: the code sent last."""
        token = found.token
        terms, needed = self._terms(token.program_id), self.needed(token)
        view = View(
            step=step,
            terms=terms,
            locale=token.locale,
            reward=token.reward,
            method=beside.pop("method", needed.method),
            fallback=token.otp_fallback,
            digits=needed.digits,
            destination=masked(needed.method, token.otp_to),
            tries_left=None if not token.tries else max(TRIES_PER_SUBJECT - token.tries, 0),
            not_before_ms=token.not_before_ms,
            expires_ms=token.expires_ms,
            echo=echo_of(token),
            now_ms=self._clock(),
            **beside,
        )
        if challenge is None or needed.method == "totp":
            return view
        return msgspec.structs.replace(
            view,
            digits=challenge.digits,
            reference=challenge.reference,
            sent_ms=challenge.sent_ms,
            code_expires_ms=challenge.expires_ms,
            resend_after_ms=challenge.sent_ms + wait_before_resend_s(token.sends) * MS,
        )

    def bare(self, step: Step, client: Client, **beside: Any) -> View:
        """A page that knows of no token."""
        terms = self._terms(None)
        return View(
            step=step, terms=terms, locale=client.locale or terms.locale, now_ms=self._clock(), **beside
        )

    def needed(self, token: Token) -> Needed:
        """What the code of this token is."""
        return needed_of(token, self._terms(token.program_id))


def echo_of(token: Token) -> str:
    """What the page promised, in short: the commit does exactly this or nothing."""
    promised = (token.campaign_id, reward_view(token.reward))
    return sha256(msgspec.json.encode(promised, order="deterministic")).hexdigest()[:ECHO_DIGITS]
