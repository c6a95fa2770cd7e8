"""Lists tell what an entry touches before it is made, and stay masked; the audit shows and gives out what is theirs."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest
from sqlalchemy import insert, select, text

from app.store.sql import open_engine
from app.store.sql.act_tables import case_act_accounts
from app.store.sql.tables import list_entries
from app.users.rights import Scope
from tests.app.console.kept import filled
from tests.app.console.window import NOW_MS, words
from tokens.who import Who

pytestmark = pytest.mark.anyio
NEW = {
    "program": "default", "list": "block", "kind": "email", "value": "mira@shop.example", "reason": "drained",
    "until": "",
}  # fmt: skip
OTHER = Scope(programs=frozenset({"other"}))
STORE = Scope(stores=frozenset({"s-1"}))


@pytest.fixture
def kept(sqlite_url):
    engine = open_engine(sqlite_url)
    yield filled(engine)
    engine.dispose()


async def test_an_entry_tells_what_it_would_touch_before_anything_is_done(kept):
    page = await kept.window().post("/console/lists/check", **NEW | {"kind": "account", "value": "m-1"})
    assert "Nobody: no account was seen with it" in words(page.text)
    assert kept.notes() == []
    assert kept.review.listed.counts("default", NOW_MS)["block"] == 0


async def test_what_was_used_lately_is_counted(kept):
    digest = kept.sighter.digest("default", "device", "d-shared")
    asked = "default", "device", "d-shared", digest
    day_ms = 86_400_000
    found = kept.review.listed.reach(*asked, Scope(), NOW_MS - 10 * day_ms)
    assert (found.accounts, found.decisions) == (3, 11)
    found = kept.review.listed.reach(*asked, Scope(stores=frozenset({"s-2"})), NOW_MS - 10 * day_ms)
    assert (found.accounts, found.decisions) == (2, 2)


async def test_an_entry_is_added_masked_shown_by_reason_and_taken_out(kept):
    there = kept.window()
    added = await there.post("/console/lists", **NEW)
    page = await there.get(added.headers["location"])
    assert "m•••@s•••.example" in page.text
    assert "mira@shop" not in page.text
    entry_id = re.search(r'name="entry" value="([^"]+)"', page.text)[1]
    asked = {"program": "default", "list": "block", "entry": entry_id}
    assert (await there.post("/console/lists/reveal", **asked)).status_code == 422
    assert (
        "mira@shop.example" in (await there.post("/console/lists/reveal", reason="case_review", **asked)).text
    )
    undo = re.search(r'action="([^"]+/remove\?[^"]+)"', page.text)
    assert undo
    assert (await there.post(undo[1].replace("&amp;", "&"))).status_code == 303
    assert (await there.post(f"/console/lists/block/{entry_id}/remove", program="default")).status_code == 404
    assert [event for event, *_ in kept.notes()] == ["list.added", "personal.revealed", "list.removed"]


async def test_a_shared_context_is_marked_and_unmarked(kept):
    there = kept.window()
    wish = NEW | {"list": "contexts", "kind": "ip", "value": "192.0.2.0/24", "context": "office_nat"}
    assert "not counted beforehand" in (await there.post("/console/lists/check", **wish)).text
    added = await there.post("/console/lists", **wish)
    page = await there.get(added.headers["location"])
    assert "office nat" in page.text
    taken = re.search(r'action="(/console/lists/contexts/[^"?]+/remove)"', page.text)
    assert (await there.post(taken[1], program="default")).status_code == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": ""}, {"value": "no mailbox"}, {"kind": "nothing"}, {"reason": ""}, {"reason": "x" * 501},
        {"until": "yesterday"}, {"until": "2020-01-01"}, {"kind": "payment", "value": "4111111111111111"},
        {"list": "contexts"}, {"list": "contexts", "kind": "ip", "value": "1.2.3.4/99", "context": "kiosk"},
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_added(kept, wrong):
    for path in ("/console/lists", "/console/lists/check"):
        answer = await kept.window().post(path, **NEW | wrong)
        assert answer.status_code == 422
        assert 'class="fault"' in answer.text or "Choose what kind" in answer.text
    assert kept.notes() == []


@pytest.mark.parametrize("scope", [OTHER, STORE])
async def test_lists_of_others_are_not_there(kept, scope):
    there = kept.window(scope=scope)
    assert (await there.get("/console/lists?program=default")).status_code == 404
    for path in (
        "/console/lists",
        "/console/lists/check",
        "/console/lists/reveal",
        "/console/lists/block/x/remove",
    ):
        assert (await there.post(path, **NEW, entry="x")).status_code == 404


async def test_script_in_an_entry_stays_text(kept):
    await kept.window().post("/console/lists", **NEW | {"reason": "<script>alert(1)</script>"})
    page = await kept.window().get("/console/lists?list=block&program=default")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text


async def test_an_end_beyond_all_dates_shuts_nobody_out_of_the_list(kept):
    there = kept.window()
    assert (await there.post("/console/lists", **NEW | {"until": "9999-12-31"})).status_code == 303
    page = await there.get("/console/lists?list=block&program=default")
    assert page.status_code == 200
    assert "31 Dec 9999, 23:59 UTC" in page.text


def note(kept, n, program="default", event="list.added", subject="x", actor="key:1", detail=""):
    kept.review.noting.note(NOW_MS + n, program, event, subject, Who(actor), detail)


async def test_the_audit_is_filtered_and_paged_without_leaving_anything_out(kept, monkeypatch):
    monkeypatch.setattr("app.console.audit.ROWS", 3)
    monkeypatch.setattr("app.store.sql.reviewing.auditing.LOOKED_THROUGH", 4)
    for n in range(1, 12):
        note(kept, n, event="list.added" if n % 2 else "token.issued", subject=f"s-{n}")
    path, seen = "/console/audit?event=list.", []
    for _ in range(12):
        page = await kept.window("auditor").get(path)
        seen += re.findall(r">(s-\d+)</a>", page.text)
        more = re.search(r'href="([^"]+)" rel="next"', page.text)
        if not more:
            break
        path = more[1].replace("&amp;", "&")
    assert seen == ["s-11", "s-9", "s-7", "s-5", "s-3", "s-1"]


async def test_who_is_limited_to_programmes_sees_only_their_rows(kept):
    note(kept, 1, subject="mine", program="other")
    note(kept, 2, subject="theirs")
    note(kept, 3, subject="everybodys", program="")
    there = kept.window("programme_admin", scope=OTHER)
    page = await there.get("/console/audit")
    file = await there.get("/console/audit/audit.csv")
    for told in (page.text, file.text):
        assert "mine" in told
        assert "theirs" not in told
        assert "everybodys" not in told
    assert (await kept.window("programme_admin", scope=STORE).get("/console/audit")).status_code == 404
    assert (await kept.window("senior").get("/console/audit/audit.csv")).status_code == 404


async def test_the_file_holds_no_formula(kept):
    note(kept, 1, subject="=HYPERLINK(1)", detail='@SUM(1),"x"\n', actor="+key")
    answer = await kept.window("auditor").get("/console/audit/audit.csv")
    rows = list(csv.reader(StringIO(answer.text)))
    assert rows[1][4:] == ["'=HYPERLINK(1)", "'+key", "", '\'@SUM(1),"x"\n']
    assert kept.notes()[-1] == ("file.exported", "audit.csv", "1 rows; no filter")


async def test_taking_the_audit_out_notes_what_was_asked_for_and_nobody_it_was_about(kept):
    note(kept, 1, subject="m-1")
    asked = "event=case.&subject=mira@shop.example&actor=mira&since=2026-01-02&until=mira"
    await kept.window("auditor").get(f"/console/audit/audit.csv?{asked}")
    told = "0 rows; event=case.&subject=given&actor=given&since=2026-01-02&until=given"
    assert kept.notes()[-1] == ("file.exported", "audit.csv", told)


async def test_the_chain_is_verified_and_what_was_changed_is_named(kept):
    for n in range(5):
        note(kept, n)
    there = kept.window("auditor")
    assert (await there.post("/console/audit/verify")).status_code == 303
    assert "All 5 rows are as they were written" in (await there.get("/console/audit")).text
    with kept.engine.begin() as connection:
        connection.execute(text("UPDATE audit SET detail = 'other' WHERE seq = 4"))
    await there.post("/console/audit/verify")
    assert "The chain is broken. At row 4" in (await there.get("/console/audit")).text


async def test_the_newest_part_is_verified_alone(kept):
    for n in range(6):
        note(kept, n)
    assert kept.audit.verify_newest(kept.engine, 4).rows == 4
    with kept.engine.begin() as connection:
        connection.execute(text("UPDATE audit SET detail = 'other' WHERE seq = 1"))
    assert kept.audit.verify_newest(kept.engine, 4).rows == 4
    assert kept.audit.verify_newest(kept.engine, 6).seq == 1


async def test_the_entry_of_an_account_that_two_people_closed_leads_to_its_case(kept):
    there = kept.window()
    await there.post("/console/lists", **NEW | {"kind": "account", "value": "m-1"})
    with kept.engine.begin() as connection:
        closed = {"act_id": "act_1", "account_id": "m-1", "program_id": "default", "closes": 1}
        connection.execute(insert(case_act_accounts), closed)
        entry_id = connection.scalar(select(list_entries.c.entry_id))
    refused = await there.post(f"/console/lists/block/{entry_id}/remove", program="default")
    assert refused.status_code == 409
    assert "reopen its case and release it there" in words(refused.text)
    assert kept.review.listed.counts("default", NOW_MS)["block"] == 1
