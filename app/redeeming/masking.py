"""Where a code goes, told so that its owner knows it and nobody else learns it."""

from __future__ import annotations

from typing import Final

from tokens.token import Method

DOTS: Final = "•••"
SHOWN_DIGITS: Final = 2
"""Of a telephone number: enough to tell one's own two numbers apart."""


def masked(method: Method, to: str | None) -> str:
    """`••• 42` of a number, `a•••@e•••.com` of a mailbox; empty where nothing is sent."""
    if to is None or method not in {"sms", "email"}:
        return ""
    if method == "sms":
        return f"{DOTS} {to[-SHOWN_DIGITS:]}"
    mailbox, _, domain = to.rpartition("@")
    name, _, ending = domain.rpartition(".")
    return f"{mailbox[:1]}{DOTS}@{name[:1]}{DOTS}.{ending}"
