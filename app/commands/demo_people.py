"""The demo's people: an analyst, a second pair of eyes, who asks for it, and who manages people; each a click away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Engine

from app.composition.console import sql_users
from app.ids import fresh_id
from app.settings import Settings
from app.store.sql.users import SqlUsers
from app.users import recovery
from app.users.enrolling import ISSUER, new_link
from app.users.entering import Asker, new_session
from app.users.limits import LINK_LIFE_MS
from app.users.passwords import Passwords
from app.users.ports import SESSION_ID_BYTES, Credentials, Link, NewPerson
from app.users.rights import EVERYTHING, Role
from app.users.secrets import Keys
from tokens.totp import address as otpauth
from tokens.totp import new_seed
from tokens.who import Who

PEOPLE: Final[dict[str, Role]] = {
    "analyst@demo.example": "analyst",
    "senior@demo.example": "senior",
    "lead@demo.example": "programme_admin",
    "admin@demo.example": "security_admin",
}
PASSWORD_BYTES: Final = 12
"""96 random bits: nobody has to remember it."""
WHO: Final = Who("command")


class Ways(NamedTuple):
    """
    How to sign in as one of them.

    link:     once, for a day.
    password: and `app`, the address for an authenticator app: told when they are made; None afterwards.
    """

    user_id: str
    email: str
    role: Role
    link: str
    password: str | None
    app: str | None


class Made(NamedTuple):
    """Somebody as just made."""

    user_id: str
    password: str
    app: str


def let_in(settings: Settings, master: bytes, engine: Engine, address: str, now_ms: int) -> list[Ways]:
    """
    Everybody of the demo, made where they are not there yet, each with a new link.

    Raises:
        RuntimeError: In production, where no link signs anybody in.
    """
    if settings.env == "production":
        raise RuntimeError("the demo's people are for trying things out, not for production")
    users, keys = sql_users(engine, master), Keys.of(master)
    ways = []
    for email, role in PEOPLE.items():
        person = users.by_email(keys.email_hash(email))
        made = None if person is not None else _enrolled(users, keys, email, role, now_ms)
        user_id = made.user_id if made is not None else "" if person is None else person.user_id
        secret, link_hash = new_link()
        users.offer(user_id, Link(link_hash, "enter", now_ms + LINK_LIFE_MS), WHO, now_ms)
        link = f"{address}/console/enter/{secret}"
        ways.append(Ways(user_id, email, role, link, made and made.password, made and made.app))
    return ways


def told(ways: Sequence[Ways], address: str) -> str:
    """How to sign in at once, in a few lines."""
    width = max(len(one.role) for one in ways)
    lines = [f"Analyst console: {address}/console. Open one of these; each signs in once, within a day:"]
    lines += [f"    {one.role:<{width}}  {one.link}" for one in ways]
    lines += [
        f"    later, as {one.email}: password {one.password}\n    and the codes of an authenticator app: {one.app}"
        for one in ways[:1]
        if one.password is not None
    ]
    return "\n".join(lines)


def _enrolled(users: SqlUsers, keys: Keys, email: str, role: Role, now_ms: int) -> Made:
    """Somebody with a password and an app that nobody knows but whom it is printed for."""
    _, link_hash = new_link()
    user_id, password, seed = fresh_id("usr"), secrets.token_urlsafe(PASSWORD_BYTES), new_seed()
    users.add(
        NewPerson(user_id, email, keys.email_hash(email), role, EVERYTHING),
        Link(link_hash, "enrol", now_ms + LINK_LIFE_MS),
        WHO,
        now_ms,
    )
    hashes = tuple([recovery.code_hash(keys.lookup, user_id, code) for code in recovery.new_codes()])
    credentials = Credentials(Passwords().hash_now(password), seed, 0, hashes)
    _, session = new_session(Asker("", "made by the demo"), link_hash)
    users.enrol(link_hash, credentials, session, WHO, now_ms)
    users.end(user_id, session.session_hash[:SESSION_ID_BYTES].hex(), WHO, now_ms)
    return Made(user_id, password, otpauth(seed, ISSUER, email))
