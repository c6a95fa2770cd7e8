"""A report of a mail that came back names the mail; whatever else arrives at that mailbox names none."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mail.bounces import Report, read_report

MESSAGE_ID = "<tok_1f2e@redeem.brand.example>"


def report(action="failed", returned="text/rfc822-headers", message_id=MESSAGE_ID) -> bytes:
    """As Postfix writes it, in short (RFC 3464, appendix E)."""
    return (
        dedent(f"""\
        Return-Path: <>
        From: MAILER-DAEMON@relay.example (Mail Delivery System)
        To: rewards@brand.example
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="B.1/relay.example"
        Message-Id: <20261122.B@relay.example>

        --B.1/relay.example
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        I'm sorry to have to inform you that your message could not be delivered.

        --B.1/relay.example
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; relay.example
        X-Postfix-Queue-ID: B
        Arrival-Date: Sun, 22 Nov 2026 05:00:00 +0000 (UTC)

        Final-Recipient: rfc822; member@mail.example
        Original-Recipient: rfc822;member@mail.example
        Action: {action}
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 <member@mail.example>: no such user

        --B.1/relay.example
        Content-Description: Undelivered Message
        Content-Type: {returned}

        From: Brand <rewards@brand.example>
        To: member@mail.example
        Subject: Brand: your reward is ready
        Message-ID:
          {message_id}

        --B.1/relay.example--
        """)
        .replace("\n", "\r\n")
        .encode()
    )


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
