"""The shelf of models: every change is whole or did not happen, and what must not be loaded changes nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.model_shelf import HISTORY_KEPT, NotOnShelf, Shelf
from detectors.forest.card import ModelRefused
from tests.app.small_models import trained_into, truncate


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three trained models: version → folder."""
    folders = [tmp_path_factory.mktemp("trained") for _ in range(3)]
    return {trained_into(folder, seed): folder for seed, folder in enumerate(folders)}


@pytest.fixture
def shelf(made, tmp_path):
    """All three on it, none active."""
    full = Shelf(tmp_path / "models")
    for folder in made.values():
        full.add(folder)
    return full


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".lock"
    }


def test_a_shelf_that_is_not_there_is_empty(tmp_path):
    shelf = Shelf(tmp_path / "nowhere")
    assert (shelf.active(), shelf.history(), shelf.shelved()) == (None, [], [])
    assert not shelf.folder.exists()


def test_what_is_added_can_be_loaded_and_does_not_judge_yet(shelf, made):
    assert {one.version for one in shelf.shelved()} == made.keys()
    assert shelf.active() is None
    for version in made:
        assert shelf.load(version).card.version == version


def test_rolling_back_goes_back_step_by_step_and_then_says_that_there_is_no_more(shelf, made):
    one, two, three = made
    for version in (one, two, three):
        shelf.activate(version)
    assert [shelf.rollback(), shelf.rollback()] == [two, one]
    with pytest.raises(NotOnShelf, match="deactivate"):
        shelf.rollback()
    assert shelf.active() == one


def test_what_was_deactivated_comes_back_by_rolling_back(shelf, made):
    one, *_ = made
    shelf.activate(one)
    assert shelf.deactivate() == one
    assert shelf.active() is None
    assert shelf.rollback() == one


def test_a_truncated_model_is_not_added_and_not_activated(shelf, made, tmp_path):
    one, two, _ = made
    shelf.activate(one)
    truncate(shelf.folder / two)
    before = contents(shelf.folder)
    with pytest.raises(ModelRefused, match="truncated"):
        shelf.activate(two)
    broken = tmp_path / "broken"
    trained_into(broken, 7)
    truncate(broken)
    with pytest.raises(ModelRefused, match="truncated"):
        shelf.add(broken)
    assert contents(shelf.folder) == before
    assert [bool(found.refused) for found in sorted(shelf.shelved())] == [
        version == two for version in sorted(made)
    ]


def test_rolling_back_to_a_model_that_was_harmed_meanwhile_changes_nothing(shelf, made):
    one, two, _ = made
    shelf.activate(one)
    shelf.activate(two)
    truncate(shelf.folder / one)
    with pytest.raises(ModelRefused):
        shelf.rollback()
    assert (shelf.active(), shelf.history()) == (two, [one])


def test_adding_a_harmed_model_again_mends_it_and_shows(shelf, made):
    one, *_ = made
    truncate(shelf.folder / one)
    before = shelf.stamp(one)
    shelf.add(made[one])
    assert shelf.load(one).card.version == one
    assert shelf.stamp(one) != before


@pytest.mark.parametrize("name", ["../../etc", "mdl_000000000000", "", "mdl_000000000000\n"])
def test_only_what_is_on_the_shelf_can_be_activated(shelf, name):
    with pytest.raises(NotOnShelf):
        shelf.activate(name)


@pytest.mark.parametrize("line", ["../secret", "mdl_0", "mdl_000000000000\nmdl_111111111111", "\xff\xfe"])
def test_a_line_that_names_no_model_is_refused_and_not_followed(shelf, made, line):
    (shelf.folder / "active").write_bytes(line.encode("latin-1"))
    with pytest.raises(ModelRefused):
        shelf.active()
    one, *_ = made
    shelf.activate(one)
    assert shelf.active() == one


def test_a_folder_under_anothers_name_is_refused(shelf, made):
    one, two, _ = made
    for path in (shelf.folder / one).iterdir():
        path.unlink()
    for path in (shelf.folder / two).iterdir():
        (shelf.folder / one / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ModelRefused, match=two):
        shelf.activate(one)


def test_what_a_killed_command_left_is_swept_up_and_never_listed(shelf, made):
    (shelf.folder / ".adding-model").mkdir()
    (shelf.folder / ".adding-model" / "card.json").write_text("{}")
    (shelf.folder / ".adding-line").write_text("half")
    assert len(shelf.shelved()) == len(made)
    shelf.activate(next(iter(made)))
    assert not list(shelf.folder.glob(".adding-*"))


def test_a_command_killed_between_its_two_writes_leaves_a_shelf_that_still_rolls_back(shelf, made):
    """The history is written first when going on, last when going back: its head may then be the active one."""
    one, two, _ = made
    shelf.activate(one)
    shelf.activate(two)
    (shelf.folder / "history").write_text(f"{two}\n{one}\n")
    assert shelf.rollback() == one


def test_of_many_who_activate_at_once_one_is_last_and_every_step_can_be_gone_back(shelf, made):
    versions = [*made] * 4
    barrier = Barrier(len(versions))

    def run(version):
        barrier.wait()
        return version, shelf.activate(version)

    with ThreadPoolExecutor(len(versions)) as pool:
        moves = [move for move in pool.map(run, versions) if move[0] != move[1]]
    chain = [shelf.active(), *shelf.history()]
    assert sorted(moves, key=str) == sorted(zip(chain, [*chain[1:], None], strict=True), key=str)


def test_many_who_add_the_same_at_once_leave_one_sound_model(tmp_path, made):
    shelf = Shelf(tmp_path / "models")
    (version, folder), *_ = made.items()
    with ThreadPoolExecutor(8) as pool:
        cards = [*pool.map(lambda _: shelf.add(folder), range(8))]
    assert {card.version for card in cards} == {version}
    assert shelf.load(version).card.version == version


class Walk(RuleBasedStateMachine):
    """Any way of using a shelf agrees with a list of what was active."""

    def __init__(self):
        super().__init__()
        self.shelf = Shelf(Path(self.home) / f"models-{len([*Path(self.home).iterdir()])}")
        for folder in self.made.values():
            self.shelf.add(folder)
        self.now, self.past = None, []

    @rule(number=st.integers(0, 2))
    def activate(self, number):
        version = [*self.made][number]
        assert self.shelf.activate(version) == self.now
        if version != self.now:
            past = [one for one in (self.now, *self.past) if one]
            self.past = past[past[:1] == [version] :][:HISTORY_KEPT]
        self.now = version

    @rule()
    def deactivate(self):
        assert self.shelf.deactivate() == self.now
        self.past = [one for one in (self.now, *self.past) if one][:HISTORY_KEPT]
        self.now = None

    @precondition(lambda self: self.past)
    @rule()
    def rollback(self):
        self.now = self.past.pop(0)
        assert self.shelf.rollback() == self.now

    @invariant()
    def agrees(self):
        assert (self.shelf.active(), self.shelf.history()) == (self.now, self.past)


def test_any_walk_agrees_with_a_list(made, tmp_path):
    machine = type("Walked", (Walk,), {"made": made, "home": str(tmp_path)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=30, stateful_step_count=12, deadline=None, suppress_health_check=[*HealthCheck]
        ),
    )
