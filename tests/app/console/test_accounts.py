"""An account is found by any id of its own, shown as far as its viewer sees, and acted on with a reason."""

from __future__ import annotations

import re

import pytest

from app.cases.ports import NOTE_MOST
from app.locking.switch import Wish
from app.reviewing import hrefs
from app.store.sql import open_engine
from app.users.rights import Scope
from detectors.meanings import meaning
from tests.app.console.kept import ODD, entry, filled
from tests.app.console.window import words
from tokens.who import Who

pytestmark = pytest.mark.anyio
ONE = "/console/accounts/default/m-1"
OTHER = Scope(programs=frozenset({"other"}))
STORE_2 = Scope(stores=frozenset({"s-2"}))


@pytest.fixture
def kept(sqlite_url):
    engine = open_engine(sqlite_url)
    yield filled(engine)
    engine.dispose()


@pytest.mark.parametrize("text", ["m-1", " m-1 "])
async def test_an_account_is_gone_to_by_its_id(kept, text):
    answer = await kept.window().get(f"/console/accounts?q={text}")
    assert (answer.status_code, answer.headers["location"]) == (303, ONE)


@pytest.mark.parametrize(
    ("text", "to"),
    [("dec_8", "/console/decisions/default/dec_8"), ("e-8", ONE), ("m-9", "/console/accounts/other/m-9")],
)
async def test_what_belongs_to_an_account_leads_there(kept, text, to):
    assert (await kept.window().get(f"/console/accounts?q={text}")).headers["location"] == to


@pytest.mark.parametrize("text", ["nobody", "m-", "%01", "x" * 200, "<script>alert(1)</script>"])
async def test_what_is_not_there_is_said_so(kept, text):
    page = await kept.window().get(f"/console/accounts?q={text}")
    assert page.status_code == 200
    assert "Nothing has exactly this id" in page.text
    assert "<script>alert" not in page.text


async def test_who_was_here_last_is_shown_first(kept):
    rows = re.findall(
        r'class="mono">([^<]+)</a></td><td data-label="Did"',
        (await kept.window().get("/console/accounts")).text,
    )
    assert rows[0].startswith("a/b")
    assert rows[1:] == ["m-2", "m-1"]


async def test_an_account_that_two_people_closed_says_so(kept):
    assert "closed" not in words((await kept.window().get(ONE)).text).split("last decision")[0]
    kept.closed.add(("default", "m-1"))
    assert "closed" in words((await kept.window().get(ONE)).text).split("last decision")[0]


async def test_an_account_shows_everything_and_nothing_personal(kept):
    page = await kept.window().get(ONE)
    told = words(page.text)
    assert page.status_code == 200
    for part in (
        "Points earned",
        "Balance",
        meaning("NEW_DEVICE_SPENDS"),
        "not passed",
        "Device ",
        "2 others",
        "m•••@s•••.example",
    ):
        assert part in told, part
    assert "mira@shop.example" not in page.text
    assert page.text.count("<svg") > 2


@pytest.mark.parametrize("odd", [ODD, "..", ".", "a/../b", "50%", "a%2Fb", "x/label", "ü ö"])
async def test_ids_may_be_odd(kept, odd):
    if odd != ODD:
        kept.put(entry(500, odd))
    there = kept.window()
    for path in ("", "/timeline", "/links"):
        page = await there.get(hrefs.account("default", odd) + path)
        assert page.status_code == 200, (odd, path)
        assert "<script>alert" not in page.text
    again = await there._client.get("/console/accounts", params={"q": odd})
    assert again.headers["location"] == hrefs.account("default", odd)


@pytest.mark.parametrize("scope", [OTHER, Scope(partners=frozenset({"p-1"})), Scope(programs=frozenset())])
@pytest.mark.parametrize(
    "path",
    [ONE, f"{ONE}/timeline", f"{ONE}/links", "/console/decisions/default/dec_8", "/console/decisions/dec_8"],
)
async def test_out_of_scope_is_not_there(kept, scope, path):
    answer = await kept.window(scope=scope).get(path)
    if answer.status_code == 303:
        answer = await kept.window(scope=scope).get(answer.headers["location"])
    assert answer.status_code == 404


