"""A desk in memory: tokens in a dict, the code `123456`, no clock of its own. Enough for what routes promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from app.api.paging import instant
from app.ports.record import RecordAway
from app.problems import CONFLICT, INVALID, LOCKED, NOT_FOUND, TOO_MANY_REQUESTS, UNPROVEN, Problem
from app.redeeming.desk import UNNAMED, Answer, Caller, CheckedToken, Issued, Member, Order
from tokens.budget import Budget
from tokens.challenges import Authenticator
from tokens.ledger import Page
from tokens.token import Token

CODE = "123456"
TRIES = 3
RESEND_AFTER_S = 60


@dataclass
class MemoryDesk:
    """
    `app.redeeming.desk.Desk` without a store. `away` makes it the desk of a broken one.

    links:  the text of a link → the token's id.
    calls:  (programme, call key) → the body it was made with, and its answer.
    orders: every order that reached it.
    members: whom redemptions named.
    """

    now_ms: int
    away: bool = False
    held: dict[str, Token] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    payloads: dict[str, bytes] = field(default_factory=dict)
    calls: dict[tuple[str, str], tuple[bytes, bytes]] = field(default_factory=dict)
    rows: dict[tuple[str, str, str], Issued] = field(default_factory=dict)
    budgets: dict[tuple[str, str], Budget] = field(default_factory=dict)
    apps: dict[str, Authenticator] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)

    async def issue(
        self, order: Order, caller: Caller, call_key: str | None, body: bytes
    ) -> Answer | Problem:
        self._called(caller)
        if order.campaign_id == "spent":
            return CONFLICT.because("The campaign's budget has no room: tokens.")
        known = self.calls.get((caller.principal.program_id, call_key or ""))
        if known is not None:
            return Answer(known[1], replayed=True) if known[0] == body else CONFLICT
        answer = msgspec.json.encode(_without_none(self._issue(order, caller)))
        if call_key is not None:
            self.calls[caller.principal.program_id, call_key] = body, answer
        return Answer(answer)

    async def issue_many(
        self,
        orders: Sequence[Order],
        bulk_id: str,
        caller: Caller,
        call_key: str | None,  # noqa: ARG002
    ) -> Sequence[Issued | Problem]:
        self._called(caller)
        results: list[Issued | Problem] = []
        for order in orders:
            name = caller.principal.program_id, bulk_id, order.row_id or ""
            if order.campaign_id == "spent":
                results.append(INVALID)
            else:
                results.append(self.rows.setdefault(name, self._issue(order, caller)))
        return results

    async def issue_checked(self, order: Order, caller: Caller, call_key: str | None) -> Answer | Problem:
        self._called(caller)
        name = caller.principal.program_id, "\0decision", order.decision_id or ""
        replayed = name in self.rows
        issued = self.rows[name] if replayed else self.rows.setdefault(name, self._issue(order, caller))
        told = call_key is not None or not replayed
        text = (issued.link or "").rpartition("#")[2] if told else None
        body = _without_none(CheckedToken(issued.token_id, issued.state, issued.expires_at, text))
        return Answer(msgspec.json.encode(body), replayed)

    def _issue(self, order: Order, caller: Caller) -> Issued:
        self.orders.append(order)
        token_id = f"tok_{len(self.held):08d}"
        expires_ms = self.now_ms + order.expires_in_s * 1_000
        token = Token(
            token_hash=sha256(token_id.encode()).digest(), token_id=token_id,
            program_id=caller.principal.program_id, account_id=order.account_id, purpose=order.purpose,
            campaign_id=order.campaign_id, reward=order.reward, decision_id=order.decision_id,
            secret_hash=b"", state="issued", issued_ms=self.now_ms,
            not_before_ms=order.not_before_ms or self.now_ms, expires_ms=expires_ms, ended_ms=None,
            vault_key="", shut=None, otp_method=order.otp_method, otp_to=order.otp_to,
            authenticator_id=None, channel=order.channel, recipient_hash=None, locale=order.locale or "en",
            delivery="none" if order.channel == "none" else "waiting", delivered_ms=None, policy_version="p1",
            tries=0, sends=0, row_id=order.row_id,
        )  # fmt: skip
        text = f"text-of-{token_id}"
        self.held[token_id], self.links[text], self.payloads[token_id] = token, token_id, order.payload
        link = f"https://redeem.test/r#{text}" if order.channel == "none" else None
        return Issued(token_id, "issued", instant(expires_ms).isoformat(), link)

    async def token(self, program_id: str, token_id: str) -> Token | None:
        self._called()
        held = self.held.get(token_id)
        return held if held is not None and held.program_id == program_id else None

    async def tokens(
        self,
        program_id: str,
        *,
        account_id: str | None,
        campaign_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Page:
        self._called()
        found = [
            token
            for token in reversed(self.held.values())
            if token.program_id == program_id
            and account_id in {None, token.account_id}
            and campaign_id in {None, token.campaign_id}
        ]
        start = 0 if cursor is None else int(cursor)
        following = start + limit
        return Page(found[start:following], str(following) if following < len(found) else None)

    async def revoke(self, token_id: str, caller: Caller) -> Token | Problem:
        held = await self.token(caller.principal.program_id, token_id)
        if held is None:
            return NOT_FOUND
        if held.state == "redeemed":
            return CONFLICT.because("The token is redeemed already.")
        self.held[token_id] = replace(held, state="revoked", ended_ms=held.ended_ms or self.now_ms)
        return self.held[token_id]

    async def release_hold(self, token_id: str, caller: Caller) -> Token | Problem:
        held = await self.token(caller.principal.program_id, token_id)
        if held is None:
            return NOT_FOUND
        if held.held_ms is None and held.released_ms is None:
            return CONFLICT.because(f"The token is {held.state}, and not held.")
        self.held[token_id] = replace(held, held_ms=None, released_ms=self.now_ms)
        return self.held[token_id]

    async def send_code(self, text: str, account_id: str, caller: Caller) -> Answer | Problem:
        self._called(caller)
        held = self._of_text(text, account_id, caller)
        if held is None:
            return NOT_FOUND
        if held.otp_method not in {"sms", "email"}:
            return CONFLICT.because("No code is sent for this token.")
        if held.state == "challenged":
            return TOO_MANY_REQUESTS.after(RESEND_AFTER_S)
        self.held[held.token_id] = replace(held, state="challenged", sends=held.sends + 1)
        body = {
            "reference": "K7", "expires_at": instant(self.now_ms + 300_000),
            "resend_after_s": RESEND_AFTER_S, "destination": "•••• 42",
        }  # fmt: skip
        return Answer(msgspec.json.encode(body))

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
        self._called(caller)
        self.members.append(member)
        held = self._of_text(text, account_id, caller)
        if held is None:
            return NOT_FOUND
        if held.state == "redeemed":
            known = self.calls.get((caller.principal.program_id, call_key))
            return CONFLICT if known is None or known[0] != body else Answer(known[1], replayed=True)
        if held.tries >= TRIES:
            return LOCKED.after(RESEND_AFTER_S)
        if held.otp_method != "none" and otp != CODE:
            self.held[held.token_id] = replace(held, tries=held.tries + 1)
            return UNPROVEN
        self.held[held.token_id] = replace(held, state="redeemed", ended_ms=self.now_ms)
        reward = msgspec.to_builtins(held.reward)
        payload = self.payloads.pop(held.token_id)
        if payload:
            reward["payload"] = msgspec.json.decode(payload)
        answer = msgspec.json.encode(
            {"token_id": held.token_id, "redemption_id": f"red_{held.token_id}", "reward": reward}
        )
        self.calls[caller.principal.program_id, call_key] = body, answer
        return Answer(answer)

    async def budget(self, program_id: str, campaign_id: str) -> Budget | None:
        self._called()
        return self.budgets.get((program_id, campaign_id))

    async def set_budget(self, budget: Budget, caller: Caller) -> Budget:
        self._called(caller)
        self.budgets[budget.program_id, budget.campaign_id] = budget
        return budget

    async def enrol(self, account_id: str, caller: Caller) -> tuple[Authenticator, str]:
        self._called(caller)
        made = Authenticator(
            authenticator_id=f"aut_{len(self.apps)}", program_id=caller.principal.program_id,
            account_id=account_id, seed=b"", made_ms=self.now_ms, confirmed_ms=None, replaced=False,
            last_step=0, fails=0, disabled_ms=None,
        )  # fmt: skip
        self.apps[made.authenticator_id] = made
        return made, "otpauth://totp/Brand:m?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Brand"

    async def confirm(self, account_id: str, authenticator_id: str, code: str, caller: Caller) -> bool | None:
        self._called(caller)
        if not self._has(account_id, authenticator_id, caller):
            return None
        return code == CODE

    async def forget_authenticator(self, account_id: str, authenticator_id: str, caller: Caller) -> bool:
        self._called(caller)
        return self._has(account_id, authenticator_id, caller) and bool(self.apps.pop(authenticator_id))

    def _has(self, account_id: str, authenticator_id: str, caller: Caller) -> bool:
        held = self.apps.get(authenticator_id)
        return held is not None and (held.program_id, held.account_id) == (
            caller.principal.program_id,
            account_id,
        )

    def _of_text(self, text: str, account_id: str, caller: Caller) -> Token | None:
        held = self.held.get(self.links.get(text, ""))
        if held is None or held.state == "revoked":
            return None
        ours = (held.program_id, held.account_id) == (caller.principal.program_id, account_id)
        return held if ours else None

    def _called(self, caller: Caller | None = None) -> None:
        if self.away:
            raise RecordAway("no answer")
        if caller is not None:
            self.callers.append(caller)


def _without_none(issued: Issued | CheckedToken) -> dict[str, str]:
    return {name: value for name, value in msgspec.to_builtins(issued).items() if value is not None}
