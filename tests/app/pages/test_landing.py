from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.pages.headers import FEATURES_OFF
from tests.app.pages.memory_visits import MemoryVisits
from tests.app.pages.reading import Page

SAFE = ("GET", "HEAD", "OPTIONS")
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    st.from_regex(r"[A-Za-z0-9_.-]{1,300}", fullmatch=True),
    st.sampled_from(["", "../redeem", "a/b", "a\nb", "\n", "x" * 5000, "%00", "good", "<script>"]),
)


def quoted(text: str) -> str:
    """As a client would write it in a path, byte by byte."""
    return "".join(f"%{byte:02X}" for byte in text.encode())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(text=TEXTS)
def test_every_token_text_gets_the_same_page(serve, text):
    """Bytes and headers alike: a link tells whoever fetches it nothing, not even that it is one."""

    async def fetch():
        async with serve() as client:
            return [await client.get(f"/r/{quoted(part)}") for part in (text, "good")]

    one, other = asyncio.run(fetch())
    assert one.status_code == 200
    assert one.content == other.content
    told = [{k: v for k, v in answer.headers.items() if k != "x-request-id"} for answer in (one, other)]
    assert told[0] == told[1]


@pytest.mark.parametrize("path", ["/r/good", "/r", "/r/"])
@pytest.mark.parametrize("method", SAFE)
async def test_a_scanner_changes_nothing(browser, visits: MemoryVisits, path, method):
    answer = await browser.request(method, path)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert {name for name, *_ in visits.calls} <= {"landing"}
    assert visits.sessions == {}


async def test_head_is_get_without_its_body(browser):
    get, head = await browser.get("/r/good"), await browser.head("/r/good")
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(get.content)
    assert head.headers["content-security-policy"] == get.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("path", ["/r/good", "/r", "/redeem", "/redeem/code", "/redeem/verify"])
async def test_other_methods_are_not_taken(browser, visits: MemoryVisits, path, method):
    answer = await browser.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"].startswith("GET")
    assert answer.content == b""
    assert visits.calls == []


async def test_every_answer_has_every_header(browser):
    answers = [
        await browser.get("/r/good"),
        await browser.post("/r/nonsense"),
        await browser.post("/r/good"),
        await browser.get("/redeem"),
        await browser.post("/redeem/verify", data={"form_token": "forged"}),
        await browser.put("/r/good"),
        await browser.options("/redeem"),
        await browser.get("/r-static/nothing.css"),
    ]
    for answer in answers:
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == (
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        assert headers["strict-transport-security"].startswith("max-age=63072000")
        assert headers.get_list("x-content-type-options") == ["nosniff"]
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["x-robots-tag"] == "noindex, noarchive"
        assert all(f"{feature}=()" in headers["permissions-policy"] for feature in FEATURES_OFF)


async def test_plain_http_is_not_told_to_become_https(serve):
    async with serve("http://127.0.0.1:8000") as client:
        assert "strict-transport-security" not in (await client.get("/r")).headers


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
async def test_a_forged_host_is_never_repeated(serve, header):
    async with serve() as client:
        client.headers.update({header: "evil.example", "Sec-Fetch-Site": "same-origin"})
        answers = [await client.get("/r/good"), await client.post("/r/good"), await client.get("/redeem")]
        answers.append(await client.get("/r/good/"))
    for answer in answers:
        assert "evil.example" not in answer.text
        assert "evil.example" not in str(answer.headers)


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ({}, "en"),
        ({"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}, "de"),
        ({"Accept-Language": "fr, en;q=0.2, de;q=0.7"}, "de"),
        ({"Accept-Language": "fr"}, "en"),
        ({"Accept-Language": "de;q=0, en;q=oops, ;;,"}, "en"),
    ],
)
async def test_the_page_speaks_as_the_browser_asks(browser, wanted, locale):
    page = Page((await browser.get("/r/x", headers=wanted)).text)
    assert page.all("html") == [{"lang": locale}]


async def test_the_switch_keeps_the_address(browser, visits: MemoryVisits):
    """A relative link: it works below any token, and the page stays the same for all."""
    switch = next(a for a in Page((await browser.get("/r/x")).text).all("a") if "data-language" in a)
    assert switch["href"] == "?lang=de"
    german = Page((await browser.get("/r/x?lang=de")).text)
    assert german.all("html") == [{"lang": "de"}]
    assert german.forms[0][0].get("action") is None
    assert visits.clients[-1].locale == "de"


async def test_a_client_that_asks_too_often_is_told_to_wait(browser, visits: MemoryVisits):
    visits.crowded = True
    answer = await browser.get("/r/good")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_the_fragment_form_takes_the_token_from_a_field(browser):
    page = Page((await browser.get("/r")).text)
    assert page.forms[0][1] == {"link": ""}
    assert [label["for"] for label in page.all("label")] == ["link"]
    assert Page((await browser.get("/r/x")).text).forms[0][1] == {}


async def test_assets_are_kept_and_named_by_their_content(browser):
    page = Page((await browser.get("/r/x")).text)
    for address in (page.all("link")[0]["href"], page.all("script")[0]["src"]):
        answer = await browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await browser.get("/r-static/..%2Fredeeming.py")).status_code == 404


async def test_no_metric_is_told_a_token(browser, measured):
    secret = "canary-7f3a"
    await browser.get(f"/r/{secret}")
    await browser.post(f"/r/{secret}")
    await browser.put(f"/r/{secret}/deeper")
    assert {path for path, *_ in measured} == {"/r/{token}"}


async def test_the_clients_address_is_the_connections(serve, visits: MemoryVisits):
    async with serve() as client:
        await client.get("/r/x", headers={"X-Forwarded-For": "6.6.6.6"})
    assert visits.clients[-1].address == "203.0.113.7"
