"""One mailbox, one spelling: the address a message would be delivered to, as far as the provider tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import idna
from disposable_email_domains import blocklist

MAX_LOCAL: Final = 64
"""Octets before the @, RFC 5321 section 4.5.3.1.1."""
MAX_DOMAIN: Final = 253
"""Octets of a domain name in text, RFC 1035 section 2.3.4."""
LOCAL: Final = re.compile(r"[^\s\x00-\x1f\x7f\"(),:;<>@\[\]\\]+")
"""An unquoted local part, RFC 5322 dot-atom and RFC 6531. Stray dots pass: some providers deliver them."""
DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
"""A host name with a top-level domain, in ASCII, RFC 1123 section 2.1."""


@dataclass(frozen=True, slots=True)
class Provider:
    """
    How one provider reads the part before the @.

    domain:  the domain its mailboxes are filed under; None where mailboxes differ by domain.
    tag:     what begins a tag that is not part of the mailbox.
    ignored: characters the provider does not read.
    """

    domain: str | None
    tag: str
    ignored: str = ""


GOOGLE: Final = Provider("gmail.com", "+", ".")
APPLE: Final = Provider("icloud.com", "+")
PROTON: Final = Provider("proton.me", "+", ".-_")
YANDEX: Final = Provider("yandex.ru", "+")
PLUS: Final = Provider(None, "+")
YAHOO: Final = Provider(None, "-")
PROVIDERS: Final[dict[str, Provider]] = {
    **dict.fromkeys(("gmail.com", "googlemail.com"), GOOGLE),
    **dict.fromkeys(("icloud.com", "me.com", "mac.com"), APPLE),
    **dict.fromkeys(("proton.me", "protonmail.com", "protonmail.ch", "pm.me"), PROTON),
    **dict.fromkeys(
        ("yandex.ru", "yandex.com", "yandex.by", "yandex.kz", "yandex.ua", "yandex.com.tr", "ya.ru"), YANDEX
    ),
    **dict.fromkeys(
        ("fastmail.com", "fastmail.fm", "mailbox.org", "posteo.de", "posteo.net", "hey.com", "runbox.com",
         "pobox.com", "zoho.com", "zohomail.com", "zoho.eu", "msn.com"),
        PLUS,
    ),
    **dict.fromkeys(("ymail.com", "rocketmail.com"), YAHOO),
}  # fmt: skip
"""RFC 5233 leaves tags to the provider; these are the published conventions, as validator.js normalizeEmail
and public lists of providers have them. A tag elsewhere may be part of the mailbox and stays."""
FAMILIES: Final[dict[str, Provider]] = {"outlook": PLUS, "hotmail": PLUS, "live": PLUS, "yahoo": YAHOO}
"""Providers with a domain per country: hotmail.co.uk, live.fr, yahoo.ca."""


@lru_cache(maxsize=4096)
def canonical_email(text: str) -> str | None:
    """
    The mailbox in one spelling: lower case, domain in IDNA ASCII, aliases of known providers undone.

    Returns None where no mail could be delivered to it. Idempotent.
    """
    local, at, domain = text.strip().lower().rpartition("@")
    if not at or not LOCAL.fullmatch(local):
        return None
    host = canonical_domain(domain)
    if host is None:
        return None
    provider = PROVIDERS.get(host) or _of_family(host)
    if provider is not None:
        local = local.partition(provider.tag)[0]
        for ignored in provider.ignored:
            local = local.replace(ignored, "")
        host = provider.domain or host
    return f"{local}@{host}" if local and len(local.encode()) <= MAX_LOCAL else None


@lru_cache(maxsize=4096)
def canonical_domain(text: str) -> str | None:
    """A mail domain in lower-case IDNA 2008 ASCII (UTS 46), or None where it cannot be one."""
    host = text.strip().rstrip(".").lower()
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    return host if len(host) <= MAX_DOMAIN and DOMAIN.fullmatch(host) else None


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one it is under, belongs to a throw-away mail service."""
    host = canonical_domain(domain)
    while host:
        if host in blocklist:
            return True
        host = host.partition(".")[2]
    return False


def _of_family(host: str) -> Provider | None:
    name, _, rest = host.partition(".")
    return FAMILIES.get(name) if len(rest) <= len("com.xx") else None
