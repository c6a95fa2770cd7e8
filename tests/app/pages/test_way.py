"""A member's way through the pages, and what each turn of it answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from app.pages.redeeming import MISHAP_STATUS, STATUS
from tests.app.pages.examples import MISHAPS, STEPS
from tests.app.pages.memory_visits import CODE, MemoryVisits
from tests.app.pages.reading import Page


async def press(browser: httpx.AsyncClient, gesture: str, **typed: str) -> httpx.Response:
    """Open the visit, fill in that form as it stands there, and send it."""
    action = f"/redeem/{gesture}"
    fields = Page((await browser.get("/redeem")).text).form(action)
    return await browser.post(action, data=fields | typed)


async def at(browser: httpx.AsyncClient, visits: MemoryVisits, step: Any) -> None:
    """A visit that stands at this step."""
    await browser.post("/r/good")
    visits.sessions = dict.fromkeys(visits.sessions, step)


async def test_from_the_link_to_the_receipt(browser, visits: MemoryVisits):
    entered = await browser.post("/r/good")
    assert (entered.status_code, entered.headers["location"]) == (303, "/redeem")
    assert entered.headers["set-cookie"] == (
        "__Host-rs=session-0; HttpOnly; Max-Age=1500; Path=/; SameSite=lax; Secure"
    )
    for gesture, typed in (("code", {}), ("verify", {"code": CODE}), ("ack", {})):
        answer = await press(browser, gesture, **typed)
        assert (answer.status_code, answer.headers["location"]) == (303, "/redeem")
        if gesture == "verify":
            assert "NL-7Q4K-92XM-AB5T" in (await browser.get("/redeem")).text
    receipt = await browser.get("/redeem")
    assert receipt.status_code == 200
    assert "rdm_5f3a9c0d1e2b4a68" in receipt.text
    assert "NL-7Q4K" not in receipt.text


async def test_without_a_code_the_reward_is_released_by_a_press(browser, visits: MemoryVisits):
    await at(browser, visits, "release")
    assert (await press(browser, "release")).status_code == 303
    assert set(visits.sessions.values()) == {"reward"}


async def test_the_cookie_of_plain_http_is_one_that_clients_keep(serve):
    """Secure cookies are dropped over http; development would end at the landing page."""
    async with serve("http://127.0.0.1:8000") as client:
        answer = await client.post("/r/good")
        assert answer.headers["set-cookie"] == "rs=session-0; HttpOnly; Max-Age=1500; Path=/; SameSite=lax"
        assert "Confirm that it is you" in (await client.get("/redeem")).text


@pytest.mark.parametrize(
    "pasted",
    [
        "good",
        "  good\n",
        "https://rewards.nordlicht.example/r#good",
        "https://rewards.nordlicht.example/r/good",
        "https://rewards.nordlicht.example/r/good?lang=de",
        "https://rewards.nordlicht.example/r?lang=de#good",
    ],
)
async def test_a_pasted_link_of_either_form_is_understood(browser, visits: MemoryVisits, pasted):
    answer = await browser.post("/r", data={"link": pasted})
    assert (
        answer.headers["location"] == "/redeem#"
    )  # a fragment of its own: else the browser keeps the token's
    assert visits.calls[-1] == ("enter", "good")


@pytest.mark.parametrize(
    "step", [step for step in STEPS if step not in {"ask", "type", "passkey", "release", "gone"}]
)
async def test_continue_tells_why_it_leads_nowhere(browser, visits: MemoryVisits, step):
    visits.links["ended"] = step
    answer = await browser.post("/r/ended")
    assert answer.status_code == STATUS.get(step, 200)
    assert "set-cookie" not in answer.headers
    assert ("retry-after" in answer.headers) == (step == "wait")


async def test_unknown_links_of_every_kind_get_one_answer(browser):
    answers = [await browser.post(f"/r/{text}") for text in ("x", "y" * 3000, "a%0Ab", "tampered.good")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["content-length"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("654321", "does not match"),
        ("", "6 digits"),
        ("12ab<", "6 digits"),
        (6 * "\N{FULLWIDTH DIGIT ONE}", "6 digits"),
    ],
)
async def test_a_wrong_code_is_told_at_once_and_never_repeated(browser, visits, typed, told):
    await at(browser, visits, "type")
    answer = await press(browser, "verify", code=typed)
    assert answer.status_code == 401
    page = Page(answer.text)
    assert told in page.text
    assert all(fields.get("code", "") == "" for _, fields in page.forms)
    assert typed == "" or typed not in answer.text
    summary = next(attributes for tag, attributes in page.elements if attributes.get("role") == "alert")
    assert summary["tabindex"] == "-1"
    field = next(field for field in page.all("input") if field.get("id") == "code")
    assert field["aria-invalid"] == "true"
    assert {"href": "#code"} in page.all("a")
    named = {attributes.get("id") for _, attributes in page.elements}
    assert set(field["aria-describedby"].split()) <= named


@pytest.mark.parametrize("mishap", MISHAPS)
async def test_every_mishap_has_its_status(browser, visits: MemoryVisits, mishap):
    await at(browser, visits, "ask")
    visits.mishap = mishap
    answer = await press(browser, "code")
    assert answer.status_code == MISHAP_STATUS[mishap]
    assert ("retry-after" in answer.headers) == (answer.status_code == 429)
    assert 'role="alert"' in answer.text


async def test_a_second_press_does_no_harm(browser, visits: MemoryVisits):
    """A double click, or the back button and the same form again, leads to where the visit is."""
    await at(browser, visits, "type")
    fields = Page((await browser.get("/redeem")).text).form("/redeem/verify") | {"code": CODE}
    for _ in range(3):
        assert (await browser.post("/redeem/verify", data=fields)).headers["location"] == "/redeem"
    assert set(visits.sessions.values()) == {"reward"}


@pytest.mark.parametrize("gesture", ["code", "verify", "release", "ack"])
async def test_the_address_of_a_gesture_opened_like_a_page_leads_back(browser, visits, gesture):
    answer = await browser.get(f"/redeem/{gesture}?lang=de")
    assert (answer.status_code, answer.headers["location"]) == (303, "/redeem?lang=de")
    assert visits.calls == []


@pytest.mark.parametrize("cookie", [None, "session-99", "not one of ours; really", "x" * 3000])
async def test_without_a_session_the_link_is_to_be_opened_again(serve, visits: MemoryVisits, cookie):
    async with serve() as client:
        if cookie is not None:
            client.headers["Cookie"] = f"__Host-rs={cookie}"
        answer = await client.get("/redeem")
    assert answer.status_code == 410
    assert "open your link again" in answer.text


async def test_the_language_a_member_picked_stays(browser, visits: MemoryVisits):
    entered = await browser.post("/r/good?lang=de")
    assert entered.headers["location"] == "/redeem?lang=de"
    page = Page((await browser.get("/redeem?lang=de")).text)
    assert page.all("html") == [{"lang": "de"}]
    sent = await browser.post("/redeem/code?lang=de", data=page.form("/redeem/code?lang=de"))
    assert sent.headers["location"] == "/redeem?lang=de"
    assert next(a["href"] for a in page.all("a") if "data-language" in a) == "/redeem?lang=en"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/r/good"), ("GET", "/r"), ("POST", "/r/good"), ("GET", "/redeem"), ("POST", "/redeem/code")],
)
async def test_a_store_that_is_away_is_a_calm_page(browser, visits: MemoryVisits, method, path):
    visits.away = True
    answer = await browser.request(method, path)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "Nothing is lost" in answer.text
    assert "set-cookie" not in answer.headers
    again = next(a["href"] for a in Page(answer.text).all("a") if "button" in (a.get("class") or ""))
    assert again == ("/redeem" if path.startswith("/redeem") else "?")


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"link=good", "application/json", 415),
        (b"link=good", "multipart/form-data; boundary=x", 415),
        (b"link=good", "", 415),
        (b"link=" + b"x" * 5000, "application/x-www-form-urlencoded", 413),
        (b"link=good&link=other", "application/x-www-form-urlencoded", 400),
        (b"link=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"link=\xff", "application/x-www-form-urlencoded", 400),
        (b"link", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"f%d=1" % n for n in range(9)), "application/x-www-form-urlencoded", 400),
    ],
)
async def test_a_form_that_is_none_is_refused_unread(browser, visits: MemoryVisits, body, media, status):
    answer = await browser.post("/r", content=body, headers={"Content-Type": media} if media else {})
    assert answer.status_code == status
    assert visits.calls == []


async def test_a_form_in_utf_8_by_name_is_a_form(browser, visits: MemoryVisits):
    media = "application/x-www-form-urlencoded; charset=UTF-8"
    answer = await browser.post("/r", content=b"link=good", headers={"Content-Type": media})
    assert answer.status_code == 303
