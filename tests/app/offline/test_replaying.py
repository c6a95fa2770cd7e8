"""A replay decides as live traffic was decided: by the same words, the same numbers, the same bytes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.answering import spoken
from app.answers import Decided200
from app.demo.programme import generate
from app.judging import Judged
from app.offline.replay_rows import Rows, known_rows
from app.offline.replaying import Replayed, Replayer, private_sighter
from app.policy.file import DEFAULT_FILE, load, parse
from app.ports.journal import Decided
from app.sighting import Sighter
from app.store.memory import MemoryHistory
from app.store.valkey import ACCOUNT_TTL_MS, SHARED_TTL_MS
from app.traces import pack_found
from detectors.event import Device, Event, instant_ms
from detectors.forest.features import NAMES, VERSION, values
from detectors.forest.fit import FOR_TESTS, fit
from detectors.forest.segmented import SegmentedForest
from tests.app.installation import MASTER
from tests.app.store.sightings import DAY_MS, NOW_MS, plain, sighting, told

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
END_MS = NOW_MS // DAY_MS * DAY_MS
DAYS = 28
"""Below the life of a device: the hot store of a test forgets by the wall clock."""
USUAL = load(DEFAULT_FILE)


def invented(**shape: float) -> list[Event]:
    """The events of an invented programme."""
    made = generate(end_ms=END_MS, **shape).events  # type: ignore[arg-type]
    return sorted(msgspec.convert(made, list[Event]), key=in_time)


def in_time(event: Event) -> tuple[datetime, str]:
    """The order in which a replay takes events."""
    return event.occurred_at, event.event_id


@pytest.fixture(scope="module")
def programme():
    """Four weeks of honest members and of every typology."""
    return invented(seed=5, members=60, days=DAYS, fraud_share=0.5)


@pytest.fixture(scope="module")
def model(programme):
    """A small forest, fitted to what a replay saw of the programme."""
    looked = list(map(Replayer(USUAL, private_sighter()).look, programme))
    matrix = np.array([values(one.vector) for one in looked], np.float32)
    return SegmentedForest(
        fit(matrix, [one.segment for one in looked], NAMES, VERSION, seed=1, settings=FOR_TESTS)
    )


async def live(installation, events: list[Event], model: SegmentedForest) -> list[Decided]:
    """What was journalled of events asked one by one, each at its own instant."""
    installation.scorer._rulebook.adopt(model)
    for event in events:
        installation.now_ms = instant_ms(event)
        assert isinstance(await installation.scorer.decide(event, "decision"), Decided200)
    await installation.drain()
    entries = [entry for entry, _ in installation.record.replay()]
    return sorted(entries, key=lambda entry: in_time(entry.event))


def told_of(entry: Decided) -> dict[str, object]:
    """Everything a decision says that does not come from a clock."""
    answer = msgspec.json.decode(entry.answer)
    for name in ("latency_ms", "evaluated_at", "decision_id", "actions", "linked_accounts"):
        del answer[name]
    return answer


def as_live(replayer: Replayer, event: Event, replayed: Replayed) -> dict[str, object]:
    """The same of an event that was replayed."""
    programme = replayer._rulebook.programme(event.program_id)
    judged = Judged(replayed.verdict, (), replayed.vector)
    answer = msgspec.json.decode(
        spoken(event, replayer._sighter.sight(event).sighting, judged, programme, "decision", 0, 0.0)
    )
    for name in ("latency_ms", "evaluated_at", "decision_id", "actions", "linked_accounts"):
        del answer[name]
    return answer


async def test_a_replay_decides_as_the_api_did_on_a_real_store(installation, programme, model):
    """Decisions, scores, reasons in their words, vectors, links and traces are equal, event by event."""
    entries = await live(installation, programme, model)
    replayer = Replayer(USUAL, Sighter(MASTER, "DE"), model)
    assert [entry.event for entry in entries] == programme
    for entry in entries:
        replayed = replayer.take(entry.event)
        assert replayed.vector == entry.vector
        assert as_live(replayer, entry.event, replayed) == told_of(entry)
        assert list(replayed.links) == list(entry.links)
        assert (pack_found(replayed.verdict) if entry.found else b"") == entry.found
    assert {entry.decision for entry in entries} >= {"allow", "challenge", "review"}
    assert any(entry.links for entry in entries)
    assert any(b"ANOMALY" in entry.answer for entry in entries)


async def test_recorded_history_replayed_gives_the_recorded_scores(installation, programme, model):
    """Whatever key the replay's own state is kept under."""
    entries = await live(installation, programme[:400], model)
    replayer = Replayer(USUAL, private_sighter("DE"), model)
    replayed = [replayer.take(entry.event) for entry in entries]
    assert [round(100 * one.verdict.risk, 2) for one in replayed] == [one.risk_score for one in entries]
    assert [one.vector for one in replayed] == [one.vector for one in entries]


# ---------------------------------------------------------------- on its own state


def redeem(n: int, minutes: float, **given: object) -> Event:
    named = {"event_id": f"e-{n}", "type": "redeem", "account_id": "m-1", "points": 100}
    return Event(**{**named, "occurred_at": NOON + timedelta(minutes=minutes), **given})


