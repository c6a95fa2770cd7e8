"""What goes in and out of a step-up: its answers, its refusals, and who asks."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, Protocol

from msgspec import UNSET, Raw, Struct, UnsetType

from app.ports.journal import Action
from app.problems import CONFLICT, LOCKED, NOT_FOUND, TOO_MANY_REQUESTS, Problem
from app.redeeming.desk import Caller
from app.redeeming.proving import NoCode
from detectors.policy import StepUpMethod
from tokens.challenges import Stop

Status = Literal["passed", "failed", "locked", "expired"]
NO_CHALLENGE: Final = NOT_FOUND
"""One answer for whatever is unknown, foreign, or a decision that asks for nothing."""
OVER: Final = CONFLICT.because("The challenge has expired. Send the event again under a new id.")
PASSED_BEFORE: Final = CONFLICT.because("The challenge was passed already.")
TOLD_OTHERWISE: Final = CONFLICT.because(
    "The outcome of this decision was told: there is nothing left to pass."
)
NOTHING_SENT: Final = CONFLICT.because(
    "Nothing is sent for `totp`: verify with the code the member's app shows."
)
NOT_SENT: Final = CONFLICT.because("No code can be sent for this challenge.")
SEND_STOPS: Final[dict[Stop | NoCode, Problem]] = {
    "frozen": LOCKED.because("Too many wrong codes were tried: this challenge can no longer be passed."),
    "sends_spent": TOO_MANY_REQUESTS.because("No more codes are sent for this challenge."),
}
DETAILS: Final = {
    "not_asked": "Ask for a code first, or for a passkey.",
    "not_a_code": "A code has digits only, as many as were sent; a passkey's answer is the browser's, as JSON.",
    "no_address": "The member cannot prove themselves by this method.",
    "held": "The member's authenticator is too new to trust.",
    "code_gone": "The code is no longer good. Ask for a new one.",
    "tries_spent": "Too many tries at this code. Ask for a new one.",
    "frozen": "Too many wrong codes were tried: this challenge can no longer be passed.",
    "authenticator_disabled": "The member's authenticator is disabled.",
}


class Sent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code is on its way, `destination` masked; or, for a passkey, the `options` of `navigator.credentials.get`."""

    expires_at: datetime
    reference: str | UnsetType = UNSET
    resend_after_s: int | UnsetType = UNSET
    destination: str | UnsetType = UNSET
    options: Raw | UnsetType = UNSET


class Verified(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the challenge stands, and what its decision is now. `tries_left`: for life, over all codes."""

    status: Status
    decision: Action
    tries_left: int | UnsetType = UNSET
    detail: str | UnsetType = UNSET
    retry_after_s: int | UnsetType = UNSET
    """Also sent as Retry-After: before that no code is looked at."""


class StepUpDesk(Protocol):
    """What a backend can ask. Each raises RecordAway or HotStoreAway where a store is away."""

    async def send(self, challenge_id: str, method: StepUpMethod, caller: Caller) -> Sent | Problem:
        """
        Send a code, or tell what to ask the browser for a passkey. 404, 409 where nothing can be sent, 429 where it is
        too soon.
        """
        ...

    async def verify(
        self, challenge_id: str, answer: str, method: StepUpMethod | None, caller: Caller
    ) -> Verified | Problem:
        """
        Check a code or, by `passkey`, the browser's answer as JSON; without `method`, the code sent last, else the app's.
        404; 409 where the outcome was told.
        """
        ...
