"""`earnest tokens`: keys shown by name only, turned before they are needed, and removed on a plain word."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from app.cli import main
from app.clock import system_clock
from app.keys import derive, master_key
from app.seal import Seal
from app.settings import load
from app.store.sql import migrate, open_engine
from app.store.sql.audit import Audit
from app.store.sql.tokens import SqlKeyStore
from tokens.limits import SIGNING_KEYS_MOST


@pytest.fixture
def earnest(tmp_path, monkeypatch):
    """Run `earnest …` on a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(main, words)


@pytest.fixture
def store(earnest, tmp_path):
    """The key store of an installation that has started once."""
    (tmp_path / "data").mkdir()
    settings = load()
    migrate(settings.record_url)
    engine, master = open_engine(settings.record_url), master_key(settings)
    made = SqlKeyStore(engine, Seal(derive(master, "tokens/keys")), Audit(derive(master, "audit")))
    made.ensure(system_clock())
    yield made
    engine.dispose()


def listed(earnest, use=None):
    rows = json.loads(earnest("tokens", "keys", "--json").stdout)
    return [row for row in rows if use in {None, row["use"]}]


def audited(earnest):
    return [
        (row["event"], row["subject"], row["actor"])
        for row in json.loads(earnest("audit", "list", "--json").stdout)
    ]


def test_keys_are_listed_by_name_and_state_and_never_shown(earnest, store):
    assert [(row["use"], row["state"]) for row in listed(earnest)] == [
        ("sign", "in use"), ("vault", "in use"), ("vault", "waits"),
    ]  # fmt: skip
    told = earnest("tokens", "keys").stdout
    assert told.splitlines()[0].split() == ["id", "use", "state", "made", "(UTC)", "until", "(UTC)"]
    assert len(told.splitlines()) == 4
    shown = told + earnest("tokens", "keys", "--json").stdout
    for key in (*store.keys("sign"), *store.keys("vault")):
        assert key.key_id in shown
        assert key.secret.hex() not in shown


def test_a_turned_key_waits_until_everybody_knows_it_and_the_old_one_goes_on(earnest, store):
    (before,) = store.keys("sign")
    told = earnest("tokens", "rotate")
    assert told.exit_code == 0
    made = told.stdout.strip()
    assert {row["key_id"]: row["state"] for row in listed(earnest, "sign")} == {
        before.key_id: "in use",
        made: "waits",
    }
    assert ("key.made", made, "operator") in audited(earnest)


def test_no_key_is_added_that_would_cut_off_the_oldest(earnest, store):
    for _ in range(SIGNING_KEYS_MOST - 1):
        assert earnest("tokens", "rotate").exit_code == 0
    told = earnest("tokens", "rotate")
    assert (told.exit_code, told.stdout) == (1, "")
    assert store.keys("sign")[0].key_id in told.stderr
    assert len(store.keys("sign")) == SIGNING_KEYS_MOST


def test_a_key_is_removed_only_on_a_plain_word(earnest, store):
    (key,) = store.keys("sign")
    refused = earnest("tokens", "remove-key", key.key_id)
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert store.keys("sign") == [key]


def test_after_a_removal_there_is_a_new_key_at_once_and_the_audit_says_who(earnest, store):
    (key,) = store.keys("sign")
    assert earnest("tokens", "remove-key", key.key_id, "--yes").exit_code == 0
    (row,) = listed(earnest, "sign")
    assert row["key_id"] != key.key_id
    assert row["state"] == "in use"
    assert ("key.removed", key.key_id, "operator") in audited(earnest)
    assert earnest("audit", "verify").exit_code == 0


def test_a_server_key_or_an_unknown_one_is_not_removed(earnest, store):
    for key_id in (store.keys("vault")[0].key_id, "00000000"):
        told = earnest("tokens", "remove-key", key_id, "--yes")
        assert told.exit_code == 1
        assert key_id in told.stderr
    assert len(store.keys("vault")) == 2
