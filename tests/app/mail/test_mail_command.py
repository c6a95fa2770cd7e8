"""`earnest mail bounced`: a report in, the delivery's state changed, and nothing of the report told."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from app.cli import main
from app.store.sql import migrate, open_engine
from app.store.sql.token_tables import outbox
from tests.app.mail.reports import MESSAGE_ID, report


@pytest.fixture
def engine(tmp_path, monkeypatch) -> Engine:
    """Of an installation that has sent a mail."""
    monkeypatch.setenv("EARNEST_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path / 'record.db'}")
    migrate(engine)
    row = {
        "message_id": MESSAGE_ID,
        "kind": "mail",
        "program_id": "default",
        "state": "sent",
        "sealed": b"",
        "created_ms": 1,
        "expires_ms": 2,
        "next_ms": 1,
        "attempts": 1,
        "why": "",
    }
    with engine.begin() as connection:
        connection.execute(outbox.insert().values(row))
    yield engine
    engine.dispose()


def piped(raw: bytes):
    return CliRunner().invoke(main, ["mail", "bounced"], input=raw)


def state(engine: Engine) -> str:
    with engine.begin() as connection:
        return connection.execute(select(outbox.c.state)).scalar_one()


def test_a_mail_that_came_back_is_noted_at_its_message_however_often_it_is_told(engine):
    for _ in range(2):
        told = piped(report())
        assert (told.exit_code, told.stdout) == (0, "")
        assert state(engine) == "bounced"
        assert "member@mail.example" not in told.output


def test_one_that_is_late_changes_nothing(engine):
    told = piped(report("delayed"))
    assert told.exit_code == 0
    assert "on its way" in told.stderr
    assert state(engine) == "sent"


@pytest.mark.parametrize(
    "raw", [b"", b"Subject: Out of office\n\nBack on Monday.", report(message_id="<x@y.example>")]
)
def test_what_is_no_report_of_a_mail_of_ours_ends_with_1_and_a_sentence(engine, raw):
    told = piped(raw)
    assert told.exit_code == 1
    assert told.stderr.startswith("Error: ")
    assert state(engine) == "sent"
