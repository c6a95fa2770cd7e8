"""What is asked for people in SQL: used up once, by who may, while it is as it was."""

from __future__ import annotations

import itertools

import pytest

from app.seal import Seal
from app.store.sql.audit import Audit, Whole
from app.store.sql.audit_rows import newest
from app.store.sql.users import SqlUsers
from app.users.asking import Asking
from app.users.limits import LINK_LIFE_MS, REQUEST_LIFE_MS, SECOND_WAIT_MS
from app.users.managing import Invited, Manager
from app.users.ports import Credentials, Link, NewPerson, NewSession
from app.users.rights import EVERYTHING, Scope
from app.users.seconding import Request, may_go_ahead
from app.users.secrets import Keys, secret_hash
from app.users.viewer import Viewer
from tests.app.store.test_users import CODES, KEY, NOW, SEED, WHO, name, race

ADMINS = ("ann", "bea")
HERE = Scope(frozenset({"default"}))


@pytest.fixture
def audit():
    return Audit(KEY)


@pytest.fixture
def users(engine, audit):
    """Two who manage people, and a senior of one programme."""
    kept = SqlUsers(engine, Seal(KEY), audit)
    for user_id, role, scope in (
        *[(one, "security_admin", EVERYTHING) for one in ADMINS],
        ("sue", "senior", HERE),
    ):
        link = Link(name(f"link {user_id}"), "enrol", NOW + LINK_LIFE_MS)
        assert kept.add(
            NewPerson(user_id, f"{user_id}@shop.example", name(user_id), role, scope), link, WHO, NOW
        )
        credentials = Credentials("hash", SEED, 100, CODES if user_id == "sue" else ())
        assert kept.enrol(link.link_hash, credentials, session(user_id), WHO, NOW)
    return kept


@pytest.fixture
def asking(users):
    ids = itertools.count()
    manager = Manager(users, Keys.of(KEY), "https://c.example", lambda prefix: f"{prefix}_{next(ids)}")
    return Asking(users, manager, lambda prefix: f"{prefix}_{next(ids)}")


def session(of: str) -> NewSession:
    return NewSession(name(f"session {of}"), name(f"ticket {of}"), "Firefox")


def admin(user_id: str) -> Viewer:
    return Viewer(user_id, f"{user_id}@shop.example", "security_admin")


def sue(users):
    return users.person("sue")


def events(engine) -> list[tuple[str, str]]:
    return [(one.entry.event, one.entry.actor) for one in reversed(newest(engine, 50))]


def test_a_strong_colleague_keeps_everything_until_a_second_person_goes_ahead(users, asking, engine, audit):
    asked = asking.reset(sue(users), admin("ann"), NOW)
    assert isinstance(asked, Request)
    assert users.session(name("session sue"), NOW).is_asked
    assert not users.session(name("session ann"), NOW).is_asked
    assert (sue(users).is_enrolled, users.codes_left("sue")) == (True, 10)
    assert asking.go_ahead("sue", asked.request_id, admin("ann"), NOW) == "waits"
    done = asking.go_ahead("sue", asked.request_id, admin("bea"), NOW)
    assert isinstance(done, Invited)
    assert users.link(secret_hash(done.link.rpartition("/")[2]), "enrol", NOW).user_id == "sue"
    assert (sue(users).is_enrolled, users.codes_left("sue")) == (False, 0)
    assert users.session(name("session sue"), NOW) is None
    assert asking.open(NOW) == []
    assert events(engine)[-2:] == [("user.asked", "user:ann"), ("user.reset", "user:bea")]
    assert isinstance(audit.verify(engine), Whole)


def test_the_only_one_who_manages_people_waits_and_is_not_locked_out_for_ever(users, asking):
    users.disable("bea", WHO, NOW)
    asked = asking.reset(sue(users), admin("ann"), NOW)
    assert asking.go_ahead("sue", asked.request_id, admin("ann"), NOW + SECOND_WAIT_MS - 1) == "waits"
    assert isinstance(asking.go_ahead("sue", asked.request_id, admin("ann"), NOW + SECOND_WAIT_MS), Invited)


def test_weaker_colleagues_are_helped_at_once(users, asking):
    assert isinstance(asking.invite("ada@shop.example", "analyst", HERE, admin("ann"), NOW), Invited)
    ada = next(one.person for one in users.everybody(NOW) if one.person.role == "analyst")
    assert isinstance(asking.reset(ada, admin("ann"), NOW), Invited)
    assert asking.open(NOW) == []


def test_a_strong_newcomer_has_no_link_before_a_second_person_went_ahead(users, asking):
    """Or one person would let themselves in again, as somebody who may approve."""
    asked = asking.invite("pam@shop.example", "programme_admin", EVERYTHING, admin("ann"), NOW)
    (pam,) = [one for one in users.everybody(NOW) if one.person.role == "programme_admin"]
    assert pam.link_until_ms is None
    assert asking.invite("PAM@shop.example", "viewer", HERE, admin("ann"), NOW) is None
    assert isinstance(asking.go_ahead(pam.person.user_id, asked.request_id, admin("bea"), NOW), Invited)


