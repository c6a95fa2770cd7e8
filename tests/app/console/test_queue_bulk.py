"""What is done to many cases is looked at first, done at what was seen, refused one by one, and can be taken back."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.app.console.queued import Floor
from tests.app.console.window import Window, words
from tests.app.store.cased import HOUR_MS

pytestmark = pytest.mark.anyio
BULK = "/console/queue/bulk"


def fields(page: httpx.Response) -> dict[str, list[str]]:
    """The hidden fields of a look, to be sent on."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text):
        found.setdefault(name, []).append(value)
    found.pop("form_token")
    return {
        name: values if len(values) > 1 else values[0] for name, values in found.items() if values != [""]
    }


async def confirmed(window: Window, cases: list[str], deed: str, **typed: str) -> httpx.Response:
    """Looked at as typed, then confirmed."""
    look = await window.post(BULK, case=cases, deed=deed, step="look", **typed)
    return await window.post(BULK, **(fields(look) | {"step": "confirm"} | typed))


async def test_a_look_changes_nothing_and_says_of_each_what_would_become_of_it(floor: Floor):
    ana, ben = floor.somebody("ana"), floor.somebody("ben")
    free, taken = floor.open("m-1"), floor.open("m-2")
    floor.move(taken, ben, "claim")
    page = await floor.window(ana).post(BULK, case=[free.case_id, taken.case_id], deed="wait")
    told = words(page.text)
    assert "1 of 2 can be done" in told
    assert "ben has this case until 1 Mar 2026, 13:16 UTC." in told
    assert floor.case(free.case_id).version == free.version


@pytest.mark.parametrize(
    ("deed", "typed", "becomes"),
    [
        ("escalate", {}, ("escalated", None)),
        ("wait", {"waiting_for": "other", "days": "7"}, ("waiting", None)),
        ("hold", {"hours": "4"}, ("open", None)),
        ("assign", {"assignee": "user:usr_ben"}, ("open", None)),
        ("close", {"resolution": "fraud", "reason": "one hand"}, ("closed", "fraud")),
    ],
)
async def test_what_is_confirmed_is_done_and_can_be_undone(
    floor: Floor, deed: str, typed: dict[str, str], becomes: tuple[str, str | None]
):
    ana = floor.window(floor.somebody("ana"))
    floor.somebody("ben")
    cases = [floor.open(f"m-{n}") for n in range(2)]
    done = await confirmed(ana, [case.case_id for case in cases], deed, **typed)
    assert "Done for all 2 cases." in words(done.text)
    after = [floor.case(case.case_id) for case in cases]
    assert {(case.state, case.resolution) for case in after} == {becomes}
    assert all(case.version == 2 for case in after)
    if deed == "hold":
        assert after[0].hold_ms == floor.now_ms + 4 * HOUR_MS
    await ana.post(f"{BULK}/undo", seen=fields(done)["seen"], query="")
    assert [
        (case.state, case.hold_ms, case.assignee) for case in map(floor.case, [one.case_id for one in cases])
    ] == [("open", None, None)] * 2


async def test_a_case_that_changed_after_the_look_stays_as_it_is(floor: Floor):
    ana, ben = floor.somebody("ana"), floor.somebody("ben")
    same, changed = floor.open("m-1"), floor.open("m-2")
    window = floor.window(ana)
    look = fields(await window.post(BULK, case=[same.case_id, changed.case_id], deed="escalate", step="look"))
    floor.move(changed, ben, "hold", until_ms=floor.now_ms + HOUR_MS)
    told = words((await window.post(BULK, **(look | {"step": "confirm"}))).text)
    assert "Done for 1 of 2 cases." in told
    assert "the case has changed since you saw it" in told
    assert (floor.case(same.case_id).state, floor.case(changed.case_id).state) == ("escalated", "open")


async def test_another_choice_than_was_looked_at_is_looked_at_again(floor: Floor):
    case, ana = floor.open("m-1"), floor.window(floor.somebody("ana"))
    typed = {"resolution": "fraud", "reason": "seen"}
    look = fields(await ana.post(BULK, case=case.case_id, deed="close", step="look", **typed))
    again = await ana.post(BULK, **(look | {"step": "confirm", "reason": "seen", "resolution": "legitimate"}))
    assert "below is what it would do to each case" in words(again.text)
    assert floor.case(case.case_id).state == "open"


