"""The counter a backend comes to: `app.redeeming.desk.Desk` over the ledger, the codes and the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Final

import msgspec
from anyio import to_thread

from app.ports.instants import Clock
from app.problems import CONFLICT, LOCKED, NOT_FOUND, TOO_EARLY, TOO_MANY_REQUESTS, UNPROVEN, Problem
from app.redeeming.checking import UNCHECKED, Challenged, Check, Cleared, proves_member
from app.redeeming.deciding import Visitor
from app.redeeming.desk import UNNAMED, Answer, Caller, Issued, Member, Order
from app.redeeming.finding import Finder, Found
from app.redeeming.issuing import ROWS_AT_ONCE, Issuer, instant
from app.redeeming.masking import masked
from app.redeeming.proving import Asker, NoCode, Prover, Wrong, needed_of, subject_of
from app.redeeming.releasing import Claimant, Released, Releaser
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.stepping_up.offering import challenge_id
from tokens.budget import Budget
from tokens.challenges import Authenticator, Challenges, NewChallenge, Stop, Wait
from tokens.claims import Claims, audience
from tokens.codes import spelled
from tokens.ledger import Call, Ledger, Page
from tokens.limits import CODE_DIGITS, wait_before_resend_s
from tokens.redemption import Proof, Refusal
from tokens.states import LIVE
from tokens.token import Token
from tokens.totp import address, matched_step, new_seed
from tokens.who import Who

NO_TOKEN: Final = NOT_FOUND.because("There is no such token, or it is over.")
"""One answer for whatever is unknown, tampered, foreign, revoked or expired."""
FROZEN: Final = LOCKED.because("Too many wrong codes were tried: the token is frozen. Issue another.")
IN_THE_BROWSER: Final = CONFLICT.because(
    "This token is proven by a passkey, in the member's browser only, or by the code of its `otp.fallback` if it has one."
)
ACCOUNT_LOCKED: Final = LOCKED.because(
    "Redeeming is locked at this account. Nothing was used up: unlocked again, it redeems."
)
HELD: Final = LOCKED.because(
    "The reward is held until a person has looked at this redemption. Nothing was used up: released, it redeems."
)
FROZEN_BY_CHECK: Final = LOCKED.because("The check at redemption froze the token. Issue another.")
REFUSALS: Final[dict[Refusal, Problem]] = {
    "not_live": NO_TOKEN,
    "expired": NO_TOKEN,
    "early": TOO_EARLY,
    "account_locked": ACCOUNT_LOCKED,
    "held": HELD,
    "unproven": UNPROVEN,
    "call_taken": CONFLICT.because("This Idempotency-Key was used for another request."),
}
CHECKED: Final[dict[str, Problem]] = {
    "held": HELD,
    "frozen": FROZEN_BY_CHECK,
    "locked": ACCOUNT_LOCKED,
    "spent": LOCKED.because("A cap of the programme has no room now. Nothing was used up: later it redeems."),
    "not_live": CONFLICT.because("The token changed this very moment. Ask again."),
}
"""What the check led to, where it is not to go on."""
STOPS: Final[dict[Stop | NoCode, Problem]] = {
    "frozen": FROZEN,
    "not_live": NO_TOKEN,
    "sends_spent": TOO_MANY_REQUESTS.because("No more codes are sent for this token."),
    "tries_spent": UNPROVEN.because("Too many tries at this code. Ask for a new one."),
    "code_gone": UNPROVEN.because("The code is no longer good. Ask for a new one."),
    "not_asked": UNPROVEN.because("Ask for a code first."),
    "not_a_code": UNPROVEN.because("A code has digits only, as many as were sent."),
    "no_address": CONFLICT.because("No code can be sent for this token."),
    "held": CONFLICT.because("On hold: the member's authenticator took another's place within 72 hours."),
    "authenticator_disabled": LOCKED.because("The member's authenticator is disabled. Enrol it anew."),
}


class TokenDesk:
    """
    The use cases of a backend.

    Args:
        finder: reads texts of tokens.
        issuer: issues.
        prover: sends and checks codes.
        releaser: releases rewards.
        ledger: holds the tokens.
        challenges: holds the authenticators.
        secrets: hashes addresses and calls.
        terms: programme → its terms.
        clock: milliseconds since 1970-01-01 UTC.
        new_id: prefix → a fresh id.
        check: stands before every commit.
    """

    def __init__(
        self,
        finder: Finder,
        issuer: Issuer,
        prover: Prover,
        releaser: Releaser,
        ledger: Ledger,
        challenges: Challenges,
        secrets: Secrets,
        *,
        terms: Callable[[str], Terms],
        clock: Clock,
        new_id: Callable[[str], str],
        check: Check = UNCHECKED,
    ) -> None:
        self._check = check
        self._finder, self._issuer, self._prover, self._releaser = finder, issuer, prover, releaser
        self._ledger, self._challenges, self._secrets = ledger, challenges, secrets
        self._terms, self._clock, self._new_id = terms, clock, new_id

    async def issue(
        self, order: Order, caller: Caller, call_key: str | None, body: bytes
    ) -> Answer | Problem:
        return await to_thread.run_sync(self._issuer.issue, order, caller, self._who(caller), call_key, body)

    async def issue_many(
        self, orders: Sequence[Order], bulk_id: str, caller: Caller, call_key: str | None
    ) -> Sequence[Issued | Problem]:
        results: list[Issued | Problem] = []
        for start in range(0, len(orders), ROWS_AT_ONCE):
            chunk = orders[start : start + ROWS_AT_ONCE]
            results += await to_thread.run_sync(
                self._issuer.issue_chunk, chunk, bulk_id, caller, self._who(caller), call_key
            )
        return results

    async def issue_checked(self, order: Order, caller: Caller, call_key: str | None) -> Answer | Problem:
        return await to_thread.run_sync(
            self._issuer.issue_checked, order, caller, self._who(caller), call_key
        )

    async def token(self, program_id: str, token_id: str) -> Token | None:
        return await to_thread.run_sync(self._ledger.token_of, program_id, token_id)

    async def tokens(
        self,
        program_id: str,
        *,
        account_id: str | None,
        campaign_id: str | None,
        limit: int,
        cursor: str | None,
    ) -> Page:
        def read() -> Page:
            return self._ledger.tokens(
                program_id, account_id=account_id, campaign_id=campaign_id, limit=limit, cursor=cursor
            )

        return await to_thread.run_sync(read)

    async def revoke(self, token_id: str, caller: Caller) -> Token | Problem:
        def revoke() -> Token | Problem:
            program_id = caller.principal.program_id
            state = self._ledger.revoke(program_id, token_id, self._who(caller), self._clock())
            token = None if state is None else self._ledger.token_of(program_id, token_id)
            if token is None:
                return NOT_FOUND
            return token if state == "revoked" else CONFLICT.because(f"The token is {state} already.")

        return await to_thread.run_sync(revoke)

    async def release_hold(self, token_id: str, caller: Caller) -> Token | Problem:
        def release() -> Token | Problem:
            program_id = caller.principal.program_id
            self._ledger.release_hold(program_id, token_id, self._who(caller), self._clock())
            token = self._ledger.token_of(program_id, token_id)
            if token is None:
                return NOT_FOUND
            if token.released_ms is not None:
                return token
            return CONFLICT.because(f"The token is {token.state}, and not held.")

        return await to_thread.run_sync(release)

    async def send_code(self, text: str, account_id: str, caller: Caller) -> Answer | Problem:
        claims = self._ours(text, caller)
        if claims is None:
            return NO_TOKEN
        return await to_thread.run_sync(self._send_code, claims, account_id, caller)

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
        claims = self._ours(text, caller)
        if claims is None:  # no store was asked
            return NO_TOKEN
        return await to_thread.run_sync(self._redeem, claims, otp, account_id, caller, call_key, body, member)

    async def budget(self, program_id: str, campaign_id: str) -> Budget | None:
        return await to_thread.run_sync(self._ledger.budget, program_id, campaign_id)

    async def set_budget(self, budget: Budget, caller: Caller) -> Budget:
        return await to_thread.run_sync(self._ledger.set_budget, budget, self._who(caller), self._clock())

    async def enrol(self, account_id: str, caller: Caller) -> tuple[Authenticator, str]:
        program_id = caller.principal.program_id
        app = Authenticator(
            authenticator_id=self._new_id("aut"),
            program_id=program_id,
            account_id=account_id,
            seed=new_seed(),
            made_ms=self._clock(),
            confirmed_ms=None,
            replaced=False,
            last_step=0,
            fails=0,
            disabled_ms=None,
        )
        await to_thread.run_sync(self._challenges.enrol, app, self._who(caller))
        return app, address(app.seed, self._terms(program_id).brand, account_id)

    async def confirm(self, account_id: str, authenticator_id: str, code: str, caller: Caller) -> bool | None:
        def confirm() -> bool | None:
            program_id, now_ms = caller.principal.program_id, self._clock()
            app = self._challenges.authenticator_of(program_id, account_id, authenticator_id)
            if app is None or app.confirmed_ms is not None:
                return None
            digits = spelled(code, CODE_DIGITS)
            step = None if digits is None else matched_step(app.seed, digits, now_ms)
            if step is None:
                return False
            return self._challenges.confirm(authenticator_id, step, self._who(caller), now_ms)

        return await to_thread.run_sync(confirm)

    async def forget_authenticator(self, account_id: str, authenticator_id: str, caller: Caller) -> bool:
        def forget() -> bool:
            program_id = caller.principal.program_id
            return self._challenges.forget_authenticator(
                program_id, account_id, authenticator_id, self._who(caller), self._clock()
            )

        return await to_thread.run_sync(forget)

    # ------------------------------------------------------------ each in a thread

    def _send_code(self, claims: Claims, account_id: str, caller: Caller) -> Answer | Problem:
        found = self._at(claims, account_id)
        if isinstance(found, Problem):
            return found
        token, terms = found.token, self._terms(found.token.program_id)
        asker, needed = self._asker(caller), needed_of(token, terms)
        sent = self._prover.send(subject_of(token), asker, needed, terms, token.token_hash)
        if isinstance(sent, NewChallenge):
            body = {
                "reference": sent.reference,
                "expires_at": instant(sent.expires_ms),
                "resend_after_s": wait_before_resend_s(token.sends + 1),
                "destination": masked(needed.method, token.otp_to),
            }
            return Answer(msgspec.json.encode(body))
        return TOO_MANY_REQUESTS.after(sent.seconds) if isinstance(sent, Wait) else STOPS[sent]

    def _redeem(
        self,
        claims: Claims,
        otp: str | None,
        account_id: str,
        caller: Caller,
        call_key: str,
        body: bytes,
        member: Member,
    ) -> Answer | Problem:
        program_id, body_hash = caller.principal.program_id, sha256(b"redeem\0" + body).digest()
        claimant = Claimant(
            self._secrets.call_hash(program_id, "redeem", call_key, body_hash.hex()),
            call_key.encode(),
            self._who(caller),
        )
        found = self._at(claims, account_id, redeemed_too=True)
        if isinstance(found, Problem):
            return found
        if found.token.state == "redeemed":
            return _told(self._releaser.again(found, claimant) or "not_live")
        proof = None
        if found.token.otp_method != "none":
            answer = self._prove(found, otp, caller)
            if isinstance(answer, Problem):
                return answer
            proof = answer
        proven = proof is not None and proves_member(found.token)
        passed = self._checked(found, caller, member, proven=proven)
        if passed is None:
            return self._overtaken(claims, account_id, claimant)
        if isinstance(passed, Problem):
            return passed
        call = Call(self._secrets.call_hash(program_id, "call", call_key), body_hash, b"")
        return _told(self._releaser.release(found, proof, claimant, call, passed.decision_id))

    def _overtaken(self, claims: Claims, account_id: str, claimant: Claimant) -> Answer | Problem:
        """Somebody was first: where that was a repeat of this very call, theirs is the answer."""
        found = self._at(claims, account_id, redeemed_too=True)
        if isinstance(found, Problem):
            return found
        redeemed = self._releaser.again(found, claimant) if found.token.state == "redeemed" else None
        return CHECKED["not_live"] if redeemed is None else _told(redeemed)

    def _checked(
        self, found: Found, caller: Caller, member: Member, *, proven: bool
    ) -> Cleared | Problem | None:
        """What the check says to a backend: one visitor, whichever of its keys calls. None: the token changed."""
        asker = self._asker(caller)
        visitor = Visitor(asker.session_hash, member.ip, member.device)
        checked = self._check.check(found, visitor, asker.who, proven=proven)
        if isinstance(checked, Cleared):
            return checked
        if isinstance(checked, Challenged):
            name, methods = challenge_id(checked.decision_id), ", ".join(checked.methods)
            return UNPROVEN.because(
                f"The member must pass the challenge {name} first, by {methods}; then redeem again."
            ).challenging(name, checked.methods)
        return None if checked == "not_live" else CHECKED[checked]

    def _prove(self, found: Found, otp: str | None, caller: Caller) -> Proof | Problem:
        token = found.token
        if token.otp_method == "passkey" and (otp is None or token.otp_fallback is None):
            return IN_THE_BROWSER
        if otp is None:
            return UNPROVEN.because("This token needs the member's code, as `otp`.")
        needed = needed_of(token, self._terms(token.program_id))
        checked = self._prover.check(subject_of(token), self._asker(caller), needed, otp)
        if isinstance(checked, Proof):
            return checked
        if isinstance(checked, Wait):
            return LOCKED.after(checked.seconds)
        if not isinstance(checked, Wrong):
            return STOPS[checked]
        if checked.then == "frozen":
            return FROZEN
        wrong = UNPROVEN.because(f"The code is wrong. Tries left at this token: {checked.tries_left}.")
        return wrong.after(checked.then.seconds) if isinstance(checked.then, Wait) else wrong

    def _at(self, claims: Claims, account_id: str, *, redeemed_too: bool = False) -> Found | Problem:
        """The token of this account, if it can be redeemed, or was."""
        found = self._finder.find(claims)
        if found is None or not compare_digest(account_id.encode(), found.token.account_id.encode()):
            return NO_TOKEN
        token, now_ms = found.token, self._clock()
        if token.state == "redeemed" and redeemed_too:
            return found
        if token.state == "frozen":
            return FROZEN
        if token.held_ms is not None and token.state in LIVE and now_ms < token.expires_ms:
            return HELD
        if token.state not in LIVE or now_ms >= token.expires_ms or claims.timing(now_ms) == "expired":
            return NO_TOKEN
        if token.locked:
            return ACCOUNT_LOCKED
        return TOO_EARLY if now_ms < token.not_before_ms else found

    def _ours(self, text: str, caller: Caller) -> Claims | None:
        claims = self._finder.read(text)
        return None if claims is None or claims.aud != audience(caller.principal.program_id) else claims

    def _asker(self, caller: Caller) -> Asker:
        """A programme's backend is one session, whichever of its keys calls; each key is a client."""
        principal = caller.principal
        session = self._secrets.call_hash(principal.program_id, "backend")
        return Asker(session, self._secrets.address_hash("key", principal.key_id), self._who(caller))

    def _who(self, caller: Caller) -> Who:
        ip_hash = self._secrets.client_hash(caller.address) if caller.address else b""
        return Who(f"key:{caller.principal.key_id}", ip_hash)


def _told(result: Released | Refusal) -> Answer | Problem:
    if not isinstance(result, Released):
        return REFUSALS[result]
    if result.answer is not None:
        return Answer(result.answer, replayed=result.replayed)
    return CONFLICT.because(f"The token was redeemed before, as {result.redeemed.redemption_id}.")
