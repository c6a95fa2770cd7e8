"""What a programme's policy says of one-time tokens: how it names itself, and what it allows."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict, replace

from tokens.token import Locale

Line = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f<>\u2028\u2029]+$")]
"""Text on one line, as it stands on pages and in mails."""


class Terms(Struct, frozen=True):
    """
    `[tokens]` of the policy.

    brand:      the programme's name, as members know it.
    support:    where members turn to: a telephone number, an address, a mail address. Empty: nothing is said.
    timezone:   IANA name; in which instants are told to members.
    locale:     of members whose own is not told.
    email_otp:  whether a code may go to the very mailbox the link went to. It then proves nothing more than the link.
    high_value_minor: from which face value on codes have 8 digits, in minor units: 250 EUR.
    passkey_minor: from which face value on a token must be issued with a passkey, in minor units; None: from none.
    notify:     whether members are told by mail of a redemption of a reward whose link came by mail.
    device_cookie: whether the redemption pages know a browser again by a cookie of their own, for 30 days: a security
                cookie, strictly necessary to tell a member from whoever collects other people's rewards.
    codes_a_day: codes sent for the whole programme in 24 h, at most: a cap on what an attacker can make it spend.
    """

    brand: str = "Our loyalty programme"
    support: str = ""
    timezone: str = "UTC"
    locale: Locale = "en"
    email_otp: bool = False
    notify: bool = True
    high_value_minor: int = 25_000
    passkey_minor: int | None = None
    codes_a_day: int = 10_000
    device_cookie: bool = True

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.timezone)


class TokensSection(Struct, frozen=True, forbid_unknown_fields=True):
    """`[tokens]` as written; an absent key stays as in the layer below."""

    brand: Line | UnsetType = UNSET
    support: (
        Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f<>\u2028\u2029]*$")] | UnsetType
    ) = UNSET
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    email_otp: bool | UnsetType = UNSET
    notify: bool | UnsetType = UNSET
    high_value_minor: Annotated[int, Meta(ge=0, le=10**12)] | UnsetType = UNSET
    passkey_minor: Annotated[int, Meta(ge=0, le=10**12)] | UnsetType = UNSET
    codes_a_day: Annotated[int, Meta(ge=0, le=10**9)] | UnsetType = UNSET
    device_cookie: bool | UnsetType = UNSET


DEFAULT_TERMS = Terms()


def overlay_terms(base: Terms, section: TokensSection, at: str, problems: list[str]) -> Terms:
    """The terms `base` with what the section says; each problem found is added to `problems`."""
    terms = replace(base, **{name: value for name, value in asdict(section).items() if value is not UNSET})
    try:
        terms.zone  # noqa: B018 - whether there is one
    except (ZoneInfoNotFoundError, ValueError):
        problems.append(f"{at}tokens.timezone: {terms.timezone!r} is no time zone such as Europe/Berlin")
    return terms
