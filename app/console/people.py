"""The people of the console: let in, given a role and a scope, reset, disabled; or that is asked, where it is for two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.place import HOME, Place
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.users.asking import Asking
from app.users.limits import SECOND_WAIT_MS
from app.users.managing import BadAddress, Invited, Manager, scope_of
from app.users.ports import Managed, Person
from app.users.rights import ROLES, Role, Scope
from app.users.seconding import Request, link_waits, may_go_ahead
from tokens.who import Who

PEOPLE: Final = f"{HOME}/people"
PLACE: Final = Place("people", "People", PEOPLE, "manage_users", "u")
ONE: Final = f"{PEOPLE}/{{user_id}}"
INVALID: Final = 422
WAIT_HOURS: Final = SECOND_WAIT_MS // 3_600_000
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
        manager: what is done at once.
        asking: what may be for two to do.
        tell: a request in words.
    """

    def __init__(self, manager: Manager, asking: Asking, tell: Callable[[Request], object]) -> None:
        self._manager, self._asking, self._tell = manager, asking, tell

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
        asked = {one.user_id for one in await to_thread.run_sync(self._asking.open, visit.now_ms)}
        return visit.page("people/list.html", "People", everybody=found, asked=asked, told=told)

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
            made = await to_thread.run_sync(
                self._asking.invite, email, role, _scope(visit), visit.viewer, visit.now_ms
            )
        except BadAddress as wrong:
            return _asked(visit, role, {"email": str(wrong)})
        if made is None:
            return _asked(visit, role, {"email": "Somebody has this address already."})
        if isinstance(made, Request):
            return _waits(visit, made)
        return invited(visit, email, made)

    async def one(self, visit: Visit) -> Response:
        """Somebody, and what waits for them."""
        person = await self._found(visit)
        request = await to_thread.run_sync(self._asking.of, person.user_id, visit.now_ms)
        asked = None if request is None else await to_thread.run_sync(self._tell, request)
        mine = request is not None and may_go_ahead(request, visit.viewer.user_id, visit.now_ms)
        return _one(visit, person, asked, may_go_ahead=mine)

    async def change(self, visit: Visit) -> Response:
        """Another role or scope, if nobody changed them meanwhile."""
        person, role, version = await self._found(visit), _role(visit), visit.form.number("version")
        if role is None or version is None:
            raise turned(INVALID, again=visit.here)
        change = person, role, _scope(visit), version
        made = await to_thread.run_sync(self._asking.change, *change, visit.viewer, visit.now_ms)
        if isinstance(made, Request):
            return _waits(visit, made)
        return done(visit, made, f"{person.email} is {role.replace('_', ' ')} now.")

    async def reset(self, visit: Visit) -> Response:
        """A new link, shown once."""
        person = await self._found(visit)
        if not visit.form.marked("confirmed"):
            raise turned(INVALID, "Make sure who is asking, and say so by the box.", again=_path(person))
        made = await to_thread.run_sync(self._asking.reset, person, visit.viewer, visit.now_ms)
        if isinstance(made, Request):
            return _waits(visit, made)
        return invited(visit, person.email, made) if isinstance(made, Invited) else done(visit, made, "")

    async def disable(self, visit: Visit) -> Response:
        """Out, at once."""
        person = await self._found(visit)
        out = await to_thread.run_sync(self._manager.disable, person.user_id, _who(visit), visit.now_ms)
        return done(visit, out, f"{person.email} is disabled and signed out everywhere.")

    async def enable(self, visit: Visit) -> Response:
        """In again."""
        person = await self._found(visit)
        let_in = await to_thread.run_sync(self._manager.enable, person.user_id, _who(visit), visit.now_ms)
        return done(visit, let_in, f"{person.email} may sign in again.")

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
        wait_hours=WAIT_HOURS,
        scope=typed,
        roles=_roles(),
        faults=faults,
    )


def _one(visit: Visit, person: Person, asked: object, *, may_go_ahead: bool) -> Response:
    scope = tuple([", ".join(sorted(limit or ())) for limit in person.scope])
    return visit.page(
        "people/one.html",
        person.email,
        person=person,
        asked=asked,
        may_go_ahead=may_go_ahead,
        by_two=link_waits(person.role),
        wait_hours=WAIT_HOURS,
        role=person.role,
        scope=scope,
        roles=_roles(),
        faults={},
    )


def invited(visit: Visit, email: str, made: Invited) -> Response:
    """The link, shown once."""
    return visit.page(
        "people/invited.html", "Enrolment link", email=email, link=made.link, until_ms=made.until_ms
    )


def _waits(visit: Visit, request: Request) -> Response:
    asked = "Asked. Another security admin has to go ahead; nothing has changed until then."
    return visit.back(f"{PEOPLE}/{request.user_id}", asked, "note")


def done(visit: Visit, managed: Managed, notice: str) -> Response:
    """To the list, or why not."""
    if managed == "changed":
        return visit.back(PEOPLE, notice)
    again = f"{PEOPLE}/{visit.path['user_id']}"
    if managed == "last":
        raise turned(
            409, "Nobody would be left who manages people. Give somebody else the role first.", again
        )
    raise turned(409 if managed == "stale" else 404, again=again)


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
