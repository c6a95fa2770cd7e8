"""A relay that is away delays mails: tokens are issued, nothing is lost, and each mail comes once."""

from __future__ import annotations

from benchmarks.installation import until
from tests.e2e.events import fresh
from tests.e2e.rewards import VOUCHER, Visitor, address, database, issued, number, programme, state_of


def test_mails_wait_for_a_relay_that_is_away_and_arrive_once(tmp_path):
    """Also over a restart of the service; the link that came late is as good as any."""
    with programme(tmp_path) as (running, office):
        office.shut()
        members = {f"{fresh()}@mail.example": number() for _ in range(3)}
        with running.client() as client:
            tokens = [
                issued(client, delivery={"channel": "email", "to": to}, otp={"method": "sms", "to": phone})[
                    "token_id"
                ]
                for to, phone in members.items()
            ]
            until(lambda: all(tried > 0 for tried in column(running, "attempts")))
            assert {state_of(client, one)["state"] for one in tokens} == {"issued"}
        running.stop()
        office.open()
        running.start()
        due_now(running)
        with running.client() as client:
            until(lambda: {state_of(client, one)["state"] for one in tokens} == {"delivered"})
        assert set(column(running, "state")) == {"sent"}
        assert len(office.mails) == len(members)
        to, phone = members.popitem()
        with Visitor(running, address()) as member:
            path = office.link_to(to).partition("/r/")[2]  # the service has another port since
            member.enter(f"{running.address}/r/{path}")
            member.press("code")
            assert member.type(office.code_to(phone)).status == 200
            assert VOUCHER in member.page


def column(running, name) -> list:
    with database(running) as connection:
        return [row[0] for row in connection.execute(f"SELECT {name} FROM outbox WHERE kind = 'mail'")]  # noqa: S608


def due_now(running) -> None:
    """As if the wait before the next try were over."""
    with database(running) as connection:
        connection.execute("UPDATE outbox SET next_ms = 0")
