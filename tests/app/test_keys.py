"""The master key and what is derived from it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.keys import derive, master_key
from app.settings import SettingsFaulty, load

MASTER = bytes(range(32))


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A development installation in an empty directory."""
    monkeypatch.delenv("EARNEST_SECRET_KEY", raising=False)
    monkeypatch.chdir(tmp_path)
    return load(data_dir=tmp_path / "data")


def test_the_same_master_and_purpose_give_the_same_key_for_ever():
    assert (
        derive(MASTER, "record").hex() == "8eeb4d22bedc7b53585138ef2bfb95ee87b506e5680dfb7009253ec2f5438e3d"
    )


def test_purposes_programmes_and_masters_have_nothing_in_common():
    purposes = ["identifiers/a", "identifiers/b", "journal/1", "journal/2", "record", "lists"]
    keys = {derive(master, purpose) for master in (MASTER, MASTER[::-1]) for purpose in purposes}
    assert len(keys) == 12
    assert all(len(key) == 32 for key in keys)


@pytest.mark.parametrize("purpose", ["", "records", "identifiers/", "identifiers/a/b", "journal", "record "])
def test_a_purpose_nobody_planned_is_refused(purpose):
    with pytest.raises(ValueError, match="purpose"):
        derive(MASTER, purpose)


def test_the_key_is_made_once_for_this_user_alone(settings):
    first = master_key(settings)
    path = settings.data_dir / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert master_key(settings) == first
    assert len(first) == 32
    assert [entry.name for entry in settings.data_dir.iterdir()] == ["secret.key"]


def test_of_many_first_starts_one_makes_the_key(settings):
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: master_key(settings), range(64)))) == 1


def test_a_key_that_others_can_read_is_refused(settings):
    master_key(settings)
    (settings.data_dir / "secret.key").chmod(0o640)
    with pytest.raises(SettingsFaulty, match="chmod 600"):
        master_key(settings)


def test_a_broken_key_file_is_refused_without_showing_it(settings):
    master_key(settings)
    (settings.data_dir / "secret.key").write_text("hunter2")
    with pytest.raises(SettingsFaulty) as refused:
        master_key(settings)
    assert "hunter2" not in str(refused.value)
