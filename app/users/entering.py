"""Signing in: the password, then the second factor; tries counted first, the same answer and time for everybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from os import urandom
from typing import Final, Literal, NamedTuple

import msgspec
from anyio import to_thread
from msgspec import Struct

from app.seal import SealBroken
from app.users import recovery
from app.users.devices import Devices
from app.users.limits import TICKET_LIFE_MS
from app.users.passwords import Passwords
from app.users.ports import SESSION_ID_BYTES, Kind, NewSession, Open, Person, Proven, Users
from app.users.secrets import Keys, new_secret, secret_hash
from app.users.viewer import Viewer
from tokens.codes import spelled
from tokens.errors import PasskeyRefused
from tokens.limits import CODE_DIGITS
from tokens.passkeys import Site, asserted_count, credential_of, request_options
from tokens.totp import matched_step
from tokens.who import Who

NONCE_BYTES: Final = 32
"""Of a ticket: 256 random bits, which are also what a passkey signs."""
AGENT_CHARS: Final = 160
"""Of the browser's own name, as shown in the list of sessions."""
_PLACE: Final = b"ticket"
Refused = Literal["wrong", "over"]
"""`wrong`: not right, whatever it was. `over`: the first step is too long ago, or was overtaken."""


class Ticket(Struct, frozen=True, array_like=True):
    """That somebody knew a password: good for one second factor, five minutes long."""

    nonce: bytes
    user_id: str
    version: int
    at_ms: int


class Wait(NamedTuple):
    """Too many wrong tries: not before so many seconds."""

    seconds: int


class Entered(NamedTuple):
    """
    A session's cookie, which is shown nowhere else.

    device:     the cookie by which the browser is known from now on.
    codes_left: how many recovery codes, where one was used.
    """

    cookie: str
    user_id: str
    device: str
    codes_left: int | None = None


class Asker(NamedTuple):
    """Where a request comes from: its address, the browser's name of itself, and the cookie by which it is known."""

    address: str
    agent: str
    device: str = ""


_unpack: Final = msgspec.msgpack.Decoder(Ticket).decode


