"""`earnest models`: what it prints where, how it ends, and that a refusal changes nothing."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.app.small_models import trained_into, truncate


@pytest.fixture
def earnest(tmp_path, monkeypatch):
    """Run `earnest …` on a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, [*words, "--data", "data"])


@pytest.fixture
def two(earnest, tmp_path):
    """Two models, trained and added; their versions."""
    versions = [trained_into(tmp_path / f"trained-{n}", n) for n in range(2)]
    for n, version in enumerate(versions):
        told = earnest("models", "add", f"trained-{n}")
        assert (told.exit_code, told.stdout) == (0, f"{version}\n")
    return versions


def listed(earnest):
    return {row["version"]: row for row in json.loads(earnest("models", "list", "--json").stdout)}


def test_an_empty_shelf_says_what_to_do(earnest):
    told = earnest("models", "list")
    assert (told.exit_code, told.stdout) == (0, "")
    assert "earnest models add DIR --activate" in told.stderr


def test_add_activate_roll_back_deactivate_and_the_table_tells(earnest, two):
    one, other = two
    assert earnest("models", "activate", one).exit_code == 0
    assert f"instead of {one}" in earnest("models", "add", "trained-1", "--activate").stderr
    rows = listed(earnest)
    assert (rows[other]["active"], rows[one]["judged_before"], rows[one]["events"]) == (True, True, 1_000)
    assert earnest("models", "rollback").stdout == f"{one}\n"
    shown = earnest("models", "list").stdout
    assert next(line for line in shown.splitlines() if one in line).split()[1] == "active"
    assert earnest("models", "deactivate").exit_code == 0
    assert not any(row["active"] for row in listed(earnest).values())


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("rollback",), "deactivate"),
        (("activate", "mdl_000000000000"), "earnest models list"),
        (("add", "broken"), "truncated"),
        (("add", "empty"), "card.json"),
        (("add", "model.pkl"), "pickle"),
    ],
)
def test_what_cannot_be_done_ends_with_1_the_reason_and_nothing_changed(earnest, two, tmp_path, words, why):
    trained_into(tmp_path / "broken", 3)
    truncate(tmp_path / "broken")
    (tmp_path / "empty").mkdir()
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04")
    before = listed(earnest)
    told = earnest("models", *words)
    assert (told.exit_code, told.stdout) == (1, "")
    assert why in told.stderr
    assert listed(earnest) == before


def test_a_shelf_elsewhere_is_named_by_its_setting(earnest, two, tmp_path, monkeypatch):
    monkeypatch.setenv("EARNEST_MODELS_DIR", str(tmp_path / "elsewhere"))
    assert listed(earnest) == {}
    earnest("models", "add", "trained-0")
    assert (tmp_path / "elsewhere" / two[0] / "card.json").exists()


def test_a_harmed_model_is_listed_with_the_reason_and_found_by_the_doctor(
    earnest, two, tmp_path, monkeypatch
):
    monkeypatch.setenv("EARNEST_PORT", "0")
    earnest("models", "activate", two[0])
    truncate(tmp_path / "data" / "models" / two[0])
    assert "truncated" in listed(earnest)[two[0]]["refused"]
    assert "truncated" in earnest("models", "list").stdout
    examined = earnest("doctor", "--json")
    (model,) = [finding for finding in json.loads(examined.stdout) if finding["name"] == "model"]
    assert (examined.exit_code, model["status"]) == (1, "fail")
    assert "rollback" in model["remedy"]
