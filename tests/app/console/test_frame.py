"""The frame asks who is there, whether they may and whether the form is ours, before any page is asked."""

from __future__ import annotations

from typing import get_args

import pytest
from starlette.responses import Response

from app.console.frame import Room
from app.console.place import Place
from app.console.sealing import Sealing
from app.console.visit import Get, Post, Visit, turned
from app.seal import Seal
from app.users.rights import RIGHTS, ROLES, Action
from tests.app.console.window import NOW_MS, OneSession, Window, a_console, a_viewer, words


async def shown(visit: Visit) -> Response:
    return visit.page("error.html", "Shown", code=200, lead=visit.query.get("lead", ""), again=None)


async def changed(visit: Visit) -> Response:
    return visit.back("/console/x", f"Noted: {visit.form.text('note')}")


async def gone(_: Visit) -> Response:
    raise turned(404)


async def stale(_: Visit) -> Response:
    raise turned(409, again="/console/x")


ROOMS = [
    Room(
        Place("queue", "Queue", "/console/x", "view_queue", "q"),
        [
            Get("/console/x", "view_queue", shown),
            Post("/console/x", "work_case", changed),
            Get("/console/x/gone", "view_queue", gone),
            Post("/console/x/stale", "work_case", stale),
        ],
    ),
    *[Room(None, [Get(f"/console/right/{action}", action, shown)]) for action in get_args(Action)],
]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_reaches_exactly_what_it_has_the_right_to(role: str):
    window = Window(ROOMS, a_viewer(role))
    for action in get_args(Action):
        answer = await window.get(f"/console/right/{action}")
        assert (action, answer.status_code) == (action, 200 if action in RIGHTS[role] else 403)


async def test_the_navigation_shows_what_the_role_may_see():
    assert (
        'href="/console/x"'
        in (await Window(ROOMS, a_viewer("viewer")).get("/console/right/own_profile")).text
    )
    hidden = await Window(ROOMS, a_viewer("security_admin")).get("/console/right/own_profile")
    assert 'href="/console/x"' not in hidden.text


async def test_a_viewer_is_refused_an_analysts_action():
    answer = await Window(ROOMS, a_viewer("viewer")).post("/console/x", note="mine")
    assert answer.status_code == 403


async def test_a_change_answers_by_leading_back_with_a_notice_shown_once():
    window = Window(ROOMS, a_viewer())
    answer = await window.post("/console/x", note="<b>mine</b>")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/x")
    first, second = await window.get("/console/x"), await window.get("/console/x")
    assert "Noted: &lt;b&gt;mine&lt;/b&gt;" in first.text
    assert "Noted" not in second.text


@pytest.mark.parametrize("token", ["", "nonsense", "é"])
async def test_a_form_without_this_sessions_token_changes_nothing(token: str):
    answer = await Window(ROOMS, a_viewer()).post("/console/x", token=token, note="mine")
    assert answer.status_code == 403


async def test_another_persons_form_is_refused():
    window = Window(ROOMS, a_viewer())
    theirs = window.console.sealing.form_token("usr_2", b"its-session-too")
    assert (await window.post("/console/x", token=theirs, note="mine")).status_code == 403


async def test_a_token_of_another_installation_is_refused():
    foreign = Sealing(Seal(bytes(32))).form_token("usr_1", b"its-session")
    assert (await Window(ROOMS, a_viewer()).post("/console/x", token=foreign)).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
async def test_a_form_of_another_site_is_refused_before_anything_is_asked(site: str):
    window = Window(ROOMS, a_viewer())
    token = window.console.sealing.form_token("usr_1", b"its-session")
    answer = await window._client.post(
        "/console/x", data={"form_token": token}, headers={"Sec-Fetch-Site": site}
    )
    assert answer.status_code == 403


async def test_who_is_not_signed_in_signs_in_and_comes_back():
    answer = await Window(ROOMS, None).get("/console/x?state=new&page=2")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?next=/console/x%3Fstate%3Dnew%26page%3D2"