class SignIn:
    """
    The use cases. Each raises RecordAway: nothing was done then.

    Args:
        users: the store.
        keys: of the people's room.
        passwords: hashes and checks.
        site: where passkeys are used.
        client_hash: address → its keyed hash.
    """

    def __init__(
        self,
        users: Users,
        keys: Keys,
        passwords: Passwords,
        site: Site,
        client_hash: Callable[[str], bytes],
    ) -> None:
        self._users, self._keys, self._passwords = users, keys, passwords
        self._site, self._client_hash = site, client_hash
        self._devices = Devices(keys.pages)

    async def password(self, email: str, password: str, asker: Asker, now_ms: int) -> bytes | Refused | Wait:
        """A ticket for the second step, sealed."""
        name = self._keys.email_hash(email)
        counted: list[tuple[Kind, bytes]] = [
            ("address", self._client_hash(asker.address)),
            self._passwords_of(name, asker, now_ms),
        ]
        wait = await self._take(counted, "nobody", asker, now_ms)
        if wait is not None:
            return wait
        person = await to_thread.run_sync(self._users.by_email, name)
        kept = person.password_hash if person is not None and person.is_enrolled else None
        if not await self._passwords.fits(kept, password) or person is None:
            return "wrong"
        await to_thread.run_sync(self._users.right, [], counted)
        ticket = Ticket(urandom(NONCE_BYTES), person.user_id, person.version, now_ms)
        return self._keys.pages.seal(msgspec.msgpack.encode(ticket), _PLACE)

    async def asks(self, sealed: bytes, now_ms: int) -> tuple[Person, str | None] | None:
        """Who is at the second step, and what to ask their passkeys, as JSON; None where the ticket is over."""
        return await to_thread.run_sync(self._asks, sealed, now_ms)

    async def second(
        self, sealed: bytes, code: str, answer: str, asker: Asker, now_ms: int
    ) -> Entered | Refused | Wait:
        """
        The session, where the second factor is right; it is used up then.

        Args:
            sealed: The ticket.
            code: Of the app, or a recovery code.
            answer: Of a passkey, as JSON; "" where a code was typed.
            asker: Where it comes from.
            now_ms: The instant.
        """
        found = await to_thread.run_sync(self._of_ticket, sealed, now_ms)
        if found is None:
            return "over"
        ticket, person = found
        name = self._keys.email_hash(person.email)
        own = self._devices.own(asker.device, name, now_ms)
        mine: list[tuple[Kind, bytes]] = [
            ("second", person.user_id.encode()) if own is None else ("device_second", own)
        ]
        theirs: list[tuple[Kind, bytes]] = [("address", self._client_hash(asker.address))]
        wait = await self._take([*theirs, *mine], f"user:{person.user_id}", asker, now_ms)
        if wait is not None:
            return wait
        prove = partial(self._proof, ticket, person, code, answer, now_ms)
        proven = await to_thread.run_sync(prove)
        if proven is None:
            return "wrong"
        cookie, session = new_session(asker, sha256(ticket.nonce).digest())
        who = Who(f"user:{person.user_id}", self._client_hash(asker.address))

        def enter() -> Entered | Refused:
            if not self._users.open(person.user_id, ticket.version, proven, session, who, now_ms):
                return "wrong"
            self._users.right([*mine, self._passwords_of(name, asker, now_ms)], theirs)
            left = None if proven.code_hash is None else self._users.codes_left(person.user_id)
            return Entered(cookie, person.user_id, self._devices.after(asker.device, name, now_ms), left)

        return await to_thread.run_sync(enter)

    async def confirms(self, viewer: Viewer, password: str, asker: Asker, now_ms: int) -> bool | Wait:
        """Whether somebody who is signed in knows their password: asked before what would outlast a stolen session."""
        counted = [self._passwords_of(self._keys.email_hash(viewer.email), asker, now_ms)]
        wait = await self._take(counted, viewer.actor, asker, now_ms)
        if wait is not None:
            return wait
        person = await to_thread.run_sync(self._users.person, viewer.user_id)
        if not await self._passwords.fits(None if person is None else person.password_hash, password):
            return False
        await to_thread.run_sync(self._users.right, counted, [])
        return True

    async def enter(self, link: str, asker: Asker, now_ms: int) -> str | None:
        """A cookie for a link that signs in, once: a demo's."""
        cookie, session = new_session(asker, secret_hash(link))
        who = Who("link", self._client_hash(asker.address))
        entered = await to_thread.run_sync(self._users.enter, secret_hash(link), session, who, now_ms)
        return cookie if entered else None

    def viewer(self, cookie: str, address: str, now_ms: int) -> Viewer | None:
        """`app.console.frame.Sessions`."""
        held = self._users.session(secret_hash(cookie), now_ms)
        return None if held is None else _viewer(held, self._client_hash(address))

    def leave(self, viewer: Viewer, now_ms: int) -> None:
        """Sign out."""
        session_id = viewer.session_hash[:SESSION_ID_BYTES].hex()
        self._users.end(viewer.user_id, session_id, Who(viewer.actor, viewer.ip_hash), now_ms)

    # ------------------------------------------------------------ inside

    def _passwords_of(self, name: bytes, asker: Asker, now_ms: int) -> tuple[Kind, bytes]:
        """What a wrong password is counted by: the name, or the name from this browser where it signed in here before."""
        own = self._devices.own(asker.device, name, now_ms)
        return ("account", name) if own is None else ("device", own)

    async def _take(
        self, counted: list[tuple[Kind, bytes]], actor: str, asker: Asker, now_ms: int
    ) -> Wait | None:
        who = Who(actor, self._client_hash(asker.address))
        wait = await to_thread.run_sync(self._users.take, counted, who, now_ms)
        return Wait(-(-wait // 1_000)) if wait else None

    def _of_ticket(self, sealed: bytes, now_ms: int) -> tuple[Ticket, Person] | None:
        try:
            ticket: Ticket = _unpack(self._keys.pages.open(sealed, _PLACE))
        except (SealBroken, msgspec.MsgspecError):
            return None
        if not 0 <= now_ms - ticket.at_ms < TICKET_LIFE_MS:
            return None
        person = self._users.person(ticket.user_id)
        fits = person is not None and person.is_enrolled and person.version == ticket.version
        return (ticket, person) if fits and person is not None else None

    def _asks(self, sealed: bytes, now_ms: int) -> tuple[Person, str | None] | None:
        found = self._of_ticket(sealed, now_ms)
        if found is None:
            return None
        ticket, person = found
        known = [one.credential for one in self._users.passkeys(person.user_id)]
        return person, request_options(self._site, ticket.nonce, known) if known else None

    def _proof(self, ticket: Ticket, person: Person, code: str, answer: str, now_ms: int) -> Proven | None:
        if answer:
            return self._signed(ticket, person, answer)
        digits = spelled(code.replace(" ", ""), CODE_DIGITS)
        if digits is not None and person.totp_seed is not None:
            step = matched_step(person.totp_seed, digits, now_ms)
            return None if step is None else Proven(totp_step=step)
        if recovery.spelled(code) is not None:
            return Proven(code_hash=recovery.code_hash(self._keys.lookup, person.user_id, code))
        return None

    def _signed(self, ticket: Ticket, person: Person, answer: str) -> Proven | None:
        try:
            named = credential_of(answer)
            one = next(
                (
                    key
                    for key in self._users.passkeys(person.user_id)
                    if key.credential.credential_id == named
                ),
                None,
            )
            if one is None:
                return None
            handle = self._keys.handle(person.user_id)
            count = asserted_count(
                self._site, ticket.nonce, answer, public_key=one.public_key, user_id=handle
            )
        except PasskeyRefused:
            return None
        return Proven(passkey_id=one.passkey_id, sign_count=count)


def new_session(asker: Asker, ticket_hash: bytes) -> tuple[str, NewSession]:
    """A cookie, and the session it stands for."""
    cookie = new_secret()
    agent = "".join([letter for letter in asker.agent[:AGENT_CHARS] if letter.isprintable()])
    return cookie, NewSession(secret_hash(cookie), ticket_hash, agent)


def _viewer(held: Open, ip_hash: bytes) -> Viewer:
    person = held.person
    return Viewer(
        person.user_id, person.email, person.role, person.scope, held.session_hash, ip_hash, held.is_asked
    )