def test_what_would_not_have_been_allowed_burns_nothing():
    """Points of a refused redemption are not counted as burned afterwards."""
    replayer = Replayer(USUAL, private_sighter())
    decisions = [replayer.take(redeem(n, n)).verdict.enforced for n in range(12)]
    account = replayer._sighter.sight(redeem(99, 99)).sighting.touches[0].key
    burned = replayer._state._entity("account", account).totals["burn"]
    assert 0 < decisions.count("allow") < 12
    assert burned == 100 * decisions.count("allow")


def test_in_shadow_mode_everything_happened():
    shadow = Replayer(parse('name = "quiet"\nmode = "shadow"'), private_sighter())
    replayed = [shadow.take(redeem(n, n)) for n in range(12)]
    assert {one.verdict.enforced for one in replayed} == {"allow"}
    assert replayed[-1].verdict.action != "allow"


def test_looking_gives_the_vector_a_decision_is_scored_with(programme):
    """As long as everything is allowed: looking supposes it."""
    honest = invented(seed=6, members=20, days=14, fraud_share=0.0)
    looking, taking = Replayer(USUAL, private_sighter()), Replayer(USUAL, private_sighter())
    for event in honest:
        looked, taken = looking.look(event), taking.take(event)
        assert looked.vector == taken.vector
        assert looked.segment[:2] == (event.program_id, event.type)
        if taken.verdict.enforced != "allow":
            break


def test_taking_again_what_was_decided_leaves_what_deciding_left(programme, model):
    """From its row alone: so an interrupted replay goes on as if it had not been interrupted."""
    replayer, again, rows = (
        Replayer(USUAL, private_sighter(), model),
        Replayer(USUAL, private_sighter(), model),
        Rows(),
    )
    half = len(programme) // 2
    for event in programme[:half]:
        rows.add(event, replayer.take(event))
    for event, row in zip(programme[:half], known_rows(rows.take()), strict=True):
        assert row.event_id == event.event_id
        again.retake(event, row.decision, row.links)
    assert state_of(again) == state_of(replayer)
    for event in programme[half:]:
        assert again.take(event) == replayer.take(event)


def state_of(replayer: Replayer) -> dict[bytes, object]:
    return {key: plain(one.copy_as_of(0)) for key, one in replayer._state._entities.items()}


# ---------------------------------------------------------------- the private state


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2 * 10**6)), min_size=1, max_size=200))
def test_what_is_read_in_place_is_what_would_have_been_copied(steps):
    """Counting for a replay and observing by the port see the same, as long as nothing is old enough to go."""
    replaying, port = MemoryHistory(), MemoryHistory()
    at_ms = NOW_MS

    async def both():
        nonlocal at_ms
        for n, (who, pause_ms) in enumerate(steps):
            at_ms += pause_ms
            one = sighting(f"e-{n}", at_ms, account=f"m-{who}", device=f"d-{who % 2}", email="a")
            entities = {role: plain(entity) for role, entity in replaying.count(one).items()}
            assert entities == told(await port.observe(one))["entities"]

    asyncio.run(both())


def known(history: MemoryHistory, at_ms: int, device: str = "d") -> dict[str, int]:
    """How many logins of each entity a replay still knows of at that instant, this one included."""
    one = sighting(f"e-{at_ms}", at_ms, kind="login", device=device)
    seen = history.count(one)
    return {
        role: len(entity.peers.get("account", entity.peers.get("device", ())))
        for role, entity in seen.items()
    }


def test_a_device_is_forgotten_when_the_hot_store_would_have_let_it_expire():
    history = MemoryHistory()
    for account in ("a", "b"):
        history.count(sighting(f"e-{account}", NOW_MS, account=account, device="d"))
    assert known(history, NOW_MS + SHARED_TTL_MS - 1)["device"] == 3
    assert known(history, NOW_MS + 2 * SHARED_TTL_MS)["device"] == 1


def test_an_account_outlives_its_devices_and_not_its_thirteen_months():
    history = MemoryHistory()
    for n in range(3):
        history.count(sighting(f"e-{n}", NOW_MS, account="m-1", device=f"d-{n}"))
    assert known(history, NOW_MS + SHARED_TTL_MS)["account"] == 4
    assert known(history, NOW_MS + SHARED_TTL_MS + ACCOUNT_TTL_MS)["account"] == 1


def test_what_has_expired_takes_no_memory():
    history = MemoryHistory()
    for n in range(100):
        history.count(sighting(f"e-{n}", NOW_MS + n, account=f"m-{n}", device=f"d-{n}"))
    history.forget(NOW_MS + SHARED_TTL_MS + DAY_MS)
    assert len(history._entities) == 100
    history.forget(NOW_MS + ACCOUNT_TTL_MS + DAY_MS)
    assert not history._entities


def test_a_link_is_remembered_as_exactly_as_the_hot_store_keeps_it():
    """Four bytes of a probability, or a replay would differ from live traffic in the last digits."""
    replayer = Replayer(USUAL, private_sighter())
    replayer.take(redeem(1, 1, device=Device(id="d")))
    state = replayer._state._entity("account", b"x" * 8)
    state.link("00" * 8, 0.8123)
    assert state.links[0].probability == float(np.float32(0.8123))
