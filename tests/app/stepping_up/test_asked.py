"""Who is asked for more: whoever is challenged for good, alone, in a batch, or while the hot store is away."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from app.ports.history import HotStoreAway
from app.store.pipeline import Pipeline
from app.store.sql import open_engine
from app.store.valkey import ValkeyHistory
from detectors.event import Event
from tests.app.stepping_up.stage import POLICY, Stage


def _asking(stage, n=0) -> Event:
    return Event(
        event_id=f"asking-{n}", type="redeem", occurred_at=datetime.fromtimestamp(stage.now_ms / 1_000, UTC),
        account_id="m-1", points=777,
    )  # fmt: skip


async def _decided(stage, origin) -> list[dict]:
    answers = await stage.installation.scorer.decide_many([_asking(stage, n) for n in range(3)], origin)
    return [msgspec.json.decode(one.body) for one in answers]


async def test_a_batch_asks_as_single_events_do(stage):
    decisions = await _decided(stage, "batch")
    names = {one["actions"][0]["challenge_id"] for one in decisions}
    assert names == {"chl_" + one["decision_id"][4:] for one in decisions}
    assert len(names) == 3


class Dark(ValkeyHistory):
    """A hot store that does not answer."""

    async def observe_many(self, sightings):
        raise HotStoreAway(f"{len(sightings)} unanswered")


async def test_what_was_asked_in_the_dark_can_be_passed_once_it_is_light(stage):
    """The fallback challenges a redemption; when the hot store is back it is counted, recorded and passable."""
    stage.installation.scorer._history = Dark(stage.pipeline)
    answer = await stage.installation.scorer.decide(_asking(stage), "decision")
    decision = msgspec.json.decode(answer.body)
    assert (decision["source"], decision["actions"][0]["type"]) == ("fallback", "step_up")
    await stage.installation.despooler.step()
    await stage.installation.drain()
    await stage.send(decision)
    passed = await stage.verify(decision, stage.letter().code)
    assert (passed.status, await stage.burned()) == ("passed", 777)


@pytest.fixture
async def shadowed(pipeline: Pipeline, sqlite_url: str, tmp_path):
    engine = open_engine(sqlite_url)
    built = Stage(pipeline, engine, tmp_path, POLICY.replace("[step_up]", 'mode = "shadow"\n[step_up]', 1))
    await built.installation.begin()
    yield built
    engine.dispose()


async def test_a_shadow_asks_nobody(shadowed):
    for decision in await _decided(shadowed, "decision"):
        assert (decision["decision"], decision["would_have"], decision["actions"]) == (
            "allow",
            "challenge",
            [],
        )
