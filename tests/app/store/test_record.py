"""The conformance suite of the record: every law holds over SQLite and over PostgreSQL."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import app.store.sql.event_ids
from app.ports.journal import Decided, HoldEnded, LinkFound, OutcomeTold
from app.ports.labels import Label
from app.ports.lists import ListEntry
from app.ports.record import RecordAway
from app.ports.rows import ApiKeyRow, LinkRow, StoredAnswer
from app.seal import Seal, SealBroken
from app.store.sql import BadCursor, SqlRecord, migrate, open_engine
from app.store.sql.migrating import EMPTY
from detectors.event import Device, Profile, instant_ms

EACH_ON_ITS_OWN_PROGRAM = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def all_pages(read, limit, between=lambda: None):
    items, cursor = [], None
    while True:
        page = read(limit=limit, cursor=cursor)
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            return items
        between()


# ---------------------------------------------------------------- decisions


def test_the_answer_comes_back_byte_for_byte(record, decided):
    answer = bytes(range(256)) + b'{"latency_ms": 1.90}\r\n'
    record.append([decided(1, answer=answer, body_hash=b"\x00" * 16)])
    assert record.answer("default", "e-1") == StoredAnswer(b"\x00" * 16, answer)


def test_an_event_id_belongs_to_its_programme(record, decided):
    record.append([decided(1, program_id="one"), decided(2, event_id="e-1", program_id="two")])
    assert record.answer("one", "e-1").answer != record.answer("two", "e-1").answer
    assert record.answer("three", "e-1") is None


def test_the_first_to_take_an_event_id_keeps_it(record, decided):
    first, second = decided(1), decided(2, event_id="e-1", points=7_000)
    record.append([first])
    record.append([second])
    assert record.answer("default", "e-1") == StoredAnswer(first.body_hash, first.answer)
    assert record.decision("default", second.decision_id) is None
    assert record.account("default", "m-1").earned_points == 100
    assert record.count_events() == 1


def test_a_decision_shows_every_field_as_decided(record, decided):
    entry = decided(
        3,
        type="redeem",
        points=40,
        decision="challenge",
        shadow_decision="block",
        burned=None,
        origin="batch",
    )
    record.append([entry])
    row = record.decision("default", "dec_3")
    for name in set(row.__struct_fields__) & set(entry.__struct_fields__):
        assert getattr(row, name) == getattr(entry, name), name
    assert (row.event_id, row.account_id, row.type, row.points) == ("e-3", "m-1", "redeem", 40)
    assert row.occurred_ms == instant_ms(entry.event)
    assert (row.outcome, row.outcome_ms) == (None, None)


def test_a_decision_of_another_programme_is_not_shown(record, decided):
    record.append([decided(1)])
    assert record.decision("other", "dec_1") is None


def test_an_empty_append_changes_nothing(record):
    record.append([])
    assert record.count_events() == 0
    assert list(record.replay()) == []


# ---------------------------------------------------------------- outcomes


@pytest.mark.parametrize(
    ("decision", "burned", "outcomes", "left"),
    [
        ("allow", 500, [], 500),
        ("allow", 500, ["completed"], 500),
        ("allow", 500, ["cancelled"], None),
        ("allow", 500, ["reversed"], None),
        ("allow", 500, ["disputed"], 500),
        ("allow", 500, ["completed", "reversed"], None),
        ("allow", 500, ["cancelled", "cancelled"], None),
        ("block", None, [], None),
        ("challenge", None, ["completed"], 500),
        ("challenge", None, ["completed", "completed"], 500),
        ("review", None, ["cancelled"], None),
        ("review", None, ["disputed"], None),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_what_became_of_a_redemption_decides_whether_it_burned(
    record, decided, told, decision, burned, outcomes, left, at_once
):
    entry = decided(1, type="redeem", points=500, decision=decision, burned=burned)
    entries = [entry]
    for at, outcome in enumerate(outcomes, 1):
        entries.append(told(entry, outcome, at, burned=burned is not None))
        burned = {"burn": 500, "unburn": None, "": burned}[entries[-1].effect]
    for batch in [entries] if at_once else [[one] for one in entries]:
        record.append(batch)
    row = record.decision("default", "dec_1")
    assert row.burned == left
    assert record.account("default", "m-1").redeemed_points == (left or 0)
    assert (row.outcome, row.outcome_ms) == ((outcomes[-1], len(outcomes)) if outcomes else (None, None))


def test_an_outcome_that_overtook_its_decision_counts_once_the_decision_is_there(record, decided, told):
    entry = decided(1, type="redeem", points=500)
    record.append([told(entry, "cancelled", 5)])
    assert record.account("default", "m-1") is None
    record.append([entry])
    assert record.decision("default", "dec_1").outcome == "cancelled"
    assert record.account("default", "m-1").redeemed_points == 0
    assert [type(e) for e, _ in record.replay()] == [OutcomeTold, type(entry)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "overtaken"])
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("of", "earned"),
    [
        (("review", "completed", "settle earn"), 100),
        (("allow", "reversed", "unsettle earn"), 0),
        (("review", "completed", "settle adjust"), 0),
        (("allow", "disputed", ""), 100),
    ],
)
def test_what_became_of_an_earning_decides_whether_it_was_earned(
    record, decided, told, order, at_once, of, earned
):
    """Once, whichever is recorded first and however often it comes."""
    decision, outcome, effect = of
    entry = decided(1, decision=decision)
    both = [entry, replace(told(entry, outcome), effect=effect)]
    entries = [both[n] for n in order]
    for batch in [entries, entries] if at_once else [[one] for one in (*entries, *entries)]:
        record.append(batch)
    record.append([decided(2, type="login", points=None)])
    assert record.account("default", "m-1").earned_points == earned


def test_completing_an_earning_burns_nothing(record, decided, told):
    entry = decided(1)
    record.append([entry, told(entry, "completed")])
    assert record.account("default", "m-1").redeemed_points == 0


# ---------------------------------------------------------------- accounts


def test_an_account_sums_up_everything_recorded(record, decided):
    record.append([decided(5, risk_score=50.0, decision="review"), decided(1, points=30)])
    record.append(
        [decided(9, risk_score=9.0), decided(7, type="redeem", points=20), decided(8, type="login")]
    )
    account = record.account("default", "m-1")
    assert account.events == 5
    assert account.earned_points == 130
    assert account.redeemed_points == 20
    assert account.decisions == {"allow": 4, "challenge": 0, "review": 1, "block": 0}
    assert account.first_seen_ms == instant_ms(decided(1).event)
    assert account.last_seen_ms == instant_ms(decided(9).event)
    assert (account.last_risk_score, account.last_decision) == (9.0, "allow")


def test_what_is_told_as_having_happened_was_earned_whatever_we_thought_of_it(record, decided):
    record.append([decided(1, origin="event", decision="review"), decided(2, decision="block")])
    assert record.account("default", "m-1").earned_points == 100


def test_a_late_event_is_not_the_last_one(record, decided):
    record.append([decided(5, risk_score=50.0, decision="block")])
    record.append([decided(1, risk_score=1.0)])
    account = record.account("default", "m-1")
    assert (account.last_risk_score, account.last_decision) == (50.0, "block")


def test_an_unknown_account_is_none(record):
    assert record.account("default", "nobody") is None


@st.composite
def journals(draw):
    """A journal of decisions and outcomes, and the slices in which it is delivered, some more than once."""
    steps = draw(
        st.lists(
            st.one_of(
                st.tuples(
                    st.just("decided"),
                    st.sampled_from(["earn", "redeem", "login"]),
                    st.sampled_from(["allow", "challenge", "review", "block"]),
                    st.integers(0, 900),
                    st.sampled_from(["m-1", "m-2", "m-3"]),
                ),
                st.tuples(
                    st.just("told"),
                    st.integers(0, 30),
                    st.sampled_from(["completed", "cancelled", "reversed", "disputed"]),
                ),
            ),
            min_size=1,
            max_size=30,
        )
    )
    slices, start = [], 0
    while start < len(steps):
        end = draw(st.integers(start + 1, len(steps)))
        again = draw(st.integers(0, start))
        slices += [(start, end), (again, draw(st.integers(again, end)))]
        start = end
    return steps, slices


def entries_of(steps, program, decided, told):
    entries, known = [], []
    for n, step in enumerate(steps):
        if step[0] == "decided":
            _, kind, decision, points, account = step
            burned = points if kind == "redeem" and decision == "allow" else None
            given = {"type": kind, "decision": decision, "points": points, "account_id": account}
            entry = decided(n, decision_id=f"{program}:{n}", program_id=program, burned=burned, **given)
            entries.append(entry)
            known.append([entry, burned is not None])
        elif known:
            of = known[step[1] % len(known)]
            entries.append(told(of[0], step[2], n, burned=of[1]))
            of[1] = {"burn": True, "unburn": False, "": of[1]}[entries[-1].effect]
    return entries


def reference_totals(entries):
    """The least code that says what totals mean: account → events, earned, redeemed."""
    decisions = {e.decision_id: [e, e.burned] for e in entries if not isinstance(e, OutcomeTold)}
    for entry in entries:
        if isinstance(entry, OutcomeTold):
            decision = decisions[entry.decision_id]
            if entry.outcome in {"cancelled", "reversed"}:
                decision[1] = None
            elif entry.outcome == "completed" and decision[0].event.type == "redeem":
                decision[1] = decision[0].event.points
    totals = {}
    for entry, burned in decisions.values():
        events, earned, redeemed = totals.get(entry.event.account_id, (0, 0, 0))
        earning = entry.event.type == "earn" and entry.decision == "allow"
        totals[entry.event.account_id] = (
            events + 1,
            earned + (entry.event.points if earning else 0),
            redeemed + (burned or 0),
        )
    return totals


@EACH_ON_ITS_OWN_PROGRAM
@given(journal=journals())
def test_whatever_is_delivered_again_counts_once(record, decided, told, journal):
    program = uuid4().hex
    entries = entries_of(journal[0], program, decided, told)
    for start, end in journal[1]:
        record.append(entries[start:end])
    totals = {
        row.account_id: (row.events, row.earned_points, row.redeemed_points)
        for row in (record.account(program, name) for name in ("m-1", "m-2", "m-3"))
        if row is not None
    }
    assert totals == reference_totals(entries)
    assert [e for e, _ in record.replay() if program in e.decision_id] == entries


# ---------------------------------------------------------------- replay


def test_replay_gives_back_what_was_journalled_in_the_order_written(record, decided, told):
    profile = Profile(email="a@example.com", date_of_birth="1990-01-31")
    zone = datetime.fromisoformat("2026-03-01T14:00:00.123456+02:00")
    entries = [
        decided(1, profile=profile, device=Device(id="d-1"), metadata={"a": 1, "b": 2.5, "c": "x"}),
        decided(
            2,
            type="redeem",
            links=(LinkFound(b"\xff" * 8, 0.93, (("email", "exact", 8.5),)),),
            occurred_at=zone,
        ),
        told(decided(1), "disputed"),
        decided(
            3,
            shadow_decision="block",
            decision="review",
            found=b"\x00\x81",
            account_key=b"12345678",
            vector=b"\x00\x00\x80?",
            reserved=b"\x90",
            hold=(1_750_000_000_000, "escalated"),
        ),
        HoldEnded("dec_3", "default", "m-1", "e-3", "escalated", 1_750_000_000_001, 1, 0, "", b"\x90"),
        told(decided(2, type="redeem"), "cancelled"),
    ]
    decisions = [entry for entry in entries if isinstance(entry, Decided)]
    record.append(entries[:2])
    record.append(entries)
    replayed = list(record.replay())
    assert [entry for entry, _ in replayed] == entries
    numbers = [seq for _, seq in replayed]
    assert numbers == sorted(set(numbers))
    unset = Decided("", entries[0].event, b"", b"", "event", 0, "allow", None, 0.0, "", "", "", None)
    for name in Decided.__struct_fields__:
        assert any(
            getattr(entry, name) != getattr(unset, name) for entry, _ in replayed if entry in decisions
        ), name


def test_replay_crosses_its_stretches_and_takes_in_what_is_written_meanwhile(record, decided):
    entries = [decided(n) for n in range(2_500)]
    record.append(entries[:2_400])
    replayed = []
    for entry, _ in record.replay():
        replayed.append(entry)
        if len(replayed) == 5:
            record.append(entries[2_400:])
    assert replayed == entries
    assert record.count_events() == 2_500


@pytest.mark.parametrize("stretch", [1, 4, 10_000])
def test_every_event_id_is_told_those_recorded_meanwhile_included(record, decided, monkeypatch, stretch):
    monkeypatch.setattr(app.store.sql.event_ids, "_BY_NAME", app.store.sql.event_ids._BY_NAME.limit(stretch))
    record.append([decided(n, program_id=f"p{n % 2}") for n in range(9)])
    ids = record.event_ids()
    seen = {next(ids)}
    record.append([decided(n, program_id="a") for n in (100, 101)])
    seen |= set(ids)
    assert seen == {(f"p{n % 2}", f"e-{n}") for n in range(9)} | {("a", "e-100"), ("a", "e-101")}


# ---------------------------------------------------------------- pages


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_give_each_row_once_newest_first_while_rows_are_added(record, decided, limit):
    entries = [
        decided(n, occurred_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n % 4)) for n in range(11)
    ]
    record.append(entries)
    expected = [
        e.decision_id
        for _, e in sorted(enumerate(entries), key=lambda at: (at[1].event.occurred_at, at[0]), reverse=True)
    ]
    more = count(100)

    def newer_arrives():
        record.append([decided(next(more))])

    def read(account_id):
        return all_pages(
            lambda **page: record.decisions("default", account_id=account_id, **page), limit, newer_arrives
        )

    assert [row.decision_id for row in read(None)][-11:] == expected
    assert [row.decision_id for row in read("m-1")][-11:] == expected
    assert read("nobody") == []
    timeline = all_pages(lambda **page: record.timeline("default", "m-1", **page), limit, newer_arrives)
    assert [item.decision.decision_id for item in timeline][-11:] == expected
    assert len({item.decision.decision_id for item in timeline}) == len(timeline)
    assert all(item.event.event_id == item.decision.event_id for item in timeline)


def test_a_timeline_shows_events_as_received(record, decided):
    entry = decided(1, profile=Profile(email="a@example.com"), ip="192.0.2.7")
    record.append([entry])
    assert record.timeline("default", "m-1", limit=5, cursor=None).items[0].event == entry.event
    assert record.event("default", "e-1") == entry.event
    assert record.event("default", "e-2") is None


def test_a_cursor_of_one_list_is_refused_by_another(record, decided):
    record.append([decided(n) for n in range(3)])
    cursor = record.decisions("default", account_id=None, limit=1, cursor=None).next_cursor
    for read in (
        lambda: record.timeline("default", "m-1", limit=1, cursor=cursor),
        lambda: record.labels("default", account_id=None, limit=1, cursor=cursor),
        lambda: record.list_entries("default", "block", limit=1, cursor=cursor),
        lambda: record.decisions("default", account_id=None, limit=1, cursor="x" + cursor),
    ):
        with pytest.raises(BadCursor):
            read()


# ---------------------------------------------------------------- links, policies


def key_of(n):
    return bytes([n]) * 8


def test_a_link_is_seen_from_both_ends_with_the_name_of_who_is_known(record, decided):
    evidence = (("email", "exact", 8.5), ("name_dob", "differs", -2.0))
    found = (LinkFound(key_of(2), 0.7, evidence), LinkFound(key_of(3), 0.95))
    one = decided(1, account_key=key_of(1), links=found)
    record.append([one, decided(2, account_id="m-2", account_key=key_of(2))])
    at = one.received_ms
    assert record.links("default", "m-1") == [
        LinkRow(key_of(3), None, 0.95, (), at),
        LinkRow(key_of(2), "m-2", 0.7, evidence, at),
    ]
    assert record.links("default", "m-2") == [LinkRow(key_of(1), "m-1", 0.7, evidence, at)]
    assert record.links("other", "m-1") == []


@pytest.mark.parametrize("at_once", [True, False])
def test_the_latest_word_on_a_pair_counts_whoever_it_was_about(record, decided, at_once):
    said = [
        decided(1, account_key=key_of(1), links=(LinkFound(key_of(2), 0.6),)),
        decided(2, account_id="m-2", account_key=key_of(2), links=(LinkFound(key_of(1), 0.8),)),
    ]
    for batch in [said] if at_once else [said[:1], said[1:], said[:1]]:
        record.append(batch)
    for account in ("m-1", "m-2"):
        assert [row.probability for row in record.links("default", account)] == [0.8]


def test_a_policy_is_kept_once_under_its_version(record):
    record.keep_policy("v1", "limits: …\n", 1)
    record.keep_policy("v1", "another", 2)
    assert record.policy("v1") == "limits: …\n"
    assert record.policy("v2") is None


# ---------------------------------------------------------------- labels, lists, keys


def a_label(n, **given):
    label = Label(f"lab_{n}", "default", "m-1", None, "fraud", "ATO", "analyst", 1_000 + n // 2, "ana")
    return replace(label, **given)


def test_labels_come_newest_first_of_all_or_of_one_account(record):
    labels = [a_label(n, account_id=f"m-{n % 2}") for n in range(7)]
    labels.append(a_label(7, account_id=None, event_id="e-1", typology=None))
    for label in [*labels, labels[0]]:
        record.add_label(label)
    assert all_pages(lambda **p: record.labels("default", account_id=None, **p), 2) == labels[::-1]
    assert all_pages(lambda **p: record.labels("default", account_id="m-1", **p), 2) == labels[5::-2]
    assert record.labels("other", account_id=None, limit=9, cursor=None).items == []


def an_entry(n, **given):
    entry = ListEntry(
        f"lst_{n}", "default", "block", "email", f"{n}@example.com", b"\x01" * 12, "r", "ana", n, None
    )
    return replace(entry, **given)


def test_list_entries_come_back_whole_and_newest_first(record):
    entries = [an_entry(n, expires_ms=50 if n == 2 else None) for n in range(5)]
    for entry in [*entries, an_entry(9, list="watch"), entries[0]]:
        record.add_list_entry(entry)
    assert all_pages(lambda **p: record.list_entries("default", "block", **p), 2) == entries[::-1]


def test_a_removed_entry_is_gone_and_only_from_its_own_list(record):
    record.add_list_entry(an_entry(1))
    assert not record.remove_list_entry("default", "allow", "lst_1")
    assert not record.remove_list_entry("other", "block", "lst_1")
    assert record.remove_list_entry("default", "block", "lst_1")
    assert not record.remove_list_entry("default", "block", "lst_1")
    assert record.live_list_entries(0) == []


def test_an_entry_lives_until_the_instant_it_expires(record):
    entries = [an_entry(1, expires_ms=100), an_entry(2, program_id="other"), an_entry(3, list="allow")]
    for entry in entries:
        record.add_list_entry(entry)
    bare = [replace(entry, value="") for entry in entries]
    assert record.live_list_entries(99) == bare
    assert record.live_list_entries(100) == bare[1:]


def test_no_value_is_unsealed_for_the_workers(record, engine):
    """They compare digests; the thousands of values beside them stay sealed."""
    record.add_list_entry(an_entry(1))
    stranger = SqlRecord(engine, Seal(bytes(32)))
    assert [entry.entry_id for entry in stranger.live_list_entries(0)] == ["lst_1"]
    with pytest.raises(SealBroken):
        stranger.list_entries("default", "block", limit=1, cursor=None)


def a_key(n, **given):
    key = ApiKeyRow(f"k{n}", "till", b"\xff\x00", ("score", "read"), "default", ("store-1",), n, 99, None)
    return replace(key, **given)


def test_keys_come_back_whole_and_oldest_first(record):
    for key in (a_key(2), a_key(1, stores=(), expires_ms=None), a_key(2, name="taken")):
        record.add_key(key)
    assert record.keys() == [a_key(1, stores=(), expires_ms=None), a_key(2)]
    assert record.key("k2") == a_key(2)
    assert record.key("k3") is None


def test_a_key_is_revoked_once_and_stays_so(record):
    record.add_key(a_key(1))
    assert record.revoke_key("k1", 50)
    assert not record.revoke_key("k1", 60)
    assert not record.revoke_key("k2", 60)
    assert record.key("k1").revoked_ms == 50


# ---------------------------------------------------------------- absence


def test_a_record_that_is_not_migrated_is_away(record, engine, decided):
    record.ping()
    migrate(engine, EMPTY)
    for ask in (record.ping, record.count_events, lambda: record.append([decided(1)])):
        with pytest.raises(RecordAway):
            ask()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all/x.db", "postgresql://u:hunter2@127.0.0.1:1/none"])
def test_an_unreachable_database_is_told_as_away_with_its_cause_and_without_its_password(url, decided):
    record = SqlRecord(open_engine(url), Seal(bytes(32)))
    for ask in (record.ping, record.keys, lambda: record.append([decided(1)])):
        with pytest.raises(RecordAway) as caught:
            ask()
        assert caught.value.__cause__ is not None
        assert "hunter2" not in str(caught.value)


def test_another_kind_of_database_is_refused():
    with pytest.raises(ValueError, match="SQLite or PostgreSQL"):
        open_engine("mysql://localhost/x")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_record_in_memory_is_refused(url):
    with pytest.raises(ValueError, match="name a file"):
        open_engine(url)
