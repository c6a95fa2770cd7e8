"""Logs: what may be written is a list; everything else, canaries first, stays out."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path

import pytest
import structlog

from app import logs

CANARY = "mia.virtanen@example.org"


@pytest.fixture
def lines():
    """Configured logs; call for what was written, one object a line. Everything is put back afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    out = io.StringIO()
    logs.configure(stream=out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


def test_a_line_says_what_when_and_which(lines):
    structlog.get_logger().info("decided", decision_id="dec_1", event_type="redeem", count=6)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "decided",
        "level": "info",
        "decision_id": "dec_1",
        "event_type": "redeem",
        "count": 6,
    }


@pytest.mark.parametrize("field", ["email", "account_id", "profile", "ip", "token", "otp", "payload", "key"])
def test_a_field_that_is_not_listed_is_named_and_its_value_is_gone(lines, field):
    structlog.get_logger().info("decided", **{field: CANARY})
    assert CANARY not in str(lines())
    assert lines()[0]["dropped"] == [field]


def test_an_exception_is_types_and_places_not_what_it_says(lines):
    def fails():
        try:
            {}[CANARY]
        except KeyError as error:
            raise ValueError(f"row {CANARY}") from error

    try:
        fails()
    except ValueError:
        structlog.get_logger().exception("recording failed", rows=1)
        logging.getLogger("sqlalchemy.pool").exception("cannot insert %s", CANARY)
    for line in lines():
        assert line["exception"][0] == "builtins.ValueError"
        assert "builtins.KeyError" in line["exception"]
        assert any("test_logs.py" in place and place.endswith(" fails") for place in line["exception"])
    assert CANARY not in str(lines())


def test_of_an_operating_system_error_its_own_words_are_kept(lines):
    try:
        Path("/nonexistent", CANARY).read_bytes()
    except OSError:
        structlog.get_logger().exception("spool failed")
    assert lines()[0]["exception"][0] == "builtins.FileNotFoundError: No such file or directory"
    assert CANARY not in str(lines())


def test_uvicorn_speaks_in_the_same_form_and_its_access_log_is_silent(lines):
    logging.getLogger("uvicorn.error").warning("Started server process [%d]", 7)
    logging.getLogger("uvicorn.access").warning("GET /v1/accounts/%s", CANARY)
    (line,) = lines()
    assert (line["event"], line["logger"]) == ("Started server process [7]", "uvicorn.error")


def test_another_librarys_message_is_written_without_its_values(lines):
    logging.getLogger("somebody").warning("bad row %s", CANARY)
    assert [line["event"] for line in lines()] == ["bad row %s"]


def test_a_long_value_is_cut(lines):
    structlog.get_logger().info("x", reason="r" * 5_000)
    assert len(lines()[0]["reason"]) <= logs.VALUE_CHARS + 1
