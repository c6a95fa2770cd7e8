"""What the people's store is asked, and what it keeps. Every method raises RecordAway: nothing was done then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from msgspec import Struct

from app.users.rights import EVERYTHING, Role, Scope
from app.users.seconding import Request
from tokens.passkeys import Credential, MadeCredential
from tokens.who import Who

SESSION_ID_BYTES: Final = 8
"""Of a session's hash: enough to tell one user's sessions apart."""
Purpose = Literal["enrol", "enter"]
"""What a link is for: to set password and second factor, or (demo only) to be signed in."""
Kind = Literal["account", "second", "address", "device", "device_second"]
"""What wrong tries are counted by: passwords of an account, second factors of one, all of an address; and the first two
once more for each browser that signed the account in before."""
EMAIL_HASH_BYTES: Final = 32
"""With which a count by `account`, `device` or `device_second` begins."""
Managed = Literal["changed", "stale", "last", "unknown"]
"""`stale`: changed by somebody else since it was read. `last`: nobody would be left who manages people."""


class Person(Struct, frozen=True, kw_only=True):
    """
    A user as stored.

    version: counts what ends their sessions: a new password, second factor, role or scope, being disabled.
    password_hash, totp_seed: None until enrolled.
    """

    user_id: str
    email: str
    role: Role
    scope: Scope = EVERYTHING
    created_ms: int
    disabled_ms: int | None = None
    version: int = 1
    password_hash: str | None = None
    totp_seed: bytes | None = None

    @property
    def is_enrolled(self) -> bool:
        """Whether they can sign in."""
        return self.disabled_ms is None and self.password_hash is not None and self.totp_seed is not None


class Listed(NamedTuple):
    """Somebody in the list of people. `link_until_ms`: an open enrolment link's end."""

    person: Person
    seen_ms: int | None
    passkeys: int
    link_until_ms: int | None


class NewPerson(NamedTuple):
    """Somebody who is let in; `email_hash` is unique."""

    user_id: str
    email: str
    email_hash: bytes
    role: Role
    scope: Scope


class Link(NamedTuple):
    """A one-time link, known by its hash."""

    link_hash: bytes
    purpose: Purpose
    expires_ms: int


class Credentials(NamedTuple):
    """What somebody enrols with."""

    password_hash: str
    totp_seed: bytes
    totp_step: int
    code_hashes: tuple[bytes, ...]


class NewSession(NamedTuple):
    """
    A session that begins.

    ticket_hash: of what it was begun by; unique, so that one proof opens one session.
    agent: the browser in a few words.
    """

    session_hash: bytes
    ticket_hash: bytes
    agent: str


class Proven(NamedTuple):
    """The second factor, to be used up in the move that opens the session: one of the three."""

    totp_step: int | None = None
    code_hash: bytes | None = None
    passkey_id: str | None = None
    sign_count: int = 0

    @property
    def method(self) -> str:
        """For the audit."""
        if self.totp_step is not None:
            return "totp"
        return "recovery_code" if self.code_hash is not None else "passkey"


class Open(NamedTuple):
    """A session that lives, and whose it is. `is_asked`: a request for that person is open."""

    person: Person
    session_hash: bytes
    made_ms: int
    seen_ms: int
    agent: str
    is_asked: bool = False

    @property
    def session_id(self) -> str:
        """By which its owner names it, 16 hexadecimal digits."""
        return self.session_hash[:SESSION_ID_BYTES].hex()


class UserPasskey(NamedTuple):
    """A user's passkey."""

    passkey_id: str
    credential: Credential
    public_key: bytes
    label: str
    made_ms: int
    used_ms: int | None


