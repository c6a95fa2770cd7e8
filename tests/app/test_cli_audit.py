"""`earnest audit`: whole or broken and where, an end to keep elsewhere, and reading without changing anything."""

from __future__ import annotations

import json
import os
import re
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import main
from app.keys import derive, master_key
from app.settings import load
from app.store.sql import migrate, open_engine
from app.store.sql.audit import Audit, Entry
from app.store.sql.reach import writing

NOW_MS = 1_772_366_400_000


@pytest.fixture
def earnest(tmp_path, monkeypatch):
    """Run `earnest …` on a directory of its own."""
    for name in [name for name in os.environ if name.startswith("EARNEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path / "data"))
    return lambda *words: CliRunner().invoke(main, words)


@pytest.fixture
def kept(earnest, tmp_path):
    """An installation in whose audit ten things are noted, and ways to note more and to tamper."""
    (tmp_path / "data").mkdir()
    settings = load()
    migrate(settings.record_url)
    engine, audit = open_engine(settings.record_url), Audit(derive(master_key(settings), "audit"))

    def note(first, last):
        with writing(engine) as connection:
            entries = [
                Entry(NOW_MS + n, "default", "token.issued", f"tok_{n}", "key:k1", b"\x07" * 4, f"n {n}")
                for n in range(first, last)
            ]
            audit.append(connection, entries)

    def tamper(statement, **values):
        with writing(engine) as connection:
            connection.execute(text(statement), values)

    def rows(statement):
        with writing(engine) as connection:
            return connection.execute(text(statement)).all()

    note(0, 10)
    yield SimpleNamespace(note=note, tamper=tamper, rows=rows)
    engine.dispose()


def end_of(told):
    """The end as printed."""
    return re.search(r"It ends with (\d+:[0-9a-f]{64})\n", told.stdout).group(1)


def test_a_whole_audit_is_told_with_its_rows_and_its_end_and_quietly_when_piped(earnest, kept):
    told = earnest("audit", "verify")
    assert told.exit_code == 0
    assert re.fullmatch(r"10 rows, whole\. It ends with 10:[0-9a-f]{64}\n", told.stdout)
    assert told.stderr == ""


@pytest.mark.parametrize(
    ("damage", "row"),
    [
        ("UPDATE audit SET detail = 'n 99' WHERE seq = 4", 4),
        ("UPDATE audit SET actor = 'member' WHERE seq = 10", 10),
        ("DELETE FROM audit WHERE seq = 7", 7),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq > 8", 9),
        ("UPDATE audit_head SET seq = 8", 8),
    ],
)
def test_damage_is_found_where_it_begins(earnest, kept, damage, row):
    kept.tamper(damage)
    told = earnest("audit", "verify")
    assert told.exit_code == 1
    assert f"broken at row {row}:" in told.stderr
    assert told.stdout == ""


def test_an_end_noted_earlier_holds_as_the_audit_grows(earnest, kept):
    end = end_of(earnest("audit", "verify"))
    kept.note(10, 15)
    told = earnest("audit", "verify", "--expect", end)
    assert told.exit_code == 0
    assert told.stdout.startswith("15 rows, whole.")


def test_an_audit_put_back_to_what_it_was_holds_as_a_chain_but_not_against_the_end_noted(earnest, kept):
    """Whoever can write the database can restore yesterday's; only a note kept elsewhere tells."""
    earlier = kept.rows("SELECT seq, mac, head_mac FROM audit_head")[0]
    kept.note(10, 15)
    end = end_of(earnest("audit", "verify"))
    kept.tamper("DELETE FROM audit WHERE seq > 10")
    kept.tamper(
        "UPDATE audit_head SET seq = :seq, mac = :mac, head_mac = :head",
        seq=earlier.seq,
        mac=earlier.mac,
        head=earlier.head_mac,
    )
    assert earnest("audit", "verify").exit_code == 0
    told = earnest("audit", "verify", "--expect", end)
    assert told.exit_code == 1
    assert "row 15" in told.stderr


def test_another_audit_of_the_same_length_is_not_the_one_expected(earnest, kept):
    seq, _, mac = end_of(earnest("audit", "verify")).partition(":")
    other = f"{seq}:{'0' * len(mac)}"
    assert earnest("audit", "verify", "--expect", other).exit_code == 1
    assert earnest("audit", "verify", "--expect", f"9:{mac}").exit_code == 1


@pytest.mark.parametrize("nonsense", ["", "10", "10:", ":ab", "x:ab", "10:xyz", "10:abc"])
def test_an_anchor_that_is_none_is_bad_usage(earnest, kept, nonsense):
    told = earnest("audit", "verify", "--expect", nonsense)
    assert (told.exit_code, told.stdout) == (2, "")


def test_an_audit_of_nothing_is_whole_and_can_be_an_anchor(earnest, kept):
    kept.tamper("DELETE FROM audit")
    kept.tamper("UPDATE audit_head SET seq = 0, mac = :nothing, head_mac = :nothing", nothing=b"")
    assert earnest("audit", "verify").stdout == "0 rows, whole. It ends with 0:\n"
    kept.note(0, 2)
    assert earnest("audit", "verify", "--expect", "0:").exit_code == 0


def test_the_newest_rows_come_first_as_many_as_wanted_of_whom_is_wanted(earnest, kept):
    rows = json.loads(earnest("audit", "list", "--limit", "3", "--json").stdout)
    assert [row["seq"] for row in rows] == [10, 9, 8]
    (row,) = json.loads(earnest("audit", "list", "--subject", "tok_3", "--json").stdout)
    assert row == {
        "seq": 4, "at": "2026-03-01T12:00:00+00:00", "program_id": "default", "event": "token.issued",
        "subject": "tok_3", "actor": "key:k1", "ip_hash": "07070707", "detail": "n 3",
    }  # fmt: skip
    table = earnest("audit", "list").stdout
    assert len(table.splitlines()) == 11
    assert "tok_9" in table.splitlines()[1]
    assert json.loads(earnest("audit", "list", "--subject", "nobody", "--json").stdout) == []


def test_nothing_is_made_where_nothing_is(earnest, tmp_path):
    """A new key beside an old record would call everything forged; an empty record would be called whole."""
    for words in (["audit", "verify"], ["audit", "list"], ["tokens", "keys"]):
        told = earnest(*words)
        assert told.exit_code == 1
        assert "There is no record" in told.stderr
    assert not (tmp_path / "data").exists()


def test_a_record_without_its_key_is_not_given_another(earnest, kept, tmp_path):
    (tmp_path / "data" / "secret.key").unlink()
    told = earnest("audit", "verify")
    assert told.exit_code == 1
    assert "There is no key" in told.stderr
    assert not (tmp_path / "data" / "secret.key").exists()


def test_under_another_key_the_audit_is_broken_from_the_start(earnest, kept, monkeypatch):
    monkeypatch.setenv("EARNEST_SECRET_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    assert earnest("audit", "verify").exit_code == 1


def test_a_list_is_shown_whole_whoever_reads_it(earnest, kept, monkeypatch):
    """Ids are there to be copied, so a narrow terminal folds the line instead of losing columns."""
    monkeypatch.setenv("COLUMNS", "40")
    kept.tamper("UPDATE audit SET subject = :subject WHERE seq = 10", subject=f"tok_{'5f' * 16}")
    heading, newest, *_ = earnest("audit", "list").stdout.splitlines()
    assert heading.split() == ["seq", "at", "(UTC)", "event", "subject", "actor", "detail"]
    assert newest.split()[0] == "10"
    assert newest.split()[4] == f"tok_{'5f' * 16}"
    assert newest.split()[-1] == "9"
