"""Windows are what they say: held against counting by hand, and against bursts in any order of their instants."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.names import WINDOWS
from app.store.memory import MemoryHistory
from detectors.base import Signal
from detectors.default_limits import DEFAULT_LIMITS
from detectors.event import Event
from detectors.limits import breach
from detectors.snapshot import (
    CLOCK_TOLERANCE_MS,
    EMPTY,
    EXACT_INSTANTS,
    Cell,
    Entity,
    Peer,
    Series,
    Snapshot,
)
from detectors.velocity import Velocity
from tests.app.store.sightings import sighting
from tests.detectors.snapshots import DAY_MS, HOUR_MS, NOW_MS, SEGMENT, event_of, seen

REDEEM_1H = next(limit for limit in DEFAULT_LIMITS if limit.code == "VELOCITY_REDEEM_ACCOUNT_1H")

_offsets = st.integers(-40, 40) | st.integers(-400_000, 400_000) | st.integers(-3 * HOUR_MS, HOUR_MS)
_entries = st.lists(st.tuples(_offsets.map(NOW_MS.__add__), st.integers(0, 1_000)), max_size=40).map(sorted)
_windows = st.sampled_from([1, 30, 1_000, *(window_s * 1_000 for window_s in WINDOWS.values())])


def series_of(entries: Sequence[tuple[int, int]]) -> Series:
    return Series([at for at, _ in entries], [points for _, points in entries])


def counted(entries: Sequence[tuple[int, int]], end_ms: int, window_ms: int) -> tuple[int, int]:
    """By hand: (end - window, end]."""
    inside = [points for at, points in entries if end_ms - window_ms < at <= end_ms]
    return len(inside), sum(inside)


@given(_entries, _offsets, _windows)
def test_a_window_is_open_at_its_start_and_closed_at_its_end(entries, offset, window_ms):
    end_ms = NOW_MS + offset
    assert series_of(entries).within(end_ms, window_ms) == counted(entries, end_ms, window_ms)


@given(_entries, _offsets, _windows)
def test_the_busiest_window_is_the_fullest_that_holds_the_event(entries, offset, window_ms):
    """Whatever came late or was dated ahead: it is enough to try every end at which something changes."""
    as_of_ms = NOW_MS + offset
    last_ms = as_of_ms + window_ms - 1
    ends = {as_of_ms, last_ms, *(at for at, _ in entries if as_of_ms <= at <= last_ms)}
    ends |= {min(at + window_ms - 1, last_ms) for at, _ in entries if as_of_ms <= at + window_ms - 1}
    tried = [counted(entries, end_ms, window_ms) for end_ms in ends]
    busiest = series_of(entries).busiest(as_of_ms, window_ms)
    assert busiest == (max(count for count, _ in tried), max(points for _, points in tried))


@given(_entries, _windows)
def test_for_an_event_in_order_the_busiest_window_is_the_one_that_ends_with_it(entries, window_ms):
    past = [(at, points) for at, points in entries if at <= NOW_MS]
    assert series_of(past).busiest(NOW_MS, window_ms) == counted(past, NOW_MS, window_ms)


_cells = st.lists(
    st.builds(
        lambda hours, width, events, points: Cell(
            NOW_MS // DAY_MS * DAY_MS - hours * width, width, events, points
        ),
        st.integers(1, 30),
        st.sampled_from([HOUR_MS, DAY_MS]),
        st.integers(0, 500),
        st.integers(0, 10_000),
    ),
    max_size=4,
)


@given(_cells, st.integers(0, 31 * DAY_MS), _windows)
def test_a_cell_counts_whole_inside_nothing_outside_and_in_proportion_across_an_edge(
    cells, ago_ms, window_ms
):
    """Counts are rounded up, so that the edge never hides an event."""
    end_ms = NOW_MS - ago_ms
    least = most = 0
    for cell in cells:
        first, last = cell.start_ms, cell.start_ms + cell.width_ms - 1
        if end_ms - window_ms < first and last <= end_ms:
            least, most = least + cell.events, most + cell.events
        elif last > end_ms - window_ms and first <= end_ms:
            least, most = least + (cell.events > 0), most + cell.events
    count, _ = Series((), (), cells).within(end_ms, window_ms)
    assert least <= count <= most


def test_cells_before_a_window_that_begins_among_exact_instants_are_not_counted():
    exact = [NOW_MS - 30_000, NOW_MS - 10_000, NOW_MS]
    cells = [Cell(NOW_MS // HOUR_MS * HOUR_MS, HOUR_MS, 100, 100)]
    assert Series(exact, [1, 1, 1], cells).within(NOW_MS, 20_000) == (2, 2)


def test_nothing_happened_in_an_empty_series():
    assert EMPTY.within(NOW_MS, DAY_MS) == EMPTY.busiest(NOW_MS, DAY_MS) == (0, 0)


@given(
    st.lists(st.tuples(_offsets, st.integers(0, HOUR_MS)), max_size=32),
    st.sampled_from(sorted(WINDOWS.values())),
)
def test_distinct_peers_are_those_of_the_fullest_window_that_holds_the_event(found, window_s):
    peers = [
        Peer(f"{n:016x}", NOW_MS + first, NOW_MS + first + lasted) for n, (first, lasted) in enumerate(found)
    ]
    snapshot = seen("signup", Entity(), device=Entity(peers={"account": peers}))
    window_ms = window_s * 1_000
    ends = [NOW_MS, *(peer.first_seen_ms for peer in peers)]
    tried = [
        sum(peer.first_seen_ms <= end and end - window_ms < peer.last_seen_ms for peer in peers)
        for end in ends
        if NOW_MS <= end < NOW_MS + window_ms
    ]
    assert snapshot.distinct("device", "account", window_s) == max(tried)


# ---------------------------------------------------------------- bursts


def passed(instants: Sequence[int]) -> int:
    """How many redemptions pass the limit of five an hour when each is judged as it arrives."""

    async def judge() -> int:
        history, through = MemoryHistory(), 0
        for n, at_ms in enumerate(instants):
            entities = (await history.observe(sighting(f"e-{n}", at_ms))).entities
            snapshot = Snapshot(event_of("redeem"), at_ms, entities["account"], SEGMENT, "")
            over = breach(REDEEM_1H, snapshot) is not None
            assert over == isinstance(Velocity((REDEEM_1H,)).judge(snapshot), Signal)
            through += not over
        return through

    return asyncio.run(judge())


@pytest.mark.parametrize("step_ms", [0, 1, CLOCK_TOLERANCE_MS // 6, HOUR_MS // 7])
def test_of_a_burst_exactly_five_pass_in_every_order_of_arrival(step_ms):
    """Seven redemptions within the hour, told forwards, backwards or anyhow: all 5,040 orders."""
    instants = [NOW_MS + n * step_ms for n in range(7)]
    orders = set(permutations(instants))
    assert {passed(order) for order in orders} == {5}


@given(st.lists(st.integers(0, HOUR_MS - 1), min_size=6, max_size=EXACT_INSTANTS), st.randoms())
def test_of_any_burst_within_the_window_exactly_five_pass(offsets, rng):
    instants = [NOW_MS + offset for offset in offsets]
    rng.shuffle(instants)
    assert passed(instants) == REDEEM_1H.max == 5


def test_attempts_count_and_an_hour_after_the_last_of_them_five_more_pass():
    burst = [NOW_MS + n for n in range(9)]
    assert passed([*burst, *(at + HOUR_MS for at in burst)]) == 5
    assert passed([*burst, *(at + HOUR_MS + 9 for at in burst)]) == 10


def test_an_event_of_the_snapshot_is_frozen():
    with pytest.raises(AttributeError):
        seen("redeem", Entity()).event = Event
