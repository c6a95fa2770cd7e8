"""The case page over a real installation: what it says, who may see it, what it keeps, and what acts lead to."""

from __future__ import annotations

import re
from html import unescape

import pytest

from app.composition.console import queue_room
from app.console.colleagues import Colleagues
from app.console.taking_out import TakingOut
from app.reviewing import hrefs
from app.store.sql.console_views import SqlViews
from app.users.rights import Scope
from tests.app.console.cased import EMAIL, SCRIPT, CaseHouse
from tests.app.console.window import Window, a_console, a_viewer, words

pytestmark = pytest.mark.anyio
TABS = ("", "/timeline", "/things", "/links", "/record")
REASON = "She called us from the number we have had for years."


@pytest.fixture
async def house(installation, tmp_path):
    made = CaseHouse(installation, tmp_path)
    for user_id, role in (
        ("usr_1", "analyst"),
        ("usr_2", "analyst"),
        ("usr_3", "senior"),
        ("usr_4", "senior"),
    ):
        made.let_in(user_id, role)
    yield made
    made.review.room.close()


def hidden(html: str) -> dict[str, str]:
    """What the confirming form sends besides what is typed."""
    form = html[html.index('id="confirm"') :]
    return dict(
        re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[: form.index("</form>")])
    )


async def act(window, case_id, query, *, reason=REASON):
    """Look at the consequence, then confirm it."""
    told = await window.get(f"/console/cases/{case_id}/act?{query}")
    assert told.status_code == 200, words(told.text)
    fields = {**hidden(told.text), "reason": reason}
    fields.pop("form_token")
    fields["on"] = re.findall(
        r'<input type="hidden" name="on" value="([^"]*)">', told.text[told.text.index('id="confirm"') :]
    )
    return told, await window.post(f"/console/cases/{case_id}/act", **fields)


async def test_a_case_says_what_it_is_and_why_and_every_reason_leads_to_the_playbook(house):
    case_id = await house.takeover()
    shown = await house.window().get(f"/console/cases/{case_id}")
    told = words(shown.text)
    assert "Suspected: account takeover and drain, 5,900 points at stake" in told
    assert "What would have changed it" in told
    codes = {
        row.code for row in house.rows("SELECT json_each.value AS code FROM cases, json_each(cases.reasons)")
    }
    assert codes
    for code in codes:
        assert f'href="/console/playbook/reasons/{code}?program=default"' in shown.text
    assert 'href="/console/playbook/typologies/ato_drain"' in shown.text


async def test_what_a_member_wrote_is_text_and_masked(house):
    case_id = await house.takeover()
    for tab in TABS:
        shown = await house.window().get(f"/console/cases/{case_id}{tab}")
        assert shown.status_code == 200
        assert SCRIPT not in shown.text
        assert EMAIL not in shown.text
        assert "old-m-1" not in shown.text


async def test_an_odd_id_leads_to_its_own_account_and_nowhere_else(house):
    odd = "../people/a?b"
    shown = await house.window().get(f"/console/cases/{await house.takeover(odd)}")
    assert f'href="{hrefs.account("default", odd)}"' in shown.text
    assert "/console/accounts/default/../" not in shown.text


async def test_what_is_out_of_scope_is_not_there(house):
    case_id = await house.takeover()
    strangers = [
        Scope(programs=frozenset({"other"})),
        Scope(stores=frozenset({"s-9"})),
        Scope(partners=frozenset()),
    ]
    more = ("/act?name=release", "/move?name=escalate", "/decisions/dec_1", "/things/ip/00", "/pair")
    for below in (*TABS, *more):
        for scope in strangers:
            window = house.window(scope=scope)
            assert (await window.get(f"/console/cases/{case_id}{below}")).status_code == 404, (below, scope)
            assert (await window.post(f"/console/cases/{case_id}/notes", text="hello")).status_code == 404
        assert (await house.window().get(f"/console/cases/cas_nothing{below}")).status_code == 404
    assert house.rows("SELECT * FROM case_notes") == []
    assert house.rows("SELECT * FROM case_looks") == []


