"""What the doctor says of tokens: relay, messenger, links, keys, outbox, the audit's end; each fault with its remedy."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import main
from app.clock import system_clock
from app.commands.examining_tokens import BACKLOG, KEY_OLD_MS, ledger
from app.commands.findings import CLOCKS_ALARM_MS, CLOCKS_APART_MS, clocks
from app.keys import derive, master_key
from app.seal import Seal
from app.settings import load
from app.store.sql import migrate, open_engine
from app.store.sql.audit import Audit
from app.store.sql.reach import writing
from app.store.sql.tokens import SqlKeyStore

SECRET = "whsec_" + "QUFB" * 12


@pytest.fixture
def found(tmp_path, monkeypatch):
    """The doctor's findings by name, on a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EARNEST_PORT", "0")

    def examine():
        told = CliRunner().invoke(main, ["doctor", "--json"])
        assert "hunter2" not in told.output
        findings = json.loads(told.stdout)
        assert all(finding["remedy"] for finding in findings if finding["status"] != "ok")
        return {finding["name"]: (finding["status"], finding["found"]) for finding in findings}

    return examine


@pytest.fixture
def begun(found, tmp_path):
    """An installation that has started once: its engine."""
    (tmp_path / "data").mkdir()
    settings = load()
    migrate(settings.record_url)
    master_key(settings)
    engine = open_engine(settings.record_url)
    yield engine
    engine.dispose()


def keys_made(engine, at_ms):
    master = master_key(load())
    audit = Audit(derive(master, "audit"))
    SqlKeyStore(engine, Seal(derive(master, "tokens/keys")), audit).ensure(at_ms)


def change(engine, statement, **values):
    with writing(engine) as connection:
        connection.execute(text(statement), values)


def test_in_development_nothing_needs_to_be_set(found):
    told = found()
    for name in ("mail", "messenger", "links"):
        assert told[name][0] == "ok"
    assert "outbox" in told["mail"][1]


def test_a_relay_and_a_messenger_that_do_not_answer_fail_without_their_secrets(found, monkeypatch):
    monkeypatch.setenv("EARNEST_SMTP_URL", "smtp://earnest:hunter2@127.0.0.1:1")
    monkeypatch.setenv("EARNEST_MAIL_FROM", "Brand <rewards@brand.example>")
    monkeypatch.setenv("EARNEST_MESSENGER_URL", "https://127.0.0.1:1/hunter2")
    monkeypatch.setenv("EARNEST_MESSENGER_SECRET", SECRET)
    told = found()
    assert told["mail"] == ("fail", "the relay was not reached, or hung up")
    assert told["messenger"][0] == "fail"
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    ("base", "status"),
    [
        ("https://rewards.example", "ok"),
        ("http://rewards.example", "warn"),
        ("https://rewards.example/path", "fail"),
        ("rewards.example", "fail"),
    ],
)
def test_the_base_of_links_is_a_scheme_and_a_host(found, monkeypatch, base, status):
    monkeypatch.setenv("EARNEST_PUBLIC_URL", base)
    assert found()["links"][0] == status


def test_a_ledger_in_order_is_told_in_numbers(found, begun):
    keys_made(begun, system_clock())
    told = found()
    assert told["token keys"] == ("ok", "the signing key is 0 days old")
    assert told["outbox"] == ("ok", "0 waiting, 0 sent, 0 failed or bounced")
    assert told["audit"][0] == "ok"
    assert told["audit"][1].startswith("3 rows")


def test_a_signing_key_that_nobody_replaces_and_none_at_all_are_told(found, begun):
    assert found()["token keys"][0] == "warn"
    keys_made(begun, system_clock() - KEY_OLD_MS - 1_000)
    assert found()["token keys"][0] == "warn"


def test_keys_made_under_another_master_key_fail(found, begun, monkeypatch):
    keys_made(begun, system_clock())
    monkeypatch.setenv("EARNEST_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    assert found()["token keys"][0] == "fail"


def test_an_end_of_the_audit_that_was_put_back_fails(found, begun):
    keys_made(begun, system_clock())
    change(begun, "UPDATE audit_head SET seq = 1")
    assert found()["audit"][0] == "fail"


@pytest.mark.parametrize(("state", "messages"), [("waiting", BACKLOG + 1), ("failed", 1)])
def test_a_backlog_and_many_failures_are_warned_of(found, begun, state, messages):
    columns = "message_id, kind, program_id, state, sealed, created_ms, expires_ms, next_ms, attempts, why"
    with writing(begun) as connection:
        connection.execute(
            text(f"INSERT INTO outbox ({columns}) VALUES (:id, 'mail', 'p', :state, x'', 0, 0, 0, 0, '')"),  # noqa: S608
            [{"id": f"m-{n}", "state": state} for n in range(messages)],
        )
    assert found()["outbox"][0] == "warn"


def test_a_database_whose_clock_agrees_is_told_so(found, postgres_url, monkeypatch, tmp_path):
    monkeypatch.setenv("EARNEST_DATABASE_URL", postgres_url)
    monkeypatch.setenv("EARNEST_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    told = {finding.name: finding for finding in ledger(load())}
    assert told["clocks"].found == "the database's agrees"


@pytest.mark.parametrize(
    ("apart_ms", "status"),
    [
        (CLOCKS_APART_MS, "ok"),
        (CLOCKS_APART_MS + 1, "warn"),
        (CLOCKS_ALARM_MS, "warn"),
        (CLOCKS_ALARM_MS + 1, "fail"),
    ],
)
def test_clocks_apart_are_warned_of_before_they_harm(apart_ms, status):
    assert clocks("the database's", apart_ms).status == status