def test_more_rights_wait_and_fewer_do_not(users, asking):
    version = sue(users).version
    wider = asking.change(sue(users), "senior", EVERYTHING, version, admin("ann"), NOW)
    assert isinstance(wider, Request)
    assert sue(users).scope == HERE
    assert asking.go_ahead("sue", wider.request_id, admin("bea"), NOW) == "changed"
    assert (sue(users).role, sue(users).scope) == ("senior", EVERYTHING)
    assert asking.change(sue(users), "analyst", HERE, sue(users).version, admin("ann"), NOW) == "changed"
    assert asking.change(sue(users), "senior", HERE, version, admin("ann"), NOW) == "stale"


def test_what_is_asked_can_be_stopped_by_whom_it_is_for_and_comes_to_nothing(users, asking, engine):
    asked = asking.reset(sue(users), admin("ann"), NOW)
    viewer = Viewer("sue", "sue@shop.example", "senior")
    assert not asking.stop("sue", "req_other", viewer, NOW)
    assert not asking.stop("ann", asked.request_id, admin("ann"), NOW)
    assert asking.stop("sue", asked.request_id, viewer, NOW)
    assert events(engine)[-1] == ("user.stopped", "user:sue")
    assert asking.go_ahead("sue", asked.request_id, admin("bea"), NOW) == "stale"
    assert sue(users).is_enrolled


@pytest.mark.parametrize("what", ["password", "role", "asker out", "asker's role", "week"])
def test_a_request_is_over_once_anything_it_stood_on_changed(users, asking, what):
    asked, at = asking.reset(sue(users), admin("ann"), NOW), NOW + 1
    if what == "password":
        assert users.set_password("sue", asked.version, "another", session("new"), WHO, NOW)
    elif what == "role":
        assert users.change("sue", "viewer", HERE, asked.version, WHO, NOW) == "changed"
    elif what == "asker out":
        assert users.disable("ann", WHO, NOW) == "changed"
    elif what == "asker's role":
        assert users.change("ann", "viewer", HERE, users.person("ann").version, WHO, NOW) == "changed"
    else:
        at = NOW + REQUEST_LIFE_MS
    assert asking.open(at) == []
    link = Link(name("late"), "enrol", at + 1)
    assert users.go_ahead(asked, "bea", link, WHO, at) == "stale"
    assert sue(users).is_enrolled
    if what in {"password", "role", "week"}:  # and does not stand in the way of the next
        again = asked._replace(request_id="req_again", version=sue(users).version, asked_ms=at)
        assert users.ask(again, WHO, at) == "changed"


@pytest.mark.parametrize("by", ["ann", "bea", "sue"])
@pytest.mark.parametrize(
    "after_ms", [0, SECOND_WAIT_MS - 1, SECOND_WAIT_MS, REQUEST_LIFE_MS - 1, REQUEST_LIFE_MS]
)
def test_the_move_and_the_law_say_the_same(users, asking, by, after_ms):
    asked = asking.reset(sue(users), admin("ann"), NOW)
    done = users.go_ahead(asked, by, Link(name("link"), "enrol", NOW), WHO, NOW + after_ms)
    assert (done == "changed") is may_go_ahead(asked, by, NOW + after_ms)


def test_nothing_is_asked_behind_the_back_of_somebody_who_is_disabled(users, asking):
    """Or they were disabled first, waited for, and let in again as somebody else."""
    asked = asking.reset(sue(users), admin("ann"), NOW)
    assert users.disable("sue", WHO, NOW) == "changed"
    assert asking.open(NOW) == []
    assert asking.reset(sue(users), admin("ann"), NOW) == "stale"
    assert users.enable("sue", WHO, NOW) == "changed"
    late = Link(name("late"), "enrol", NOW)
    assert users.go_ahead(asked, "ann", late, WHO, NOW + SECOND_WAIT_MS) == "stale"
    assert isinstance(asking.reset(sue(users), admin("ann"), NOW), Request)


def test_of_two_who_ask_at_once_one_is_heard_and_of_all_who_go_ahead_or_stop_one(users, asking):
    told = race(2, lambda at: asking.reset(sue(users), admin(ADMINS[at]), NOW))
    (asked,) = [one for one in told if isinstance(one, Request)]
    assert "stale" in told
    other = ADMINS[1 - ADMINS.index(asked.asked_by)]
    done = race(
        6,
        lambda at: (
            asking.go_ahead("sue", asked.request_id, admin(other), NOW)
            if at % 2
            else asking.stop("sue", asked.request_id, admin(other), NOW)
        ),
    )
    assert sum(isinstance(one, Invited) or one is True for one in done) == 1
    assert sue(users).is_enrolled is (True in done)
