"""Earnest for asyncio: the same, awaited."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Self, TypeVar

from earnest_client.answers import (
    Audience,
    BadRow,
    Decision,
    Explanation,
    Label,
    LabelName,
    Outcome,
    OutcomeTold,
    Purpose,
    Told,
)
from earnest_client.calls import Heard, Send
from earnest_client.events import AnyEvent, Device
from earnest_client.fallback import Fallback
from earnest_client.line import AsyncLine, Target
from earnest_client.operations import Locale, Operations
from earnest_client.proving import (
    ChallengeMethod,
    ChallengeSent,
    CodeMethod,
    Lock,
    LockedBy,
    LockLink,
    Verified,
)
from earnest_client.sync import PATIENCE_S, TIMEOUT_S, USUAL
from earnest_client.tokens import CodeSent, Delivery, IssuedToken, Otp, Redemption, Reward, Token
from earnest_client.trying import Talk

T = TypeVar("T")


class AsyncEarnest:
    """
    Earnest, asked from one event loop.

    Args:
        base_url: Its address, such as https://earnest.example.
        key: An API key with the scopes of what is called.
        timeout_s: Seconds for one decision, a second try included: a member waits for it.
        patience_s: Seconds for any other call. Thousands of events are sent in several.
        fallback: The answers while Earnest is away; None: `decide` raises Away instead.
        tls: Whom to trust, where that is not the usual authorities.

    Every method may raise `Refused` and, but for `decide` and `decide_many`, `Away`.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        fallback: Fallback | None = USUAL,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._line = AsyncLine(Target(base_url, key), tls)
        self._operations = Operations(key, timeout_s, patience_s, fallback)
        self._base_url = base_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections. What waits to be told is not told: `flush` first. The next call opens new ones."""
        await self._line.close()

    @property
    def waiting(self) -> int:
        """Events this client decided itself that `flush` would tell."""
        return len(self._operations.backlog)

    # ---------------------------------------------------------------- decisions

    async def decide(self, event: AnyEvent) -> Decision:
        """Decide one event that is about to happen. While Earnest is away: by the fallback."""
        return await self._run(self._operations.decide(event))

    async def decide_many(self, events: Iterable[AnyEvent]) -> list[Decision | BadRow]:
        """Decide events in the order given; an answer for each, in that order."""
        return await self._run(self._operations.decide_many(events))

    async def outcome(self, decision_id: str, outcome: Outcome) -> OutcomeTold:
        """Tell what became of a decision, also of one that this client made."""
        return await self._run(self._operations.outcome(decision_id, outcome))

    async def explanation(
        self, decision_id: str, *, audience: Audience = "analyst", locale: str = "en"
    ) -> Explanation:
        """Why a decision came out so. A moment after it, when it is in the record."""
        return await self._run(self._operations.explanation(decision_id, audience, locale))

    # ---------------------------------------------------------------- what happened

    async def tell(self, events: Iterable[AnyEvent]) -> Told:
        """Tell of things that happened. Give them ids of your own: after Away, tell all of it again."""
        return await self._run(self._operations.tell(events))

    async def flush(self) -> Told:
        """Tell of what this client decided itself and that happened. Where it fails, all of it goes on waiting."""
        return await self._run(self._operations.flush())

    async def label(
        self,
        label: LabelName,
        *,
        source: str,
        account_id: str | None = None,
        event_id: str | None = None,
        typology: str | None = None,
    ) -> Label:
        """Say what an account or an event turned out to be. `source`: who found out."""
        return await self._run(self._operations.label(label, source, account_id, event_id, typology))

    # ---------------------------------------------------------------- challenges and locks

    async def send_challenge(self, challenge_id: str, method: ChallengeMethod = "sms_otp") -> ChallengeSent:
        """Send the member the code of a challenge, or ask for a passkey. Not repeated once it may have arrived."""
        return await self._run(self._operations.send_challenge(challenge_id, method))

    async def verify_challenge(
        self,
        challenge_id: str,
        code: str | None = None,
        *,
        assertion: Mapping[str, Any] | None = None,
        method: CodeMethod | None = None,
    ) -> Verified:
        """Check the member's code, or what their browser answered for a passkey. After Away, call again."""
        return await self._run(self._operations.verify_challenge(challenge_id, code, assertion, method))

    async def redemption_token(
        self, decision_id: str, account_id: str, reward: Reward | Mapping[str, Any]
    ) -> IssuedToken:
        """The one redemption token of a decision that allows, for the till that burns the points."""
        return await self.issue_token(account_id, reward, purpose="redemption", decision_id=decision_id)

    async def lock(
        self,
        account_id: str,
        *,
        by: LockedBy = "backend",
        reason: str | None = None,
        note: str | None = None,
    ) -> Lock:
        """Switch redeeming off at an account."""
        return await self._run(
            self._operations.set_lock(account_id, locked=True, by=by, reason=reason, note=note)
        )

    async def unlock(
        self,
        account_id: str,
        *,
        by: LockedBy = "backend",
        reason: str | None = None,
        note: str | None = None,
    ) -> Lock:
        """Switch redeeming on again."""
        return await self._run(
            self._operations.set_lock(account_id, locked=False, by=by, reason=reason, note=note)
        )

    async def lock_link(self, account_id: str, *, locale: Locale | None = None) -> LockLink:
        """A link to the member's own page of their lock, good for 15 minutes: for whoever is signed in with you."""
        return await self._run(self._operations.lock_link(account_id, locale))

    # ---------------------------------------------------------------- one-time tokens

    async def issue_token(
        self,
        account_id: str,
        reward: Reward | Mapping[str, Any],
        *,
        purpose: Purpose = "reward_link",
        delivery: Delivery | None = None,
        otp: Otp | None = None,
        campaign_id: str | None = None,
        expires_in_s: int | None = None,
        not_before: datetime | None = None,
        decision_id: str | None = None,
        metadata: Mapping[str, int | float | str] | None = None,
        idempotency_key: str | None = None,
    ) -> IssuedToken:
        """Issue a token; without `delivery` its link is answered. After Away, call again with its `idempotency_key`."""
        return await self._run(
            self._operations.issue_token(
                account_id,
                reward,
                purpose,
                delivery,
                otp,
                campaign_id,
                expires_in_s,
                not_before,
                decision_id,
                metadata,
                idempotency_key,
            )
        )

    async def send_code(self, token: str, account_id: str) -> CodeSent:
        """Send the member the code of a token, or of the link with it. Not repeated once it may have arrived."""
        return await self._run(self._operations.send_code(token, account_id))

    async def redeem_token(
        self,
        token: str,
        account_id: str,
        otp: str | None = None,
        *,
        ip: str | None = None,
        device: Device | None = None,
        idempotency_key: str | None = None,
    ) -> Redemption:
        """
        Redeem a token, or the link with it, exactly once. After Away, call again with its `idempotency_key`.

        `ip` and `device`: the member's, for the check at redemption.
        """
        return await self._run(
            self._operations.redeem_token(token, account_id, otp, ip, device, idempotency_key)
        )

    async def token(self, token_id: str) -> Token:
        """A token's state."""
        return await self._run(self._operations.token(token_id))

    async def revoke_token(self, token_id: str) -> Token:
        """Revoke a token and destroy its content."""
        return await self._run(self._operations.revoke_token(token_id))

    async def _run(self, talk: Talk[T]) -> T:
        heard: Heard = None
        try:
            while True:
                try:
                    step = talk.send(heard)
                except StopIteration as done:
                    result: T = done.value
                    return result
                heard = None
                if isinstance(step, Send):
                    heard = await self._line.send(step)
                else:
                    await asyncio.sleep(step.seconds)
        finally:
            talk.close()  # also where this was interrupted: what a flush took is put back
