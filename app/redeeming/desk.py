"""What a backend can ask of one-time tokens: the use cases behind the API, and what goes in and out of them.

An expected refusal is an `app.problems.Problem`, returned and not raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from app.access import Principal
from app.problems import Problem
from detectors.event import Device
from tokens.budget import Budget
from tokens.challenges import Authenticator
from tokens.ledger import Page
from tokens.token import Channel, Fallback, Locale, Method, Purpose, Reward, Token


class Order(Struct, frozen=True, kw_only=True):
    """
    A token as asked for, its form already checked; what needs the policy, the clock or a store is checked by the desk.

    payload:  the reward's secret content, a JSON object as bytes; empty: none.
    metadata: a JSON object as bytes; empty: none.
    row_id:   its name in a bulk job; None for a single one.
    otp_fallback: beside a passkey, by what else; `otp_to` is its then.
    """

    account_id: str
    purpose: Purpose
    reward: Reward
    payload: bytes
    campaign_id: str | None
    expires_in_s: int
    not_before_ms: int | None
    channel: Channel
    to: str | None
    locale: Locale | None
    otp_method: Method
    otp_to: str | None
    decision_id: str | None
    metadata: bytes
    row_id: str | None = None
    otp_fallback: Fallback | None = None


class Caller(NamedTuple):
    """Who calls: the key, and the address as the edge trusts it."""

    principal: Principal
    address: str


class Member(NamedTuple):
    """The member's address and device, where the backend names them."""

    ip: str | None = None
    device: Device | None = None


UNNAMED: Final = Member()


class Answer(NamedTuple):
    """A JSON body to send as it is; `replayed`: it was given before."""

    body: bytes
    replayed: bool = False


class Issued(Struct, frozen=True, omit_defaults=True):
    """The body of 201: the contract's. `link` only where the caller delivers it; `repeated` rows of a bulk job too."""

    token_id: str
    state: str
    expires_at: str
    link: str | None = None


class CheckedToken(Struct, frozen=True, omit_defaults=True):
    """A decision's redemption token; `token`, its text, only where it is issued, and under the same key again."""

    token_id: str
    state: str
    expires_at: str
    token: str | None = None


class Desk(Protocol):
    """The use cases. Each raises RecordAway or HotStoreAway where a store is away: nothing was done then."""

    async def issue(
        self, order: Order, caller: Caller, call_key: str | None, body: bytes
    ) -> Answer | Problem:
        """Issue one; `body` is the request as sent, by which a repeat of the call is known. The answer is `Issued`."""
        ...

    async def issue_many(
        self, orders: Sequence[Order], bulk_id: str, caller: Caller, call_key: str | None
    ) -> Sequence[Issued | Problem]:
        """
        Issue up to 10,000, in order, a result each; every chunk is durable by itself, so a repeat goes on where a crash
        left it. Rows issued before are answered with their token, and with their link again where `call_key` is the
        same.
        """
        ...

    async def issue_checked(self, order: Order, caller: Caller, call_key: str | None) -> Answer | Problem:
        """
        Issue the one redemption token of the order's decision. A repeat is answered with the token there is; with its
        text only under the `call_key` it was issued with. The answer is `CheckedToken`; 409 where the decision can
        have none.
        """
        ...

    async def token(self, program_id: str, token_id: str) -> Token | None: ...
    async def tokens(
        self,
        program_id: str,
        *,
        account_id: str | None,
        campaign_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Page: ...
    async def revoke(self, token_id: str, caller: Caller) -> Token | Problem:
        """Revoke; one that is revoked already is answered the same. 409 where it is redeemed or expired."""
        ...

    async def release_hold(self, token_id: str, caller: Caller) -> Token | Problem:
        """Let a held token go on: its link works again. One that is released already is answered the same; 409 where it
        was never held, or is over.
        """
        ...

    async def send_code(self, text: str, account_id: str, caller: Caller) -> Answer | Problem:
        """Send the code of a token that a backend redeems. Body: `{reference, expires_at, resend_after_s, destination}`.
        404 as `redeem`; 409 where no code is sent for this method; 423 frozen; 429 too soon.
        """
        ...

    async def redeem(
        self,
        text: str,
        otp: str | None,
        account_id: str,
        caller: Caller,
        call_key: str,
        body: bytes,
        member: Member = UNNAMED,
    ) -> Answer | Problem:
        """
        Redeem: `{token_id, redemption_id, reward}` exactly once. 401 for a missing or wrong OTP, or where the check asks
        the member for proof; 423 locked, frozen or held (Retry-After where waiting helps), 404 for revoked, expired,
        unknown, tampered, foreign, not this account's, 409 for a second redemption or another key or body, 425 before
        `not_before`.
        """
        ...

    async def budget(self, program_id: str, campaign_id: str) -> Budget | None: ...
    async def set_budget(self, budget: Budget, caller: Caller) -> Budget: ...
    async def enrol(self, account_id: str, caller: Caller) -> tuple[Authenticator, str]:
        """A new authenticator app for a member, and its `otpauth://` address, told once. It counts once confirmed."""
        ...

    async def confirm(self, account_id: str, authenticator_id: str, code: str, caller: Caller) -> bool | None:
        """Whether the first code was right; None where there is nothing to confirm."""
        ...

    async def forget_authenticator(self, account_id: str, authenticator_id: str, caller: Caller) -> bool: ...