class People(Protocol):
    """Who there is, and what changes them. Every change is audited in its own transaction."""

    def add(self, new: NewPerson, first: Link | Request | None, who: Who, now_ms: int) -> bool:
        """With a link, or a request for one; False where somebody has that address."""
        ...

    def by_email(self, email_hash: bytes) -> Person | None: ...
    def person(self, user_id: str) -> Person | None: ...
    def everybody(self, now_ms: int) -> Sequence[Listed]: ...
    def change(
        self, user_id: str, role: Role, scope: Scope, version: int, who: Who, now_ms: int
    ) -> Managed: ...
    def disable(self, user_id: str, who: Who, now_ms: int) -> Managed: ...
    def enable(self, user_id: str, who: Who, now_ms: int) -> Managed: ...
    def reset(self, user_id: str, version: int, link: Link, who: Who, now_ms: int) -> Managed:
        """Password, second factor, recovery codes and passkeys go; the link is the only way in."""
        ...

    def link(self, link_hash: bytes, purpose: Purpose, now_ms: int) -> Person | None:
        """Whose open link this is."""
        ...

    def enrol(
        self, link_hash: bytes, credentials: Credentials, session: NewSession, who: Who, now_ms: int
    ) -> bool:
        """With the link, once: False where it was used or is over."""
        ...


class Requests(Protocol):
    """
    What is asked for people and waits for a second person; one each at a time. A request is open for a week, while its
    person is as they were then and who asked still manages people.
    """

    def ask(self, request: Request, who: Who, now_ms: int) -> Managed:
        """`stale`: the person changed meanwhile or is disabled, or something is asked for them already."""
        ...

    def requests(self, now_ms: int) -> Sequence[Request]: ...
    def go_ahead(self, request: Request, by: str, link: Link, who: Who, now_ms: int) -> Managed:
        """Use the request up and do it, in one move; `stale` where it is not open, or not for `by` to do now."""
        ...

    def stop(self, user_id: str, request_id: str, who: Who, now_ms: int) -> bool:
        """False where there is no such request."""
        ...


class Factors(Protocol):
    """What somebody proves themselves by."""

    def set_password(
        self, user_id: str, version: int, password_hash: str, session: NewSession, who: Who, now_ms: int
    ) -> bool:
        """Every session ends but the new one; False where the person changed meanwhile."""
        ...

    def set_codes(self, user_id: str, code_hashes: Sequence[bytes], who: Who, now_ms: int) -> None: ...
    def codes_left(self, user_id: str) -> int: ...
    def passkeys(self, user_id: str) -> Sequence[UserPasskey]: ...
    def add_passkey(
        self, user_id: str, passkey_id: str, made: MadeCredential, label: str, who: Who, now_ms: int
    ) -> Literal["added", "taken", "full"]: ...
    def forget_passkey(self, user_id: str, passkey_id: str, who: Who, now_ms: int) -> bool: ...


class Sessions(Protocol):
    """Who is signed in where."""

    def open(
        self, user_id: str, version: int, proven: Proven, session: NewSession, who: Who, now_ms: int
    ) -> bool:
        """Use the proof up and begin the session in one move; False where the proof was used or the person changed."""
        ...

    def enter(self, link_hash: bytes, session: NewSession, who: Who, now_ms: int) -> bool:
        """With a link that signs in, once."""
        ...

    def session(self, session_hash: bytes, now_ms: int) -> Open | None:
        """If it lives; that it was used is written down now and then."""
        ...

    def sessions(self, user_id: str, now_ms: int) -> Sequence[Open]: ...
    def end(self, user_id: str, session_id: str, who: Who, now_ms: int) -> bool: ...
    def end_others(self, user_id: str, session_hash: bytes, who: Who, now_ms: int) -> int: ...


class Tries(Protocol):
    """Wrong tries, counted before anything is compared."""

    def take(self, wanted: Sequence[tuple[Kind, bytes]], who: Who, now_ms: int) -> int:
        """Count one for each, or milliseconds to wait where one of them has to: then none is counted."""
        ...

    def right(self, cleared: Sequence[tuple[Kind, bytes]], given_back: Sequence[tuple[Kind, bytes]]) -> None:
        """It was right: forget these counts, and take one off those."""
        ...


class Users(People, Requests, Factors, Sessions, Tries, Protocol):
    """All of it."""
