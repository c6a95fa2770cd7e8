"""`earnest users`: people let in by a link that is printed once, and never locked out all together."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from app.cli import main


@pytest.fixture
def users(tmp_path):
    """Run `earnest users …` on a directory of its own."""
    return lambda *words: CliRunner().invoke(main, ["users", *words, "--data", str(tmp_path / "data")])


def test_a_link_is_printed_alone_and_nothing_else_of_it_is_kept(users, tmp_path):
    made = users("create", "Ana@Shop.example", "--role", "analyst", "--program", "default", "--store", "s-1")
    assert made.exit_code == 0
    assert re.fullmatch(r"http://\S+/console/enrol/([\w-]{43})\n", made.stdout)
    secret = made.stdout.strip().rpartition("/")[2].encode()
    held = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    assert secret not in held
    (row,) = json.loads(users("list", "--json").stdout)
    assert (row["role"], row["state"], row["programs"], row["stores"]) == (
        "analyst",
        "invited",
        ["default"],
        ["s-1"],
    )
    assert row["partners"] is None
    assert "invited" in users("list").stdout


def test_what_is_wrong_is_named(users):
    assert users("create", "no address", "--role", "viewer").exit_code == 2
    assert users("create", "a@shop.example", "--role", "king").exit_code == 2
    assert users("create", "a@shop.example", "--role", "viewer").exit_code == 0
    again = users("create", "A@shop.example ", "--role", "viewer")
    assert (again.exit_code, "has that address" in again.output) == (1, True)
    assert users("disable", "nobody@shop.example").exit_code == 1


def test_a_new_link_takes_the_place_of_the_old_one(users):
    first = users("create", "a@shop.example", "--role", "viewer").stdout
    second = users("reset", "a@shop.example").stdout
    assert first != second
    assert users("disable", "a@shop.example").exit_code == 0
    assert json.loads(users("list", "--json").stdout)[0]["state"] == "disabled"
