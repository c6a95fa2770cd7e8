"""A token pays out once: raced over two web processes on both ledgers, respelled, and told apart from nothing."""

from __future__ import annotations

import secrets
import string
from base64 import urlsafe_b64encode
from collections import Counter
from functools import partial

import pytest
from sqlalchemy import delete, update

from app.store.sql.token_tables import tokens
from benchmarks.installation import PATIENT, Installation
from tests.e2e.events import fresh
from tests.e2e.tokens import (
    Link,
    Visit,
    clients_of,
    content_is_kept,
    issue,
    looking,
    order,
    paid,
    pays_once,
    recorded,
    redeem,
    revoke,
    schema_of_our_own,
    storm,
    text_of,
)

CALLS = 200
CONNECTIONS = 32


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def paying(request, tmp_path_factory):
    """Two web processes, on each ledger in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("service")
        return
    url = schema_of_our_own(request.getfixturevalue("postgres_server"))
    with Installation(tmp_path_factory.mktemp("paying"), EARNEST_DATABASE_URL=url, **PATIENT) as running:
        yield running


@pytest.fixture(scope="module")
def callers(paying):
    """Half of them at each web process."""
    with clients_of(paying, CONNECTIONS) as clients:
        yield clients


def test_of_200_redemptions_under_as_many_keys_one_is_paid(paying, callers):
    link = issue(callers[0])
    replies = storm(callers, [partial(redeem, link=link, key=fresh("key")) for _ in range(CALLS)])
    assert Counter(reply.status for reply in replies) == {200: 1, 409: CALLS - 1}
    (winner,) = (reply for reply in replies if reply.status == 200)
    assert recorded(paying.record_url)[link.token_id] == paid(winner, link)
    assert not content_is_kept(paying.record_url, link)


def test_200_redemptions_under_one_key_are_one_redemption_told_200_times(paying, callers):
    link, key = issue(callers[0]), fresh("key")
    replies = storm(callers, [partial(redeem, link=link, key=key)] * CALLS)
    assert {(reply.status, reply.body) for reply in replies} == {(200, replies[0].body)}
    assert sum("idempotent-replayed" not in reply.headers for reply in replies) == 1
    assert recorded(paying.record_url)[link.token_id] == paid(replies[0], link)


def test_a_token_is_paid_or_revoked_and_never_both(paying, callers):
    """Ten tokens, each with 15 callers who redeem and 5 who revoke, all mixed: whoever is first is right for all."""
    links = [issue(callers[0]) for _ in range(10)]
    wanted = [("redeem", "redeem", "revoke", "redeem")[number // 10 % 4] for number in range(CALLS)]

    def call(client, link: Link, what: str):
        reply = revoke(client, link) if what == "revoke" else redeem(client, link, fresh("key"))
        return link, what, reply.status

    told = Counter(
        storm(
            callers,
            [partial(call, link=links[number % 10], what=what) for number, what in enumerate(wanted)],
        )
    )
    rows = recorded(paying.record_url)
    for link in links:
        mine = {(what, status): many for (one, what, status), many in told.items() if one == link}
        state = callers[0].get(f"/v1/tokens/{link.token_id}").json["state"]
        was_paid = {("redeem", 200): 1, ("redeem", 409): 14, ("revoke", 409): 5}
        was_revoked = {("redeem", 404): 15, ("revoke", 200): 5}
        assert mine == {"redeemed": was_paid, "revoked": was_revoked}[state]
        assert (link.token_id in rows) == (state == "redeemed")
        assert not content_is_kept(paying.record_url, link)


def test_one_key_raced_over_ten_tokens_pays_one_of_them_and_uses_up_no_other(paying, callers):
    links, key = [issue(callers[0]) for _ in range(10)], fresh("key")
    replies = storm(callers[:10], [partial(redeem, link=link, key=key) for link in links])
    assert Counter(reply.status for reply in replies) == {200: 1, 409: 9}
    for link, reply in zip(links, replies, strict=True):
        if reply.status == 200:
            assert recorded(paying.record_url)[link.token_id] == paid(reply, link)
        else:
            pays_once(callers[0], link)


def test_the_counter_and_the_browser_race_and_one_of_them_gets_the_reward(callers):
    """The member's page is open already, and the button pressed while 31 tills try the same token."""
    alone, link = issue(callers[0]), issue(callers[0])
    visit = Visit(callers[0], alone)
    visit.release(callers[0])
    assert alone.code in visit.look(callers[0])
    visit = Visit(callers[0], link)

    def call(client, number: int):
        return visit.release(client) if number == 0 else redeem(client, link, fresh("key"))

    replies = storm(callers, [partial(call, number=number) for number in range(CONNECTIONS)])
    tills = Counter(reply.status for reply in replies[1:])
    shown = link.code in visit.look(callers[0])
    assert tills == ({409: CONNECTIONS - 1} if shown else {200: 1, 409: CONNECTIONS - 2})