async def test_releasing_much_needs_a_second_person_and_says_so(floor: Floor):
    held = {"points": 50_000, "set": {"hold_ms": floor.now_ms + HOUR_MS}}
    case, ana = floor.open("m-1", **held), floor.window(floor.somebody("ana"))
    done = await confirmed(ana, [case.case_id], "close", resolution="legitimate", reason="a family")
    assert "This is 500.00 EUR: a second person has to approve." in words(done.text)
    assert floor.case(case.case_id).state == "open"


FAULTS = [
    ({"resolution": "fraud"}, "Say why, in your own words."),
    ({"reason": "seen"}, "Say what it was."),
    ({"resolution": "merged", "reason": "seen"}, "Say what it was."),
    ({"resolution": "fraud", "reason": "x" * 10_001}, "At most 10,000 characters"),
]


async def test_what_is_missing_is_told_beside_its_field_and_nothing_typed_is_lost(floor: Floor):
    case, ana = floor.open("m-1"), floor.window(floor.somebody("ana"))
    for typed, fault in FAULTS:
        answer = await ana.post(BULK, case=case.case_id, deed="close", step="confirm", **typed)
        assert answer.status_code == 422
        assert fault in words(answer.text)
        assert typed.get("reason", "") in answer.text
    assert floor.case(case.case_id).state == "open"


async def test_a_note_is_written_to_each(floor: Floor):
    cases = [floor.open(f"m-{n}").case_id for n in range(2)]
    await confirmed(floor.window(floor.somebody("ana")), cases, "note", reason="<b>same</b> shop")
    for case_id in cases:
        assert [note.text for note in floor.house.file(case_id).notes] == ["<b>same</b> shop"]


async def test_a_case_somebody_has_is_given_to_another_by_seniors_alone(floor: Floor):
    ana, ben, sue = floor.somebody("ana"), floor.somebody("ben"), floor.somebody("sue", "senior")
    case = floor.open("m-1")
    floor.move(case, ben, "claim")
    await confirmed(floor.window(ana), [case.case_id], "assign", assignee=ana.actor)
    assert floor.case(case.case_id).assignee == ben.actor
    await confirmed(floor.window(sue), [case.case_id], "assign", assignee=ana.actor)
    assert floor.case(case.case_id).assignee == ana.actor


async def test_nothing_is_given_to_who_does_not_work_there(floor: Floor):
    case, vic = floor.open("m-1"), floor.somebody("vic", "viewer")
    answer = await confirmed(
        floor.window(floor.somebody("ana")), [case.case_id], "assign", assignee=vic.actor
    )
    assert "Choose somebody who works on this programme." in words(answer.text)
    assert floor.case(case.case_id).assignee is None


async def test_odd_bulk_forms_are_told_and_do_nothing(floor: Floor):
    ana = floor.window(floor.somebody("ana"))
    case = floor.open("m-1").case_id
    assert (await ana.post(BULK, case=case, deed="burn")).status_code == 422
    assert (await ana.post(BULK, case=case, deed="reopen")).status_code == 422
    assert (await ana.post(BULK, deed="close")).status_code == 303
    assert (await ana.post(BULK, case=[f"c-{n}" for n in range(201)], deed="note")).status_code == 413
    assert (await ana.post(BULK, case=[case, "cas_unknown"], deed="note")).status_code == 404
    assert (
        await ana.post(f"{BULK}/undo", seen=[f"c:{n}" for n in range(3)] + ["", "x", "y:-1"])
    ).status_code == 303


async def test_a_bulk_form_outlives_the_session_it_was_made_in(floor: Floor):
    case, ana = floor.open("m-1"), floor.window(floor.somebody("ana"))
    former = ana.console.sealing.form_token("usr_ana", b"an-ended-session")
    answer = await ana.post(
        BULK, token=former, case=case.case_id, deed="note", reason="what I found", step="confirm"
    )
    assert answer.status_code == 200
    assert "what I found" in answer.text
    assert floor.house.file(case.case_id).notes == []
