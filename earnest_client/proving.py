"""Challenges and locks: what is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from earnest_client.answers import Action

ChallengeMethod = Literal["sms_otp", "totp", "passkey"]
CodeMethod = Literal["sms_otp", "totp"]
ChallengeStatus = Literal["passed", "failed", "locked", "expired"]
LockedBy = Literal["member", "backend", "analyst"]


class ChallengeSent(Struct, frozen=True, kw_only=True):
    """A code is on its way, `destination` masked; or, for a passkey, the `options` of `navigator.credentials.get`."""

    expires_at: datetime
    reference: str | None = None
    resend_after_s: int | None = None
    destination: str | None = None
    options: Mapping[str, Any] | None = None


class Verified(Struct, frozen=True, kw_only=True):
    """
    Where the challenge stands, and what its decision is now.

    tries_left:    wrong codes until it can no longer be passed.
    retry_after_s: before that no code is looked at.
    """

    status: ChallengeStatus
    decision: Action
    tries_left: int | None = None
    detail: str | None = None
    retry_after_s: int | None = None

    @property
    def passed(self) -> bool:
        """Whether to go on."""
        return self.status == "passed"


class Lock(Struct, frozen=True, kw_only=True):
    """How redeeming stands at an account: `active` or `locked`. `changed_at`, `by`: the last change."""

    account_id: str
    state: str
    changed_at: datetime | None = None
    by: LockedBy | None = None


class LockLink(Struct, frozen=True):
    """A link to the member's own page of their lock, for whoever is signed in with you, at that moment."""

    link: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"LockLink(expires_at={self.expires_at!r})"
