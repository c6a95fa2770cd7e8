"""An account's timeline: everything once, newest first, by cursor; nothing personal; nothing of other places."""

import pytest

from app.ports.journal import StepUpPassed
from app.ports.labels import Label
from app.reviewing.balance import balances
from app.reviewing.timeline import KINDS, ForeignCursor, timeline
from app.users.rights import EVERYTHING, Scope
from detectors.event import Device, Profile, instant_ms


def filled(kept, decided, told):
    """Decisions at the same instants as outcomes, labels and passed challenges; and another account's."""
    entries = [
        decided(
            n // 3, event_id=f"e-{n}", decision_id=f"dec_{n}", type="redeem" if n % 2 else "earn",
            decision="challenge" if n == 5 else "allow", store_id="s-1" if n % 4 else "s-2", partner_id="p-1",
            ip="203.0.113.9", device=Device(id="phone-of-anna"),
        )
        for n in range(12)
    ]  # fmt: skip
    entries.append(decided(99, account_id="m-2"))
    kept.record.append(entries)
    at_ms = [instant_ms(entry.event) for entry in entries]
    kept.record.append([told(entries[n], "completed", told_ms=at_ms[n]) for n in (1, 3, 7)])
    kept.record.append([
        StepUpPassed("dec_5", "default", "m-1", "e-5", "totp", at_ms[6], "key:1", at_ms[5], 100, "burn")
    ])  # fmt: skip
    for n, (who, event) in enumerate([("m-1", None), (None, "e-2"), (None, "e-99"), ("m-2", None)]):
        kept.record.add_label(
            Label(f"l-{n}", "default", who, event, "fraud", "ato_drain", "analyst", at_ms[2], "user:1")
        )
    return entries


def pages(kept, limit, scope=EVERYTHING):
    found, cursor = [], None
    while True:
        page = timeline(kept.moments, "default", "m-1", limit=limit, scope=scope, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
def test_everything_comes_once_and_newest_first_whatever_the_size_of_a_page(kept, decided, told, limit):
    filled(kept, decided, told)
    found = pages(kept, limit)
    assert [one.at_ms for one in found] == sorted((one.at_ms for one in found), reverse=True)
    kinds = [one.kind for one in found]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "event": 12,
        "outcome": 3,
        "step_up": 1,
        "label": 2,
    }
    assert len({(one.kind, one.key) for one in found}) == len(found) == 18
    assert found == pages(kept, 100)


def test_who_sees_one_store_sees_what_happened_there_alone(kept, decided, told):
    filled(kept, decided, told)
    found = pages(kept, 4, Scope(stores=frozenset({"s-2"})))
    assert {one.store_id for one in found if one.kind == "event"} == {"s-2"}
    assert [one.ref for one in found if one.kind == "event"] == ["dec_8", "dec_4", "dec_0"]
    assert [one.kind for one in found if one.kind in {"outcome", "step_up"}] == []
    assert pages(kept, 4, Scope(stores=frozenset())) == [
        one for one in found if one.ref == "" and one.kind == "label"
    ]


def test_nothing_personal_is_in_it(kept, decided):
    profile = Profile(email="anna@example.org", phone="+491701234567", street="Hauptstr. 1")
    kept.record.append([decided(1, type="profile_change", points=None, profile=profile, ip="203.0.113.9")])
    [moment] = pages(kept, 5)
    assert moment.changed == ("email", "phone", "street")
    said = repr(moment)
    assert not any(word in said for word in ("anna", "4917", "Haupt", "203.0.113"))


def test_an_erased_members_events_say_so(kept, decided):
    kept.record.append([decided(1)])
    kept.record.erase_key("default", "m-1")
    assert [one.erased for one in pages(kept, 5)] == [True]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "lKh0aW1lbGluZQEAoXg", "é"])
def test_a_cursor_that_is_none_of_a_timeline_is_refused(kept, cursor):
    with pytest.raises(ForeignCursor):
        timeline(kept.moments, "default", "m-1", limit=1, scope=EVERYTHING, cursor=cursor)


def test_every_kind_has_a_source(kept):
    for kind in KINDS:
        assert kept.moments.moments("p", "a", kind, scope=EVERYTHING, after=None, limit=1) == []


def test_a_balance_is_as_told_and_reckoned_on_between(kept, decided):
    kept.record.append([
        decided(1, points=100),
        decided(2, points=50, balance_before=400),
        decided(3, type="redeem", points=70),
        decided(4, type="redeem", points=80, decision="block", burned=None),
        decided(5, type="login", points=None),
    ])  # fmt: skip
    found = balances(kept.moves.moved("default", "m-1", 10))
    assert [(one.points, one.estimated) for one in found] == [
        (100, True),
        (450, False),
        (380, True),
        (380, True),
    ]
    assert [one.points for one in balances(kept.moves.moved("default", "m-1", 2))] == [-70, -70]