FORGED = (
    "?account=m-2", "?decision=dec_x", "/things/ip/zz", "/things/ip/0011", "/things/knife/00", "/pair?one=m-1&other=m-2",
    "/decisions/dec_x", "/act?name=explode", "/move?name=merge", "/act?name=mark_context&thing=device:00",
)  # fmt: skip


async def test_forged_ids_are_not_there(house):
    case_id = await house.takeover()
    for below in FORGED:
        assert (await house.window().get(f"/console/cases/{case_id}{below}")).status_code == 404, below


async def test_releasing_keeps_what_was_opened_and_can_be_taken_back(house):
    case_id = await house.takeover()
    window = house.window()
    await window.get(f"/console/cases/{case_id}")
    await window.get(f"/console/cases/{case_id}/timeline")
    told, done = await act(window, case_id, "name=release")
    assert "What will happen" in words(told.text)
    assert done.status_code == 303
    closed = await window.get(f"/console/cases/{case_id}")
    assert "Closed as legitimate" in words(closed.text)
    undo = re.search(rf'action="(/console/cases/{case_id}/undo/[^"]+)"', closed.text)
    assert undo is not None
    [move] = house.rows("SELECT detail FROM case_moves WHERE move = 'close'")
    assert '"why"' in move.detail
    assert '"timeline"' in move.detail
    assert "links" not in move.detail
    assert (await window.post(undo[1])).status_code == 303
    assert "Suspected: " in words((await window.get(f"/console/cases/{case_id}")).text)


async def test_an_act_without_a_reason_is_not_done_and_the_same_act_twice_is_done_once(house):
    case_id = await house.takeover()
    window = house.window()
    _, done = await act(window, case_id, "name=lock", reason="")
    assert done.status_code == 422
    told = await window.get(f"/console/cases/{case_id}/act?name=lock")
    fields = {**hidden(told.text), "reason": REASON}
    del fields["form_token"]
    for _ in range(2):
        assert (await window.post(f"/console/cases/{case_id}/act", **fields)).status_code == 303
    assert len(house.rows("SELECT * FROM lock_changes")) == 1


async def test_a_stale_form_is_not_done_and_tells_what_changed_with_the_text_kept(house):
    case_id = await house.takeover()
    ana, ben = house.window(), house.window(user_id="usr_2")
    told = await ana.get(f"/console/cases/{case_id}/act?name=release")
    await ben.get(f"/console/cases/{case_id}/move?name=escalate")
    version = house.rows("SELECT version FROM cases")[0].version
    moved = await post_as(house, "usr_2", f"/console/cases/{case_id}/lease", what="claim")
    assert moved.status_code == 303
    fields = {**hidden(told.text), "reason": REASON}
    del fields["form_token"]
    sent = await ana.post(f"/console/cases/{case_id}/act", **fields)
    assert sent.status_code == 409
    assert REASON in words(sent.text)
    assert house.rows("SELECT version, state FROM cases") == [(version + 1, "in_progress")]


async def post_as(house, user_id, path, **fields):
    """Another analyst's form."""
    window = house.window(user_id=user_id)
    mine = window.console.sealing.form_token(user_id, b"its-session")
    return await window.post(path, token=mine, **fields)


async def test_a_case_somebody_has_says_who_and_leaves_notes_open(house):
    case_id = await house.takeover()
    assert (await post_as(house, "usr_2", f"/console/cases/{case_id}/lease", what="claim")).status_code == 303
    ana = house.window()
    shown = await ana.get(f"/console/cases/{case_id}")
    assert "usr_2 is working on this case" in words(shown.text)
    await ana.post(f"/console/cases/{case_id}/lease", what="claim")
    assert house.rows("SELECT assignee FROM cases") == [("user:usr_2",)]
    assert (await ana.post(f"/console/cases/{case_id}/notes", text=SCRIPT)).status_code == 303
    record = await ana.get(f"/console/cases/{case_id}/record")
    assert SCRIPT not in record.text
    assert SCRIPT in words(record.text).replace("&lt;", "<") or "alert(1)" in record.text


async def test_a_note_too_long_comes_back_whole(house):
    case_id = await house.takeover()
    huge = "é" * 10_001
    sent = await house.window().post(f"/console/cases/{case_id}/notes", text=huge)
    assert sent.status_code == 422
    assert huge in sent.text
    assert house.rows("SELECT * FROM case_notes") == []