async def test_only_a_visit_of_somebody_signed_in_counts_as_one():
    came = []
    for viewer in (None, a_viewer()):
        window = Window(ROOMS, viewer, a_console(viewer, came=lambda whose=viewer: came.append(whose)))
        await window.get("/console/x")
    assert came == [a_viewer()]


async def test_what_was_typed_outlives_the_session():
    console = a_console(None)
    answer = await Window(ROOMS, None, console).post("/console/x", note="a long thought", password="secret")
    assert answer.status_code == 401
    assert "a long thought" not in answer.text
    kept = answer.text.split('name="kept" value="')[1].split('"')[0]
    held = console.sealing.kept(kept, NOW_MS)
    assert held is not None
    assert (held.user_id, held.path, dict(held.fields)) == (
        "usr_1",
        "/console/x",
        {"note": ("a long thought",)},
    )
    assert console.sealing.kept(kept, NOW_MS + 12 * 3_600_000) is None


async def test_a_form_of_a_former_session_of_the_same_person_is_shown_again_and_not_done():
    window = Window(ROOMS, a_viewer())
    former = window.console.sealing.form_token("usr_1", b"an-ended-session")
    answer = await window.post("/console/x", token=former, note="a long <thought>")
    assert answer.status_code == 200
    assert "a long &lt;thought&gt;" in answer.text
    assert 'action="/console/x"' in answer.text


async def test_a_kept_form_is_nobody_elses_to_see():
    console = a_console(a_viewer(user_id="usr_2"))
    kept = console.sealing.keep("usr_1", "/console/x", {"note": ("private",)}, NOW_MS)

    async def again(visit: Visit) -> Response:
        return visit.console.again(visit, kept)

    window = Window([Room(None, [Get("/console/again", "own_profile", again)])], None, console)
    answer = await window.get("/console/again")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("get", "/console/x/gone", 404), ("post", "/console/x/stale", 409)]
)
async def test_a_page_can_end_a_visit_in_words(method: str, path: str, status: int):
    window = Window(ROOMS, a_viewer())
    answer = await (window.get(path) if method == "get" else window.post(path))
    assert answer.status_code == status
    assert "Nothing" in words(answer.text) or "nothing" in words(answer.text)


async def test_every_page_carries_the_headers_and_no_inline_code():
    answer = await Window(ROOMS, a_viewer()).get("/console/x?lead=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


async def test_a_nul_reaches_no_page_in_a_path_a_query_or_a_form():
    """PostgreSQL keeps none: it would fail there as if it were a fault of ours."""
    reached: list[str] = []

    async def seen(visit: Visit) -> Response:
        reached.append(visit.path["name"])
        return visit.back("/console/x")

    path = "/console/named/{name}"
    window = Window([Room(None, [Get(path, "view_queue", seen), Post(path, "work_case", seen)])], a_viewer())
    for address in ("/console/named/a%00b", "/console/named/a?q=b%00", "/console/named/a?%00=b"):
        assert (await window.get(address)).status_code == 404
        assert (await window.post(address)).status_code == 404
    for name in ("note", "no\0te"):
        assert (await window.post("/console/named/a", **{name: "\0"})).status_code == 400
    assert reached == []
    await window.get("/console/named/a")
    assert reached == ["a"]


async def test_too_long_a_form_is_told_and_nothing_done():
    answer = await Window(ROOMS, a_viewer()).post("/console/x", note="x" * 200_000)
    assert answer.status_code == 413


async def test_the_same_path_cannot_be_declared_twice():
    console = a_console(None)
    with pytest.raises(ValueError, match="twice"):
        console.routes([Room(None, [Get("/a", "export", shown), Get("/a", "export", shown)])])


async def test_another_method_is_turned_away():
    window = Window(ROOMS, a_viewer())
    answer = await window._client.delete("/console/x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, HEAD, OPTIONS")


def test_nobody_is_signed_in_without_a_session():
    assert OneSession(None).viewer("", "", 0) is None
