"""What became of a decision: told in a legal order, once, and the points burned follow in both stores."""

from __future__ import annotations

import asyncio
from itertools import permutations, product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.answers import RefusedTransition, Told, Unavailable503, UnknownDecision
from app.settlement import LEGAL, TOTALLED, effect_of, settlement, settles
from tests.app.store.sightings import NOW_MS

OUTCOMES = ("completed", "cancelled", "reversed", "disputed")


@pytest.fixture
def redemption(installation, decided):
    """A function that puts a redemption of 40 points into both stores, decided as asked."""

    async def make(decision="allow", *, recorded=True, kind="redeem") -> str:
        event = decided(1, type=kind, points=40).event
        sighting = installation.sighter.sight(event).sighting
        await installation.history.observe(sighting)
        entry = replace(
            decided(1),
            event=event,
            decision_id=f"dec_{sighting.touches[0].key[0] & 15:x}{sighting.event_key.hex()}",
            body_hash=sighting.body_hash,
            decision=decision,
            burned=40 if decision == "allow" and kind == "redeem" else None,
            account_key=sighting.touches[0].key,
            answer=b'{"event_id": "e-1"}',
        )
        sealed = installation.journal.seal(entry, NOW_MS)
        answer = installation.journal.seal_answer(entry.answer, NOW_MS)
        await installation.history.commit(sighting, answer, sealed, settlement(entry))
        if recorded:
            await installation.drain()
        return entry.decision_id

    return make


async def totals(installation) -> dict[str, int]:
    """What the hot store has added up at the account."""
    (account,) = [e for key, e in (await installation.entities()).items() if key.startswith(b"a")]
    return account["totals"]


async def hot_burned(installation) -> tuple[int, int]:
    """Total and number of the redemptions burned, as the hot store has them."""
    (account,) = [e for key, e in (await installation.entities()).items() if key.startswith(b"a")]
    return account["totals"].get("burn", 0), len(account["series"].get("burn", ([],))[0])


async def tell(installation, decision_id, outcome):
    return await installation.outcomes.tell("default", decision_id, outcome, "till")


def legal(path) -> bool:
    return all(after in LEGAL[before] for before, after in zip((None, *path), path, strict=False))


def burned_after(decision, path) -> bool:
    """The law itself, said slowly."""
    burned = decision == "allow"
    for outcome in path:
        if outcome == "completed":
            burned = True
        elif outcome in {"cancelled", "reversed"}:
            burned = False
    return burned


PATHS = [path for length in (1, 2, 3) for path in permutations(OUTCOMES, length) if legal(path)]
PATHS.append(("disputed", "completed", "disputed", "reversed"))


