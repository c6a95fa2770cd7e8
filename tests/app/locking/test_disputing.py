"""This was not me: looking changes nothing, pressing the button locks once, and nothing is told of anybody."""

from __future__ import annotations

from email.headerregistry import Address

import httpx
import pytest
from starlette.applications import Starlette

from app.api.edge import Edge
from app.locking.disputing import Disputes
from app.locking.links import Link, Links
from app.mail.composing import compose
from app.pages.lock_texts import DE, EN
from app.pages.locking import lock_routes
from app.ports.history import HotStoreAway
from app.problems import HANDLERS
from app.redeeming.letters import RedeemedLetter
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.seal import Seal
from app.store.sql.audit_rows import newest
from tests.app.installation import MASTER
from tests.app.redeeming.promise import OpenThrottle
from tests.app.store.sightings import DAY_MS, NOW_MS

PUBLIC = "https://rewards.nordlicht.example"
LINKS = Links(Seal(b"l" * 32))
ACCOUNT = "CANARY-m-1"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def link(**given) -> str:
    usual = {"program_id": "default", "account_id": ACCOUNT, "expires_ms": NOW_MS + DAY_MS}
    return LINKS.write("not_me", Link(**usual | {"redemption_id": "rdm_1"} | given))


@pytest.fixture
async def browser(installation, switch):
    disputes = Disputes(
        switch,
        LINKS,
        OpenThrottle(),
        Secrets.of(MASTER),
        lambda _: Terms(brand="Nordlicht"),
        installation.clock,
    )
    app = Starlette(routes=lock_routes(disputes, public_url=PUBLIC), exception_handlers=HANDLERS)
    app.router.redirect_slashes = False
    measured = []
    transport = httpx.ASGITransport(Edge(app, lambda *told: measured.append(told)), client=("203.0.113.7", 5))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        client.headers.update({"Sec-Fetch-Site": "same-origin", "Origin": "null"})
        client.measured = measured
        yield client


async def press(browser, text: str, **headers) -> httpx.Response:
    return await browser.post(f"/w/{text}", headers={**FORM, **headers})


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
async def test_a_scanner_changes_nothing_and_learns_nothing(browser, locks, method):
    """The same answer whatever the link is: it is not even looked at."""
    answers = [await browser.request(method, f"/w/{text}") for text in (link(), "x", "a/b", link()[:-1])]
    assert len({(one.status_code, one.content) for one in answers}) == 1
    assert answers[0].status_code == {"GET": 200, "HEAD": 200, "OPTIONS": 200}.get(method, 405)
    assert locks.lock("default", ACCOUNT) is None


async def test_the_button_locks_and_opens_a_dispute_once(browser, locks, installation):
    answer = await press(browser, link())
    assert answer.status_code == 200
    assert "Redeeming is switched off" in answer.text
    assert locks.lock("default", ACCOUNT).asked_by == "member"
    assert (await press(browser, link())).status_code == 200
    noted = [one.entry for one in newest(installation.engine, 10)]
    assert [(one.event, one.detail) for one in reversed(noted)] == [
        ("account.locked", "member"),
        ("account.disputed", "rdm_1"),
    ]


async def test_the_link_locks_nothing_again_once_the_programme_has_unlocked(browser, switch, wish, locks):
    await press(browser, link())
    await switch.change(wish(locked=False, account_id=ACCOUNT))
    answer = await press(browser, link())
    assert answer.status_code == 410
    assert "told us already" in answer.text
    assert not locks.lock("default", ACCOUNT).locked


@pytest.mark.parametrize("spoiled", ["invented", "cut", "padded", "expired", "not ASCII"])
async def test_no_other_link_does_anything(browser, locks, spoiled):
    text = {
        "invented": "nonsense",
        "cut": link()[:-2],
        "padded": link() + "=",
        "expired": link(expires_ms=NOW_MS),
        "not ASCII": "é" * 9,
    }[spoiled]
    answer = await press(browser, text)
    assert answer.status_code == (410 if spoiled == "expired" else 404)
    assert locks.lock("default", ACCOUNT) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_a_form_of_another_site_is_refused(browser, locks, site):
    answer = await press(browser, link(), **{"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert locks.lock("default", ACCOUNT) is None


async def test_while_the_hot_store_is_away_nobody_is_told_that_it_is_done(
    browser, installation, locks, monkeypatch
):
    async def away(*_):
        raise HotStoreAway("away")

    with monkeypatch.context() as gone:
        gone.setattr(installation.history, "lock", away)
        answer = await press(browser, link())
    assert (answer.status_code, "switched off" in answer.text) == (503, False)
    assert locks.lock("default", ACCOUNT).locked
    assert (await press(browser, link())).status_code == 200


@pytest.mark.parametrize("language", ["en", "de"])
async def test_every_page_speaks_the_language_and_names_nobody(browser, language):
    texts = {"en": EN, "de": DE}[language]
    pages = [
        (await browser.get(f"/w/{link()}?lang={language}"), "dispute_heading"),
        (await browser.post(f"/w/nonsense?lang={language}", headers=FORM), "dispute_unknown_heading"),
        (await browser.post(f"/w/{link()}?lang={language}", headers=FORM), "disputed_heading"),
    ]
    for page, heading in pages:
        assert texts[heading] in page.text
        assert f'<html lang="{language}">' in page.text
        assert "CANARY" not in page.text
        assert "rdm_" not in page.text
        assert link()[:20] not in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
    assert {told[0] for told in browser.measured} == {"/w/{link}"}


def test_a_link_names_nobody_and_opens_with_its_own_key_only():
    text = link()
    assert "CANARY" not in text
    assert Links(Seal(b"m" * 32)).read("not_me", text) is None
    assert LINKS.read("not_me", text).account_id == ACCOUNT


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_notice_says_what_and_when_in_both_parts_with_one_link(locale):
    letter = RedeemedLetter(
        to="ada@example.com",
        locale=locale,
        brand="Nordlicht",
        support="",
        link=f"{PUBLIC}/w/{link()}",
        title="Coffee & cake <for two>",
        points=12_500,
        face_value_minor=1_000,
        currency="EUR",
        at_ms=NOW_MS,
        until_ms=NOW_MS + 14 * DAY_MS,
        timezone="Europe/Berlin",
    )
    mail = compose(letter, "<rdm_1@rewards.example>", Address(addr_spec="a@nordlicht.example"), NOW_MS)
    plain, html = (part.get_content() for part in mail.iter_parts())
    assert "12" not in mail["Subject"]
    for told in (plain, html):
        assert {"en": "12,500 points", "de": "12.500 Punkte"}[locale] in told
        assert {"en": "15 June 2025", "de": "15. Juni 2025"}[locale] in told
        assert letter.link in told
        assert told.count("https://") == told.count(letter.link)
    assert "Coffee & cake <for two>" in plain
    assert "Coffee &amp; cake &lt;for two&gt;" in html
