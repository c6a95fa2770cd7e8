"""What the doctor says of the console's people: the demo's are for trying out, and who approves is another."""

from __future__ import annotations

import pytest

from app.clock import system_clock
from app.commands.demo_people import let_in
from app.commands.examining_people import people
from app.composition.console import sql_users
from app.keys import master_key
from app.settings import load
from app.store.sql import migrate, open_engine
from app.users.enrolling import new_link
from app.users.entering import Asker, new_session
from app.users.ports import Credentials, Link, NewPerson
from app.users.rights import EVERYTHING
from tokens.who import Who

WHO = Who("command")


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Of an installation that has started once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    found = load()
    migrate(found.record_url)
    master_key(found)
    return found


@pytest.fixture
def engine(settings):
    opened = open_engine(settings.record_url)
    yield opened
    opened.dispose()


def told(settings, env="production"):
    """Status and words; each fault has its remedy."""
    (finding,) = people(settings.model_copy(update={"env": env}))
    assert finding.remedy or finding.status == "ok"
    return finding.status, finding.found


def enrol(settings, engine, name, role):
    users, now_ms = sql_users(engine, master_key(settings)), system_clock()
    _, link = new_link()
    new = NewPerson(f"usr_{name}", f"{name}@shop.example", name.encode().ljust(32), role, EVERYTHING)
    assert users.add(new, Link(link, "enrol", now_ms + 60_000), WHO, now_ms)
    _, session = new_session(Asker("", "test"), link)
    assert users.enrol(link, Credentials("hash", b"seed", 0, ()), session, WHO, now_ms)


def test_in_development_whoever_there_is_is_told(settings, engine):
    assert told(settings, "development") == ("ok", "0 can sign in to the console")
    let_in(settings, master_key(settings), engine, "http://127.0.0.1", system_clock())
    assert told(settings, "development") == ("ok", "4 can sign in to the console")


def test_the_demos_people_fail_in_production_by_name(settings, engine):
    let_in(settings, master_key(settings), engine, "http://127.0.0.1", system_clock())
    status, found = told(settings)
    assert status == "fail"
    assert "analyst@demo.example" in found


def test_somebody_manages_people_and_two_can_be_each_others_second_pair_of_eyes(settings, engine):
    assert told(settings)[0] == "warn"
    enrol(settings, engine, "ana", "security_admin")
    assert told(settings) == (
        "warn", "1 can sign in to the console, 0 may approve: nobody is a second pair of eyes",
    )  # fmt: skip
    enrol(settings, engine, "ben", "senior")
    assert told(settings)[0] == "warn"
    enrol(settings, engine, "cleo", "senior")
    assert told(settings) == ("ok", "3 can sign in to the console, 2 may approve")
