"""A member's visit: scanners change nothing, any browser may be the member's, and the reward is seen by that one."""

from __future__ import annotations

import pytest

from app.redeeming.secrets import network_of
from tests.app.redeeming.promise import BACKEND, PAYLOAD, client, other_code
from tokens.limits import REPLAY_S, SESSION_S, SKEW_S, TRIES_PER_CLIENT, TRIES_PER_SUBJECT
from tokens.token import Reward

SMS = {"otp_method": "sms", "otp_to": "+4915112345678", "expires_in_s": 1_000_000}


async def entered(promise, text, address="198.51.100.7"):
    """A session's cookie, and the first page."""
    told = await promise.visits.enter(text, client(address))
    assert told.cookie is not None, told.view.step
    return told.cookie, told.view


async def test_the_way_from_the_link_to_the_reward(promise):
    text, _ = await promise.issue(**SMS)
    cookie, view = await entered(promise, text)
    assert (view.step, view.destination, view.reward.points) == ("ask", "••• 78", 500)
    view = await promise.visits.send_code(cookie, client())
    assert (view.step, view.mishap) == ("type", None)
    view = await promise.visits.verify(cookie, f" {promise.code()} ", view.echo, client())
    assert (view.step, view.payload) == ("reward", PAYLOAD)
    assert (await promise.visits.look(cookie, client())).payload == PAYLOAD
    assert (await promise.visits.acknowledge(cookie, client())).step == "receipt"
    after = await promise.visits.look(cookie, client())
    assert (after.step, after.payload, after.redemption_id) == ("receipt", None, view.redemption_id)


async def test_the_reward_can_be_read_again_for_ten_minutes_and_by_that_browser_only(promise):
    text, _ = await promise.issue()
    other, _ = await entered(promise, text)
    cookie, view = await entered(promise, text)
    assert view.step == "release"
    assert (await promise.visits.release(cookie, view.echo, client())).payload == PAYLOAD
    for page in (
        await promise.visits.look(other, client()), await promise.visits.release(other, view.echo, client()),
        (await promise.visits.enter(text, client())).view,
    ):  # fmt: skip
        assert (page.step, page.payload) == ("redeemed", None)
    await promise.later(REPLAY_S + 1)
    assert (await promise.visits.look(cookie, client())).step == "receipt"


async def test_a_scanner_that_does_everything_leaves_the_reward_to_the_member(promise):
    """It enters, has a code sent, types what it finds, and releases: the member comes later with another browser."""
    text, _ = await promise.issue(**SMS)
    scanner, view = await entered(promise, text, "203.0.113.9")
    await promise.visits.send_code(scanner, client("203.0.113.9"))
    for typed in ("", "test", "000000x", "\uff11\uff12\uff13\uff14\uff15\uff16"):
        page = await promise.visits.verify(scanner, typed, view.echo, client("203.0.113.9"))
        assert (page.step, page.mishap) == ("type", "not_a_code")
    assert (await promise.visits.release(scanner, view.echo, client("203.0.113.9"))).step == "type"
    await promise.later(120)
    cookie, view = await entered(promise, text)
    await promise.visits.send_code(cookie, client())
    code = promise.code()
    assert (await promise.visits.verify(cookie, code, view.echo, client())).payload == PAYLOAD


async def test_a_code_belongs_to_the_session_that_asked_for_it(promise):
    text, _ = await promise.issue(**SMS)
    thief, view = await entered(promise, text, "203.0.113.9")
    cookie, _ = await entered(promise, text)
    await promise.visits.send_code(cookie, client())
    code = promise.code()
    page = await promise.visits.verify(thief, code, view.echo, client("203.0.113.9"))
    assert page.payload is None
    assert (await promise.visits.verify(cookie, code, view.echo, client())).payload == PAYLOAD


async def test_typing_rubbish_stops_whoever_types_it_before_it_stops_the_member(promise):
    """Five fails, then that client waits a quarter of an hour, with however many sessions; another goes on."""
    text, _ = await promise.issue(**SMS)
    fails = 0
    for _ in range(TRIES_PER_CLIENT):
        thief, view = await entered(promise, text, "203.0.113.9")
        if not fails:
            await promise.visits.send_code(thief, client("203.0.113.9"))
            code, first = promise.code(), thief
        page = await promise.visits.verify(first, other_code(code), view.echo, client("203.0.113.9"))
        fails += page.mishap == "wrong_code"
        await promise.later(10)
    assert fails == TRIES_PER_CLIENT
    await promise.later(60)
    await promise.visits.send_code(thief, client("203.0.113.9"))
    stolen = promise.code()
    page = await promise.visits.verify(thief, stolen, view.echo, client("203.0.113.9"))
    assert (page.mishap, page.payload) == ("wait", None)
    assert page.retry_after_s is not None
    assert page.retry_after_s <= 900
    await promise.later(130)
    cookie, view = await entered(promise, text)
    await promise.visits.send_code(cookie, client())
    assert (await promise.visits.verify(cookie, promise.code(), view.echo, client())).payload == PAYLOAD


