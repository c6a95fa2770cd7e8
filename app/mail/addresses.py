"""Addresses as they go into headers and links: exactly one mailbox, hosts as punycode, text that stays on its line."""

from __future__ import annotations

import unicodedata
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from urllib.parse import SplitResult, urlsplit

import idna
from email_validator import EmailNotValidError, validate_email

LINK_CHARS: Final = 2_048
"""Longest link: a token's is below 400 with the longest host; beyond this it is none of ours."""
_TURNING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of the characters that make what follows read another way than it is written."""


class Unsendable(ValueError):
    """It can never be sent as it is. The words name no address and nothing of the content."""


def mailbox(text: str) -> str:
    """
    The one mailbox the text is, in ASCII: its domain as punycode. `.test` is welcome, as where it was ordered.

    Raises:
        Unsendable: It is none, or more than one, or a group, or its local part needs more than ASCII.
    """
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        raise Unsendable("the recipient is not one mailbox") from None
    if found.ascii_email is None:
        raise Unsendable("the recipient is not one mailbox")
    return found.ascii_email


def sender_of(mail_from: str) -> Address:
    """
    Who mails are from: `Brand <rewards@brand.example>`, or the address alone.

    Raises:
        ValueError: Not exactly one mailbox.
    """
    read = EmailMessage(policy=SMTP)
    try:
        read["From"] = mail_from
        ((address,),) = [group.addresses for group in read["From"].groups if group.display_name is None]
        return Address(one_line(address.display_name), addr_spec=mailbox(address.addr_spec))
    except (ValueError, HeaderParseError):
        raise ValueError(
            "the sender must be one address: Brand <rewards@brand.example> (EARNEST_MAIL_FROM)"
        ) from None


def punycode(host: str) -> str:
    """
    The host as it is looked up: what looks like another's cannot pose as it. Lower case, no port.

    Raises:
        Unsendable: No host.
    """
    if not host or not host.strip("."):
        raise Unsendable("a link without a host")
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise Unsendable("the link's host is none") from None


def checked_link(link: str) -> tuple[str, str]:
    """
    The link, its host as punycode, and that host.

    Raises:
        Unsendable: Not an http(s) address, or one with blanks, quotes, user names or the like in it.
    """
    if not 0 < len(link) <= LINK_CHARS or not link.isprintable() or any(c in link for c in " <>\"'`\\{}|^"):
        raise Unsendable("the link is none")
    parts = urlsplit(link)
    if parts.scheme not in {"https", "http"} or parts.username is not None or not parts.hostname:
        raise Unsendable("the link is none")
    host = punycode(parts.hostname)
    shown = f"[{host}]" if ":" in host else host
    port = "" if parts.port is None else f":{parts.port}"
    whole = SplitResult(parts.scheme, shown + port, *parts[2:]).geturl()
    if not whole.isascii():
        raise Unsendable("the link is none")
    return whole, shown + port


def one_line(text: str) -> str:
    """The text with blanks for line ends of every kind, and without what is invisible and steers the reader's eye."""
    kept = [
        char
        for char in " ".join(text.split())
        if unicodedata.category(char) not in {"Cc", "Cs"} and unicodedata.bidirectional(char) not in _TURNING
    ]
    return "".join(kept).strip()
