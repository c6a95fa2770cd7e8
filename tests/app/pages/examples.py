"""A view of every step and mishap, as a member would meet it."""

from __future__ import annotations

from typing import Any, Final, get_args

from msgspec.structs import replace

from app.redeeming.terms import Terms
from app.redeeming.views import Mishap, Step, View
from tokens.token import Locale, Reward

NOW_MS: Final = 1_795_262_400_000
"""2026-11-21T12:00:00Z."""
TERMS: Final = Terms(brand="Nordlicht Rewards", support="+49 30 1234567", timezone="Europe/Berlin")
REWARD: Final = Reward(
    reward_id="gift-10", title="Gift card for our shops", points=12_500, face_value_minor=1000, currency="EUR"
)
STEPS: Final[tuple[Step, ...]] = get_args(Step)
MISHAPS: Final[tuple[Mishap, ...]] = get_args(Mishap)
LOCALES: Final[tuple[Locale, ...]] = get_args(Locale)
FACTS: Final[dict[Step, dict[str, Any]]] = {
    "ask": {"method": "sms", "destination": "•••• 42"},
    "type": {
        "method": "sms", "destination": "•••• 42", "reference": "K7", "sent_ms": NOW_MS - 15_000,
        "code_expires_ms": NOW_MS + 285_000, "resend_after_ms": NOW_MS + 45_000, "echo": "e" * 43,
    },
    "passkey": {
        "method": "passkey", "fallback": "sms", "destination": "•••• 42", "echo": "e" * 43,
        "asked": '{"challenge":"AQID","rpId":"rewards.nordlicht.example","allowCredentials":[]}',
    },
    "release": {"echo": "e" * 43},
    "reward": {
        "payload": {"valid_until": "2027-11-30", "voucher_code": "NL-7Q4K-92XM-AB5T", "pin": "4711"},
        "redemption_id": "rdm_5f3a9c0d1e2b4a68", "at_ms": NOW_MS,
    },
    "receipt": {"redemption_id": "rdm_5f3a9c0d1e2b4a68", "at_ms": NOW_MS},
    "redeemed": {"redemption_id": "rdm_5f3a9c0d1e2b4a68", "at_ms": NOW_MS - 86_400_000},
    "early": {"not_before_ms": NOW_MS + 86_400_000},
    "expired": {"expires_ms": NOW_MS - 86_400_000},
    "wait": {"retry_after_s": 900},
}  # fmt: skip


def view_of(step: Step, locale: Locale = "en", **given: Any) -> View:
    """The view of a step with what such a step holds; what matters to a test is given by name."""
    usual = {"terms": TERMS, "reward": REWARD, "expires_ms": NOW_MS + 172_800_000, "now_ms": NOW_MS}
    return replace(View(step=step, terms=TERMS, locale=locale), **(usual | FACTS.get(step, {}) | given))