@pytest.mark.parametrize("deed", ["reveal", "label", "lock", "unlock", "case"])
async def test_nothing_is_done_out_of_scope(kept, deed):
    answer = await kept.window(scope=Scope(programs=frozenset({"other"}))).post(
        f"{ONE}/{deed}", why="x", label="fraud", typology="ato_drain", reason="case_review", field="email"
    )  # fmt: skip
    assert answer.status_code == 404
    assert kept.notes() == []


async def test_who_sees_one_store_sees_what_happened_there(kept):
    page = await kept.window(scope=STORE_2).get(ONE)
    told = words(page.text)
    assert "Events 1 since" in told
    assert "dec_9" in page.text
    assert "dec_8" not in page.text
    assert "Points earned 0" in told
    assert "Earned and burned" not in told
    found = await kept.window(scope=STORE_2).get("/console/accounts?q=dec_8")
    assert found.status_code == 200


async def test_personal_data_are_shown_once_and_written_down_first(kept):
    page = await kept.window().post(f"{ONE}/reveal", reason="case_review", field="email")
    assert "mira@shop.example" in page.text
    assert "+4915112345678" not in page.text
    assert kept.notes() == [("personal.revealed", "m-1", "case_review: email")]


@pytest.mark.parametrize("sent", [{}, {"reason": "case_review"}, {"reason": "curious", "field": "email"}])
async def test_personal_data_without_a_reason_stay_masked(kept, sent):
    page = await kept.window().post(f"{ONE}/reveal", **sent)
    assert page.status_code == 422
    assert "mira@shop.example" not in page.text
    assert kept.notes() == []


async def test_a_person_is_found_by_a_mailbox_and_that_is_written_down(kept):
    asked = {"kind": "email", "value": "MIRA@shop.example", "reason": "member_request"}
    page = await kept.window().post("/console/accounts/find", **asked)
    assert ">m-1</a>" in page.text
    ((event, subject, detail),) = kept.notes()
    assert (event, detail) == ("personal.searched", "member_request: email")
    assert "mira" not in subject
    for wrong in ({"value": "no mailbox"}, {"reason": ""}, {"kind": "name"}):
        assert (await kept.window().post("/console/accounts/find", **asked | wrong)).status_code == 422
    assert len(kept.notes()) == 1


async def test_a_lock_is_for_every_decision_and_can_be_taken_away(kept):
    there = kept.window("analyst")
    assert (await there.post(f"{ONE}/lock", why="")).status_code == 422
    assert (await there.post(f"{ONE}/lock", why="called")).status_code == 303
    assert "redeeming locked" in (await there.get(ONE)).text
    assert len(kept.hot.locks) == 1
    await there.post(f"{ONE}/unlock", why="it was her")
    assert "redeeming locked" not in (await there.get(ONE)).text


async def test_a_label_can_be_taken_back_by_its_notice(kept):
    there = kept.window("analyst")
    answer = await there.post(f"{ONE}/label", label="fraud", typology="ato_drain")
    page = await there.get(answer.headers["location"])
    undo = re.search(r'action="([^"]+/label/undo/[^"]+)"', page.text)
    assert "Labelled fraud" in page.text
    assert undo
    assert (await there.post(undo[1])).status_code == 303
    assert "The label was taken back" in (await there.get(ONE)).text
    assert "undetermined" in (await there.get(f"{ONE}/timeline?kind=label")).text
    assert (await there.post(f"{ONE}/label", label="nonsense")).status_code == 422


async def test_nobody_unlocks_what_the_member_locked_themselves(kept):
    mine = Wish("default", "m-1", locked=True, by="member", who=Who("member"))
    await kept.switch.change(mine)
    there = kept.window("analyst")
    refused = await there.post(f"{ONE}/unlock", why="she called")
    assert refused.status_code == 422
    assert "The member switched it off" in refused.text
    assert "redeeming locked" in (await there.get(ONE)).text


