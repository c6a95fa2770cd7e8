from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from app.mail.local import LocalBox
from tests.app.pages.examples import NOW_MS
from tests.app.pages.reading import Page

LINK = "http://127.0.0.1:8000/r/eyJ2.abc_-DEF"


@pytest.fixture
def box(tmp_path: Path) -> LocalBox:
    return LocalBox(tmp_path / "outbox", lambda: NOW_MS)


def mail() -> EmailMessage:
    """A mail with a link, and with what a brand might try."""
    message = EmailMessage()
    message["To"], message["Subject"] = "member@example.com", "Your reward <b>is</b> here"
    message.set_content(f"Open {LINK}\n<script>alert(1)</script>\n")
    message.add_alternative(f'<p style="color:red"><a href="{LINK}">Open</a></p>', subtype="html")
    return message


async def test_a_kept_mail_can_be_read_and_its_link_followed(serve, box):
    await box.mail(mail())
    async with serve("http://127.0.0.1:8000", local_box=box) as client:
        listing = Page((await client.get("/outbox")).text)
        address = next(a["href"] for a in listing.all("a"))
        answer = await client.get(address)
    page = Page(answer.text)
    assert LINK in {a["href"] for a in page.all("a")}
    frame = page.all("iframe")[0]
    assert frame["sandbox"] == "allow-top-navigation-by-user-activation"
    assert frame["srcdoc"].startswith('<base target="_top">')
    assert page.all("script") == []
    assert page.all("b") == []
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_an_empty_outbox_says_so(serve, box):
    async with serve("http://127.0.0.1:8000", local_box=box) as client:
        assert "Nothing is here" in (await client.get("/outbox")).text


@pytest.mark.parametrize("name", ["nothing", "..%2F..%2Fetc%2Fpasswd", "1795262400000-aaaaaaaaaaaa.eml"])
async def test_only_what_was_kept_can_be_read(serve, box, name):
    async with serve("http://127.0.0.1:8000", local_box=box) as client:
        assert (await client.get(f"/outbox/{name}")).status_code == 404


async def test_without_a_box_there_is_no_outbox(serve):
    async with serve() as client:
        assert (await client.get("/outbox")).status_code == 404