async def test_personal_data_are_shown_once_with_a_reason_and_on_record(house):
    case_id = await house.takeover()
    window, path = house.window(), f"/console/cases/{case_id}/reveal"
    assert (await window.post(path, of="m-1", field="given_name")).status_code == 422
    assert (await window.post(path, of="m-2", field="given_name", reason="case_review")).status_code == 404
    assert (
        await house.window("viewer").post(path, of="m-1", field="given_name", reason="case_review")
    ).status_code == 403
    query = "SELECT subject, detail FROM audit WHERE event = 'personal.revealed'"
    assert house.rows(query) == []
    shown = await window.post(path, of="m-1", field="given_name", reason="case_review")
    assert shown.status_code == 200
    assert "alert(1)" in shown.text
    assert SCRIPT not in shown.text
    assert house.rows(query) == [("m-1", "case_review: given_name")]
    assert "alert(1)" not in (await window.get(f"/console/cases/{case_id}")).text


async def test_a_ring_is_acted_on_account_by_account(house):
    case_id = await house.ring()
    window = house.window()
    told, done = await act(window, case_id, "name=lock&on=r-0&on=r-2")
    table = words(told.text[told.text.index("What changes for each account") :])
    assert "r-0" in table
    assert done.status_code == 303
    assert {row.account_id for row in house.rows("SELECT account_id FROM lock_changes")} == {"r-0", "r-2"}


async def test_the_ring_has_a_graph_whose_clicks_lead_to_evidence_of_the_case(house):
    case_id = await house.ring()
    window = house.window("senior")
    shown = await window.get(f"/console/cases/{case_id}/links")
    clicks = set(
        re.findall(rf'href="(/console/cases/{case_id}/(?:pair|decisions|things/)[^"]*)"', shown.text)
    )
    assert any("/pair" in one for one in clicks)
    assert any("/things/" in one for one in clicks)
    for path in clicks:
        assert (await window.get(path.replace("&amp;", "&"))).status_code == 200, path
    looked = {row.what for row in house.rows("SELECT what FROM case_looks")}
    assert "r-0 and r-1" in looked
    assert any(what.startswith("device ") for what in looked)


async def test_a_thing_is_marked_as_shared_without_being_shown(house):
    case_id = await house.ring()
    window = house.window("senior")
    things = await window.get(f"/console/cases/{case_id}/things")
    thing = re.search(r"thing=(device%3A[0-9a-f]+)", things.text)
    assert thing is not None
    told, done = await act(window, case_id, f"name=mark_context&context=household&thing={thing[1]}")
    assert "farm" not in words(told.text)[words(told.text).index("What will happen") :].replace(
        "Sign-up farm", ""
    )
    assert done.status_code == 303
    notice = words((await window.get(done.headers["location"])).text)
    assert "Mark as shared: done. Marked as shared, as household" in notice
    assert "device:farm" not in notice
    assert [row.context for row in house.rows("SELECT context FROM shared_contexts")] == ["household"]
    assert "household" in words((await window.get(f"/console/cases/{case_id}/things")).text)
    record = words((await window.get(f"/console/cases/{case_id}/record")).text)
    assert "context device: household" in record
    assert "device:farm" not in record


@pytest.mark.parametrize(
    ("seen", "next_of"),
    [
        ("", "program=default&state=todo"),
        ("?typology=ato_drain&store=s-1", "program=default&state=todo&typology=ato_drain&store=s-1"),
        ("?account=m-1&cursor=x", "program=default&state=todo"),
        ("?whose=mine&typology=ato_drain", "program=default&typology=ato_drain"),
        ("?" + "&".join(f"reason={n}{'r' * 120}" for n in range(20)), "program=default"),
    ],
)  # fmt: skip
async def test_the_next_case_is_of_the_queue_as_it_was_looked_at_last(house, seen, next_of):
    case_id = await house.takeover()
    views = SqlViews(house.engine, lambda prefix: prefix)
    queue = queue_room(house.cases.desk, views, Colleagues(house.users), TakingOut(house.review.noting))
    window = Window([house.room(), queue], a_viewer(), a_console(a_viewer(), house.installation.now_ms))

    async def query() -> list[str]:
        shown = await window.get(f"/console/cases/{case_id}")
        return [unescape(one) for one in re.findall(r'name="query" value="([^"]*)"', shown.text)]

    assert await query() == ["program=default"]
    assert (await window.get(f"/console/queue{seen}")).status_code == 200
    assert await query() == [next_of]


