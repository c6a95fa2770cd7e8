"""Delivery reports as mail servers write them."""

from __future__ import annotations

from textwrap import dedent

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
