"""A member's visit, for real: `app.redeeming.visiting.Visits` over the ledger, the codes and the throttle."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import msgspec
from anyio import to_thread

from app.ports.instants import Clock
from app.redeeming.checking import UNCHECKED, Challenged, Check, Cleared, proves_member
from app.redeeming.deciding import Visitor, browser_of
from app.redeeming.finding import Finder, Found
from app.redeeming.opening import Openings, opening_of
from app.redeeming.passkeys import Asked, PasskeyProver
from app.redeeming.proving import Asker, NoCode, Prover, Wrong, subject_of
from app.redeeming.releasing import Claimant, Released, Releaser
from app.redeeming.secrets import Secrets
from app.redeeming.sessions import (
    Session,
    new_device,
    new_session,
    of_cookie,
    of_device_cookie,
    to_cookie,
    to_device_cookie,
)
from app.redeeming.showing import Showing, echo_of
from app.redeeming.terms import Terms
from app.redeeming.throttling import Throttle
from app.redeeming.views import Mishap, View
from app.redeeming.visiting import Client, Entered
from app.stepping_up.offering import challenge_id
from tokens.challenges import Challenge, NewChallenge, Stop, Wait
from tokens.ledger import Ledger
from tokens.redemption import Proof, Refusal
from tokens.who import Who

MS: Final = 1_000
MEMBER: Final = "member"
MISHAPS: Final[dict[Stop | NoCode | Refusal, Mishap]] = {
    "sends_spent": "sends_spent",
    "tries_spent": "tries_spent",
    "frozen": "tries_spent",  # the last try is counted and still being judged; a moment later the token's state tells
    "code_gone": "code_gone",
    "not_asked": "code_gone",
    "unproven": "code_gone",
    "not_a_code": "not_a_code",
    "no_address": "held",
    "held": "held",
    "authenticator_disabled": "held",
}
"""What stops a member who goes on, as the page tells it. Whatever ends the token itself is told by its state."""


class MemberVisits:
    """
    The gestures of a member.

    Args:
        finder: reads links.
        prover: sends and checks codes.
        releaser: releases rewards.
        ledger: for notes of what was opened.
        throttle: counts clients.
        secrets: seals sessions, hashes addresses.
        terms: programme → its terms; None: those a page greets with before the programme is known.
        clock: milliseconds since 1970-01-01 UTC.
        passkeys: asks for passkeys and checks them.
        check: stands before every commit.
        openings: notes who opened a link; None: nobody does.
    """

    def __init__(
        self,
        finder: Finder,
        prover: Prover,
        releaser: Releaser,
        ledger: Ledger,
        throttle: Throttle,
        secrets: Secrets,
        terms: Callable[[str | None], Terms],
        clock: Clock,
        *,
        passkeys: PasskeyProver,
        check: Check = UNCHECKED,
        openings: Openings | None = None,
    ) -> None:
        self._finder, self._prover, self._passkeys, self._releaser = finder, prover, passkeys, releaser
        self._ledger, self._throttle, self._secrets = ledger, throttle, secrets
        self._terms, self._clock, self._check, self._openings = terms, clock, check, openings
        show = Showing(terms, clock)
        self._view, self._bare, self._ended, self._needed = show.view, show.bare, show.ended, show.needed

    async def landing(self, client: Client) -> View | None:
        wait_s = await self._throttle.admit("landing", self._client(client))
        return None if wait_s else self._bare("unknown", client)

    async def enter(self, text: str, client: Client) -> Entered:
        known_as = self._client(client)
        wait_s = await self._throttle.admit("enter", known_as)
        if wait_s:
            return Entered(self._bare("wait", client, retry_after_s=wait_s), None)
        claims = self._finder.read(text)
        found = None if claims is None else await to_thread.run_sync(self._finder.find, claims)
        if found is None:
            await self._throttle.count("unknown", known_as)
            return Entered(self._bare("unknown", client), None)
        step = self._ended(found)
        if step is not None:
            return Entered(self._view(found, step), None)
        session = new_session(text, self._clock())
        device = None
        if self._terms(found.token.program_id).device_cookie:
            device = of_device_cookie(self._secrets.cookies, client.device) or new_device()
        view = await to_thread.run_sync(self._open, found, session, client, device)
        known = None if device is None else to_device_cookie(self._secrets.cookies, device)
        return Entered(view, to_cookie(self._secrets.cookies, session), known)

    async def look(self, cookie: str | None, client: Client) -> View:
        return await self._at(cookie, client, self._standing)

    async def send_code(self, cookie: str | None, client: Client) -> View:
        return await self._at(cookie, client, self._send)

    async def verify(self, cookie: str | None, code: str, echo: str, client: Client) -> View:
        wait_s = await self._throttle.admit("verify", self._client(client))
        if wait_s:
            return await self._at(cookie, client, self._standing, mishap="wait", retry_after_s=wait_s)

        def check(found: Found, session: Session, client: Client) -> View:
            return self._verify(found, session, client, code, echo)

        return await self._at(cookie, client, check)

    async def confirm(self, cookie: str | None, answer: str, echo: str, client: Client) -> View:
        wait_s = await self._throttle.admit("verify", self._client(client))
        if wait_s:
            return await self._at(cookie, client, self._standing, mishap="wait", retry_after_s=wait_s)

        def confirm(found: Found, session: Session, client: Client) -> View:
            token = found.token
            if token.otp_method != "passkey":
                return self._standing(found, session, client)
            checked = self._passkeys.check(subject_of(token), self._asker(session, client), answer)
            if checked == "not_a_code":
                return self._fresh(found, session, client, mishap="wrong_passkey")
            return self._judged(found, session, client, echo, checked, "wrong_passkey")

        return await self._at(cookie, client, confirm)

    async def release(self, cookie: str | None, echo: str, client: Client) -> View:
        def release(found: Found, session: Session, client: Client) -> View:
            return self._release(found, session, client, echo, self._proof(found, session, client))

        return await self._at(cookie, client, release)

    async def acknowledge(self, cookie: str | None, client: Client) -> View:
        def acknowledge(found: Found, session: Session, client: Client) -> View:
            self._ledger.acknowledge(found.token.token_hash, session.hash)
            return self._after(found, session, client)

        return await self._at(cookie, client, self._standing, redeemed=acknowledge)

    async def _at(
        self,
        cookie: str | None,
        client: Client,
        gesture: Callable[[Found, Session, Client], View],
        redeemed: Callable[[Found, Session, Client], View] | None = None,
        **beside: Any,
    ) -> View:
        """Run a gesture in a thread at the token of a session, if there is one; `redeemed` where it is redeemed."""
        session = of_cookie(self._secrets.cookies, cookie, self._clock())
        claims = None if session is None else self._finder.read(session.text)
        if session is None or claims is None:
            return self._bare("gone", client)

        def run() -> View:
            found = self._finder.find(claims)
            if found is None:
                return self._bare("gone", client)
            if found.token.state == "redeemed":
                return (redeemed or self._after)(found, session, client)
            if session.is_over(self._clock()):
                return self._bare("gone", client)
            step = self._ended(found)
            return self._view(found, step) if step is not None else gesture(found, session, client)

        view = await to_thread.run_sync(run)
        return msgspec.structs.replace(view, **beside) if beside else view

    # ------------------------------------------------------------ each in a thread, at a live token

    def _open(self, found: Found, session: Session, client: Client, device: str | None) -> View:
        if self._openings is not None:
            by = opening_of(
                self._secrets, found.token.token_hash, session.hash, client.address, client.user_agent, device,
                self._clock(),
            )  # fmt: skip
            self._openings.open(by)
        self._ledger.note("opened", found.token.token_hash, self._who(client), self._clock())
        return self._standing(found, session, client)

    def _standing(self, found: Found, session: Session, client: Client) -> View:
        """Where the visit stands."""
        token = found.token
        asked = self._check.asked(token, session.hash)
        if asked is not None and not (proves_member(token) and self._proof(found, session, client)):
            return self._view(found, "confirm", challenge_id=challenge_id(asked.decision_id))
        if token.otp_method == "none":
            return self._view(found, "release")
        challenge = self._prover.state(subject_of(token), self._asker(session, client), self._needed(token))
        if self._proves(challenge):
            return self._view(found, "release")
        if token.otp_method == "passkey":
            return self._at_passkey(found, session, client, challenge)
        return self._at_code(found, challenge)

    def _at_passkey(self, found: Found, session: Session, client: Client, code: Challenge | NoCode) -> View:
        """Where the browser is asked for a passkey, unless a code was sent instead or there is no passkey to ask for."""
        token, asker = found.token, self._asker(session, client)
        if self._proves(self._passkeys.last(subject_of(token), asker)):
            return self._view(found, "release")
        if token.otp_fallback == "sms" and isinstance(code, Challenge) and self._clock() < code.expires_ms:
            return self._at_code(found, code)
        asked = self._passkeys.ask(subject_of(token), asker)
        if isinstance(asked, Asked):
            return self._view(found, "passkey", method="passkey", asked=asked.options)
        if token.otp_fallback is not None:
            return self._at_code(found, code)
        return self._view(found, "passkey", method="passkey", mishap=MISHAPS[asked])

    def _at_code(self, found: Found, challenge: Challenge | NoCode) -> View:
        """Where a code is asked for or typed."""
        if challenge == "not_asked":
            return self._view(found, "ask")
        if not isinstance(challenge, Challenge):
            return self._view(
                found,
                "ask" if self._needed(found.token).method != "totp" else "type",
                mishap=MISHAPS[challenge],
            )
        return self._view(found, "type", challenge=challenge)

    def _send(self, found: Found, session: Session, client: Client) -> View:
        token = found.token
        asker, needed = self._asker(session, client), self._needed(token)
        terms = self._terms(token.program_id)
        sent = self._prover.send(subject_of(token), asker, needed, terms, token.token_hash)
        if isinstance(sent, NewChallenge):
            return self._fresh(found, session, client)
        return self._refused(found, session, client, sent)

    def _verify(self, found: Found, session: Session, client: Client, code: str, echo: str) -> View:
        token = found.token
        checked = self._prover.check(
            subject_of(token), self._asker(session, client), self._needed(token), code
        )
        return self._judged(found, session, client, echo, checked, "wrong_code")

    def _judged(
        self,
        found: Found,
        session: Session,
        client: Client,
        echo: str,
        checked: Proof | Wrong | Wait | Stop | NoCode,
        wrong: Mishap,
    ) -> View:
        """What a code or a passkey led to; `wrong` where it did not hold."""
        if isinstance(checked, Proof):
            return self._release(found, session, client, echo, checked)
        if isinstance(checked, Wrong):
            if checked.then is None:
                return self._fresh(found, session, client, mishap=wrong)
            wait_s = checked.then.seconds if isinstance(checked.then, Wait) else None
            if wait_s is not None:
                return self._fresh(found, session, client, mishap=wrong, retry_after_s=wait_s)
            return self._refused(found, session, client, checked.then)
        return self._refused(found, session, client, checked)

    def _release(
        self, found: Found, session: Session, client: Client, echo: str, proof: Proof | None
    ) -> View:
        if found.token.otp_method != "none" and proof is None:
            return self._fresh(found, session, client, mishap="code_gone")
        if echo != echo_of(found.token):
            return self._fresh(found, session, client, mishap="changed")
        claimant, visitor = self._claimant(session, client), self._visitor(found, session, client)
        proven = proof is not None and proves_member(found.token)
        checked = self._check.check(found, visitor, claimant.who, proven=proven)
        if isinstance(checked, Challenged):
            return self._view(found, "confirm", challenge_id=challenge_id(checked.decision_id))
        if checked == "spent":
            return self._view(found, "delayed")
        if not isinstance(checked, Cleared):
            return self._fresh(found, session, client)
        released = self._releaser.release(found, proof, claimant, None, checked.decision_id)
        if isinstance(released, Released):
            return self._received(found, session, released)
        return self._refused(found, session, client, released)

    def _proof(self, found: Found, session: Session, client: Client) -> Proof | None:
        """What this session proved just now, be it by a passkey or by a code."""
        token, asker = found.token, self._asker(session, client)
        if token.otp_method == "none":
            return None
        by_code = self._prover.state(subject_of(token), asker, self._needed(token))
        by_passkey = self._passkeys.last(subject_of(token), asker) if token.otp_method == "passkey" else None
        for challenge in (by_code, by_passkey):
            if isinstance(challenge, Challenge) and self._proves(challenge):
                return Proof(challenge.challenge_id, session.hash)
        return None

    def _proves(self, challenge: Challenge | NoCode | None) -> bool:
        return isinstance(challenge, Challenge) and self._prover.is_proven(challenge)

    def _after(self, found: Found, session: Session, client: Client) -> View:
        """A token that is redeemed: this browser's reward or receipt, or somebody else's."""
        released = self._releaser.again(found, self._claimant(session, client), quietly=True)
        return self._view(found, "redeemed") if released is None else self._received(found, session, released)

    def _received(self, found: Found, session: Session, released: Released) -> View:
        redeemed = released.redeemed
        if redeemed.call_hash != session.hash:
            return self._view(found, "redeemed", at_ms=redeemed.at_ms)
        told: dict[str, Any] = {"redemption_id": redeemed.redemption_id, "at_ms": redeemed.at_ms}
        if released.answer is None:
            return self._view(found, "receipt", **told)
        payload = json.loads(released.answer)["reward"].get("payload")
        return self._view(found, "reward", payload=payload or {}, **told)

    def _refused(
        self, found: Found, session: Session, client: Client, why: Wait | Stop | NoCode | Refusal
    ) -> View:
        """Why a gesture led nowhere, at the token as it is now."""
        if isinstance(why, Wait):
            return self._fresh(found, session, client, mishap="wait", retry_after_s=why.seconds)
        mishap = MISHAPS.get(why)
        return self._fresh(found, session, client, **({} if mishap is None else {"mishap": mishap}))

    def _fresh(self, found: Found, session: Session, client: Client, **beside: Any) -> View:
        """Where the visit stands now, the token read again: a try or a code may have changed it."""
        again = self._finder.find(found.claims)
        if again is None:
            return self._bare("gone", client)
        if again.token.state == "redeemed":
            return self._after(again, session, client)
        step = self._ended(again)
        view = self._standing(again, session, client) if step is None else self._view(again, step)
        return msgspec.structs.replace(view, **beside) if step is None else view

    # ------------------------------------------------------------ what they share

    def _asker(self, session: Session, client: Client) -> Asker:
        return Asker(session.hash, self._client(client), self._who(client))

    def _claimant(self, session: Session, client: Client) -> Claimant:
        return Claimant(session.hash, session.secret, self._who(client))

    def _visitor(self, found: Found, session: Session, client: Client) -> Visitor:
        device = None
        if self._terms(found.token.program_id).device_cookie:
            device = of_device_cookie(self._secrets.cookies, client.device)
        return Visitor(session.hash, client.address, browser_of(device, client.user_agent))

    def _who(self, client: Client) -> Who:
        return Who(MEMBER, self._client(client))

    def _client(self, client: Client) -> bytes:
        return self._secrets.client_hash(client.address)
