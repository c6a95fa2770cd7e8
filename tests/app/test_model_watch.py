"""A worker takes up what the shelf asks for, keeps what it has when that is refused, and says each thing once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from app import metrics, model_drift
from app.model_drift import EVERY, SCORE, Drifting
from app.model_shelf import Shelf
from app.model_watch import ModelWatch
from detectors.forest.drift import ACT, ENOUGH_ROWS, WATCH
from detectors.forest.features import NAMES
from detectors.forest.segmented import SegmentedForest
from tests.app.small_models import EARN, trained, trained_into, truncate
from tests.app.test_metrics import counted


class Adopter:
    """Takes what it is given, as a rulebook does."""

    def __init__(self) -> None:
        self.models: list[object] = []

    def adopt(self, model) -> None:
        self.models.append(model)

    @property
    def version(self) -> str | None:
        return self.models[-1].version if self.models and self.models[-1] is not None else None


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "models")


@pytest.fixture
def versions(shelf, tmp_path):
    for seed in range(2):
        trained_into(tmp_path / f"trained-{seed}", seed)
    return [shelf.add(tmp_path / f"trained-{seed}").version for seed in range(2)]


@pytest.fixture
def adopter():
    return Adopter()


@pytest.fixture
def watch(shelf, adopter):
    return ModelWatch(shelf, adopter.adopt)


async def test_an_empty_shelf_asks_for_nothing(watch, adopter):
    with capture_logs() as logged:
        await watch.look()
    assert (adopter.models, watch.is_missing, logged) == ([], False, [])


async def test_each_change_is_taken_up_once(watch, adopter, shelf, versions):
    one, two = versions
    for change in (
        lambda: shelf.activate(one),
        lambda: shelf.activate(two),
        shelf.rollback,
        shelf.deactivate,
    ):
        change()
        await watch.look()
        await watch.look()
    assert [model and model.version for model in adopter.models] == [one, two, one, None]
    assert counted(metrics.render(), f'earnest_model_info{{version="{one}"}}') == 0


async def test_the_metrics_name_the_model_in_use(watch, shelf, versions):
    one, two = versions
    shelf.activate(one)
    await watch.look()
    assert counted(metrics.render(), f'earnest_model_info{{version="{one}"}}') == 1
    shelf.activate(two)
    await watch.look()
    assert counted(metrics.render(), f'earnest_model_info{{version="{one}"}}') == 0
    assert counted(metrics.render(), f'earnest_model_info{{version="{two}"}}') == 1


def point_at(shelf: Shelf, version: str) -> None:
    """As somebody would who edits the file by hand."""
    (shelf.folder / "active").write_text(f"{version}\n")


@pytest.mark.parametrize("harm", ["truncated", "absent", "nonsense"])
async def test_a_refused_model_leaves_the_old_one_and_is_told_once(watch, adopter, shelf, versions, harm):
    one, two = versions
    shelf.activate(one)
    await watch.look()
    if harm == "truncated":
        truncate(shelf.folder / two)
    point_at(shelf, {"truncated": two, "absent": "mdl_000000000000", "nonsense": "../.."}[harm])
    with capture_logs() as logged:
        for _ in range(3):
            await watch.look()
    assert adopter.version == one
    assert [line["log_level"] for line in logged] == ["error"]
    assert not watch.is_missing
    assert counted(metrics.render(), "earnest_model_refused") == 1
    shelf.activate(one)
    await watch.look()
    assert counted(metrics.render(), "earnest_model_refused") == 0


async def test_a_wanted_model_that_cannot_be_had_is_missing_until_it_is_mended(
    watch, adopter, shelf, versions, tmp_path: Path
):
    one, _ = versions
    shelf.activate(one)
    truncate(shelf.folder / one)
    await watch.look()
    assert watch.is_missing
    shelf.add(tmp_path / "trained-0")
    await watch.look()
    assert (watch.is_missing, adopter.version) == (False, one)


async def test_looking_goes_on_until_it_is_cancelled(watch, adopter, shelf, versions):
    """The sleep between two looks is the test's own, so no time passes."""
    changes = iter([*versions, *versions])

    async def sleep(_seconds):
        await asyncio.sleep(0)
        version = next(changes, None)
        if version is None:
            raise asyncio.CancelledError
        shelf.activate(version)

    with pytest.raises(asyncio.CancelledError):
        await watch.keep_looking(sleep)
    assert [model.version for model in adopter.models] == [*versions, *versions]


async def test_a_look_that_fails_unforeseen_does_not_end_the_looking(shelf, versions):
    taken = []

    def adopt(model):
        taken.append(model)
        if len(taken) == 1:
            raise RuntimeError

    steps = iter(versions)

    async def sleep(_seconds):
        version = next(steps, None)
        if version is None:
            raise asyncio.CancelledError
        shelf.activate(version)

    with capture_logs() as logged, pytest.raises(asyncio.CancelledError):
        await ModelWatch(shelf, adopt).keep_looking(sleep)
    assert len(taken) == 2
    assert [line["log_level"] for line in logged] == ["error", "info"]


def drifting(seed: int = 0) -> Drifting:
    return Drifting(SegmentedForest(trained(seed)), trained(seed))


def judged(model: Drifting, count: int, *, moved: float) -> None:
    """So many events pass, of the first feature moved by so much."""
    rows = np.random.default_rng(5).normal(size=(count, len(NAMES))).astype(np.float32)
    rows[:, 0] += moved
    for row in rows:
        model.place(EARN, row)


def test_what_is_like_the_training_is_stable_and_what_moved_is_named():
    enough = EVERY * 2 * int(ENOUGH_ROWS.value)
    still, moving = drifting(), drifting()
    judged(still, enough, moved=0.0)
    judged(moving, enough, moved=1.0)
    assert max(still.settled().values()) < WATCH.value
    told = moving.settled()
    assert set(told) == {*NAMES, SCORE}
    assert told[NAMES[0]] > ACT.value
    assert max(told[name] for name in NAMES[1:]) < WATCH.value


def test_of_too_few_events_nothing_is_said_and_counting_begins_anew_after_a_stretch(monkeypatch):
    stretch = 1_000
    monkeypatch.setattr(model_drift, "STRETCH_ROWS", stretch)
    model = drifting()
    judged(model, EVERY * (int(ENOUGH_ROWS.value) - 1), moved=1.0)
    assert model.settled() == {}
    row = np.zeros(len(NAMES), np.float32)
    for _ in range(2):
        for _ in range(EVERY * stretch // 2):
            model.place(EARN, row)
        model.settled()
    assert model.settled() == {}


def test_the_sample_changes_no_answer():
    rows = np.random.default_rng(6).normal(size=(50, len(NAMES))).astype(np.float32)
    plain, sampled = SegmentedForest(trained(0)), drifting()
    assert [sampled.place(EARN, row).percentile for row in rows] == [
        plain.place(EARN, row).percentile for row in rows
    ]
