"""Delivery status notifications (RFC 3464): which of our mails a report is about, and whether it came back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import compat32
from typing import Final, Literal, NamedTuple

REPORT_BYTES: Final = 1_000_000
"""Of a report that are read: a report returns the headers, or at most a mail of ours, which has some 10 kB."""
PARTS: Final = 20
"""Parts of a report that are looked at; RFC 3462 has three."""
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]{1,400}>")


class Report(NamedTuple):
    """What a report says: of the mail with that whole Message-ID."""

    message_id: str
    became: Literal["bounced", "delayed"]


def read_report(raw: bytes) -> Report | None:
    """The report in a mail; None where it is no report, or of a delivery, or does not say of which mail."""
    mail = message_from_bytes(raw[:REPORT_BYTES], policy=compat32)
    if mail.get_content_type() != "multipart/report":
        return None
    actions: set[str] = set()
    message_id = None
    for part in _parts(mail):
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            actions |= _actions(part)
        elif kind in {"message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"}:
            message_id = message_id or _message_id(part)
    became: Literal["bounced", "delayed"] | None = (
        "bounced" if "failed" in actions else "delayed" if "delayed" in actions else None
    )
    return Report(message_id, became) if message_id and became else None


def _parts(mail: Message) -> Iterator[Message]:
    payload = mail.get_payload()
    if isinstance(payload, list):
        yield from (part for part in payload[:PARTS] if isinstance(part, Message))


def _actions(part: Message) -> set[str]:
    """The fields of a delivery status are blocks of headers: one of the message, one of each recipient."""
    blocks = part.get_payload()
    if not isinstance(blocks, list):
        return set()
    told = [block["Action"] for block in blocks if isinstance(block, Message)]
    return {str(action).strip().partition(" ")[0].lower() for action in told if action}


def _message_id(part: Message) -> str | None:
    """Of the mail that came back: the whole of it, or its headers as text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        original = payload[0] if payload else None
    else:
        decoded = part.get_payload(decode=True)
        text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
        original = message_from_string(text, policy=compat32)
    found = _MESSAGE_ID.search(str(original["Message-ID"] or "")) if isinstance(original, Message) else None
    return found[0] if found else None
