"""The people of the console: let in, given a role and a scope, reset, disabled. For security admins alone."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.place import HOME, Place
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.users.managing import BadAddress, Invited, Manager, scope_of
from app.users.ports import Managed, Person
from app.users.rights import ROLES, Role, Scope
from tokens.who import Who

PEOPLE: Final = f"{HOME}/people"
PLACE: Final = Place("people", "People", PEOPLE, "manage_users", "u")
ONE: Final = f"{PEOPLE}/{{user_id}}"
INVALID: Final = 422
ROLE_TEXTS: Final[dict[Role, str]] = {
    "viewer": "Reads cases, accounts and figures.",
    "analyst": "Works cases: releases, blocks, locks, labels, asks members for a code.",
    "senior": "Also approves, closes accounts together with another, edits lists, exports.",
    "programme_admin": "Also edits the policy of their programmes.",
    "auditor": "Reads everything, the audit too; changes nothing.",
    "security_admin": "Manages people; sees no member.",
}


class People:
    """
    Args:
        manager: the use cases.
    """

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def gestures(self) -> list[Gesture]:
        """Each needs the right to manage people."""
        return [
            Get(PEOPLE, "manage_users", self.everybody),
            Get(f"{PEOPLE}/new", "manage_users", self.ask),
            Post(PEOPLE, "manage_users", self.invite),
            Get(ONE, "manage_users", self.one),
            Post(ONE, "manage_users", self.change),
            Post(f"{ONE}/reset", "manage_users", self.reset),
            Post(f"{ONE}/disable", "manage_users", self.disable),
            Post(f"{ONE}/enable", "manage_users", self.enable),
        ]

    async def everybody(self, visit: Visit) -> Response:
        """The list."""
        found = await to_thread.run_sync(self._manager.everybody, visit.now_ms)
        return visit.page("people/list.html", "People", everybody=found, told=told)

    async def ask(self, visit: Visit) -> Response:
        """The form to let somebody in."""
        return _asked(visit, "analyst", {})

    async def invite(self, visit: Visit) -> Response:
        """The link, shown once."""
        role = _role(visit)
        email = visit.form.text("email")
        if role is None:
            return _asked(visit, "", {"email": "Choose a role below."})
        try:
            done = await to_thread.run_sync(
                self._manager.invite, email, role, _scope(visit), _who(visit), visit.now_ms
            )
        except BadAddress as wrong:
            return _asked(visit, role, {"email": str(wrong)})
        if done is None:
            return _asked(visit, role, {"email": "Somebody has this address already."})
        return _invited(visit, email, done)

    async def one(self, visit: Visit) -> Response:
        """Somebody."""
        return _one(visit, await self._found(visit))

    async def change(self, visit: Visit) -> Response:
        """Another role or scope, if nobody changed them meanwhile."""
        person, role, version = await self._found(visit), _role(visit), visit.form.number("version")
        if role is None or version is None:
            raise turned(INVALID, again=visit.here)
        change = person.user_id, role, _scope(visit), version
        done = await to_thread.run_sync(self._manager.change, *change, _who(visit), visit.now_ms)
        return _done(visit, done, f"{person.email} is {role.replace('_', ' ')} now.")

    async def reset(self, visit: Visit) -> Response:
        """A new link, shown once."""
        person = await self._found(visit)
        if not visit.form.marked("confirmed"):
            raise turned(INVALID, "Make sure who is asking, and say so by the box.", again=_path(person))
        done = await to_thread.run_sync(self._manager.reset, person.user_id, _who(visit), visit.now_ms)
        return _invited(visit, person.email, done) if isinstance(done, Invited) else _done(visit, done, "")

    async def disable(self, visit: Visit) -> Response:
        """Out, at once."""
        person = await self._found(visit)
        done = await to_thread.run_sync(self._manager.disable, person.user_id, _who(visit), visit.now_ms)
        return _done(visit, done, f"{person.email} is disabled and signed out everywhere.")

    async def enable(self, visit: Visit) -> Response:
        """In again."""
        person = await self._found(visit)
        done = await to_thread.run_sync(self._manager.enable, person.user_id, _who(visit), visit.now_ms)
        return _done(visit, done, f"{person.email} may sign in again.")

    async def _found(self, visit: Visit) -> Person:
        person = await to_thread.run_sync(self._manager.person, visit.path["user_id"])
        if person is None:
            raise turned(404, again=PEOPLE)
        return person


def told(scope: Scope) -> str:
    """What somebody sees, in a few words."""
    parts = [
        f"{name} {', '.join(sorted(limit))}"
        for name, limit in zip(("", "partners", "stores"), scope, strict=True)
        if limit is not None
    ]
    return "; ".join([part.strip() for part in parts]) or "all programmes"


def _asked(visit: Visit, role: str, faults: dict[str, str]) -> Response:
    sent = visit.form
    typed = tuple([sent.text(name) for name in ("programs", "partners", "stores")])
    return visit.page(
        "people/new.html",
        "Let somebody in",
        INVALID if faults else 200,
        email=sent.text("email"),
        role=role,
        scope=typed,
        roles=_roles(),
        faults=faults,
    )


def _one(visit: Visit, person: Person) -> Response:
    scope = tuple([", ".join(sorted(limit or ())) for limit in person.scope])
    return visit.page(
        "people/one.html",
        person.email,
        person=person,
        role=person.role,
        scope=scope,
        roles=_roles(),
        faults={},
    )


def _invited(visit: Visit, email: str, invited: Invited) -> Response:
    return visit.page(
        "people/invited.html", "Enrolment link", email=email, link=invited.link, until_ms=invited.until_ms
    )


def _done(visit: Visit, done: Managed, notice: str) -> Response:
    if done == "changed":
        return visit.back(PEOPLE, notice)
    again = f"{PEOPLE}/{visit.path['user_id']}"
    if done == "last":
        raise turned(
            409, "Nobody would be left who manages people. Give somebody else the role first.", again
        )
    raise turned(409 if done == "stale" else 404, again=again)


def _roles() -> list[tuple[Role, str, str]]:
    return [(role, role.replace("_", " ").capitalize(), ROLE_TEXTS[role]) for role in ROLES]


def _role(visit: Visit) -> Role | None:
    sent = visit.form.text("role")
    return next((role for role in ROLES if role == sent), None)


def _scope(visit: Visit) -> Scope:
    return scope_of(*(visit.form.text(name).split(",") for name in ("programs", "partners", "stores")))


def _path(person: Person) -> str:
    return f"{PEOPLE}/{person.user_id}"


def _who(visit: Visit) -> Who:
    return Who(visit.viewer.actor, visit.viewer.ip_hash)
