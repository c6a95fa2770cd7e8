from __future__ import annotations

import pytest

from app.pages.origin import FormTokens, origin_of
from tests.app.pages.memory_visits import MemoryVisits
from tests.app.pages.reading import Page

OURS = "https://rewards.nordlicht.example"
SAYS = [
    ({}, True),  # an old web-view, curl: the link's secret or the form's token has to do
    ({"Sec-Fetch-Site": "same-origin"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),  # every browser of today, on our pages
    ({"Sec-Fetch-Site": "same-origin", "Origin": OURS}, True),
    ({"Origin": OURS}, True),
    ({"Origin": "null"}, True),  # a browser without Sec-Fetch-Site, on our pages
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "none"}, False),
    ({"Sec-Fetch-Site": ""}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": OURS}, False),
    ({"Origin": "https://evil.example"}, False),
    ({"Origin": "http://rewards.nordlicht.example"}, False),
    ({"Origin": "https://rewards.nordlicht.example.evil.example"}, False),
    ({"Origin": "https://evil.example", "Host": "evil.example"}, False),
]


@pytest.mark.parametrize(("says", "ours"), SAYS)
async def test_a_link_is_entered_only_from_our_page(serve, visits: MemoryVisits, says, ours):
    async with serve() as client:
        answer = await client.post("/r/good", headers=says)
    assert answer.status_code == (303 if ours else 403)
    assert (visits.calls == []) == (not ours)


@pytest.mark.parametrize(("says", "ours"), SAYS)
@pytest.mark.parametrize("gesture", ["code", "verify", "release", "ack"])
@pytest.mark.parametrize("token", ["right", "another's", "", "ü", None])
async def test_a_visit_goes_on_only_with_its_own_form(
    serve, visits: MemoryVisits, says, ours, gesture, token
):
    async with serve() as client:
        await client.post("/r/good")
        right = Page((await client.get("/redeem")).text).form("/redeem/code")["form_token"]
        visits.calls.clear()
        sent = {"right": right, "another's": FormTokens(b"k" * 32).of("session-1")}.get(token or "", token)
        fields = {"echo": "e" * 43} | ({} if sent is None else {"form_token": sent})
        answer = await client.post(f"/redeem/{gesture}", data=fields, headers=says)
    passed = ours and token == "right"
    assert (answer.status_code == 403) == (not passed)
    assert (visits.calls == []) == (not passed)


async def test_in_development_the_host_asked_for_counts_as_ours(serve):
    async with serve("http://127.0.0.1:8000") as client:
        for host, origin, status in [
            ("localhost:8000", "http://localhost:8000", 303),
            ("127.0.0.1:8000", "http://127.0.0.1:8000", 303),
            ("localhost:8000", "http://evil.example", 403),
        ]:
            answer = await client.post("/r/good", headers={"Host": host, "Origin": origin})
            assert answer.status_code == status


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.example/r", "https://a.example"),
        ("https://A.example:443", "https://a.example"),
        ("https://a.example:8443/x", "https://a.example:8443"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url, origin):
    assert origin_of(url) == origin


def test_another_key_makes_other_tokens():
    one, other = FormTokens(b"1" * 32), FormTokens(b"2" * 32)
    assert one.fits("s", one.of("s"))
    assert not other.fits("s", one.of("s"))
    assert not one.fits("t", one.of("s"))
