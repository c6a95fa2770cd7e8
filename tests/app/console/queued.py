"""A queue with cases in it and people who work on it, over a real database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, insert, update

from app.cases.desk import CaseDesk
from app.cases.ports import Case, Scope, Wish
from app.composition.console import queue_room, sql_users
from app.console.colleagues import Colleagues
from app.console.taking_out import TakingOut
from app.store.sql.audit import Audit
from app.store.sql.audit_rows import SqlNoting
from app.store.sql.case_tables import case_places, cases
from app.store.sql.console_views import SqlViews
from app.users.ports import Credentials, Link, NewPerson, NewSession
from app.users.rights import EVERYTHING
from app.users.rights import Scope as Reach
from app.users.viewer import Viewer
from tests.app.console.window import Window, a_console, a_viewer
from tests.app.store.cased import HOUR_MS, NOW_MS, House
from tokens.who import Who

MASTER = bytes(range(32))
ADMIN = Who("test")


@dataclass
class Floor:
    """Where analysts work: cases as the worker opens them, and a window at the queue for each."""

    engine: Engine
    decided: Any
    now_ms: int = NOW_MS + HOUR_MS
    ids: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        self.house = House(self.engine, self.decided)
        self.users = sql_users(self.engine, MASTER)
        self.desk = CaseDesk(self.house.cases, lambda: self.now_ms)
        self.views = SqlViews(self.engine, self._id)
        self.room = queue_room(
            self.desk, self.views, Colleagues(self.users),
            TakingOut(SqlNoting(self.engine, Audit(MASTER))),
        )  # fmt: skip

    def _id(self, prefix: str) -> str:
        self.ids[0] += 1
        return f"{prefix}_{self.ids[0]}"

    def somebody(self, name: str, role: Any = "analyst", scope: Reach = EVERYTHING) -> Viewer:
        """Lets somebody in who has enrolled."""
        user_id, link_hash = f"usr_{name}", name.encode().ljust(32)
        person = NewPerson(user_id, f"{name}@shop.example", link_hash, role, scope)
        self.users.add(person, Link(link_hash, "enrol", self.now_ms + HOUR_MS), ADMIN, self.now_ms)
        session = NewSession(b"s" + link_hash, b"t" + link_hash, "a browser")
        self.users.enrol(link_hash, Credentials("hash", b"seed", 0, ()), session, ADMIN, self.now_ms)
        return a_viewer(role, user_id=user_id, email=person.email, scope=scope)

    def window(self, viewer: Viewer, **given: Any) -> Window:
        """At the queue; `given` is of its frame."""
        return Window([self.room], viewer, a_console(viewer, self.now_ms, **given))

    def open(self, account_id: str = "m-1", program_id: str = "default", **given: Any) -> Case:
        """A case; `given` is of its decision, `set` of its row, `stores` where it took place."""
        fields, stores = given.pop("set", {}), given.pop("stores", ())
        self.house.record_all(self.house.decide(account_id, program_id=program_id, **given))
        self.house.drain()
        case_id = self.house.cases.open_case(program_id, account_id)
        assert case_id is not None
        with self.engine.begin() as connection:
            if fields:
                connection.execute(update(cases).where(cases.c.case_id == case_id).values(**fields))
            for store in stores:
                row = {"case_id": case_id, "kind": "store", "value": store, "program_id": program_id}
                connection.execute(insert(case_places), row)
        return self.case(case_id, program_id)

    def case(self, case_id: str, program_id: str = "default") -> Case:
        """As it stands."""
        [found] = self.house.cases.some(Scope(program_id), [case_id])
        return found

    def move(self, case: Case, viewer: Viewer, move: Any, **wish: Any) -> Case:
        """Somebody moves it elsewhere."""
        done = self.house.cases.move(
            Scope(case.program_id),
            case.case_id,
            Who(viewer.actor),
            Wish(move=move, **wish),
            None,
            self.now_ms,
        )
        assert isinstance(done, Case)
        return done
