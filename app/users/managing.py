"""Letting people in, changing what they may do, and letting them out, at once; `app.users.asking` says when for two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from app.users.enrolling import new_link
from app.users.limits import LINK_LIFE_MS
from app.users.ports import Link, Listed, Managed, NewPerson, Person, Users
from app.users.rights import Limit, Role, Scope
from app.users.seconding import Request
from app.users.secrets import Keys
from tokens.who import Who


class BadAddress(ValueError):
    """No e-mail address."""


class Invited(NamedTuple):
    """Somebody let in, and the enrolment link that is shown once."""

    user_id: str
    link: str
    until_ms: int


class Manager:
    """
    The use cases, synchronous: called in a thread. Each raises RecordAway: nothing was done then.

    Args:
        users: the store.
        keys: of the people's room.
        base: where the console is reached, `https://rewards.example`.
        new_id: prefix → a fresh id.
    """

    def __init__(self, users: Users, keys: Keys, base: str, new_id: Callable[[str], str]) -> None:
        self._users, self._keys, self._base, self._new_id = users, keys, base, new_id

    def everybody(self, now_ms: int) -> Sequence[Listed]:
        """All, oldest first."""
        return self._users.everybody(now_ms)

    def person(self, user_id: str) -> Person | None:
        """One."""
        return self._users.person(user_id)

    def find(self, email: str) -> Person | None:
        """By address."""
        return self._users.by_email(self._keys.email_hash(email))

    def invite(self, email: str, role: Role, scope: Scope, who: Who, now_ms: int) -> Invited | None:
        """None where somebody has that address. Raises BadAddress."""
        secret, link = self._link(now_ms)
        new = self.newcomer(email, role, scope)
        if not self._users.add(new, link, who, now_ms):
            return None
        return Invited(new.user_id, self._shown(secret), link.expires_ms)

    def newcomer(self, email: str, role: Role, scope: Scope) -> NewPerson:
        """Somebody who could be let in. Raises BadAddress."""
        try:
            address = validate_email(
                email.strip(), check_deliverability=False, test_environment=True
            ).normalized
        except EmailNotValidError as error:
            raise BadAddress(str(error)) from None
        return NewPerson(self._new_id("usr"), address, self._keys.email_hash(address), role, scope)

    def reset(self, person: Person, who: Who, now_ms: int) -> Invited | Managed:
        """Password, second factor, codes and passkeys go, sessions end; a new link is the only way in."""
        secret, link = self._link(now_ms)
        done = self._users.reset(person.user_id, person.version, link, who, now_ms)
        return Invited(person.user_id, self._shown(secret), link.expires_ms) if done == "changed" else done

    def go_ahead(self, request: Request, by: str, who: Who, now_ms: int) -> Invited | Managed:
        """Do what was asked, by the user `by`: `stale` where it is over, or not theirs to do now."""
        secret, link = self._link(now_ms)
        done = self._users.go_ahead(request, by, link, who, now_ms)
        if done != "changed" or request.wanted == "rights":
            return done
        return Invited(request.user_id, self._shown(secret), link.expires_ms)

    def change(self, user_id: str, role: Role, scope: Scope, version: int, who: Who, now_ms: int) -> Managed:
        """Another role or scope, for a user as seen at `version`; their sessions end."""
        return self._users.change(user_id, role, scope, version, who, now_ms)

    def disable(self, user_id: str, who: Who, now_ms: int) -> Managed:
        """They sign in no more, and their sessions end."""
        return self._users.disable(user_id, who, now_ms)

    def enable(self, user_id: str, who: Who, now_ms: int) -> Managed:
        """They may sign in again, with what they had."""
        return self._users.enable(user_id, who, now_ms)

    def _link(self, now_ms: int) -> tuple[str, Link]:
        secret, link_hash = new_link()
        return secret, Link(link_hash, "enrol", now_ms + LINK_LIFE_MS)

    def _shown(self, secret: str) -> str:
        return f"{self._base}/console/enrol/{secret}"


def scope_of(programs: Iterable[str], partners: Iterable[str], stores: Iterable[str]) -> Scope:
    """From what was typed: nothing named is no limit."""
    return Scope(_limit(programs), _limit(partners), _limit(stores))


def _limit(names: Iterable[str]) -> Limit:
    given = frozenset(name.strip() for name in names if name.strip())
    return given or None
