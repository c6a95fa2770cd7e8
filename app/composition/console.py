"""The analyst console, put together: who is signed in, the frame, and every room of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from sqlalchemy import Engine
from starlette.routing import Route

from app import metrics
from app.acting.ports import Acting
from app.cases.desk import CaseDesk
from app.clock import system_clock
from app.composition.case_page import case_room
from app.composition.cases import Cases
from app.composition.record_rooms import record_rooms
from app.composition.reviewing import Reviewing
from app.console import people, playbook, practice, queue
from app.console.access import Access
from app.console.colleagues import Colleagues
from app.console.dashboard import page as dashboard
from app.console.dashboard.page import DashboardPage
from app.console.frame import Console, Room
from app.console.people import People
from app.console.playbook import Playbook
from app.console.practice import Practice
from app.console.profile import Profile
from app.console.programmes import Programmes
from app.console.queue import Queue
from app.console.queue_bulk import Bulk
from app.console.queue_export import Export
from app.console.queue_views import QueueViews
from app.console.sealing import Sealing
from app.console.seconding import Seconding, telling
from app.console.taking_out import TakingOut
from app.feedback.desk import FeedbackDesk
from app.ids import fresh_id
from app.keys import derive
from app.locking.switch import Switch
from app.pages.origin import origin_of
from app.policy.file import PolicyFile
from app.settings import Settings
from app.store.sql.audit import Audit
from app.store.sql.console_views import SqlViews
from app.store.sql.users import SqlUsers
from app.users.asking import Asking
from app.users.enrolling import Enrolment
from app.users.entering import SignIn
from app.users.managing import Manager
from app.users.own import Own
from app.users.passwords import Passwords
from app.users.secrets import Keys
from tokens.passkeys import Site


def console_routes(
    settings: Settings,
    master: bytes,
    engine: Engine,
    file: PolicyFile,
    client_hash: Callable[[str], bytes],
    *,
    review: Reviewing,
    cases: Cases,
    feedback: FeedbackDesk,
    switch: Switch,
    acting: Acting,
) -> list[Route]:
    """
    The routes of `/console`, to be mounted beside the API.

    Args:
        settings: of the installation.
        master: the master key.
        engine: of the record.
        file: the policy in force.
        client_hash: address → its keyed hash, as the audit has it.
        review: what pages read together.
        cases: of this worker.
        feedback: takes in what people say.
        switch: locks and unlocks accounts.
        acting: what an analyst can do from a case.
    """
    base, keys = (settings.public_url or "").rstrip("/"), Keys.of(master)
    users = sql_users(engine, master)
    site = Site(urlsplit(base).hostname or "localhost", origin_of(base))
    passwords = Passwords()
    sign_in = SignIn(users, keys, passwords, site, client_hash)
    sealing, ready = Sealing(keys.pages), review.room.get_ready  # who never serves a page draws nothing
    console = Console(
        sign_in,
        sealing,
        public_url=base,
        clock=system_clock,
        came=ready,
        currency=lambda program_id: file.cases(program_id).currency,
    )
    access = Access(
        console,
        sign_in,
        Enrolment(users, keys, passwords, client_hash),
        by_link=settings.env != "production",
    )
    rooms = [
        queue_room(cases.desk, SqlViews(engine, fresh_id), Colleagues(users), TakingOut(review.noting)),
        case_room(cases, review, acting, engine, Colleagues(users)),
        *record_rooms(review, cases, feedback, switch, engine, acting.is_closed, Colleagues(users)),
        dashboard_room(review, Programmes(SqlViews(engine, fresh_id).programmes), file),
        Room(playbook.PLACE, Playbook(file.programme, tuple(file.programs)).gestures()),
        Room(practice.PLACE, Practice().gestures()),
        people_room(users, Manager(users, keys, base, fresh_id)),
        Room(None, Profile(Own(users, keys, site, fresh_id), sign_in, passwords).gestures()),
        Room(None, access.gestures()),
    ]
    return [*access.open_routes(), *console.routes(rooms), *access.last_routes()]


def people_room(users: SqlUsers, manager: Manager) -> Room:
    """The people, and what is asked for them."""
    asking, colleagues = Asking(users, manager, fresh_id), Colleagues(users)
    page = People(manager, asking, partial(telling, colleagues=colleagues))
    return Room(people.PLACE, [*page.gestures(), *Seconding(manager, asking, colleagues).gestures()])


def queue_room(desk: CaseDesk, views: SqlViews, colleagues: Colleagues, taking_out: TakingOut) -> Room:
    """The queue with its bulk moves, its views and its file; the first place, so that it is where the day begins."""
    programmes = Programmes(views.programmes)
    page = Queue(desk, views, programmes, colleagues)
    return Room(queue.PLACE, [
        *page.gestures(),
        *Bulk(desk, page, programmes, colleagues).gestures(),
        *QueueViews(views, programmes).gestures(),
        *Export(desk, programmes, taking_out).gestures(),
    ])  # fmt: skip


def dashboard_room(review: Reviewing, programmes: Programmes, file: PolicyFile) -> Room:
    """The dashboard and its files."""
    taking_out = TakingOut(review.noting)
    page = DashboardPage(review.figures, review.room, programmes, file.programme, taking_out)
    return Room(dashboard.PLACE, page.gestures())


def sql_users(engine: Engine, master: bytes) -> SqlUsers:
    """The people's store, for the console and for the command line."""
    return SqlUsers(engine, Keys.of(master).rows, Audit(derive(master, "audit"), metrics.audited))
