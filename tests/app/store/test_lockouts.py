"""Strangers who guess lock strangers out: who comes with the browser they signed in with before waits for none of it."""

from __future__ import annotations

from hashlib import sha256

import pytest

from app.seal import Seal
from app.store.sql.audit import Audit
from app.store.sql.audit_rows import newest
from app.store.sql.users import SqlUsers
from app.users import recovery
from app.users.devices import Devices
from app.users.entering import Asker, Entered, SignIn, Wait
from app.users.limits import DEVICE_LIFE_MS, DEVICE_USERS, LINK_LIFE_MS, TRIES_BEFORE_WAITING
from app.users.passwords import FOR_TESTS, Passwords
from app.users.ports import Credentials, Link, NewPerson, NewSession
from app.users.rights import EVERYTHING
from app.users.secrets import Keys
from tests.app.store.test_users import KEY, NOW, SEED, WHO, name
from tokens.passkeys import Site

pytestmark = pytest.mark.anyio
KEYS = Keys.of(KEY)
PASSWORD = "correct horse battery staple"
WRONG = "not the password"
CODES = {who: recovery.new_codes() for who in ("ana", "bo")}
STRANGER = Asker("203.0.113.9", "a stranger's")


def address(who: str) -> str:
    return f"{who}@shop.example"


@pytest.fixture
async def sign_in(engine) -> SignIn:
    """Ana and Bo, enrolled."""
    users, passwords = SqlUsers(engine, Seal(KEY), Audit(KEY)), Passwords(FOR_TESTS)
    for who, codes in CODES.items():
        link = Link(name(f"link {who}"), "enrol", NOW + LINK_LIFE_MS)
        new = NewPerson(who, address(who), KEYS.email_hash(address(who)), "analyst", EVERYTHING)
        assert users.add(new, link, WHO, NOW)
        hashes = tuple(recovery.code_hash(KEYS.lookup, who, code) for code in codes)
        credentials = Credentials(passwords.hash_now(PASSWORD), SEED, 100, hashes)
        session = NewSession(name(f"session {who}"), name(f"ticket {who}"), "")
        assert users.enrol(link.link_hash, credentials, session, WHO, NOW)
    site = Site("shop.example", "https://shop.example")
    return SignIn(users, KEYS, passwords, site, lambda where: sha256(where.encode()).digest())


async def entered(sign_in: SignIn, who: str, asker: Asker, code: int) -> Asker:
    """The same browser after it signed somebody in."""
    ticket = await sign_in.password(address(who), PASSWORD, asker, NOW)
    assert isinstance(ticket, bytes), ticket
    done = await sign_in.second(ticket, CODES[who][code], "", asker, NOW)
    assert isinstance(done, Entered), done
    return asker._replace(device=done.device)


async def until_they_wait(sign_in: SignIn, email: str, asker: Asker) -> int:
    """How many wrong passwords it took."""
    for tries in range(TRIES_BEFORE_WAITING + 1):
        if isinstance(await sign_in.password(email, WRONG, asker, NOW), Wait):
            return tries
    raise AssertionError("nobody had to wait")


async def test_strangers_lock_out_strangers_and_not_the_browser_that_signed_in_before(sign_in):
    known = await entered(sign_in, "ana", Asker("192.0.2.1", "Ana's"), 0)
    assert await until_they_wait(sign_in, address("ana"), STRANGER) == TRIES_BEFORE_WAITING
    assert isinstance(await sign_in.password(address("ana"), PASSWORD, STRANGER, NOW), Wait)
    again = await entered(sign_in, "ana", known, 1)
    await entered(sign_in, "ana", again, 2)


async def test_a_known_browser_frees_no_stranger_by_signing_in_and_waits_for_its_own_tries(sign_in, engine):
    known = await entered(sign_in, "ana", Asker("192.0.2.1", "Ana's"), 0)
    await until_they_wait(sign_in, address("ana"), STRANGER)
    known = await entered(sign_in, "ana", known, 1)
    assert isinstance(await sign_in.password(address("ana"), PASSWORD, STRANGER, NOW), Wait)
    assert await until_they_wait(sign_in, address("ana"), known) == TRIES_BEFORE_WAITING
    assert isinstance(await sign_in.password(address("ana"), PASSWORD, known, NOW), Wait)
    locked = [one.entry for one in newest(engine, 50) if one.entry.event == "user.locked_out"]
    assert [(one.subject, one.detail) for one in locked] == [("ana", "device"), ("ana", "account")]


async def test_a_browser_is_known_for_those_alone_who_signed_in_with_it(sign_in):
    anas = await entered(sign_in, "ana", Asker("192.0.2.1", "Ana's"), 0)
    await until_they_wait(sign_in, address("bo"), STRANGER)
    assert isinstance(await sign_in.password(address("bo"), PASSWORD, anas, NOW), Wait)
    assert await until_they_wait(sign_in, "nobody@shop.example", anas) == TRIES_BEFORE_WAITING


async def test_a_stranger_who_knows_the_password_cannot_lock_out_the_second_step(sign_in):
    known = await entered(sign_in, "ana", Asker("192.0.2.1", "Ana's"), 0)
    ticket = await sign_in.password(address("ana"), PASSWORD, STRANGER, NOW)
    told = [
        await sign_in.second(ticket, "000000", "", STRANGER, NOW) for _ in range(TRIES_BEFORE_WAITING + 1)
    ]
    assert told[:-1] == ["wrong"] * TRIES_BEFORE_WAITING
    assert isinstance(told[-1], Wait)
    await entered(sign_in, "ana", known, 1)


def test_a_cookie_is_ours_young_and_for_its_names_or_nothing():
    devices, mine = Devices(KEYS.pages), name("me")
    cookie = devices.after("", mine, NOW)
    own = devices.own(cookie, mine, NOW)
    assert own is not None
    assert own.startswith(mine)
    assert devices.own(cookie, name("another"), NOW) is None
    assert devices.own(devices.after("", mine, NOW), mine, NOW) != own
    assert devices.own(cookie, mine, NOW + DEVICE_LIFE_MS - 1) == own
    for bad, at in (
        (cookie, NOW + DEVICE_LIFE_MS),
        (cookie, NOW - 1),
        (cookie[:-4], NOW),
        ("", NOW),
        ("x", NOW),
    ):
        assert devices.own(bad, mine, at) is None
    others = Devices(Keys.of(bytes(32)).pages)
    assert others.own(cookie, mine, NOW) is None


def test_a_shared_desk_knows_its_last_users_by_one_count_each():
    devices, cookie = Devices(KEYS.pages), ""
    everybody = [name(f"user {at}") for at in range(DEVICE_USERS + 1)]
    for one in everybody:
        cookie = devices.after(cookie, one, NOW)
    known = [devices.own(cookie, one, NOW) for one in everybody]
    assert known[0] is None
    assert len(set(known[1:])) == DEVICE_USERS
    assert len(cookie) < 2_048
