"""A signed-in member's visit to their lock: see how redeeming stands, switch it off at once, on after a proof."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Final, Literal

from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace

from app.locking.links import Link, Links
from app.locking.switch import Switch, Wish
from app.locking.watching import Watch
from app.policy.file import PolicyFile
from app.ports.instants import Clock
from app.ports.locks import LockedBy, LockRow
from app.redeeming.proving import Asker, Wrong
from app.redeeming.secrets import Secrets
from app.redeeming.sessions import Session, new_session, of_cookie, to_cookie
from app.redeeming.terms import Terms
from app.redeeming.throttling import Throttle
from app.redeeming.visiting import Client
from app.seal import Seal, place
from app.stepping_up.channels import Person
from app.stepping_up.offering import REST_MS
from app.stepping_up.proofs import Case, Proofs
from app.stepping_up.showing import Proving, Showing
from detectors.policy import StepUpMethod
from tokens.challenges import Subject
from tokens.redemption import Proof
from tokens.token import Locale
from tokens.who import Who

Step = Literal[
    "on",       # redeeming is possible: it can be switched off
    "off",      # it is switched off, and can be switched on by a proof
    "kept",     # it is switched off by the programme, which alone switches it on
    "nothing",  # the member has no way to prove themselves
    "spent",    # too many wrong answers
    "expired", "unknown", "gone", "wait",
]  # fmt: skip
MEMBERS: Final[LockedBy] = "member"
PROVABLE: Final[frozenset[LockedBy]] = frozenset({"member", "step_up"})
"""Locks that a proof takes away."""
REASON: Final = "lock_page"


class LockView(Struct, frozen=True, kw_only=True):
    """
    One page of the way.

    since_ms, by: the last change; None where there was none.
    """

    step: Step
    terms: Terms
    locale: Locale
    proving: Proving = Proving()
    since_ms: int | None = None
    by: LockedBy | None = None
    retry_after_s: int | None = None


class Entered(Struct, frozen=True):
    """What "Continue" led to; `cookie` is the new session's, None where there is none."""

    view: LockView
    cookie: str | None


