"""A whole installation with cases made by its own decisions, and windows for whoever is signed in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.charts.drawing import DrawingRoom
from app.clock import system_clock
from app.composition.acting import acting_desk
from app.composition.case_page import case_room
from app.composition.cases import Cases, kept
from app.composition.console import sql_users
from app.composition.ground import Ground
from app.composition.reviewing import reviewing
from app.composition.tokens import Tokens
from app.console.colleagues import Colleagues
from app.console.frame import Room
from app.explaining import Explainer
from app.keys import derive
from app.model_shelf import Shelf
from app.seal import Seal
from app.settings import load
from app.store.sql.account_keys import AccountKeys
from app.store.sql.cases import SqlCasing
from app.store.sql.reviewing.gathering import SqlGathering
from app.users.ports import NewPerson
from app.users.rights import EVERYTHING, Scope
from detectors.event import Device, Event, Location, Profile
from tests.app.console.window import Window, a_console, a_viewer
from tests.app.installation import MASTER, Installation
from tokens.who import Who

EMAIL = "anna.berger@example.org"
BERLIN, LAGOS = Location(lat=52.5, lon=13.4, country="DE"), Location(lat=6.5, lon=3.4, country="NG")
SCRIPT = "<script>alert(1)</script>"


@dataclass
class CaseHouse:
    """The case page over real stores. `now_ms` is the installation's."""

    installation: Installation
    directory: Path
    numbers: list[int] = field(default_factory=lambda: [0])

    def __post_init__(self) -> None:
        one = self.installation
        one.now_ms = system_clock()  # what desks are composed with
        settings = load(data_dir=self.directory, public_url="https://console.example")
        self.engine = one.engine

        async def caught_up() -> None:
            return None

        ground = Ground(
            settings, MASTER, one.engine, one.record, one.pipeline, one.history, one.policy, one.sighter,
            one.journal,
        )  # fmt: skip
        tokens = Tokens(ground, decide=one.scorer.decide, caught_up=caught_up)
        self.acting = acting_desk(ground, tokens.locking.switch, tokens.issuer)
        explain = Explainer(one.record, one.policy).explain
        review = reviewing(
            MASTER, one.engine, one.record, one.policy, one.sighter, explain, Shelf(self.directory / "models")
        )
        self.review = replace(review, room=DrawingRoom(ThreadPoolExecutor(1)))
        self.users, self.cases = sql_users(one.engine, MASTER), Cases(MASTER, one.engine, one.policy)
        self.casing = SqlCasing(one.engine, kept(MASTER, one.policy))
        self.gathering = SqlGathering(one.engine, AccountKeys(Seal(derive(MASTER, "record"))), one.sighter)

    def room(self) -> Room:
        return case_room(self.cases, self.review, self.acting, self.engine, Colleagues(self.users))

    def let_in(self, user_id: str, role: Any = "analyst", scope: Scope = EVERYTHING) -> None:
        new = NewPerson(user_id, f"{user_id}@shop.example", user_id.encode(), role, scope)
        assert self.users.add(new, None, Who("command"), self.installation.now_ms)

    def window(self, role: Any = "analyst", user_id: str = "usr_1", **given: Any) -> Window:
        viewer = a_viewer(role, user_id=user_id, email=f"{user_id}@shop.example", **given)
        return Window([self.room()], viewer, a_console(viewer, self.installation.now_ms))

    async def tell(
        self, type_: Any, account_id: str, days_ago: float, origin: Any = "decision", **more: Any
    ) -> None:
        self.numbers[0] += 1
        at = datetime.fromtimestamp(self.installation.now_ms / 1_000, UTC) - timedelta(days=days_ago)
        event = Event(
            event_id=f"e-{self.numbers[0]}", type=type_, occurred_at=at, account_id=account_id, **more
        )
        await self.installation.scorer.decide(event, origin)

    async def read_on(self) -> None:
        """Let the worker record, open cases, and gather who used what."""
        await self.installation.drain()
        while self.casing.step(self.installation.now_ms, 500):
            pass
        while self.gathering.step(500):
            pass

    async def takeover(self, account_id: str = "m-1") -> str:
        """A member whose contact changes and whose points leave by a new device; the case."""
        old, new = Device(id=f"old-{account_id}"), Device(id=f"thief-of-{account_id}")
        profile = Profile(email=EMAIL, given_name=SCRIPT, city="Berlin", country="DE")
        home: dict[str, Any] = {"device": old, "ip": "203.0.113.7", "channel": "app", "location": BERLIN}
        away: dict[str, Any] = {"device": new, "ip": "198.51.100.9", "channel": "app", "location": LAGOS}
        await self.tell("signup", account_id, 40, "event", profile=profile, **home)
        for day in (39, 30, 20):
            await self.tell("earn", account_id, day, "event", points=2_000, **home)
        await self.tell("profile_change", account_id, 0.02, profile=Profile(email="x@example.net"), **away)
        await self.tell(
            "redeem", account_id, 0.01, points=5_900, balance_before=6_000, reward_liquidity="high", **away
        )
        await self.read_on()
        return self.case_of(account_id)

    async def ring(self, size: int = 3) -> str:
        """Accounts of one hand: the same device, mailbox and address; the case."""
        shared: dict[str, Any] = {"device": Device(id="farm"), "ip": "203.0.113.50", "channel": "web"}
        for n in range(size):
            profile = Profile(
                email=f"farm+{n}@example.org", phone="+491701234567", street="Hofweg 1", postcode="10115",
                city="Berlin", family_name="Krause", given_name="Kai", date_of_birth="1980-01-01",
            )  # fmt: skip
            await self.tell("signup", f"r-{n}", 0.1 - n / 100, profile=profile, **shared)
            await self.installation.drain()
        for n in range(size):
            await self.tell("redeem", f"r-{n}", 0.02 - n / 1_000, points=500, balance_before=500, **shared)
        await self.read_on()
        return self.case_of("r-0")

    def case_of(self, account_id: str) -> str:
        found = self.cases.desk._cases.open_case("default", account_id)
        assert found is not None
        return found

    def rows(self, query: str, **given: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(query), given))
