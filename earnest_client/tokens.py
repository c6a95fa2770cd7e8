"""One-time tokens: what is ordered, and what is answered. What is secret is not shown by `repr`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct

from earnest_client.answers import HIDDEN

BEFORE_TOKEN: Final = re.compile(r"/r[/#]")
"""What stands before the token in a link, on a page that puts it in the path or one that keeps it to the browser."""


def token_of(link: str) -> str:
    """The token in a link; a token by itself is left as it is."""
    return BEFORE_TOKEN.split(link)[-1]


class Reward(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """
    What is promised: a reward_id, points, a face_value_minor with its currency, a payload, or several of these.

    title:   what members read before they redeem.
    payload: the voucher itself; sealed, and shown once.
    """

    reward_id: str | None = None
    title: str | None = None
    points: int | None = None
    face_value_minor: int | None = None
    currency: str | None = None
    payload: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        shown = {name: getattr(self, name) for name in self.__struct_fields__}
        shown["payload"] = None if self.payload is None else HIDDEN
        return (
            f"Reward({', '.join(f'{name}={value!r}' for name, value in shown.items() if value is not None)})"
        )


class Delivery(Struct, frozen=True, omit_defaults=True):
    """How the link gets to the member. `none` gives it back to you."""

    channel: Literal["email", "webhook", "none"] = "none"
    to: str | None = None
    locale: Literal["en", "de"] | None = None

    def __repr__(self) -> str:
        return f"Delivery(channel={self.channel!r})"


class Otp(Struct, frozen=True, omit_defaults=True):
    """
    How members prove themselves. `to`: a number (E.164) with sms, an address with email; with passkey that of the
    `fallback`, what they may use instead.
    """

    method: Literal["sms", "totp", "passkey", "email", "none"]
    to: str | None = None
    fallback: Literal["totp", "sms"] | None = None

    def __repr__(self) -> str:
        return f"Otp(method={self.method!r})"


class IssuedToken(Struct, frozen=True, kw_only=True):
    """
    A token as issued.

    link:            carries the secret; there only where you deliver it yourself.
    idempotency_key: of the call; with it the same call has the same answer for 24 h.
    """

    token_id: str
    state: str
    expires_at: datetime
    link: str | None = None
    idempotency_key: str = ""

    def __repr__(self) -> str:
        return (
            f"IssuedToken(token_id={self.token_id!r}, state={self.state!r}, expires_at={self.expires_at!r})"
        )


class Redemption(Struct, frozen=True, kw_only=True):
    """
    A redemption: it happened once, however often this is read.

    idempotency_key: of the call; with it the same call has the same answer for 10 minutes.
    """

    token_id: str
    redemption_id: str
    reward: Reward
    idempotency_key: str = ""

    def __repr__(self) -> str:
        return f"Redemption(token_id={self.token_id!r}, redemption_id={self.redemption_id!r}, reward={self.reward!r})"


class CodeSent(Struct, frozen=True):
    """The code is on its way. `reference` tells it from others; `destination` is masked."""

    reference: str
    expires_at: datetime
    resend_after_s: int
    destination: str


class DeliveryState(Struct, frozen=True):
    """How the link went out, and how far it got."""

    channel: str
    state: str
    delivered_at: datetime | None = None


class OtpMethod(Struct, frozen=True):
    """How the member proves themselves."""

    method: str


class Token(Struct, frozen=True, kw_only=True):
    """A token as its issuer sees it, never with its link, payload or address. `attempts`: codes tried, for life."""

    token_id: str
    account_id: str
    purpose: str
    state: str
    reward: Reward
    issued_at: datetime
    not_before: datetime
    expires_at: datetime
    delivery: DeliveryState
    otp: OtpMethod
    attempts: int
    codes_sent: int
    campaign_id: str | None = None
    decision_id: str | None = None
    ended_at: datetime | None = None
    row_id: str | None = None
    held_at: datetime | None = None
    """Since when the reward waits for a person: its link redeems nothing meanwhile."""
