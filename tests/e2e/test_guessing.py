"""Guessing codes over HTTP: from many addresses and sessions, at once, at the pages and at the API."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from benchmarks.installation import PATIENCE_S
from tests.e2e.events import fresh
from tests.e2e.rewards import (
    VOUCHER,
    Visitor,
    address,
    database,
    issued,
    let_time_pass,
    number,
    state_of,
    token_of,
)
from tokens.limits import TRIES_PER_CHALLENGE, TRIES_PER_CLIENT, TRIES_PER_SUBJECT

ATTACKERS = 16
ENTRIES_A_MINUTE = 20
UNKNOWN_AN_HOUR = 30
REFUSED = {423, 429}


@pytest.fixture
def with_app(lindner):
    """A token of a member with an authenticator app: its link, its id, the app and the account."""
    running, _ = lindner
    account = fresh()
    with running.client() as client:
        enrolled = client.ask("POST", f"/v1/accounts/{account}/authenticators", {"kind": "totp"}).json
        (secret,) = parse_qs(urlsplit(enrolled["otpauth_uri"]).query)["secret"]
        app = pyotp.TOTP(secret)
        path = f"/v1/accounts/{account}/authenticators/{enrolled['authenticator_id']}/confirm"
        assert client.ask("POST", path, {"code": app.now()}).status == 200
        told = issued(client, account_id=account, otp={"method": "totp"})
    with database(running) as connection:  # the step of the code just used is past, and the next one is good
        connection.execute("UPDATE authenticators SET last_step = 0 WHERE account_id = ?", (account,))
    return told["link"], told["token_id"], app, account


def wrong_codes(right):
    """Codes that are none of these."""
    return (code for n in range(10**6) if (code := f"{n:06d}") not in right)


def codes_around(app):
    """What the app shows, showed and will show while a test runs."""
    now = int(time.time())
    return {app.at(now + step * app.interval) for step in range(-3, 8)}


def content_is_kept(running, token_id) -> bool:
    with database(running) as connection:
        row = connection.execute(
            "SELECT wrapped_key, ciphertext FROM tokens WHERE token_id = ?", (token_id,)
        ).fetchone()
    return None not in row


def all_at_once(acts):
    """Do them at the same moment; their results."""
    barrier = Barrier(len(acts))

    def start(act):
        barrier.wait(PATIENCE_S)
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(start, acts))


def test_of_a_crowd_of_guessers_ten_are_heard_and_then_the_token_is_frozen(lindner, with_app):
    """Sixteen sessions at as many addresses, three guesses each, and a backend beside them: ten tries in all."""
    running, _ = lindner
    link, token_id, app, account = with_app
    wrong = wrong_codes(codes_around(app))
    with ExitStack() as stack:
        crowd = [stack.enter_context(Visitor(running, address())) for _ in range(ATTACKERS)]
        for one in crowd:
            assert one.enter(link).status == 200
        backend = stack.enter_context(running.client())

        def guess(one, codes):
            told = [one.type(code).status for code in codes]
            assert VOUCHER not in one.page
            return told

        def call():
            body = {"token": token_of(link), "account_id": account, "otp": next(wrong)}
            return [
                backend.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": fresh("key")}).status
            ]

        guesses = [partial(guess, one, [next(wrong) for _ in range(3)]) for one in crowd]
        told = [status for statuses in all_at_once([*guesses, call]) for status in statuses]
        assert set(told) <= {401} | REFUSED
        assert told.count(401) <= TRIES_PER_SUBJECT
        seen = state_of(backend, token_id)
        assert (seen["state"], seen["attempts"]) == ("frozen", TRIES_PER_SUBJECT)
        assert content_is_kept(running, token_id)
        body = {"token": token_of(link), "account_id": account, "otp": app.now()}
        assert (
            backend.ask("POST", "/v1/tokens/redeem", body, **{"Idempotency-Key": fresh("key")}).status == 423
        )
        assert crowd[0].type(app.now()).status == 423
        assert stack.enter_context(Visitor(running, address())).enter(link).status == 423
        assert state_of(backend, token_id)["attempts"] == TRIES_PER_SUBJECT


def test_a_code_is_tried_five_times_whoever_tries_and_a_new_one_gives_no_new_tries(lindner):
    """At once from many addresses, and after every wait; five at a code, ten at a token, over two codes."""
    running, office = lindner
    phone = number()
    with running.client() as client:
        told = issued(client, otp={"method": "sms", "to": phone})
        with Visitor(running, address()) as thief:
            thief.enter(told["link"])
            for nth in (1, 2):
                assert thief.press("code").status == 200
                wrong = wrong_codes({office.code_to(phone, nth)})
                spend_the_tries(running, thief, wrong)
                assert state_of(client, told["token_id"])["attempts"] == nth * TRIES_PER_CHALLENGE
                let_time_pass(running, 300)
            assert thief.type(office.code_to(phone, 2)).status == 423
        assert state_of(client, told["token_id"])["state"] == "frozen"
    assert content_is_kept(running, told["token_id"])
    assert office.codes_to(phone) == [office.code_to(phone, 1), office.code_to(phone, 2)]


def spend_the_tries(running, thief, wrong):
    """Guess as the pages let one: whenever a wait is over, four at the same moment with the one session's cookie."""
    for _ in range(TRIES_PER_CHALLENGE + 1):
        with ExitStack() as stack:
            hands = [stack.enter_context(Visitor(running, address())) for _ in range(4)]
            for hand in hands:
                hand.cookie, hand.hidden = thief.cookie, thief.hidden
            replies = all_at_once([partial(hand.type, next(wrong)) for hand in hands])
            assert {reply.status for reply in replies} <= {401} | REFUSED
        let_time_pass(running, 60)


