"""A model's folder holds the old model or the new one, never a half, and refuses what it should."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path

import pytest

from app.offline import artefacts
from app.offline.artefacts import read_artefact, write_artefact
from detectors.forest.artefact import Artefact, write
from detectors.forest.card import ModelRefused
from detectors.forest.fit import FOR_TESTS, fit
from tests.detectors.forest.forests import EARN, NAMES, VERSION, rows


def model(seed: int) -> Artefact:
    return fit(rows(100), [EARN] * 100, NAMES, VERSION, seed, settings=FOR_TESTS)


OLD, NEW = model(1), model(2)


def load(folder: Path) -> Artefact:
    return read_artefact(folder, NAMES, VERSION)


def test_what_is_written_is_read(tmp_path):
    """In a folder that was not there before; nothing else is left in it."""
    folder = tmp_path / "models" / "first"
    assert write_artefact(folder, OLD) == OLD.card.version
    assert write(load(folder)) == write(OLD)
    assert sorted(one.name for one in folder.iterdir()) == ["card.json", f"{OLD.card.version}.safetensors"]


def test_a_new_model_takes_the_place_of_the_old(tmp_path):
    """And its arrays do not stay behind."""
    write_artefact(tmp_path, OLD)
    write_artefact(tmp_path, NEW)
    assert load(tmp_path).card.version == NEW.card.version
    assert len(list(tmp_path.iterdir())) == 2


def test_of_two_that_write_at_once_the_last_one_is_whole(tmp_path):
    """Neither takes away the arrays that the other's card names."""
    both = threading.Barrier(2)

    def keep_writing(mine: Artefact) -> None:
        both.wait()
        for _ in range(20):
            write_artefact(tmp_path, mine)

    writers = [threading.Thread(target=keep_writing, args=(one,)) for one in (OLD, NEW)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert load(tmp_path).card.version in {OLD.card.version, NEW.card.version}
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("step", range(1, 5))
def test_a_writer_that_dies_leaves_the_old_model_or_the_new(tmp_path, monkeypatch, step):
    """Whichever fsync is its last: the folder still holds one whole model."""
    write_artefact(tmp_path, OLD)
    calls, real = [], os.fsync

    def dying(handle: int) -> None:
        calls.append(handle)
        if len(calls) == step:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(artefacts.os, "fsync", dying)
    with pytest.raises(OSError, match="No space left"):
        write_artefact(tmp_path, NEW)
    assert write(load(tmp_path)) in (write(OLD), write(NEW))
    assert not [one for one in tmp_path.iterdir() if one.name.startswith(".")]


def test_a_reader_beside_a_writer_always_gets_a_whole_model(tmp_path):
    """Hot reload: forty replacements while another thread reads."""
    write_artefact(tmp_path, OLD)
    done = threading.Event()

    def replace() -> None:
        for turn in range(40):
            write_artefact(tmp_path, (NEW, OLD)[turn % 2])
        done.set()

    writer = threading.Thread(target=replace)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(load(tmp_path).card.version)
    writer.join()
    assert seen <= {OLD.card.version, NEW.card.version}
    assert load(tmp_path).card.version == OLD.card.version


def test_arrays_of_another_model_under_this_name_are_refused(tmp_path):
    """The card holds their hash."""
    write_artefact(tmp_path, OLD)
    (tmp_path / f"{OLD.card.version}.safetensors").write_bytes(write(NEW)[1])
    with pytest.raises(ModelRefused, match="not those the card was written for"):
        load(tmp_path)


def test_what_is_missing_is_named(tmp_path):
    """The card, or the arrays it speaks of."""
    with pytest.raises(ModelRefused, match=r"there is no card\.json"):
        load(tmp_path)
    write_artefact(tmp_path, OLD)
    (tmp_path / f"{OLD.card.version}.safetensors").unlink()
    with pytest.raises(ModelRefused, match=rf"there is no {OLD.card.version}\.safetensors"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["model.pkl", "model.joblib", "model.PICKLE", "model", "card.json"])
def test_a_pickle_is_refused_whatever_it_is_called(tmp_path, name):
    """And never read as one: this one would leave a trace."""
    trace = tmp_path / "trace"

    class Harm:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (trace,)

    (tmp_path / name).write_bytes(pickle.dumps(Harm()))
    with pytest.raises(ModelRefused, match="pickle"):
        load(tmp_path if name == "card.json" else tmp_path / name)
    assert not trace.exists()


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    """With what a model is."""
    (tmp_path / "model.bin").write_bytes(b"12345678{}")
    with pytest.raises(ModelRefused, match="a model is a folder"):
        load(tmp_path / "model.bin")


def test_files_beyond_all_measure_are_refused_unread(tmp_path):
    """A hole of two gigabytes takes no memory."""
    write_artefact(tmp_path, OLD)
    for name in (f"{OLD.card.version}.safetensors", "card.json"):
        os.truncate(tmp_path / name, 2**31)
        with pytest.raises(ModelRefused, match="none has more than"):
            load(tmp_path)
