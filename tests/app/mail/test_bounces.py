"""A report of a mail that came back names the mail; whatever else arrives at that mailbox names none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.bounces import Report, read_report
from tests.app.mail.reports import MESSAGE_ID, report


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
@pytest.mark.parametrize(
    ("action", "became"), [("failed", "bounced"), ("Failed", "bounced"), ("delayed (1 day)", "delayed")]
)
def test_it_says_which_mail_and_whether_it_came_back(returned, action, became):
    assert read_report(report(action, returned)) == Report(MESSAGE_ID, became)


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", ""])
def test_a_report_of_success_is_none(action):
    assert read_report(report(action)) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: Out of office\n\nBack on Monday.",
        report(message_id="none"),
        report(returned="application/octet-stream"),
        report().replace(b"multipart/report", b"multipart/mixed"),
        report().replace(b"message/delivery-status", b"text/plain"),
        report()[:900],
    ],
)
def test_anything_else_is_none(raw):
    assert read_report(raw) is None


@given(at=st.integers(0, len(report())), junk=st.binary(max_size=40), cut=st.integers(0, 400))
def test_nothing_that_arrives_makes_it_fail(at, junk, cut):
    """Bytes put in and taken out anywhere: an answer, never an error."""
    whole = report(returned="message/rfc822")
    found = read_report(whole[:at] + junk + whole[at + cut :])
    assert found is None or found.became in {"bounced", "delayed"}