async def test_all_addresses_of_one_ipv6_network_are_one_client(promise):
    """Whoever has one has 2^64: an attacker must not need to wait by taking the next."""
    text, _ = await promise.issue(**SMS)
    thief, view = await entered(promise, text, "2001:db8:1:2::1")
    await promise.visits.send_code(thief, client("2001:db8:1:2::1"))
    code = promise.code()
    for number in range(TRIES_PER_CLIENT):
        address = client(f"2001:db8:1:2::{number + 2:x}")
        page = await promise.visits.verify(thief, other_code(code), view.echo, address)
        assert page.mishap == "wrong_code"
        await promise.later(20)
    await promise.visits.send_code(thief, client("2001:db8:1:2:ffff::1"))
    right = promise.code()
    page = await promise.visits.verify(thief, right, view.echo, client("2001:db8:1:2:ffff::1"))
    assert (page.mishap, page.payload) == ("wait", None)
    assert (
        await promise.visits.verify(thief, right, view.echo, client("2001:db8:1:3::1"))
    ).payload == PAYLOAD


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("a socket", "a socket"),
    ],
)
def test_whom_an_address_belongs_to(address, network):
    assert network_of(address) == network


async def test_brute_force_from_many_addresses_ends_at_ten_tries_and_keeps_the_content(promise):
    text, issued = await promise.issue(**SMS)
    tried = 0
    for number in range(40):
        address = f"203.0.113.{number}"
        told = await promise.visits.enter(text, client(address))
        if told.cookie is None:
            break
        page = await promise.visits.send_code(told.cookie, client(address))
        if page.mishap is None and page.step == "type":
            code = promise.code()
        page = await promise.visits.verify(told.cookie, other_code(code), page.echo, client(address))
        tried += page.mishap == "wrong_code"
        await promise.later(310)
    token = await promise.desk.token("default", issued["token_id"])
    assert tried <= TRIES_PER_SUBJECT
    assert token.state in {"frozen", "challenged"}
    assert token.shut is not None


async def test_a_session_ends_after_a_quarter_of_an_hour(promise):
    text, _ = await promise.issue()
    cookie, view = await entered(promise, text)
    await promise.later(SESSION_S)
    assert (await promise.visits.look(cookie, client())).step == "gone"
    assert (await promise.visits.release(cookie, view.echo, client())).step == "gone"


async def test_a_reward_released_in_the_last_second_of_a_session_can_still_be_read(promise):
    """The release is answered by a redirect: a member on a slow line must not lose the reward between the two."""
    text, _ = await promise.issue()
    cookie, view = await entered(promise, text)
    await promise.later(SESSION_S - 1)
    assert (await promise.visits.release(cookie, view.echo, client())).payload == PAYLOAD
    await promise.later(2)
    assert (await promise.visits.look(cookie, client())).payload == PAYLOAD
    await promise.later(REPLAY_S)
    assert (await promise.visits.look(cookie, client())).payload is None


async def test_a_session_begun_by_a_process_whose_clock_is_ahead_is_one(promise):
    """Its next page may come from another machine; two clocks differ by half a minute at most."""
    text, _ = await promise.issue()
    cookie, _ = await entered(promise, text)
    await promise.later(-SKEW_S)
    assert (await promise.visits.look(cookie, client())).step in {"release", "early"}
    await promise.later(-1)
    assert (await promise.visits.look(cookie, client())).step == "gone"


@pytest.mark.parametrize("cookie", [None, "", "x", "é", "A" * 4_000, "AAAA"])
async def test_a_cookie_that_is_no_session_opens_nothing(promise, cookie):
    assert (await promise.visits.look(cookie, client())).step == "gone"


async def test_what_the_page_promised_is_what_is_released(promise):
    text, _ = await promise.issue()
    cookie, view = await entered(promise, text)
    page = await promise.visits.release(cookie, "another promise", client())
    assert (page.step, page.mishap, page.payload) == ("release", "changed", None)
    assert (await promise.visits.release(cookie, view.echo, client())).payload == PAYLOAD


async def test_every_end_of_a_token_has_its_page(promise):
    revoked, issued = await promise.issue()
    cookie, view = await entered(promise, revoked)
    await promise.desk.revoke(issued["token_id"], BACKEND)
    assert (await promise.visits.enter(revoked, client())).view.step == "revoked"
    assert (await promise.visits.release(cookie, view.echo, client())).step == "revoked"
    expired, _ = await promise.issue(expires_in_s=300)
    await promise.later(300)
    assert (await promise.visits.enter(expired, client())).view.step == "expired"
    early, _ = await promise.issue(not_before_ms=promise.now_ms + 60_000)
    assert (await promise.visits.enter(early, client())).view.step == "early"
    for text in ("", "a.b", expired + "=", expired[:-1]):
        assert (await promise.visits.enter(text, client())).view.step == "unknown"


async def test_a_resend_waits_and_voids_the_code_before(promise):
    text, _ = await promise.issue(**SMS)
    cookie, view = await entered(promise, text)
    await promise.visits.send_code(cookie, client())
    first = promise.code()
    page = await promise.visits.send_code(cookie, client())
    assert (page.mishap, page.retry_after_s) == ("wait", 60)
    await promise.later(60)
    page = await promise.visits.send_code(cookie, client())
    assert page.mishap is None
    second = promise.code()
    if first != second:
        assert (await promise.visits.verify(cookie, first, view.echo, client())).mishap == "wrong_code"
        await promise.later(5)
    assert (await promise.visits.verify(cookie, second, view.echo, client())).payload == PAYLOAD


async def test_a_code_of_a_valuable_reward_has_eight_digits(promise):
    text, _ = await promise.issue(**SMS, reward=Reward(face_value_minor=25_000, currency="EUR"))
    cookie, _ = await entered(promise, text)
    page = await promise.visits.send_code(cookie, client())
    assert (page.digits, len(promise.code())) == (8, 8)
