"""People in SQL: a proof is used up by the move that begins a session, and nobody locks everybody out."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from sqlalchemy import text

from app.seal import Seal
from app.store.sql.audit import Audit, Whole
from app.store.sql.audit_rows import newest
from app.store.sql.users import SqlUsers
from app.users.limits import ABSOLUTE_MS, FORGET_MS, IDLE_MS, LINK_LIFE_MS, TRIES_BEFORE_WAITING, WAITS_MS
from app.users.ports import Credentials, Link, NewPerson, NewSession, Proven
from app.users.rights import EVERYTHING, Scope
from tokens.passkeys import MadeCredential
from tokens.who import Who

NOW = 1_780_000_000_000
WHO = Who("command")
KEY = bytes(range(32))
SEED = b"twenty bytes of seed"
CODES = tuple(bytes([at]) * 32 for at in range(10))


@pytest.fixture
def audit():
    return Audit(KEY)


@pytest.fixture
def users(engine, audit):
    return SqlUsers(engine, Seal(KEY), audit)


def name(of: str) -> bytes:
    return of.encode().ljust(32, b"-")


def session(number: int) -> NewSession:
    return NewSession(name(f"session {number}"), name(f"ticket {number}"), "Firefox")


def invite(users, user_id="usr_1", role="analyst", scope=EVERYTHING) -> Link:
    link = Link(name(f"link {user_id}"), "enrol", NOW + LINK_LIFE_MS)
    new = NewPerson(user_id, f"{user_id}@shop.example", name(user_id), role, scope)
    assert users.add(new, link, WHO, NOW)
    return link


def enrol(users, user_id="usr_1", role="analyst", number=0) -> None:
    link = invite(users, user_id, role)
    assert users.enrol(link.link_hash, Credentials("hash", SEED, 100, CODES), session(number), WHO, NOW)


def race(times: int, move) -> list[object]:
    """What each of so many threads got that did it at once."""
    told: list[object] = [None] * times
    barrier = Barrier(times)

    def run(at: int) -> None:
        barrier.wait()
        told[at] = move(at)

    threads = [Thread(target=run, args=(at,)) for at in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def events(engine) -> list[str]:
    return [one.entry.event for one in reversed(newest(engine, 50))]


def test_somebody_is_let_in_once_with_what_they_may_see(users, engine):
    scope = Scope(frozenset({"default"}), None, frozenset({"s-1"}))
    invite(users, scope=scope)
    person = users.by_email(name("usr_1"))
    assert (person.email, person.role, person.scope) == ("usr_1@shop.example", "analyst", scope)
    assert not person.is_enrolled
    again = NewPerson("usr_2", "usr_1@shop.example", name("usr_1"), "viewer", EVERYTHING)
    assert not users.add(again, None, WHO, NOW)
    assert events(engine) == ["user.created"]


def test_nothing_personal_or_secret_lies_open(users, engine):
    enrol(users)
    users.add_passkey(
        "usr_1", "psk_1", MadeCredential(b"credential", b"public key", 0, (), ""), "laptop", WHO, NOW
    )
    with engine.connect() as connection:
        tables = ("users", "user_sessions", "user_links", "user_codes", "user_passkeys", "audit")
        held = repr([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])  # noqa: S608 - ours
    for secret in ("shop.example", SEED.decode(), "credential", "laptop"):
        assert secret not in held


def test_a_link_enrols_once_and_ends(users):
    link = invite(users)
    given = Credentials("hash", SEED, 100, CODES)
    assert users.link(link.link_hash, "enrol", NOW + LINK_LIFE_MS - 1).user_id == "usr_1"
    assert users.link(link.link_hash, "enter", NOW) is None
    assert users.link(link.link_hash, "enrol", NOW + LINK_LIFE_MS) is None
    assert not users.enrol(link.link_hash, given, session(0), WHO, NOW + LINK_LIFE_MS)
    done = race(8, lambda at: users.enrol(link.link_hash, given, session(at), WHO, NOW))
    assert done.count(True) == 1
    assert len(users.sessions("usr_1", NOW)) == 1
    assert users.codes_left("usr_1") == 10


@pytest.mark.parametrize(
    "proven", [Proven(totp_step=101), Proven(code_hash=CODES[3]), Proven(passkey_id="psk_1", sign_count=7)]
)
def test_a_proof_opens_one_session_however_many_use_it_at_once(users, proven):
    enrol(users)
    users.add_passkey("usr_1", "psk_1", MadeCredential(b"credential", b"key", 1, (), ""), "", WHO, NOW)
    version = users.person("usr_1").version
    opened = race(8, lambda at: users.open("usr_1", version, proven, session(at + 1), WHO, NOW))
    assert opened.count(True) == 1
    assert not users.open("usr_1", version, proven, session(99), WHO, NOW)


def test_a_code_of_the_app_before_one_that_was_used_is_used_too(users):
    enrol(users)
    version = users.person("usr_1").version
    assert not users.open("usr_1", version, Proven(totp_step=100), session(1), WHO, NOW)
    assert users.open("usr_1", version, Proven(totp_step=102), session(2), WHO, NOW)
    assert not users.open("usr_1", version, Proven(totp_step=101), session(3), WHO, NOW)


def test_one_password_step_opens_one_session_and_a_refused_one_uses_nothing_up(users):
    enrol(users)
    version = users.person("usr_1").version
    first, second = session(1), NewSession(name("session 2"), name("ticket 1"), "")
    assert users.open("usr_1", version, Proven(totp_step=101), first, WHO, NOW)
    assert not users.open("usr_1", version, Proven(code_hash=CODES[0]), second, WHO, NOW)
    assert users.codes_left("usr_1") == 10


def test_a_passkey_without_a_count_is_good_again_and_one_whose_count_went_back_is_not(users):
    enrol(users)
    users.add_passkey("usr_1", "psk_0", MadeCredential(b"none", b"key", 0, (), ""), "", WHO, NOW)
    users.add_passkey("usr_1", "psk_1", MadeCredential(b"counts", b"key", 5, (), ""), "", WHO, NOW)
    version = users.person("usr_1").version
    tried = [("psk_0", 0), ("psk_0", 0), ("psk_1", 6), ("psk_1", 6), ("psk_1", 0)]
    opened = [
        users.open("usr_1", version, Proven(passkey_id=which, sign_count=count), session(at + 1), WHO, NOW)
        for at, (which, count) in enumerate(tried)
    ]
    assert opened == [True, True, True, False, False]


def test_anothers_recovery_code_or_passkey_opens_nothing(users):
    enrol(users)
    invite(users, "usr_2")
    theirs = Credentials("hash", SEED, 100, (b"2" * 32,))
    assert users.enrol(name("link usr_2"), theirs, session(2), WHO, NOW)
    users.add_passkey("usr_1", "psk_1", MadeCredential(b"credential", b"key", 0, (), ""), "", WHO, NOW)
    version = users.person("usr_2").version
    assert not users.open("usr_2", version, Proven(code_hash=CODES[0]), session(3), WHO, NOW)
    assert not users.open("usr_2", version, Proven(passkey_id="psk_1", sign_count=1), session(4), WHO, NOW)


def test_a_session_ends_when_idle_and_when_it_is_old(users):
    enrol(users)
    held = name("session 0")
    assert users.session(held, NOW + IDLE_MS - 1).person.user_id == "usr_1"
    used = NOW + IDLE_MS - 1
    assert users.session(held, used + IDLE_MS) is None
    at = used
    while at < NOW + ABSOLUTE_MS - IDLE_MS:
        at += IDLE_MS - 1
        assert users.session(held, at) is not None
    assert users.session(held, NOW + ABSOLUTE_MS) is None


@pytest.mark.parametrize("what", ["password", "role", "disable", "reset"])
def test_what_changes_who_somebody_is_ends_their_sessions(users, what):
    enrol(users)
    version = users.person("usr_1").version
    if what == "password":
        assert users.set_password("usr_1", version, "another", session(1), WHO, NOW)
    elif what == "role":
        assert users.change("usr_1", "senior", EVERYTHING, version, WHO, NOW) == "changed"
    elif what == "disable":
        assert users.disable("usr_1", WHO, NOW) == "changed"
    else:
        assert users.reset("usr_1", version, Link(name("new"), "enrol", NOW + 1), WHO, NOW) == "changed"
    assert users.session(name("session 0"), NOW) is None
    assert (users.session(name("session 1"), NOW) is not None) == (what == "password")
    assert not users.open("usr_1", version, Proven(totp_step=101), session(2), WHO, NOW)


def test_a_reset_leaves_the_link_as_the_only_way_in(users):
    enrol(users)
    users.add_passkey("usr_1", "psk_1", MadeCredential(b"credential", b"key", 0, (), ""), "", WHO, NOW)
    users.reset("usr_1", users.person("usr_1").version, Link(name("first"), "enrol", NOW + 10), WHO, NOW)
    users.reset("usr_1", users.person("usr_1").version, Link(name("second"), "enrol", NOW + 10), WHO, NOW)
    assert (users.codes_left("usr_1"), list(users.passkeys("usr_1"))) == (0, [])
    assert users.link(name("first"), "enrol", NOW) is None
    assert users.link(name("second"), "enrol", NOW) is not None


def test_two_admins_who_change_one_person_do_not_overwrite_each_other(users):
    enrol(users)
    version = users.person("usr_1").version
    roles = ["senior", "viewer", "auditor", "programme_admin"]
    told = race(4, lambda at: users.change("usr_1", roles[at], EVERYTHING, version, WHO, NOW))
    assert sorted(told) == ["changed", "stale", "stale", "stale"]


def test_the_last_who_manages_people_stays_however_they_race(users):
    enrol(users, "usr_1", "security_admin", 1)
    enrol(users, "usr_2", "security_admin", 2)
    told = race(2, lambda at: users.disable(f"usr_{at + 1}", WHO, NOW))
    assert sorted(told) == ["changed", "last"]
    (left,) = [one.person for one in users.everybody(NOW) if one.person.disabled_ms is None]
    assert users.change(left.user_id, "viewer", EVERYTHING, left.version, WHO, NOW) == "last"


def test_ending_sessions_leaves_the_one_that_asks(users):
    enrol(users)
    version = users.person("usr_1").version
    users.open("usr_1", version, Proven(totp_step=101), session(1), WHO, NOW)
    users.open("usr_1", version, Proven(totp_step=102), session(2), WHO, NOW)
    assert users.end("usr_1", name("session 1")[:8].hex(), WHO, NOW) is True
    ids = [one.session_hash for one in users.sessions("usr_1", NOW)]
    assert users.end_others("usr_1", ids[0], WHO, NOW) == len(ids) - 1
    assert [one.session_hash for one in users.sessions("usr_1", NOW)] == ids[:1]


def test_wrong_tries_wait_longer_and_longer_and_are_forgotten_after_a_day(users, engine):
    tried = [("account", name("somebody"))]
    at, waits = NOW, []
    for _ in range(TRIES_BEFORE_WAITING + 3):
        assert users.take(tried, WHO, at) == 0
        wait = users.take(tried, WHO, at) if waits or _ >= TRIES_BEFORE_WAITING - 1 else 0
        if wait:
            waits.append(wait)
            at += wait
    assert waits == list(WAITS_MS[: len(waits)])
    assert events(engine) == ["user.locked_out"]
    assert users.take(tried, WHO, at + FORGET_MS + 1) == 0
    assert users.take(tried, WHO, at + FORGET_MS + 1) == 0


def test_thirty_guesses_at_once_are_no_more_than_thirty_in_a_row(users):
    tried = [("account", name("somebody"))]
    told = race(30, lambda _: users.take(tried, WHO, NOW))
    assert told.count(0) == TRIES_BEFORE_WAITING


def test_a_right_password_forgets_its_own_tries_and_gives_the_addresss_back(users):
    account, place = ("account", name("somebody")), ("address", name("office"))
    for _ in range(100):
        assert users.take([account, place], WHO, NOW) == 0
        users.right([account], [place])


def test_every_move_is_in_the_audit_which_holds(users, engine, audit):
    enrol(users)
    users.set_codes("usr_1", CODES, WHO, NOW)
    users.disable("usr_1", WHO, NOW)
    users.enable("usr_1", WHO, NOW)
    assert events(engine) == [
        "user.created",
        "user.enrolled",
        "user.codes_renewed",
        "user.disabled",
        "user.enabled",
    ]
    assert isinstance(audit.verify(engine), Whole)
