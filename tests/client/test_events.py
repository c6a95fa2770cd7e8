"""An event arrives as it was meant, with an id; the client's shapes are the service's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import app.answers as service_answers
import app.api.token_wire as service_tokens
import detectors.event as law
from earnest_client import answers, events, tokens
from earnest_client.events import Event, prepare

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - given by timezones
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)
maybe = st.none() | texts
devices = st.builds(events.Device, id=maybe, user_agent=maybe, is_emulator=st.none() | st.booleans())
places = st.builds(events.Location, lat=st.none() | st.floats(-90, 90), lon=st.none() | st.floats(-180, 180))
profiles = st.builds(events.Profile, email=maybe, given_name=maybe, city=maybe)
money = st.builds(events.Money, st.integers(0, 10**9), st.just("EUR"))
some_events = st.builds(
    Event,
    type=st.sampled_from(get_args(events.EventType)),
    occurred_at=instants,
    account_id=texts,
    event_id=st.just("") | texts,
    points=st.none() | st.integers(0, 10**9),
    money=st.none() | money,
    device=st.none() | devices,
    location=st.none() | places,
    profile=st.none() | profiles,
    order_id=maybe,
    metadata=st.none() | st.dictionaries(texts, st.integers(-(2**53), 2**53) | texts, max_size=5),
)


@given(some_events)
def test_an_event_arrives_as_it_was_meant(event):
    """The service's own strict reader gets every field, and an id where there was none."""
    prepared = prepare(event)
    read = msgspec.json.decode(prepared.body, type=law.Event)
    meant = {name: value for name, value in msgspec.to_builtins(event).items() if name != "event_id"}
    arrived = msgspec.to_builtins(read)
    assert arrived.pop("event_id") == prepared.event_id == (event.event_id or prepared.event_id) != ""
    assert arrived == meant
    assert msgspec.json.decode(prepared.body, type=Event) == msgspec.structs.replace(
        event, event_id=prepared.event_id
    )


@given(some_events)
def test_a_mapping_is_the_same_as_an_event(event):
    named = msgspec.structs.replace(event, event_id="e-1")
    assert prepare(msgspec.to_builtins(named)) == prepare(named)


def test_a_mapping_may_say_more_and_is_left_as_it_was():
    tree = {"type": "earn", "of_tomorrow": [1]}
    assert msgspec.json.decode(prepare(tree).body)["of_tomorrow"] == [1]
    assert tree == {"type": "earn", "of_tomorrow": [1]}
    assert prepare(tree).event_id != prepare(tree).event_id


@given(st.lists(st.integers(0, 3_000_000), max_size=30))
def test_portions_keep_all_in_order_and_fit(sizes):
    rows = [events.Prepared(str(n), "", "", bytes(size)) for n, size in enumerate(sizes)]
    portions = list(events.portions(rows))
    assert [row for portion in portions for row in portion] == rows
    for portion in portions:
        assert 0 < len(portion) <= events.ROWS_PER_CALL
        assert len(portion) == 1 or sum(len(row.body) for row in portion) <= events.BYTES_PER_CALL


@pytest.mark.parametrize("name", ["Event", "Money", "Device", "Location", "Profile"])
def test_what_is_sent_has_the_services_fields_and_words(name):
    ours, theirs = getattr(events, name), getattr(law, name)
    assert set(ours.__struct_fields__) == set(theirs.__struct_fields__)
    for field, hint in get_type_hints(theirs).items():
        words = {word for part in (hint, *get_args(hint)) for word in get_args(part) if isinstance(word, str)}
        mine = get_type_hints(ours)[field]
        assert words == {
            word for part in (mine, *get_args(mine)) for word in get_args(part) if isinstance(word, str)
        }


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (answers.Decision, service_answers.Decision),
        (answers.Reason, service_answers.ReasonView),
        (answers.DetectorSaid, service_answers.DetectorView),
        (answers.LinkedAccounts, service_answers.LinkedAccounts),
        (answers.Explanation, service_answers.Explanation),
        (answers.Applied, service_answers.Applied),
        (answers.Counterfactual, service_answers.Counterfactual),
        (tokens.Token, service_tokens.TokenView),
        (tokens.CodeSent, service_tokens.CodeSent),
        (tokens.Reward, service_tokens.RewardBody),
        (tokens.Delivery, service_tokens.DeliveryBody),
        (tokens.Otp, service_tokens.OtpBody),
    ],
)
def test_what_is_answered_has_the_services_fields(ours, theirs):
    assert set(ours.__struct_fields__) == set(theirs.__struct_fields__)


def test_the_words_that_are_acted_on_are_the_services():
    assert answers.Action == service_answers.Action
    assert answers.Outcome == service_answers.Outcome
