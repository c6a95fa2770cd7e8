"""The loop's bad input: lost replies at every call, and challenges that are reused, expired, foreign or stolen."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from threading import Event as Over
from typing import Any
from urllib.parse import urlsplit

import pytest

from benchmarks.installation import PATIENCE_S, until
from earnest_client import Away, Conflict, Decision, Earnest, Invalid, NotFound, Refused, Reward
from tests.app.webhooks.receiver import Receiver, receiving
from tests.client.odd_server import Behaviour, Heard, OddServer, resets
from tests.e2e.events import fresh
from tests.e2e.loop import POINTS, USUAL
from tests.e2e.loop_house import House, audit_is_whole, backend, happened, house, insisting, joined
from tests.e2e.rewards import database, number


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("bad")) as running:
        yield running


def suspicious(home: House, program: Earnest | None = None) -> tuple[Decision, str, str]:
    """A challenged redemption: the decision, its challenge's id, and the member's telephone."""
    earnest, phone = program or home.earnest, number()
    account_id = joined(earnest, phone)
    for _ in range(USUAL + 1):
        decision = earnest.decide(happened("redeem", account_id, points=POINTS))
    assert decision.step_up is not None, decision
    return decision, decision.step_up.challenge_id or "", phone


def code_for(home: House, challenge_id: str, phone: str, earnest: Earnest | None = None) -> str:
    """The code in the text message to this telephone, sent now."""
    (earnest or home.earnest).send_challenge(challenge_id)
    until(lambda: home.codes_to(phone))
    return home.codes_to(phone)[-1]


def standing(home: House, decision: Decision) -> dict[str, Any]:
    with home.running.client() as client:
        told: dict[str, Any] = client.get(f"/v1/decisions/{decision.decision_id}").json
        return told


# ------------------------------------------------------------------ lost replies


def passed_on(address: str, *, heard_of: bool) -> Behaviour:
    """Asks the service itself; where it is not heard of, the answer is lost on its way back."""

    def behave(connection: socket.socket, heard: Heard, over: Over) -> None:
        real = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
        real.request(
            heard.method, heard.path, heard.body or None, dict(heard.headers) | {"connection": "close"}
        )
        response = real.getresponse()
        body = response.read()
        real.close()
        if not heard_of:
            resets(connection, heard, over)
            return
        kept = {"content-type", "retry-after", "idempotent-replayed", "x-request-id"}
        lines = [f"HTTP/1.1 {response.status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in response.getheaders() if name.lower() in kept]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return behave


@pytest.fixture
def lossy(home: House) -> Iterator[tuple[Earnest, Callable[[int], None]]]:
    """A client whose next replies are lost, as many as are told; then all is well."""
    address = home.running.address
    with OddServer() as between, backend(between.address, home.running.key()) as client:

        def lose(replies: int) -> None:
            lost, heard = passed_on(address, heard_of=False), passed_on(address, heard_of=True)
            between.will(*[lost] * replies, heard)

        yield client, lose


@pytest.mark.parametrize("lost", [1, 3])
def test_whatever_replies_are_lost_it_is_done_once(home, lossy, lost):
    """One is made up for by the client's own second try, three by the caller, who asks the same again."""
    earnest, lose = lossy
    phone, account_id = number(), fresh()
    lose(lost)
    joined(earnest, phone, account_id)
    for _ in range(USUAL + 1):
        event = happened("redeem", account_id, points=POINTS)
        lose(lost)
        decision = insisting(lambda event=event: earnest.decide(event))
    challenge_id = decision.step_up.challenge_id
    lose(1)
    with pytest.raises(Away):
        earnest.send_challenge(challenge_id)  # perhaps it was sent: it is not sent again by itself
    until(lambda: home.codes_to(phone))
    with pytest.raises(Refused) as soon:
        earnest.send_challenge(challenge_id)
    assert soon.value.problem.status == 429
    assert (soon.value.retry_after_s or 0) > 0
    (code,) = home.codes_to(phone)
    lose(lost)
    assert insisting(lambda: earnest.verify_challenge(challenge_id, code)).passed
    key, spending = fresh("key"), fresh("key")
    lose(lost)
    issued = insisting(
        lambda: earnest.issue_token(
            account_id,
            Reward(points=POINTS),
            purpose="redemption",
            decision_id=decision.decision_id,
            idempotency_key=key,
        )
    )
    lose(lost)
    spent = insisting(lambda: earnest.redeem_token(issued.link, account_id, idempotency_key=spending))
    assert spent.reward == Reward(points=POINTS)
    with pytest.raises(Conflict):
        home.earnest.redeem_token(issued.link, account_id)
    until(lambda: standing(home, decision)["outcome"] == "completed")
    lose(lost)
    assert insisting(lambda: earnest.lock(account_id)).state == "locked"
    with home.running.client() as client:
        totals = client.get(f"/v1/accounts/{account_id}").json["totals"]
    assert totals["redeemed_points"] == (USUAL + 1) * POINTS
    once = {"challenge.passed", "token.issued", "token.redeemed", "account.locked"}
    until(lambda: {one.kind for one in home.told(account_id)} >= once)
    told = [one.kind for one in home.told(account_id) if one.kind != "decision.created"]
    assert sorted(told) == sorted(once)
    audit_is_whole(home)


