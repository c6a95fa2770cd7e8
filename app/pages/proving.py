"""What a page says of a proof under way: its mishap in words, its times, and what is in the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from app.pages import telling
from app.pages.rendering import say
from app.redeeming.terms import Terms
from app.redeeming.views import Mishap
from app.stepping_up.showing import Proving
from detectors.policy import StepUpMethod
from tokens.token import Locale

STATUS: Final[Mapping[Mishap, int]] = {
    "wrong_code": 401,
    "wrong_passkey": 401,
    "not_a_code": 401,
    "code_gone": 401,
    "changed": 409,
    "held": 409,
    "wait": 429,
    "tries_spent": 429,
    "sends_spent": 429,
}
"""Of the page that answers a gesture that failed."""
IN_THE_FIELD: Final[frozenset[Mishap]] = frozenset({"wrong_code", "not_a_code", "code_gone"})
OTHER_WORDS: Final[Mapping[tuple[Mishap, StepUpMethod], str]] = {
    ("tries_spent", "totp"): "tries_spent_totp",
    ("tries_spent", "passkey"): "tries_spent_totp",
    ("code_gone", "passkey"): "passkey_gone",
    ("not_a_code", "passkey"): "wrong_passkey",
}
"""Mishaps that are told in other words where no code is sent."""


def proof_told(proving: Proving, terms: Terms, locale: Locale) -> dict[str, Any]:
    """What the macros of `ways.html` need."""

    def time(at_ms: int | None) -> str | None:
        return None if at_ms is None else telling.time_of_day(at_ms, terms.zone, locale)

    return {
        "p": proving,
        "mishap": _mishap(proving, locale),
        "in_the_field": proving.by in {"totp", "sms_otp"} and proving.mishap in IN_THE_FIELD,
        "sent": time(proving.sent_ms),
        "until": time(proving.code_expires_ms),
        "resend_s": _resend_s(proving),
    }


def _mishap(proving: Proving, locale: Locale) -> Markup | None:
    if proving.mishap is None:
        return None
    usual = "proof_held" if proving.mishap == "held" else proving.mishap
    key = usual if proving.by is None else OTHER_WORDS.get((proving.mishap, proving.by), usual)
    told = say(locale, key, digits=proving.digits)
    if proving.retry_after_s is None:
        return told
    return told + " " + say(locale, "patience", left=telling.duration(proving.retry_after_s, locale))


def _resend_s(proving: Proving) -> int | None:
    """Seconds until a new code may be asked for; 0: now, None: never."""
    if proving.by != "sms_otp" or proving.mishap == "sends_spent":
        return None
    return max(0, -(-((proving.resend_after_ms or 0) - proving.now_ms) // 1_000))