def test_a_refusal_says_when_to_come_again(lindner, with_app):
    """After two slips a wait begins: 429 at the page, 423 at the API, each with Retry-After, and neither is a try."""
    running, _ = lindner
    link, token_id, app, account = with_app
    wrong = wrong_codes(codes_around(app))
    with Visitor(running, address()) as member, running.client() as backend:
        member.enter(link)
        assert [member.type(next(wrong)).status for _ in range(2)] == [401, 401]
        refused = member.type(next(wrong))
        assert refused.status == 429
        assert int(refused.headers["retry-after"]) >= 1
        body = {"token": token_of(link), "account_id": account}
        asked = [
            backend.ask(
                "POST", "/v1/tokens/redeem", body | {"otp": next(wrong)}, **{"Idempotency-Key": fresh("k")}
            )
            for _ in range(3)
        ]
        assert [one.status for one in asked] == [401, 401, 423]
        assert int(asked[2].headers["retry-after"]) >= 1
        assert state_of(backend, token_id)["attempts"] == 4


def test_rubbish_from_one_address_does_not_stop_the_member_at_another(lindner, with_app):
    """Whoever found the link and types what comes to mind waits a quarter of an hour; the member does not."""
    running, _ = lindner
    link, token_id, app, _ = with_app
    wrong = wrong_codes(codes_around(app))
    rubbish = address()
    with ExitStack() as stack:
        for _ in range(4):  # new sessions, for at each of them two tries come before a wait
            thief = stack.enter_context(Visitor(running, rubbish))
            thief.enter(link)
            told = [thief.type(next(wrong)) for _ in range(2)]
        assert told[-1].status in REFUSED
        assert int(told[-1].headers["retry-after"]) > 600
        client = stack.enter_context(running.client())
        assert state_of(client, token_id)["attempts"] == TRIES_PER_CLIENT
        for _ in range(UNKNOWN_AN_HOUR + 1):  # and tokens that are none, from there and its neighbours
            thief.ask("POST", "/r/nonsense", {})
        assert thief.enter(link).status == 429
        member = stack.enter_context(Visitor(running, address()))
        assert member.enter(link).status == 200
        assert member.type(app.now()).status == 200
        assert VOUCHER in member.page


def test_whose_word_on_addresses_is_not_taken_gains_nothing_by_it(service):
    """Without a trusted proxy X-Forwarded-For changes nothing: twenty visits a minute, whatever it says."""
    told = []
    for _ in range(ENTRIES_A_MINUTE + 1):
        with Visitor(service, address()) as stranger:
            told.append(stranger.ask("POST", "/r/nonsense", {}))
    assert [one.status for one in told] == [404] * ENTRIES_A_MINUTE + [429]
    assert 1 <= int(told[-1].headers["retry-after"]) <= 60