async def test_a_lock_changed_since_it_was_looked_at_stays(kept):
    seen = await kept.switch.change(Wish("default", "m-1", locked=True, by="analyst", who=Who("user:usr_1")))
    for locked in (False, True):
        await kept.switch.change(Wish("default", "m-1", locked, "member", Who("member")))
    late = Wish("default", "m-1", locked=False, by="analyst", who=Who("user:usr_1"), version=seen.version)
    assert (await kept.switch.change(late)).locked


async def test_a_label_is_taken_back_by_who_gave_it_and_at_its_account_alone(kept):
    there = kept.window("senior")
    page = await there.get((await there.post(f"{ONE}/label", label="fraud")).headers["location"])
    undo = re.search(r'action="([^"]+/label/undo/[^"]+)"', page.text)
    label_id = next(subject for event, subject, _ in kept.notes() if event == "label.recorded")
    assert undo
    other = kept.window("analyst", user_id="usr_2")
    token = other.console.sealing.form_token("usr_2", b"its-session")
    assert (await other.post(undo[1], token)).status_code == 404
    assert (await there.post(undo[1].replace("/m-1/", "/m-2/"))).status_code == 404
    assert (await there.post(f"{ONE}/label/undo/label%253A{label_id}")).status_code == 404
    assert [event for event, _, _ in kept.notes()].count("label.recorded") == 1


async def test_a_case_whose_first_note_is_too_long_is_not_opened(kept):
    there = kept.window("analyst")
    answer = await there.post(f"{ONE}/case", typology="ato_drain", why="x" * (NOTE_MOST + 1))
    assert answer.status_code == 422
    assert "case open" not in (await there.get(ONE)).text


async def test_a_case_opened_by_hand_joins_the_queue_once(kept):
    there = kept.window("analyst")
    assert (await there.post(f"{ONE}/case", typology="ato_drain")).status_code == 422
    first = await there.post(f"{ONE}/case", typology="ato_drain", why="<b>odd</b>")
    again = await there.post(f"{ONE}/case", typology="ato_drain", why="still odd")
    assert first.headers["location"] == again.headers["location"]
    page = await there.get(ONE)
    assert "&lt;b&gt;odd&lt;/b&gt;" in page.text
    assert "case open" in page.text
    case_id = first.headers["location"].rpartition("/")[2]
    assert (await there.get(f"/console/accounts?q={case_id}")).headers["location"] == first.headers[
        "location"
    ]


async def test_the_timeline_pages_without_leaving_anything_out(kept, monkeypatch):
    monkeypatch.setattr("app.console.accounts.showing.MOMENTS_SHOWN", 4)
    path, seen = f"{ONE}/timeline?kind=event", []
    for _ in range(9):
        page = await kept.window().get(path)
        seen += re.findall(r"/decisions/default/(dec_\d+)", page.text)
        more = re.search(r'href="([^"]+)" rel="next"', page.text)
        if not more:
            break
        path = more[1].replace("&amp;", "&")
    assert seen == [f"dec_{n}" for n in range(9, 0, -1)]
    assert (await kept.window().get(f"{ONE}/timeline?cursor=nonsense")).status_code == 404


async def test_links_show_who_shares_what(kept):
    page = await kept.window().get(f"{ONE}/links")
    assert "m-2" in page.text
    where = re.search(r'href="(/console/identifiers/default/device/[0-9a-f]+)"', page.text)
    assert where
    assert "m-2" in (await kept.window().get(where[1])).text
    assert (await kept.window(scope=Scope(programs=frozenset({"other"}))).get(where[1])).status_code == 404
    for bad in ("device/zz", "nothing/00", "device/0011"):
        assert (await kept.window().get(f"/console/identifiers/default/{bad}")).status_code == 404


async def test_a_decision_says_why_and_what_the_member_is_told(kept):
    page = await kept.window().get("/console/decisions/default/dec_8")
    told = words(page.text)
    for part in (
        "Redeem of 900 points",
        "NEW_DEVICE_SPENDS",
        "<b>A new device spends</b>",
        "English",
        "Deutsch",
    ):
        assert part in told, part
    assert "/console/playbook/reasons/NEW_DEVICE_SPENDS" in page.text
