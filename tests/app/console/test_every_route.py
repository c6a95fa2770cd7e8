"""Every route of the console as it is served, asked by every role: refused exactly where the role lacks the right."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from app.clock import system_clock
from app.composition.console import sql_users
from app.console.sealing import Sealing
from app.console.visit import Gesture
from app.keys import master_key
from app.main import create_app
from app.settings import load
from app.store.sql import migrate, open_engine
from app.store.sql.audit_rows import newest
from app.users.ports import Credentials, Link, NewPerson, NewSession
from app.users.rights import EVERYTHING, ROLES, may
from app.users.secrets import Keys, secret_hash
from tokens.who import Who

pytestmark = pytest.mark.anyio
REFUSED = 403
OPEN = {"/console/sign-in", "/console/sign-in/second", "/console/enrol/{link}", "/console/enter/{link}"}
"""What answers whoever asks, besides assets and what is nowhere."""
WHO, NOW = Who("command"), system_clock()


def gestures(app: Any) -> tuple[list[Gesture], set[str]]:
    """Every gesture that needs a right, signing out last; and the paths that need none."""
    while not hasattr(app, "routes"):
        app = app._app
    found, free = [], set()
    for route in app.routes:
        if not isinstance(route, Route) or not route.path.startswith("/console"):
            continue
        for answer in route.app._gestures.values():
            if isinstance(answer, partial) and isinstance(answer.args[0], Gesture):
                found.append(answer.args[0])
            else:
                free.add(route.path)
    return sorted(set(found), key=lambda one: one.path.endswith("sign-out")), free


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory):
    """The application on a record with somebody of each role, signed in."""
    settings = load(data_dir=tmp_path_factory.mktemp("served"), public_url="https://console.example")
    migrate(settings.record_url)
    master = master_key(settings)
    engine = open_engine(settings.record_url)
    users = sql_users(engine, master)
    for role in ROLES:
        link = Link(secret_hash(f"link {role}"), "enrol", NOW + 60_000)
        users.add(NewPerson(role, f"{role}@shop.example", role.encode(), role, EVERYTHING), link, WHO, NOW)
        session = NewSession(secret_hash(f"cookie-{role}"), role.encode(), "")
        assert users.enrol(link.link_hash, Credentials("-", b"seed", 0, ()), session, WHO, NOW)
    engine.dispose()
    return create_app(settings), Sealing(Keys.of(master).pages), settings.record_url


async def test_every_route_answers_exactly_the_roles_that_may(served):
    app, sealing, _ = served
    declared, _ = gestures(app)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    assert len(declared) > 20
    for role in ROLES:
        cookies = {"__Host-earnest-session": f"cookie-{role}"}
        token = sealing.form_token(role, secret_hash(f"cookie-{role}"))
        async with httpx.AsyncClient(
            transport=transport, base_url="https://console.example", cookies=cookies
        ) as client:
            for gesture in declared:
                path = re.sub(r"\{[^}]+\}", "x", gesture.path)
                asked = {"data": {"form_token": token}, "headers": {"Sec-Fetch-Site": "same-origin"}}
                given = asked if gesture.method == "POST" else {}
                answer = await client.request(gesture.method, path, **given)
                refused = answer.status_code == REFUSED
                assert refused != may(role, gesture.right), (role, gesture.method, gesture.path)


async def test_nothing_but_the_doors_is_open(served):
    app, *_ = served
    declared, free = gestures(app)
    assert {path for path in free if "static" not in path and "rest:path" not in path} == OPEN
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://console.example") as client:
        for gesture in declared:
            answer = await client.request(gesture.method, re.sub(r"\{[^}]+\}", "x", gesture.path))
            wanted = {"GET": 303, "POST": REFUSED}[gesture.method]
            assert answer.status_code == wanted, (gesture.method, gesture.path)


async def test_every_file_that_is_taken_out_leaves_one_entry_in_the_audit(served):
    app, _, url = served
    files = [one.path for one in gestures(app)[0] if one.path.endswith(".csv") or one.right == "export"]
    assert len(files) > 2
    cookies = {"__Host-earnest-session": "cookie-programme_admin"}
    transport = httpx.ASGITransport(app=app)
    engine = open_engine(url)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://console.example", cookies=cookies
    ) as client:
        for path in files:
            (last,) = newest(engine, 1)
            answer = await client.get(path.replace("{name}", "queue"))
            assert answer.status_code == 200, path
            assert answer.headers["content-type"] == "text/csv; charset=utf-8"
            name = re.fullmatch(r'attachment; filename="(.+)"', answer.headers["content-disposition"])[1]
            (noted,) = newest(engine, 1)
            assert noted.seq == last.seq + 1, path
            assert (noted.entry.event, noted.entry.subject) == ("file.exported", name)
            assert noted.entry.actor == "user:programme_admin"
            rows = len(answer.text.splitlines()) - 1
            assert noted.entry.detail.startswith(f"{rows} rows; ")
    engine.dispose()
