"""Letters to send; what matters to a test is given by name."""

from __future__ import annotations

from email.headerregistry import Address
from typing import Any

from app.redeeming.letters import CodeLetter, LinkNotice, RewardLetter
from tokens.token import Reward

NOW_MS = 1_795_000_000_000
"""18 November 2026."""
EXPIRES_MS = 1_795_784_700_000
"""27 November 2026, 13:05 UTC."""
TOKEN = "eyJ2IjoxfQ." + "aB3-_" * 20 + "." + "x" * 43
LINK = f"https://redeem.brand.example/r/{TOKEN}"
SENDER = Address("Brand", addr_spec="rewards@brand.example")
MESSAGE_ID = "<tok_1f2e@redeem.brand.example>"


def reward(**given: Any) -> RewardLetter:
    usual = {
        "to": "member@mail.example",
        "locale": "en",
        "brand": "Brand & Co",
        "support": "+49 30 901820",
        "link": LINK,
        "title": "10 EUR gift card",
        "not_before_ms": NOW_MS - 5_000,
        "expires_ms": EXPIRES_MS,
        "timezone": "Europe/Berlin",
        "needs_code": True,
    }
    return RewardLetter(**(usual | given))


def code(**given: Any) -> CodeLetter:
    usual = {
        "to": "member@mail.example",
        "locale": "en",
        "brand": "Brand & Co",
        "support": "",
        "code": "482913",
        "reference": "K7",
        "host": "redeem.brand.example",
        "minutes": 5,
    }
    return CodeLetter(**(usual | given))


def link(**given: Any) -> LinkNotice:
    usual = {
        "token_id": "tok_1f2e",
        "program_id": "default",
        "account_id": "m-1",
        "to": "+49301234567",
        "locale": "de",
        "link": LINK,
        "reward": Reward(title="Gift card", points=500),
        "expires_ms": EXPIRES_MS,
    }
    return LinkNotice(**(usual | given))
