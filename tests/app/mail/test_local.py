"""In development every message is a private file that a page can show, and nothing else can be read that way."""

from __future__ import annotations

import json
import stat
from itertools import count
from pathlib import Path

import pytest

from app.mail.composing import compose
from app.mail.local import NEWEST_KEPT, LocalBox
from app.mail.notices import notice_of
from app.mail.outcomes import Accepted
from tests.app.mail.letters import LINK, MESSAGE_ID, NOW_MS, code, link, reward


@pytest.fixture
def box(tmp_path: Path) -> LocalBox:
    ticks = count(NOW_MS)
    return LocalBox(tmp_path / "outbox", lambda: next(ticks))


async def fill(box: LocalBox) -> None:
    mail = compose(reward(locale="de"), MESSAGE_ID, box.sender, NOW_MS)
    assert await box.mail(mail) == Accepted()
    assert await box.post(notice_of(code(to="+491701234567"), MESSAGE_ID, NOW_MS)) == Accepted()
    assert await box.post(notice_of(link(), MESSAGE_ID, NOW_MS)) == Accepted()


async def test_it_lists_what_was_sent_newest_first_and_reads_each(box):
    await fill(box)
    link_, sms, mail = box.listing()
    assert [kept.at_ms for kept in (mail, sms, link_)] == [NOW_MS, NOW_MS + 1, NOW_MS + 2]
    assert (mail.kind, mail.to, mail.subject) == (
        "mail",
        "member@mail.example",
        "Brand & Co: Ihre Prämie liegt bereit",
    )
    assert LINK in mail.text
    assert LINK in mail.html
    assert (sms.kind, sms.to) == ("sms", "+491701234567")
    assert sms.text.endswith("@redeem.brand.example #482913")
    assert (link_.kind, json.loads(link_.text)["link"]) == ("link", LINK)
    assert all(box.read(kept.name) == kept for kept in box.listing())


async def test_nobody_else_on_the_machine_can_read_it(box, tmp_path):
    await fill(box)
    found = [tmp_path / "outbox", *(tmp_path / "outbox").iterdir()]
    assert len(found) == 4
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in found} == {0}


async def test_only_the_newest_are_kept(box, tmp_path):
    notice = notice_of(code(), MESSAGE_ID, NOW_MS)
    for _ in range(NEWEST_KEPT + 3):
        await box.post(notice)
    assert len(list((tmp_path / "outbox").iterdir())) == NEWEST_KEPT
    assert box.listing()[-1].at_ms == NOW_MS + 3


@pytest.mark.parametrize("made", ["{}", "no json", "", '{"kind": "sms", "data": {"to": 1}}'])
async def test_a_file_that_is_no_message_is_passed_over(box, tmp_path, made):
    await fill(box)
    name = f"{NOW_MS}-0123456789ab.json"
    (tmp_path / "outbox" / name).write_text(made)
    assert box.read(name) is None
    assert len(box.listing()) == 3


async def test_no_name_leads_out_of_the_box(box, tmp_path):
    await fill(box)
    name = f"{NOW_MS}-0123456789ab.eml"
    (tmp_path / name).write_text("Subject: secret\n\n")
    (tmp_path / "outbox" / name).symlink_to(tmp_path / name)
    for tried in (
        f"../{name}",
        f"../outbox/{box.listing()[0].name}",
        name,
        str(tmp_path / name),
        "",
        ".",
        f"{name}\n",
    ):
        assert box.read(tried) is None
    assert len(box.listing()) == 3


def test_a_box_nothing_was_put_into_is_empty(box, tmp_path):
    assert box.listing() == []
    assert list(tmp_path.iterdir()) == []
