"""A small tree of errors that carry facts, and never a secret."""

from __future__ import annotations

import os
import pickle
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

import earnest_client
from earnest_client import Away, Earnest, EarnestError, Event, Profile, Refused, Reward
from tests.client.conftest import KEY, LONG_S
from tests.client.odd_server import answers, decides, resets, truncates

TOKEN, CODE = "WzEsImZmN2.KFNwXAcFu", "492039"
CALL_KEY = "k-5f1c-unguessable"
EVENT = Event(type="login", occurred_at=datetime(2026, 3, 1, tzinfo=UTC), account_id="m-1")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "Invalid"), (401, "Unauthorized"), (403, "Refused"), (404, "NotFound"), (409, "Conflict"),
        (413, "Invalid"), (422, "Invalid"), (423, "Locked"), (425, "Refused"), (429, "TooMany"),
        (500, "Away"), (503, "Away"), (302, "Away"),
    ],
)  # fmt: skip
def test_each_status_has_its_error(odd, earnest, status, kind):
    problem = {"type": "/problems/x", "title": "No", "status": status, "detail": "Because."}
    odd.will(answers(status, problem, Retry_After="90", X_Request_Id="r-1"))
    with pytest.raises(EarnestError) as caught:
        earnest.token("tok_1")
    assert type(caught.value) is getattr(earnest_client, kind)
    if isinstance(caught.value, Refused):
        assert (caught.value.problem.type, caught.value.problem.detail) == ("/problems/x", "Because.")
        assert (caught.value.retry_after_s, caught.value.request_id) == (90, "r-1")
        assert str(caught.value) == f"{status} No: Because."
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own


def test_a_wrong_code_is_not_a_wrong_key(odd, earnest):
    odd.will(answers(401, {"type": "/problems/unproven", "title": "Not proven"}))
    with pytest.raises(earnest_client.Unproven):
        earnest.redeem_token(TOKEN, "m-1", CODE)
    assert not issubclass(earnest_client.Unproven, earnest_client.Unauthorized)


ECHO = {"type": f"/{KEY}", "title": f"{TOKEN}!", "detail": f"{CODE} {CALL_KEY}", "errors": [
    {"pointer": f"/{CODE}", "message": f"{KEY} {TOKEN}"}
]}  # fmt: skip


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(422, ECHO),
        answers(401, ECHO),
        answers(500, ECHO),
        answers(200, ECHO),
        answers(200, f"{KEY} {TOKEN} {CODE} {CALL_KEY}".encode()),
        resets,
        truncates,
    ],
)
def test_no_error_repeats_a_secret_whatever_is_answered(odd, earnest, behaviour):
    odd.will(behaviour)
    with pytest.raises(EarnestError) as caught:
        earnest.redeem_token(f"https://e.example/r#{TOKEN}", "m-1", CODE, idempotency_key=CALL_KEY)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    told += str(getattr(caught.value, "problem", ""))
    for secret in (KEY, TOKEN, CODE, CALL_KEY):
        # a traceback quotes this very file's lines, which name the secrets but do not spell them
        assert secret not in told
    assert odd.heard[0].json == {"token": TOKEN, "account_id": "m-1", "otp": CODE}
    assert odd.heard[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["", "two words", "line\r\nX-Injected: 1", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused_without_repeating_it(key):
    with pytest.raises(ValueError, match="key") as caught:
        Earnest("http://e.example", key)
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    ["", "e.example", "ftp://e.example", "http://me:hunter2@e.example", "http://e.example/?a=1", "http://"],
)
def test_an_address_that_cannot_be_one_is_refused(address):
    with pytest.raises(ValueError, match="base_url") as caught:
        Earnest(address, KEY)
    assert "hunter2" not in str(caught.value)


def test_an_id_stays_in_its_place(odd, earnest):
    odd.will(answers(404))
    with pytest.raises(earnest_client.NotFound):
        earnest.token("a/../../x?y#z")
    assert odd.heard[0].path == "/v1/tokens/a%2F..%2F..%2Fx%3Fy%23z"
    for nothing in ("", ".", ".."):
        with pytest.raises(ValueError, match="id"):
            earnest.revoke_token(nothing)
    for odd_key in ("", "two words", "x" * 129, "a\r\nb"):
        with pytest.raises(ValueError, match="idempotency_key"):
            earnest.redeem_token("t", "m-1", idempotency_key=odd_key)


def test_what_is_secret_is_not_shown(odd, earnest):
    assert KEY not in repr(earnest)
    assert "K4YQ" not in repr(Reward(points=5, payload={"voucher": "K4YQ"}))
    assert "ann@" not in repr(Profile(email="ann@example.com"))
    assert CALL_KEY not in repr(Away("why", CALL_KEY))
    odd.will(
        answers(
            201, {"token_id": "tok_1", "state": "issued", "expires_at": "2026-03-02T00:00:00Z", "link": TOKEN}
        )
    )
    issued = earnest.issue_token("m-1", Reward(points=5), idempotency_key=CALL_KEY)
    assert issued.link == TOKEN
    assert TOKEN not in repr(issued)
    assert CALL_KEY not in repr(issued)


def test_threads_share_a_client_and_each_hears_its_own_answer(odd):
    odd.will(decides())
    with Earnest(odd.address, KEY, timeout_s=LONG_S) as client, ThreadPoolExecutor(8) as pool:
        asked = [f"e-{n}" for n in range(80)]
        heard = pool.map(lambda name: client.decide({"event_id": name, "account_id": "m-1"}).event_id, asked)
        assert list(heard) == asked


def test_a_process_that_was_forked_off_opens_connections_of_its_own(odd):
    """Two processes on one connection would read each other's answers."""
    odd.will(decides())
    with Earnest(odd.address, KEY, timeout_s=LONG_S) as client:
        client.decide(EVENT)
        before = client._line._pool
        client._line._process = os.getpid() + 1  # as it looks to a child
        assert client.decide(EVENT).source == "detectors"
        assert client._line._pool is not before
        before.close()