class LockVisits:
    """
    The gestures. Each raises RecordAway or HotStoreAway where a store is away.

    Args:
        switch: locks and unlocks.
        links: reads links.
        proofs, showing: of the proof that switching on takes.
        watch: told of proofs and of failed ones.
        throttle: counts clients.
        secrets: hashes addresses.
        seal: of sessions, used for nothing else.
        file: the policy.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        switch: Switch,
        links: Links,
        proofs: Proofs,
        showing: Showing,
        watch: Watch,
        throttle: Throttle,
        secrets: Secrets,
        *,
        seal: Seal,
        file: PolicyFile,
        clock: Clock,
    ) -> None:
        self._switch, self._links, self._proofs, self._showing = switch, links, proofs, showing
        self._watch, self._throttle, self._secrets, self._seal = watch, throttle, secrets, seal
        self._file, self._clock = file, clock

    async def landing(self, client: Client) -> Terms | None:
        """Before anything, the same whatever the link is. None where this client asks too often."""
        wait_s = await self._throttle.admit("landing", self._client(client))
        return None if wait_s else self._file.usual_terms

    async def enter(self, text: str, client: Client) -> Entered:
        """With a link's text: the gesture "Continue"."""
        wait_s = await self._throttle.admit("enter", self._client(client))
        if wait_s:
            return Entered(self._bare("wait", client, wait_s), None)
        link = self._links.read("switch", text)
        if link is None:
            await self._throttle.count("unknown", self._client(client))
            return Entered(self._bare("unknown", client), None)
        if self._clock() >= link.expires_ms:
            return Entered(self._bare("expired", client), None)
        session = new_session(text, self._clock())
        return Entered(await self._standing(link, session, client, None), to_cookie(self._seal, session))

    async def look(self, cookie: str | None, by: StepUpMethod | None, client: Client) -> LockView:
        """How redeeming stands, for a member who takes this way. Changes nothing."""

        async def look(link: Link, session: Session) -> LockView:
            return await self._standing(link, session, client, by)

        return await self._at(cookie, client, look)

    async def lock(self, cookie: str | None, client: Client) -> LockView:
        """Switch redeeming off, at once."""

        async def lock(link: Link, session: Session) -> LockView:
            await self._switch.change(self._wish(link, client, locked=True))
            return await self._standing(link, session, client, None)

        return await self._at(cookie, client, lock)

    async def send_code(self, cookie: str | None, client: Client) -> LockView:
        """Send a text message with a code."""

        async def send(link: Link, session: Session) -> LockView:
            row = await self._switch.standing(link.program_id, link.account_id)
            if row is None or self._step(row) != "off":
                return await self._standing(link, session, client, None)
            case, asker = self._case(link, row), self._asker(session, client)
            return self._proof(row, link, client, await to_thread.run_sync(self._showing.send, case, asker))

        return await self._at(cookie, client, send)

    async def answer(self, cookie: str | None, method: StepUpMethod, answer: str, client: Client) -> LockView:
        """Check a code or a passkey's answer and, if it holds, switch redeeming on."""
        wait_s = await self._throttle.admit("verify", self._client(client))

        async def check(link: Link, session: Session) -> LockView:
            row = await self._switch.standing(link.program_id, link.account_id)
            if wait_s or row is None or self._step(row) != "off":
                view = await self._standing(link, session, client, method)
                told = replace(view.proving, mishap="wait", retry_after_s=wait_s) if wait_s else view.proving
                return replace(view, proving=told)
            case, asker = self._case(link, row), self._asker(session, client)
            came = await to_thread.run_sync(self._proofs.check, case, method, asker, answer)
            if isinstance(came, Proof):
                await self._watch.tell("login", case.subject, client.address, 0)
                await self._switch.change(self._wish(link, client, locked=False))
                return await self._standing(link, session, client, None)
            if isinstance(came, Wrong):
                await self._watch.tell("login_failed", case.subject, client.address, came.tries_left)
            proving = await to_thread.run_sync(self._showing.after, case, asker, method, came)
            return self._proof(row, link, client, proving)

        return await self._at(cookie, client, check)

    # ------------------------------------------------------------ what they share

    async def _at(
        self, cookie: str | None, client: Client, gesture: Callable[[Link, Session], Awaitable[LockView]]
    ) -> LockView:
        session = of_cookie(self._seal, cookie, self._clock())
        link = None if session is None else self._links.read("switch", session.text)
        if session is None or link is None or session.is_over(self._clock()):
            return self._bare("gone", client)
        return await gesture(link, session)

    async def _standing(
        self, link: Link, session: Session, client: Client, by: StepUpMethod | None
    ) -> LockView:
        row = await self._switch.standing(link.program_id, link.account_id)
        step: Step = "on" if row is None else self._step(row)
        if row is None or step != "off":
            return self._view(step, row, link, client)
        case, asker = self._case(link, row), self._asker(session, client)
        return self._proof(row, link, client, await to_thread.run_sync(self._showing.of, case, asker, by))

    def _step(self, row: LockRow) -> Step:
        """A lock the programme set, only the programme takes away: it may know what the member does not; unless all it
        asks for is a proof.
        """
        if not row.locked:
            return "on"
        return "off" if row.asked_by in PROVABLE else "kept"

    def _proof(self, row: LockRow, link: Link, client: Client, proving: Proving | None) -> LockView:
        if proving is None:
            return self._view("spent", row, link, client)
        return replace(self._view("off" if proving.ways else "nothing", row, link, client), proving=proving)

    def _view(self, step: Step, row: LockRow | None, link: Link, client: Client) -> LockView:
        terms = self._file.terms(link.program_id)
        changed = row is not None and row.version > 0
        return LockView(
            step=step,
            terms=terms,
            locale=client.locale or link.locale or terms.locale,
            since_ms=row.changed_ms if row is not None and changed else None,
            by=row.asked_by if row is not None and changed else None,
        )

    def _bare(self, step: Step, client: Client, retry_after_s: int | None = None) -> LockView:
        terms = self._file.usual_terms
        return LockView(
            step=step, terms=terms, locale=client.locale or terms.locale, retry_after_s=retry_after_s
        )

    def _case(self, link: Link, row: LockRow) -> Case:
        """What is to be proven for this very lock; tries at it are counted for its whole life, and not for the next."""
        program_id, account_id, old_ms = link.program_id, link.account_id, self._clock() - REST_MS
        number = sha256(place("lock", program_id, account_id, str(row.version))).digest()
        allowed, terms = self._file.programme(program_id).step_up, self._file.terms(program_id)
        return Case(
            Subject("lock", number, program_id, account_id),
            Person(program_id, account_id, old_ms, old_ms),
            allowed,
            terms,
        )

    def _wish(self, link: Link, client: Client, *, locked: bool) -> Wish:
        who = Who("member", self._client(client))
        return Wish(link.program_id, link.account_id, locked, MEMBERS, who, REASON)

    def _asker(self, session: Session, client: Client) -> Asker:
        known_as = self._client(client)
        return Asker(session.hash, known_as, Who("member", known_as))

    def _client(self, client: Client) -> bytes:
        return self._secrets.client_hash(client.address)
