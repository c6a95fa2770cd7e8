"""The command line: what it prints where, how it ends, and that it never shows a secret twice."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from app.cli import COMMANDS, main


@pytest.fixture
def earnest(tmp_path, monkeypatch):
    """Run `earnest …` on a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("EARNEST_PORT", "0")
    return lambda *words: CliRunner().invoke(main, words)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_itself_and_takes_a_data_directory(earnest, command):
    told = earnest(command, "--help")
    assert told.exit_code == 0
    texts = [told.output]
    if command in {"audit", "keys", "mail", "models", "policy", "tokens", "users"}:
        texts = [
            earnest(command, sub, "--help").output
            for sub in re.findall(r"^  ([\w-]+)  ", told.output, re.MULTILINE)
        ]
    assert texts
    for text in texts:
        assert "--data DIR" in text
        assert "Example:" in text


def test_the_list_of_commands_is_made_without_importing_any():
    script = "import sys; from click.testing import CliRunner; from app.cli import main;"
    script += (
        "CliRunner().invoke(main, ['--help']); print(sorted(m for m in sys.modules if m.startswith('app.')))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "['app.cli']\n"


def test_a_key_is_printed_once_and_nothing_else_on_standard_output(earnest):
    made = earnest(
        "keys", "create", "till", "--scopes", "score, events", "--stores", "s-1", "--expires", "30"
    )
    assert made.exit_code == 0
    assert re.fullmatch(r"ek_[0-9a-f]{16}_[\w-]{43}\n", made.stdout)
    listed = earnest("keys", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["scopes"], row["stores"], row["state"]) == (
        "till",
        ["score", "events"],
        ["s-1"],
        "live",
    )
    secret = made.stdout.strip().split("_", 2)[2]
    assert secret not in listed.output
    assert secret not in earnest("keys", "list").output


def test_a_revoked_key_stays_listed_and_cannot_be_revoked_again(earnest):
    key_id = earnest("keys", "create", "till", "--scopes", "score").stdout.split("_")[1]
    assert earnest("keys", "revoke", key_id).exit_code == 0
    assert json.loads(earnest("keys", "list", "--json").stdout)[0]["state"] == "revoked"
    again = earnest("keys", "revoke", key_id)
    assert again.exit_code == 1
    assert key_id in again.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["keys", "create", "till"],
        ["keys", "create", "till", "--scopes", "nonsense"],
        ["keys", "create", "till", "--scopes", "score", "--expires", "0"],
        ["serve", "--port", "99999"],
        ["policy", "check", "no-such-file"],
        ["nonsense"],
    ],
)
def test_bad_usage_ends_with_2_and_says_so_on_standard_error(earnest, words):
    told = earnest(*words)
    assert told.exit_code == 2
    assert told.stdout == ""
    assert "Error:" in told.stderr


def test_unsafe_production_ends_with_1_and_every_fault(earnest, monkeypatch):
    monkeypatch.setenv("EARNEST_ENV", "production")
    monkeypatch.setenv("EARNEST_SECRET_KEY", "hunter2")
    told = earnest("serve")
    assert told.exit_code == 1
    assert "EARNEST_SECRET_KEY" in told.stderr
    assert "hunter2" not in told.output


def test_a_policy_is_checked_before_it_decides(earnest, tmp_path):
    (tmp_path / "bad.toml").write_text("nonsense = 1\n")
    told = earnest("policy", "check", "bad.toml")
    assert told.exit_code == 1
    assert "nonsense" in told.stderr
    assert told.stdout == ""


def test_the_doctor_finds_a_new_installation_well_and_leaves_nothing_running(earnest, tmp_path):
    told = earnest("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(told.stdout)}
    assert told.exit_code == 0, told.stdout
    assert findings["hot store"]["found"].startswith("embedded, starts, version 9.")
    assert findings["record"]["status"] == "warn"
    assert "appendfsync" not in findings, "what we set ourselves is not the operator's to mend"
    assert not (tmp_path / "data" / "valkey" / "valkey.sock").exists()


def test_the_doctor_fails_with_a_remedy_and_without_passwords(earnest, monkeypatch):
    monkeypatch.setenv("EARNEST_REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    monkeypatch.setenv("EARNEST_DATABASE_URL", "postgresql://earnest:hunter2@127.0.0.1:1/earnest")
    monkeypatch.setenv("EARNEST_PROT", "1")
    told = earnest("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(told.stdout)}
    assert told.exit_code == 1
    assert {name for name, finding in findings.items() if finding["status"] == "fail"} == {
        "hot store",
        "record",
    }
    assert all(finding["remedy"] for finding in findings.values() if finding["status"] != "ok")
    assert "EARNEST_PROT" in findings["settings"]["found"]
    assert "hunter2" not in told.output


def test_rebuilding_an_empty_installation_is_quickly_done_and_quiet_when_piped(earnest):
    told = earnest("rebuild")
    assert (told.exit_code, told.stdout, told.stderr) == (0, "0 entries replayed\n", "")


def test_the_installed_command_says_its_version():
    told = subprocess.run(
        [sys.executable, "-m", "app.cli", "--version"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"earnest, version \d+\.\d+\.\d+\n", told.stdout)
