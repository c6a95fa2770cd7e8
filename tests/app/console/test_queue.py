"""The queue shows who may see what, in the order that matters; of two who take a case, one has it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from app.store.sql.audit_rows import newest
from app.users.rights import Scope
from tests.app.console.queued import Floor
from tests.app.console.window import words
from tests.app.store.cased import HOUR_MS

pytestmark = pytest.mark.anyio
QUEUE = "/console/queue"


def listed(html: str) -> list[str]:
    """Accounts of the rows, in order."""
    return re.findall(r'<span class="mono">([^<]+)</span>', html)


def tab(html: str, name: str) -> str:
    """What stands on a tab."""
    [found] = re.findall(rf">({name}(?: <span class=\"count\">[\d,]+</span>)?)</a></li>", html)
    return words(found)


async def test_what_costs_most_and_is_due_soonest_comes_first(floor: Floor):
    ana = floor.window(floor.somebody("ana"))
    for name, points in (("small", 100), ("large", 40_000), ("middle", 5_000)):
        floor.open(name, points=points)
    assert listed((await ana.get(QUEUE)).text) == ["large", "middle", "small"]
    assert listed((await ana.get(f"{QUEUE}?order=opened")).text) == ["middle", "large", "small"]


async def test_a_row_says_what_who_why_how_much_and_by_when(floor: Floor):
    floor.open(
        "m-1",
        decision="block",
        codes=("NEW_DEVICE_SPENDS",),
        points=1_234,
        set={"due_ms": floor.now_ms - 2 * HOUR_MS},
    )
    told = words((await floor.window(floor.somebody("ana")).get(QUEUE)).text)
    for part in (
        "Account takeover and drain", "1 account · 1 block", "m-1", "a large redemption from a device new to the member",
        "€12.34", "1,234 points", "overdue by 2 h", "medium", "Open",
    ):  # fmt: skip
        assert part in told


async def test_amounts_are_told_filtered_and_exported_in_the_programmes_own_currency(floor: Floor):
    """Yen have no minor unit: 1,234 of them are 1,234, and not 12.34."""
    floor.open("m-1", points=1_234)
    window = floor.window(floor.somebody("ana", "senior"), currency=lambda _: "JPY")
    told = words((await window.get(QUEUE)).text)
    assert "1,234\N{NO-BREAK SPACE}JPY" in told or "1,234 JPY" in told
    assert listed((await window.get(f"{QUEUE}?value_from=1234")).text) == ["m-1"]
    none = await window.get(f"{QUEUE}?value_from=1235")
    assert listed(none.text) == []
    assert "from 1,235 JPY" in words(none.text)
    [head, row] = (await window.get(f"{QUEUE}/cases.csv?state=all")).text.splitlines()
    assert dict(zip(head.split(","), row.split(","), strict=True))["currency"] == "JPY"


async def test_tabs_and_facets_count_exactly_what_they_lead_to(either: Floor):
    ana, ben = either.somebody("ana"), either.somebody("ben")
    found = [
        either.open(f"m-{n}", codes=(code,))
        for n, code in enumerate(("SIGNUP_FARM_DEVICE",) * 3 + ("EARNED_AGAIN",) * 2)
    ]
    either.move(found[0], ana, "claim")
    either.move(found[1], ben, "claim")
    either.move(found[2], ben, "escalate")
    either.move(found[3], ben, "close", resolution="fraud", reason="seen")
    page = (await either.window(ana).get(QUEUE)).text
    expected = {"To do": 3, "Mine": 1, "Escalated": 1, "Closed": 1, "All": 5}
    assert {name: tab(page, name) for name in expected} == {
        name: f"{name} {count}" for name, count in expected.items()
    }
    for name, count in expected.items():
        [href] = re.findall(rf'<a href="([^"]+)"[^>]*>{name}(?: <span|</a>)', page)
        assert len(listed((await either.window(ana).get(href.replace("&amp;", "&"))).text)) == count, name
    assert len(listed((await either.window(ana).get(f"{QUEUE}?whose=free")).text)) == 1
    assert len(listed((await either.window(ana).get(f"{QUEUE}?state=all&typology=signup_farm")).text)) == 3


FILTERS = [
        ("value_from=100", ["m-2"]), ("value_to=100", ["m-1"]), ("decision=block", ["m-2"]), ("store=s-1", ["m-1"]),
        ("store=nowhere", []), ("reason=EARNED_AGAIN", ["m-1"]), ("reason=EARNED", []), ("account=m-2", ["m-2"]),
        ("kind=ring", []), ("overdue=yes", []), ("opened=1d", ["m-1", "m-2"]), ("opened=over-1d", []), ("priority=1", []),
        ("detector=x", ["m-1", "m-2"]), ("state=all&label=fraud", []),
]  # fmt: skip


async def test_every_filter_chooses(either: Floor):
    either.open("m-1", codes=("EARNED_AGAIN",), points=1_000, stores=["s-1"])
    either.open("m-2", decision="block", points=20_000)
    ana = either.window(either.somebody("ana"))
    for query, there in FILTERS:
        assert (query, sorted(listed((await ana.get(f"{QUEUE}?{query}")).text))) == (query, there)


GARBLED = [
    "state=nothing", "x=%01%ff", "priority=9&priority=a", "value_from=-1", "cursor=abc", "from_ms=99999999999999999999",
     "typology=<script>", "reason=%01", "store=" + "s" * 5_000, "&".join(f"typology=t{n}" for n in range(2_000)),
]  # fmt: skip


async def test_a_garbled_query_is_told_and_shows_what_is_left_of_it(floor: Floor):
    floor.open("m-1")
    ana = floor.window(floor.somebody("ana"))
    for query in GARBLED:
        answer = await ana.get(f"{QUEUE}?{query}")
        assert (query, answer.status_code, listed(answer.text)) == (query, 200, ["m-1"])
        assert 'class="notice warn"' in answer.text
        assert "<script>" not in answer.text


async def test_pages_follow_each_other_without_a_gap(floor: Floor):
    floor.house.record_all(*[floor.house.decide(f"m-{n:02}", points=n + 1) for n in range(53)])
    floor.house.drain()
    ana = floor.window(floor.somebody("ana"))
    first = (await ana.get(QUEUE)).text
    [href] = re.findall(r'href="([^"]+)" rel="next"', first)
    second = (await ana.get(href.replace("&amp;", "&"))).text
    assert [*listed(first), *listed(second)] == [f"m-{n:02}" for n in reversed(range(53))]


async def test_who_is_limited_to_a_store_sees_and_takes_only_what_touched_it(floor: Floor):
    theirs, other = floor.open("m-1", stores=["s-1"]), floor.open("m-2", stores=["s-2"])
    mia = floor.window(floor.somebody("mia", scope=Scope(frozenset({"default"}), None, frozenset({"s-1"}))))
    page = (await mia.get(f"{QUEUE}?state=all")).text
    assert listed(page) == ["m-1"]
    assert tab(page, "All") == "All 1"
    assert (await mia.post(f"{QUEUE}/claim", claim=other.case_id, query="")).status_code == 404
    assert (
        await mia.post(f"{QUEUE}/bulk", case=[theirs.case_id, other.case_id], deed="note")
    ).status_code == 404
    assert (await mia.post(f"{QUEUE}/{other.case_id}/undo/1")).status_code == 404
    await mia.post(f"{QUEUE}/next", query="")
    assert (floor.case(theirs.case_id).state, floor.case(other.case_id).state) == ("in_progress", "open")
    assert (await mia.post(f"{QUEUE}/next", query="store=s-2")).headers["location"].startswith(f"{QUEUE}?")


async def test_another_programme_is_not_there_for_who_has_none_of_it(floor: Floor):
    foreign = floor.open("m-1", program_id="coffee")
    mia = floor.window(floor.somebody("mia", scope=Scope(frozenset({"default"}))))
    assert (await mia.get(f"{QUEUE}?program=coffee")).status_code == 404
    assert (await mia.post(f"{QUEUE}/next", query="program=coffee")).status_code == 404
    assert (
        await mia.post(f"{QUEUE}/claim", claim=foreign.case_id, query="program=coffee")
    ).status_code == 404
    assert (
        await mia.post(f"{QUEUE}/claim", claim=foreign.case_id, query="program=default")
    ).status_code == 404
    assert (await mia.post(f"{QUEUE}/{foreign.case_id}/undo/1?program=coffee")).status_code == 404
    assert floor.case(foreign.case_id, "coffee").version == foreign.version


async def test_of_several_programmes_one_is_shown_and_remembered(floor: Floor):
    floor.open("m-1")
    floor.open("m-2", program_id="coffee & more")
    ana = floor.window(floor.somebody("ana"))
    assert listed((await ana.get(QUEUE)).text) == ["m-1"]
    assert listed((await ana.get(f"{QUEUE}?{urlencode({'program': 'coffee & more'})}")).text) == ["m-2"]
    assert listed((await ana.get(QUEUE)).text) == ["m-2"]


async def test_of_two_who_claim_a_case_the_second_is_told_who_has_it_and_until_when(floor: Floor):
    case = floor.open("m-1")
    ana, ben = floor.window(floor.somebody("ana")), floor.window(floor.somebody("ben"))
    first = await ana.post(f"{QUEUE}/claim", claim=case.case_id, query="")
    second = await ben.post(f"{QUEUE}/claim", claim=case.case_id, query="")
    assert {first.status_code, second.status_code} == {303}
    assert "The case of m-1 is yours until 1 Mar 2026, 13:16 UTC." in words((await ana.get(QUEUE)).text)
    told = words((await ben.get(QUEUE)).text)
    assert "ana has this case until 1 Mar 2026, 13:16 UTC. Nothing was done." in told
    assert "ana until 13:16" in told


async def test_a_claim_can_be_taken_back_from_its_notice_once(floor: Floor):
    case = floor.open("m-1")
    ana = floor.window(floor.somebody("ana"))
    await ana.post(f"{QUEUE}/claim", claim=case.case_id, query="")
    [undo] = re.findall(r'action="([^"]+/undo/[^"]+)"', (await ana.get(QUEUE)).text)
    answer = await ana.post(undo, back=f"{QUEUE}?state=all")
    assert answer.headers["location"] == f"{QUEUE}?state=all"
    assert floor.case(case.case_id).state == "open"
    await ana.post(undo)
    assert "Nothing was done" in words((await ana.get(QUEUE)).text)
    assert (
        (await ana.post(undo, back="https://elsewhere.example/")).headers["location"].startswith("/console")
    )
    assert (await ana.post(f"{QUEUE}/{case.case_id}/undo/{'9' * 40}")).status_code == 404


async def test_the_next_case_is_the_first_that_is_free_under_the_filter(floor: Floor):
    top, low = floor.open("m-1", points=9_000), floor.open("m-2", points=10)
    ana, ben = floor.somebody("ana"), floor.somebody("ben")
    floor.move(top, ben, "claim")
    answer = await floor.window(ana).post(f"{QUEUE}/next", query="")
    assert urlsplit(answer.headers["location"]).path == f"/console/cases/{low.case_id}"
    assert floor.case(low.case_id).assignee == ana.actor
    cleo = floor.window(floor.somebody("cleo"))
    await cleo.post(f"{QUEUE}/next", query="")
    assert "No case here is free to take." in words((await cleo.get(QUEUE)).text)


async def test_an_escalated_case_is_for_seniors(floor: Floor):
    case = floor.open("m-1")
    ana, sue = floor.somebody("ana"), floor.somebody("sue", "senior")
    floor.move(case, ana, "escalate")
    window = floor.window(ana)
    await window.post(f"{QUEUE}/next", query="state=escalated")
    await window.post(f"{QUEUE}/claim", claim=case.case_id, query="")
    assert floor.case(case.case_id).state == "escalated"
    await floor.window(sue).post(f"{QUEUE}/next", query="state=escalated")
    assert floor.case(case.case_id).assignee == sue.actor


async def test_who_may_only_look_is_offered_nothing_else(floor: Floor):
    case = floor.open("m-1")
    vic = floor.window(floor.somebody("vic", "viewer"))
    page = (await vic.get(QUEUE)).text
    assert listed(page) == ["m-1"]
    for offer in ("Take next case", "Claim", "With marked cases", "cases.csv"):
        assert offer not in page.replace("Claim the row", "")
    for path in ("next", "claim", "bulk", f"{case.case_id}/undo/1"):
        assert (await vic.post(f"{QUEUE}/{path}", claim=case.case_id)).status_code == 403


async def test_an_empty_queue_is_good_news_and_an_empty_filter_can_be_cleared(floor: Floor):
    ana = floor.window(floor.somebody("ana"))
    assert "Nothing in the queue" in (await ana.get(QUEUE)).text
    floor.open("m-1")
    page = (await ana.get(f"{QUEUE}?typology=bot_velocity")).text
    [clear] = re.findall(r'href="([^"]+)">Clear the filter', page)
    assert listed((await ana.get(clear.replace("&amp;", "&"))).text) == ["m-1"]


async def test_a_stored_script_is_shown_as_text(floor: Floor):
    floor.open("<script>alert(1)</script>")
    page = (await floor.window(floor.somebody("ana")).get(QUEUE)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_the_whole_filtered_list_goes_into_the_file_and_no_cell_is_a_formula(floor: Floor):
    floor.open("=1+1", points=500)
    floor.open("m-2", points=50_000)
    sue = floor.window(floor.somebody("sue", "senior"))
    answer = await sue.get(f"{QUEUE}/cases.csv?value_to=100")
    header, row = answer.text.splitlines()
    assert header.startswith("case_id,program_id,kind,state,priority,typology")
    assert ",'=1+1," in row
    assert (await sue.get(f"{QUEUE}/cases.csv?stat=open")).status_code == 422
    await sue.get(f"{QUEUE}/cases.csv?account=m-2&priority=1")
    (noted,) = newest(floor.engine, 1)
    assert noted.entry.event == "file.exported"
    assert noted.entry.detail == "0 rows; priority=1&account=given"
    assert (await floor.window(floor.somebody("ana")).get(f"{QUEUE}/cases.csv")).status_code == 403


async def test_a_view_is_kept_under_its_name_begun_with_and_forgotten(floor: Floor):
    floor.open("m-1", points=900)
    floor.open("m-2", points=90_000)
    ana, ben = floor.somebody("ana"), floor.somebody("ben")
    window = floor.window(ana)
    fields = {
        "query": "value_from=100&account=m-2&order=value",
        "name": "  Large   ones ",
        "begin": "yes",
        "shared": "yes",
    }
    kept = await window.post(f"{QUEUE}/views", **fields)
    query = parse_qs(urlsplit(kept.headers["location"]).query)
    assert query == {"program": ["default"], "state": ["todo"], "value_from": ["100"], "order": ["value"]}
    began = await window.get(QUEUE)
    assert (began.status_code, began.headers["location"]) == (303, kept.headers["location"])
    assert 'aria-current="page">Large ones</a>' in (await window.get(kept.headers["location"])).text
    assert ">Large ones</a>" in (await floor.window(ben).get(QUEUE)).text
    mia = floor.somebody("mia", scope=Scope(frozenset({"default"}), None, frozenset({"s-1"})))
    assert "Large ones" not in (await floor.window(mia).get(QUEUE)).text
    [view] = floor.views.views(ana.user_id, frozenset())
    assert (await floor.window(ben).post(f"{QUEUE}/views/{view.view_id}/forget")).status_code == 404
    await window.post(f"{QUEUE}/views/{view.view_id}/begin")
    assert (await window.get(QUEUE)).status_code == 200
    await window.post(f"{QUEUE}/views/{view.view_id}/forget")
    assert floor.views.views(ana.user_id, frozenset()) == []


async def test_a_view_without_a_fitting_name_is_not_kept(floor: Floor):
    ana = floor.somebody("ana")
    for name in ("", " ", "x" * 61, "a\x01b"):
        assert (await floor.window(ana).post(f"{QUEUE}/views", query="", name=name)).status_code == 422
    assert floor.views.views(ana.user_id, frozenset()) == []