async def test_two_people_close_an_account_and_the_second_reads_the_first(house):
    case_id = await house.takeover()
    _, done = await act(house.window("senior"), case_id, "name=close_account")
    assert done.status_code == 303
    assert house.rows("SELECT state, proposal FROM cases") == [("approval", "close_account")]
    own = await house.window("senior").get(f"/console/cases/{case_id}")
    assert "Somebody else decides it" in words(own.text)
    other = house.window("senior", user_id="usr_4")
    shown = await other.get(f"/console/cases/{case_id}")
    assert "Suggested" not in words(shown.text)
    assert 'class="button primary"' not in shown.text
    asked = await other.get(f"/console/cases/{case_id}/act?name=approve")
    assert REASON in words(asked.text)
    fields = {**hidden(asked.text), "reason": "Agreed, I read it all."}
    del fields["form_token"]
    assert (await post_senior(house, f"/console/cases/{case_id}/act", fields)).status_code == 303
    assert house.rows("SELECT state FROM cases") == [("closed",)]


async def post_senior(house, path, fields):
    window = house.window("senior", user_id="usr_4")
    token = window.console.sealing.form_token("usr_4", b"its-session")
    return await window.post(path, token=token, **fields)


async def test_a_viewer_reads_and_is_offered_nothing_and_leaves_no_trace(house):
    case_id = await house.takeover()
    viewer = house.window("viewer")
    for tab in TABS:
        shown = await viewer.get(f"/console/cases/{case_id}{tab}")
        assert shown.status_code == 200
        assert "/act?" not in shown.text
    assert (await viewer.post(f"/console/cases/{case_id}/notes", text="x")).status_code == 403
    assert house.rows("SELECT * FROM case_looks") == []


async def test_a_timeline_shows_only_what_was_asked_for(house):
    case_id = await house.takeover()
    shown = await house.window().get(f"/console/cases/{case_id}/timeline?show=contacts")
    body = words(shown.text[shown.text.index("What happened, the newest first") :])
    assert "profile change" in body
    assert "redeem 5,900" not in body
    strange = await house.window().get(f"/console/cases/{case_id}/timeline?cursor=nonsense")
    assert "That page is of another list" in words(strange.text)


async def test_a_move_tells_what_it_leads_to_and_keeps_what_was_typed(house):
    case_id = await house.takeover()
    window = house.window()
    told = await window.get(f"/console/cases/{case_id}/move?name=escalate")
    fields = {**hidden(told.text), "reason": ""}
    del fields["form_token"]
    assert (await window.post(f"/console/cases/{case_id}/move", **fields)).status_code == 422
    done = await window.post(f"/console/cases/{case_id}/move", **(fields | {"reason": REASON}))
    assert done.status_code == 303
    again = await window.post(f"/console/cases/{case_id}/move", **(fields | {"reason": REASON}))
    assert again.status_code == 409
    assert REASON in words(again.text)
    assert house.rows("SELECT state FROM cases") == [("escalated",)]


async def test_a_case_is_given_to_people_who_work_on_it_alone(house):
    case_id = await house.takeover()
    window = house.window()
    form = await window.get(f"/console/cases/{case_id}/move?name=assign")
    fields = {**hidden(form.text), "assignee": "user:nobody"}
    del fields["form_token"]
    refused = await window.post(f"/console/cases/{case_id}/move", **fields)
    assert refused.status_code == 422
    assert "Choose somebody who works on this programme." in refused.text
    assert house.rows("SELECT assignee FROM cases") == [(None,)]


async def test_a_case_is_claimed_whatever_the_page_to_go_back_to_is_called(house):
    case_id = await house.takeover()
    here = f"/console/cases/{case_id}"
    done = await house.window().post(f"{here}/lease", what="claim", back=f"{here}/日\nX-Mine: 1")
    assert done.headers["location"] == f"{here}/%E6%97%A5%0AX-Mine:%201"
