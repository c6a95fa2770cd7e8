"""One day at the desk in Chromium: a ring is found, read, locked and labelled, and what was learned is seen and kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from time import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pyotp import TOTP

from benchmarks.installation import PATIENT, Client, Installation, until
from tests.e2e.events import event, evidence, fresh, instant
from tests.e2e.rewards import address
from tests.e2e.test_console_access import enrol, second_step, sign_in

__all__ = ["enrol"]
HANDS = 5
BONUS = 500
CODE_S = 30
"""A code of the authenticator app counts so long; the next one is taken early."""
OFTEN = 6
"""Redemptions within an hour: one more than the shipped policy lets pass."""
LOCKED = "ACCOUNT_LOCKED"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("story"), workers=1, **PATIENT) as running:
        yield running


def farm(house: Installation, client: Client) -> tuple[list[str], Counter[str]]:
    """
    Members of one hand, who share everything: each takes the bonus and spends it.

    Returns:
        Their ids, and how often each answer was given.
    """
    hand = {"device": {"id": fresh("d")}, "ip": "203.0.113.50", "channel": "web"}
    card = {"payment_instrument_id": fresh("card")}
    ring, answers = [fresh("ring") for _ in range(HANDS)], []
    for n, member in enumerate(ring):
        profile = {
            "email": f"farm+{n}@example.org", "phone": "+491701234567", "street": "Hofweg 1", "postcode": "10115",
            "city": "Berlin", "given_name": "Kai", "family_name": "Krause", "date_of_birth": "1980-01-01",
        }  # fmt: skip
        joined, taken = ({"occurred_at": instant(minutes=minutes - n)} for minutes in (60, 50))
        answers.append(decided(client, "signup", member, profile=profile, **joined, **hand, **card))
        answers.append(decided(client, "earn", member, points=BONUS, **taken, **hand))
    house.settle()
    answers += [decided(client, "redeem", member, points=BONUS, **hand) for member in ring]
    assert not any(evidence(one, LOCKED) for one in answers)
    return ring, Counter(one["decision"] for one in answers)


def honest(client: Client) -> None:
    """A member who redeems so often that they are asked to prove who they are, and whom a colleague knew to be honest."""
    member = fresh()
    told = [decided(client, "redeem", member, occurred_at=instant(minutes=55 - n)) for n in range(OFTEN)]
    assert told[-1]["decision"] == "challenge"
    label = {"account_id": member, "label": "legitimate", "source": "call_centre"}
    assert client.ask("POST", "/v1/labels", label).status == 201


def decided(client: Client, kind: str, member: str, **rest: Any) -> dict[str, Any]:
    """The answer to one event."""
    reply = client.decide(event(kind, member, **rest))
    assert reply.status == 200, reply
    return reply.json


def is_listed(page: Page, house: Installation, answers: Counter[str]) -> bool:
    """Whether the queue has the ring as one case, with every answer that asked for a look."""
    page.goto(f"{house.address}/console/queue")
    row = " ".join(page.locator("tr[data-row]").all_text_contents())
    return f"ring of {HANDS}" in row and all(
        f"{answers[name]} {name}" in row for name in ("review", "block") if answers[name]
    )


def judged(page: Page, house: Installation) -> dict[str, str]:
    """What the dashboard says of each detector: its precision."""
    page.goto(f"{house.address}/console/dashboard")
    section = page.locator("section[aria-labelledby=detectors-title]")
    expect(section).to_have_count(1)
    rows = section.locator("tbody tr").all()
    return {
        name.strip(): share.strip()
        for name, *_, share in (row.locator("td").all_text_contents()[:5] for row in rows)
    }


def is_learned(precision: dict[str, str]) -> bool:
    """Whether the farm counts: all that was said of duplicates was right, and of what velocity said, some."""
    of_velocity = precision.get("velocity", "0 %")
    return precision.get("duplicates") == "100 %" and of_velocity not in {"0 %", "100 %"}


def does(page: Page, name: str, why: str) -> None:
    """Confirm the act whose consequence is shown."""
    page.get_by_label("Why", exact=True).fill(why)
    page.get_by_role("button", name=name, exact=True).click()


def lock(page: Page, case: str, ring: list[str]) -> None:
    """The whole ring, after its consequence: it is told for each before anything is done."""
    page.goto(case)
    page.get_by_role("button", name="Lock redeeming…").click()
    shown = page.get_by_role("table", name="What changes for each account")
    for member in ring:
        expect(shown).to_contain_text(member)
    does(page, "Lock redeeming", "One hand: the same device, card, telephone and home.")
    expect(page.get_by_role("status")).to_contain_text("Lock redeeming: done")


def stand(client: Client, ring: list[str]) -> set[str]:
    """How the accounts stand."""
    return {client.get(f"/v1/accounts/{member}").json["state"] for member in ring}


def test_a_farm_is_found_read_locked_and_labelled_and_it_shows(house, enrol, opened):
    with house.client() as client:
        honest(client)
        ring, answers = farm(house, client)
        ana, window = enrol("ana@shop.example", "analyst"), opened(address())
        page = window.page
        sign_in(house, page, ana.email)
        second_step(page, TOTP(ana.key).at(int(time()) + CODE_S))
        expect(page.locator("details.me")).to_be_visible()
        until(lambda: judged(page, house) == {"velocity": "0 %"})
        until(lambda: is_listed(page, house, answers))

        page.keyboard.press("n")
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            f"{HANDS} accounts of probably one person"
        )
        expect(page.get_by_text("Yours", exact=True)).to_be_visible()
        case = page.url.partition("?")[0]
        expect(page.locator(".grounds .against").first).to_have_text(re.compile(r"\d.*limit \d", re.DOTALL))
        page.get_by_role("navigation", name="Pages of the case").get_by_role(
            "link", name="Linked accounts"
        ).click()
        expect(page.locator(".graph-box svg")).to_be_visible()
        page.get_by_text("The graph as a table").click()
        expect(page.get_by_role("table", name="Everything that connects")).to_contain_text("one hand")

        lock(page, case, ring)
        assert stand(client, ring) == {"locked"}
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("status")).to_contain_text("Taken back")
        assert "locked" not in stand(client, ring)
        lock(page, case, ring)

        page.goto(case)
        page.get_by_role("button", name="Label…").click()
        page.get_by_label("It is", exact=True).select_option("fraud")
        page.get_by_label("Kind", exact=True).select_option("signup_farm")
        page.get_by_role("button", name="Show the consequence").click()
        does(page, "Label", "Five welcome bonuses for one person.")
        expect(page.get_by_role("status")).to_contain_text("Label: done")
        until(lambda: is_learned(judged(page, house)))

        stopped = decided(client, "redeem", ring[0])
        assert (stopped["decision"], stopped["reasons"][0]["code"]) == ("block", LOCKED)
        assert stopped["reasons"][0]["evidence"]["by"] == "analyst"
        assert window.complaints == []
