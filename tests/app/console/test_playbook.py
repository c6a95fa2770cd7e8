"""The playbook shows the numbers of a programme that is yours, and trains without telling on anybody."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.console import playbook, practice
from app.console.frame import Room
from app.playbook.cases import OFFERED, answers, cases
from app.playbook.entries import every_code
from app.users.rights import ROLES, Scope
from detectors.policy import DEFAULT
from detectors.typologies import TYPOLOGIES
from tests.app.console.window import Window, a_viewer, words

pytestmark = pytest.mark.anyio
OWN = replace(DEFAULT, version="own", limits=tuple(replace(one, max=one.max + 1) for one in DEFAULT.limits))


def rooms():
    shown = playbook.Playbook({"default": DEFAULT, "own": OWN}.__getitem__, ("own",))
    return [Room(playbook.PLACE, shown.gestures()), Room(practice.PLACE, practice.Practice().gestures())]


def window(role="analyst", **given):
    return Window(rooms(), a_viewer(role, **given))


@pytest.mark.parametrize("role", ROLES)
async def test_everybody_who_may_sign_in_may_learn(role):
    assert (await window(role).get("/console/playbook")).status_code == 200
    assert (await window(role).get("/console/practice")).status_code == 200


async def test_every_typology_and_every_reason_has_a_page():
    there = window()
    for name in TYPOLOGIES:
        page = await there.get(f"/console/playbook/typologies/{name}")
        assert page.status_code == 200, name
    for code in every_code():
        page = await there.get(f"/console/playbook/reasons/{code}")
        assert page.status_code == 200, code


async def test_every_link_within_the_playbook_leads_somewhere():
    there = window()
    pages = [(await there.get(f"/console/playbook/typologies/{name}")).text for name in TYPOLOGIES]
    pages += [(await there.get("/console/playbook")).text, (await there.get("/console/practice")).text]
    links = {
        link.partition("#")[0] for page in pages for link in re.findall(r'href="(/console/p[^"]+)"', page)
    }
    for link in sorted(links):
        if "/profile" not in link:
            assert (await there.get(link)).status_code == 200, link


async def test_what_does_not_exist_is_said_so():
    for path in ("playbook/typologies/nope", "playbook/reasons/NOPE", "practice/nope-1"):
        assert (await window().get(f"/console/{path}")).status_code == 404


async def test_a_reason_shows_the_numbers_of_the_programme_asked_for():
    path = "/console/playbook/reasons/VELOCITY_REDEEM_ACCOUNT_1H"
    assert "at most 5 redemptions in 60 min" in words((await window().get(path)).text)
    assert "at most 6 redemptions in 60 min" in words((await window().get(f"{path}?program=own")).text)


async def test_numbers_of_a_programme_that_is_not_yours_are_not_shown():
    """Whatever is asked for, the viewer's own programme answers."""
    there = window(scope=Scope(programs=frozenset({"own"})))
    page = await there.get("/console/playbook/reasons/VELOCITY_REDEEM_ACCOUNT_1H?program=default")
    assert "at most 6 redemptions" in words(page.text)


async def test_search_finds_and_quotes_without_harm():
    found = words((await window().get("/console/playbook?q=gift card")).text)
    assert "Gift cards emptied" in found
    assert "Sign-up farm" not in found
    nothing = (await window().get("/console/playbook?q=<script>")).text
    assert "Nothing says all of that" in nothing
    assert "<script>" not in nothing.replace("<script defer", "")


async def test_a_case_asks_first_and_tells_afterwards():
    case = next(one for one in cases().values() if one.is_fraud)
    there, path = window(), f"/console/practice/{case.id}"
    before = words((await there.get(path)).text)
    assert "What would you do?" in before
    assert case.truth not in before
    answer = await there.post(path, move=answers(case).best)
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    after = words((await there.get(path)).text)
    assert "The best choice." in after
    assert case.truth in after


async def test_the_score_counts_the_session_and_the_last_answer_to_each_case():
    there = window()
    first, second = list(cases().values())[:2]
    wrong = next(one for one in OFFERED if one not in {answers(first).best, *answers(first).fine})
    await there.post(f"/console/practice/{first.id}", move=wrong)
    await there.post(f"/console/practice/{first.id}", move=answers(first).best)
    await there.post(f"/console/practice/{second.id}", move=answers(second).best)
    assert "Answered 2 of 66 Best choice 2" in words((await there.get("/console/practice")).text)


async def test_another_sessions_answers_are_nobodys():
    """The cookie of who sat here before counts for nothing."""
    there = window()
    case = next(iter(cases().values()))
    await there.post(f"/console/practice/{case.id}", move=answers(case).best)
    kept = there._client.cookies["__Host-earnest-practice"]
    cookies = f"__Host-earnest-session=the-next-one; __Host-earnest-practice={kept}"
    page = await there._client.get("/console/practice", headers={"Cookie": cookies})
    assert "Answered 0 of" in words(page.text)


@pytest.mark.parametrize("move", ["", "revoke_token", "nonsense"])
async def test_an_answer_that_was_not_offered_changes_nothing(move):
    there = window()
    case = next(iter(cases().values()))
    assert (await there.post(f"/console/practice/{case.id}", move=move)).status_code == 422
    assert "Answered 0 of" in words((await there.get("/console/practice")).text)