def test_an_order_raced_over_two_processes_under_one_key_is_one_token(callers):
    member, code, key = fresh(), fresh("code"), fresh("key")
    body = order(member, code)
    replies = storm(
        callers,
        [lambda one: one.ask("POST", "/v1/tokens", body, **{"Idempotency-Key": key})] * (2 * CONNECTIONS),
    )
    assert {(reply.status, reply.body) for reply in replies} == {(201, replies[0].body)}
    (only,) = callers[0].get(f"/v1/tokens?account_id={member}").json["items"]
    told = replies[0].json
    assert only["token_id"] == told["token_id"]
    pays_once(callers[0], Link(told["token_id"], member, text_of(told["link"]), code))


def spellings(text: str) -> list[str]:
    """Texts that a lenient reader takes for the same token, most of which itsdangerous alone would."""
    half = text.index(".") + 8
    into = ("    ", "\n", "\r\n", "\0", "\0\0\0\0", "%%%%", "%", "é", "漢", "\ud800", "=", "....")  # fmt: skip
    after = (
        "=",
        "==",
        "====",
        "!!!!",
        "    ",
        "\n",
        "\0",
        "\t",
        "%",
        "%00",
        "%0A",
        "é",
        ".",
        "/",
        "?a=b",
        "#",
    )
    return [
        *(text[:-1] + last for last in string.ascii_letters + string.digits + "-_" if last != text[-1]),
        *(text + one for one in after),
        *(one + text for one in after),
        *(text[:half] + one + text[half:] for one in into),
        *(text[:8] + one + text[8:] for one in into),
        text.replace("-", "+").replace("_", "/"),
        *(
            text.replace(*swap)
            for swap in (("-", "+"), ("_", "/"), (".", ":"), (".", "%2E"), (".", "\uff0e"))
        ),
        *(text.translate(str.maketrans(string.ascii_letters, other)) for other in _WIDE),
        text.swapcase(),
        text.upper(),
        text.lower(),
        text.rpartition(".")[0],
        f"{text}.{text.rpartition('.')[2]}",
    ]


_WIDE = ["".join(chr(ord(one) + 0xFEE0) for one in string.ascii_letters)]
"""Full-width letters: compatible by NFKC, and no others of ours."""


@pytest.mark.parametrize("used", [True, False])
def test_no_other_spelling_of_a_token_is_a_token(paying, callers, used):
    """One and the same answer as garbage, also under the key that redeemed it; the genuine text is known."""
    key, callers = fresh("key"), callers[:4]
    link = issue(callers[0])
    if used:
        paid(redeem(callers[0], link, key), link)
    garbage = redeem(callers[0], link._replace(text="garbage"), key)
    assert garbage.status == 404
    others = [text for text in spellings(link.text) if text != link.text]
    assert len(others) > 100
    calls = [
        partial(redeem, link=link._replace(text=text), key=name)
        for text in others
        for name in (key, fresh("key"))
    ]
    assert {(one.status, one.body) for one in storm(callers, calls)} == {(404, garbage.body)}
    if used:
        assert redeem(callers[0], link, fresh("key")).status == 409
        assert redeem(callers[0], link, key).status == 200
    else:
        pays_once(callers[0], link)


def changed(paying, link: Link, change) -> Link:
    """The token after somebody changed its row."""
    with looking(paying.record_url) as connection:
        connection.execute(change.where(tokens.c.token_id == link.token_id))
        connection.commit()
    return link


def none_of_these_is_redeemable(paying, client) -> dict[str, Link]:
    """A link of each kind."""
    live, revoked = issue(client), issue(client)
    revoke(client, revoked)
    payload, _, signature = live.text.partition(".")
    with paying.client(paying.key("tokens", program_id="other")) as elsewhere:
        foreign = issue(elsewhere)
    shape = (urlsafe_b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (135, 32))
    return {
        "unknown, of the right shape": live._replace(text=".".join(shape)),
        "unknown, with a genuine signature": changed(paying, issue(client), delete(tokens)),
        "tampered signature": live._replace(text=f"{payload}.{signature[::-1]}"[:-1] + "A"),
        "tampered payload": live._replace(text=f"{payload[:-4]}AAAA.{signature}"),
        "another programme's": foreign,
        "another member's": live._replace(account_id=fresh()),
        "garbage": live._replace(text="garbage"),
        "nothing": live._replace(text=""),
        "a thousand characters and more": live._replace(text=live.text * 6),
        "revoked": revoked,
        "expired": changed(paying, issue(client), update(tokens).values(expires_ms=1)),
    }


def test_nothing_tells_one_token_that_is_none_from_another(paying, callers):
    """Status, body, the headers' names, order and values; of Date and X-Request-Id, which differ anyway, lengths."""
    varying = {"date", "x-request-id"}
    faces: dict[object, list[str]] = {}
    for name, link in none_of_these_is_redeemable(paying, callers[0]).items():
        reply = redeem(callers[0], link, fresh("key"))
        headers = [(one, len(value) if one in varying else value) for one, value in reply.headers.items()]
        faces.setdefault((reply.status, reply.body, *headers), []).append(name)
    assert len(faces) == 1, faces
    assert next(iter(faces))[0] == 404