# ------------------------------------------------------------------ challenges that are not to be passed


def test_a_used_code_passes_nothing_else(home):
    """Said again it is the same pass; at another decision of the same member the code is none."""
    decision, challenge_id, phone = suspicious(home)
    code = code_for(home, challenge_id, phone)
    assert home.earnest.verify_challenge(challenge_id, code).passed
    assert home.earnest.verify_challenge(challenge_id, "000000").passed, (
        "it stays passed, and no code is looked at"
    )
    again = home.earnest.decide(happened("redeem", decision.account_id, points=POINTS))
    other = again.step_up.challenge_id
    verified = home.earnest.verify_challenge(other, code)
    assert (verified.status, verified.decision) == ("failed", "challenge")
    assert standing(home, again)["challenge"]["status"] == "open"
    with pytest.raises(Conflict):
        home.earnest.redemption_token(again.decision_id, again.account_id, Reward(points=POINTS))


def test_after_its_life_a_challenge_is_over_also_with_the_right_code(home):
    decision, challenge_id, phone = suspicious(home)
    code = code_for(home, challenge_id, phone)
    let_expire(home, decision)
    verified = home.earnest.verify_challenge(challenge_id, code)
    assert (verified.status, verified.decision) == ("expired", "challenge")
    with pytest.raises(Refused):
        home.earnest.send_challenge(challenge_id)
    with pytest.raises(Conflict):
        home.earnest.redemption_token(decision.decision_id, decision.account_id, Reward(points=POINTS))


def let_expire(home: House, decision: Decision) -> None:
    """As if its life had passed long ago: in the answer on record, which says until when."""
    assert decision.step_up is not None
    assert decision.step_up.expires_at is not None
    with database(home.running) as connection:
        query = "SELECT answer FROM decisions WHERE decision_id = ?"
        (answer,) = connection.execute(query, (decision.decision_id,)).fetchone()
        year = f'"expires_at":"{decision.step_up.expires_at.year}-'.encode()
        assert year in answer
        connection.execute(
            "UPDATE decisions SET answer = ? WHERE decision_id = ?",
            (answer.replace(year, b'"expires_at":"2020-'), decision.decision_id),
        )


def test_another_programmes_key_finds_neither_challenge_nor_decision_nor_token(home):
    decision, challenge_id, phone = suspicious(home)
    code = code_for(home, challenge_id, phone)
    with backend(home.running.address, home.running.key(program_id="other")) as foreign:
        for call in (
            lambda: foreign.send_challenge(challenge_id),
            lambda: foreign.verify_challenge(challenge_id, code),
            lambda: foreign.outcome(decision.decision_id, "completed"),
            lambda: foreign.explanation(decision.decision_id),
        ):
            with pytest.raises(NotFound):
                call()
        assert home.earnest.verify_challenge(challenge_id, code).passed
        with pytest.raises(Invalid):
            foreign.redemption_token(decision.decision_id, decision.account_id, Reward(points=POINTS))
        issued = home.earnest.redemption_token(
            decision.decision_id, decision.account_id, Reward(points=POINTS)
        )
        for client, account_id in ((foreign, decision.account_id), (home.earnest, fresh())):
            with pytest.raises(NotFound):
                client.redeem_token(issued.link, account_id)
    assert home.earnest.redeem_token(issued.link, decision.account_id).reward == Reward(points=POINTS)


def test_a_thiefs_own_code_passes_no_victims_challenge(home):
    """Codes are the challenge's: what was sent to another number proves nothing, and each try is told of."""
    victim, victims, _ = suspicious(home)
    _, thiefs, phone = suspicious(home)
    code = code_for(home, thiefs, phone)
    home.earnest.send_challenge(victims)
    verified = home.earnest.verify_challenge(victims, code)
    assert (verified.status, verified.decision) == ("failed", "challenge")
    assert standing(home, victim)["decision"] == "challenge"
    until(lambda: any(one.kind == "challenge.failed" for one in home.told(victim.account_id)))
    assert home.earnest.verify_challenge(thiefs, code).passed


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_webhook_is_never_sent_on_by_a_redirect(home, status):
    with receiving(Receiver()) as inner, receiving(Receiver()) as outer:
        outer.answer, outer.headers = (lambda _headers, _body: status), {"Location": inner.url}
        with home.running.client() as admin:
            made = admin.ask("POST", "/v1/webhooks", {"url": outer.url, "events": ["label.recorded"]}).json
            tried = admin.ask("POST", f"/v1/webhooks/{made['webhook_id']}/test").json
            admin.ask("DELETE", f"/v1/webhooks/{made['webhook_id']}")
        assert (tried["delivered"], tried["status"], len(outer.got), inner.connections) == (
            False,
            status,
            1,
            0,
        )