@pytest.mark.parametrize("decision", ["allow", "challenge"])
@pytest.mark.parametrize("recorded", [True, False], ids=["record at hand", "record behind"])
@pytest.mark.parametrize("path", PATHS, ids="-".join)
async def test_every_legal_path_burns_what_the_law_says(installation, redemption, decision, path, recorded):
    """In the hot store at once, in the record once it is written, however far the record is behind."""
    decision_id = await redemption(decision)
    for outcome in path:
        heard = await tell(installation, decision_id, outcome)
        assert heard == Told(outcome)
        if recorded:
            await installation.drain()
    expected = 40 if burned_after(decision, path) else 0
    assert await hot_burned(installation) == (expected, expected // 40)
    await installation.drain()
    row = installation.record.decision("default", decision_id)
    assert (row.outcome, row.burned or 0) == (path[-1], expected)
    assert installation.record.account("default", "m-1").redeemed_points == expected


@pytest.mark.parametrize("decision", ["allow", "review"])
@pytest.mark.parametrize("recorded", [True, False], ids=["record at hand", "record behind"])
@pytest.mark.parametrize("kind", ["earn", "adjust"])
@pytest.mark.parametrize("path", PATHS, ids="-".join)
async def test_points_are_earned_once_completed_and_no_longer_once_taken_back(
    installation, redemption, path, kind, recorded, decision
):
    """Whatever was decided. While it is disputed what was decided stands."""
    decision_id = await redemption(decision, kind=kind)
    for n, outcome in enumerate(path):  # under one clock that stands still the tellers must differ
        heard = await installation.outcomes.tell("default", decision_id, outcome, f"till {n}")
        assert heard == Told(outcome)
        if recorded:
            await installation.drain()
    counts = {"completed": True, "disputed": decision == "allow"}.get(path[-1], False)
    assert (await totals(installation)).get(kind, 0) == 40 * counts
    await installation.drain()
    earned = installation.record.account("default", "m-1").earned_points
    assert earned == 40 * (counts and kind == "earn")


@given(
    st.sampled_from(["earn", "login", "redeem", "transfer"]),
    st.lists(st.sampled_from(OUTCOMES), max_size=6),
    st.booleans(),
    st.sampled_from([None, 0, 40]),
)
def test_settling_never_counts_twice(kind, path, allowed, points):
    """Along any path, legal or not: a total holds the event's points once or not at all."""
    counts = allowed
    for before, after in zip((None, *path), path, strict=False):
        effect = settles(kind, after, before, allowed=allowed, points=points)
        if not points or kind not in TOTALLED:
            assert effect == ""
        elif effect:
            assert effect == f"{'unsettle' if counts else 'settle'} {kind}"
            counts = not counts


@pytest.mark.parametrize(("before", "after"), [*product((None, *OUTCOMES), OUTCOMES)])
async def test_the_table_of_what_may_follow_what(installation, redemption, before, after):
    """A repetition is heard and changes nothing; what may not follow is refused with the outcome that stands."""
    decision_id = await redemption()
    if before is not None:
        await tell(installation, decision_id, before)
    heard = await tell(installation, decision_id, after)
    if before == after or after in LEGAL[before]:
        assert heard == Told(after)
    else:
        assert heard == RefusedTransition(before)
    await installation.drain()
    told = [entry for entry, _ in installation.record.replay()][1:]
    assert [one.outcome for one in told] == [
        one for one in (before, after if heard == Told(after) and before != after else None) if one
    ]


@pytest.mark.parametrize("pair", [*product(OUTCOMES, OUTCOMES)], ids="-".join)
async def test_of_two_at_once_the_second_follows_the_first_or_is_refused(installation, redemption, pair):
    decision_id = await redemption()
    heard = await asyncio.gather(*(tell(installation, decision_id, outcome) for outcome in pair))
    await installation.drain()
    told = [entry.outcome for entry, _ in [*installation.record.replay()][1:]]
    assert legal(told)
    assert len(told) == len(set(told)) <= 2
    for outcome, answer in zip(pair, heard, strict=True):
        if answer == Told(outcome):
            assert outcome in told
        else:
            assert answer == RefusedTransition(told[-1])
    expected = 40 if burned_after("allow", told) else 0
    assert await hot_burned(installation) == (expected, expected // 40)
    assert installation.record.account("default", "m-1").redeemed_points == expected


async def test_sixteen_tellers_of_one_outcome_make_one_entry(installation, redemption):
    decision_id = await redemption("challenge")
    heard = await asyncio.gather(*(tell(installation, decision_id, "completed") for _ in range(16)))
    assert set(heard) == {Told("completed")}
    assert await installation.drain() == 1
    assert await hot_burned(installation) == (40, 1)


async def test_a_decision_too_young_for_the_record_is_to_be_asked_for_again(installation, redemption):
    decision_id = await redemption(recorded=False)
    assert await tell(installation, decision_id, "completed") == Unavailable503()
    await installation.drain()
    assert await tell(installation, decision_id, "completed") == Told("completed")


@pytest.mark.parametrize(
    "unknown", ["dec_0" + "ab" * 16, "dec_", "", "dec_x" + "0" * 32, "DEC_0" + "0" * 32, "💥"]
)
async def test_a_decision_nobody_made_is_unknown(installation, unknown):
    assert await tell(installation, unknown, "completed") == UnknownDecision()


@pytest.mark.parametrize("recorded", [True, False])
async def test_another_programme_cannot_tell_it_nor_learn_that_it_exists(installation, redemption, recorded):
    decision_id = await redemption(recorded=recorded)
    heard = await installation.outcomes.tell("other", decision_id, "reversed", "till")
    assert heard == UnknownDecision()
    assert await hot_burned(installation) == (40, 1)


async def test_while_a_store_is_away_nothing_is_told(installation, redemption):
    decision_id = await redemption()
    await installation.pipeline.close()
    assert await tell(installation, decision_id, "reversed") == Unavailable503()


async def test_an_outcome_of_anything_but_a_redemption_burns_nothing(installation, decided):
    event = decided(1, type="earn", points=40).event
    answer = await installation.scorer.decide(event, "event")
    await installation.drain()
    decision_id = msgspec.json.decode(answer.body)["decision_id"]
    for outcome in ("completed", "disputed", "reversed"):
        assert await tell(installation, decision_id, outcome) == Told(outcome)
    assert await hot_burned(installation) == (0, 0)


@pytest.mark.parametrize(
    ("outcome", "redeemed", "burned"), [*product(OUTCOMES, [True, False], [True, False])]
)
def test_an_effect_only_ever_brings_the_points_to_where_they_belong(outcome, redeemed, burned):
    effect = effect_of(outcome, redeemed=redeemed, burned=burned)
    if effect == "burn":
        assert redeemed
        assert not burned
    if effect == "unburn":
        assert burned
