"""What a member's browser is shown of a token at each step, as plain data: pages render it and decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from app.redeeming.terms import Terms
from tokens.token import Fallback, Locale, Method, Reward

Step = Literal[
    "ask",       # a code can be sent: sms, email
    "type",      # a code was sent, or an app shows one: type it
    "passkey",   # the browser is asked for a passkey; or another way is taken, if there is one
    "confirm",   # the check asks for proof, on a page of its own
    "release",   # proven, or nothing to prove: release the reward
    "reward",    # redeemed, and its content can be read (again) by this browser
    "receipt",   # redeemed by this browser, its content no longer kept here
    "redeemed",  # redeemed, but not by this browser
    "early", "expired", "revoked", "frozen",
    "delayed",   # a person looks at it first; nothing was used up
    "locked",    # redeeming is switched off at the account; nothing was used up
    "unknown",   # no such link: what anything tampered, foreign or invented gets
    "gone",      # the browser's session is over: open the link again
    "wait",      # too often; see retry_after_s
]  # fmt: skip
Mishap = Literal[
    "wrong_code",
    "wrong_passkey",
    "code_gone",
    "tries_spent",
    "wait",
    "sends_spent",
    "not_a_code",
    "changed",
    "held",
]
"""What went wrong with the last gesture. `changed`: what the page promised is no longer what would be done; `held`: the
member's authenticator was replaced within 72 h, so the reward is on hold until that has passed."""


class View(Struct, frozen=True, kw_only=True):
    """
    One page of the way.

    terms, locale, reward: how the programme speaks, and what is promised, in the open.
    fallback: beside a passkey, by what else the member may prove themselves; `destination` is its then.
    challenge_id: what is to be passed, with `confirm`.
    asked: what the browser is asked for a passkey, as JSON; with `passkey`. Empty: there is none it could be asked for.
    destination: where a code goes, masked: `•••• 42`, `a•••@b•••.de`.
    reference, sent_ms, resend_after_ms: of the last code sent, instants.
    tries_left: at this token, for life; None where nobody has failed yet.
    retry_after_s: how long to wait, with `wait`.
    echo: what the commit must repeat: reward and campaign as shown, opaque.
    payload: the content, once released: JSON object.
    redemption_id, at_ms: of the receipt.
    """

    step: Step
    terms: Terms
    locale: Locale
    reward: Reward = Reward()
    method: Method = "none"
    fallback: Fallback | None = None
    challenge_id: str = ""
    asked: str = ""
    digits: int = 6
    destination: str = ""
    reference: str = ""
    sent_ms: int | None = None
    code_expires_ms: int | None = None
    resend_after_ms: int | None = None
    tries_left: int | None = None
    mishap: Mishap | None = None
    retry_after_s: int | None = None
    not_before_ms: int | None = None
    expires_ms: int | None = None
    echo: str = ""
    payload: Mapping[str, Any] | None = None
    redemption_id: str = ""
    at_ms: int | None = None
    now_ms: int = 0
