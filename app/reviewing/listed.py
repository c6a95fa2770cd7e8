"""What is listed or marked as shared: entries with their reason, author and end, found by what somebody looks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

from app.feedback.ports import ContextName
from app.ports.lists import ListName
from app.ports.record import Page
from app.redeeming.masking import DOTS, masked
from app.reviewing.counting import DAY_MS
from app.users.rights import Scope

Shelf = Literal["block", "allow", "watch", "contexts"]
SHELVES: Final[tuple[Shelf, ...]] = ("block", "watch", "allow", "contexts")
Lasts = Literal["live", "soon", "expired", "all"]
LASTS: Final[tuple[Lasts, ...]] = ("live", "soon", "expired", "all")
SOON_MS: Final = 7 * DAY_MS
"""What ends within a week is renewed or let go in the weekly round."""
REACH_MS: Final = 30 * DAY_MS
"""Looked back over for what an entry would have touched: the longest of most limits."""
REACH_MOST: Final = 10_000
"""Accounts or decisions counted: beyond it "10,000 or more" says enough."""
KIND_WORDS: Final = {
    "account": "Account", "device": "Device", "ip": "Network address", "payment": "Payment instrument",
    "email": "E-mail address", "phone": "Telephone number", "address": "Postal address", "terminal": "Terminal",
}  # fmt: skip


class Entry(NamedTuple):
    """An entry of a list, or a shared context. `masked` is its value so that who knows it recognises it."""

    entry_id: str
    shelf: Shelf
    kind: str
    masked: str
    context: ContextName | None
    reason: str
    author: str
    created_ms: int
    expires_ms: int | None


class Chosen(NamedTuple):
    """Which entries. Empty texts do not choose."""

    shelf: Shelf
    kind: str = ""
    author: str = ""
    lasts: Lasts = "live"


class Reach(NamedTuple):
    """
    What a new entry would have touched in the last 30 days, as far as the scope shows it.

    accounts:  that used the thing; 1 or 0 of an account.
    decisions: of these accounts.
    others:    entries of this programme with the same value, by their list.
    """

    accounts: int
    decisions: int
    others: Sequence[str]


class Listed(Protocol):
    """Where entries are read. Raises RecordAway."""

    def entries(
        self, program_id: str, chosen: Chosen, *, now_ms: int, limit: int, cursor: str | None
    ) -> Page[Entry]:
        """One page, newest first. Raises BadCursor, a ValueError."""
        ...

    def counts(self, program_id: str, now_ms: int) -> dict[Shelf, int]:
        """How many live entries each list has."""
        ...

    def value(self, program_id: str, shelf: Shelf, entry_id: str) -> str | None:
        """An entry's value in clear; None where there is none."""
        ...

    def reach(
        self, program_id: str, kind: str, value: str, digest: bytes, scope: Scope, now_ms: int
    ) -> Reach:
        """What an entry would touch."""
        ...


def masked_value(kind: str, value: str) -> str:
    """A value so that who knows it recognises it. Accounts go by ids of the programme, which name nobody."""
    match kind:
        case "account" | "terminal":
            return value
        case "email":
            return masked("email", value)
        case "phone":
            return masked("sms", value)
        case "ip" if "/" in value:
            return value
        case "ip":
            first = value.replace(":", ".").split(".")[0]
            return f"{first}.{DOTS}"
    return f"{value[:2]}{DOTS}"


def list_of(shelf: Shelf) -> ListName | None:
    """The list of a shelf; None of shared contexts."""
    return None if shelf == "contexts" else shelf
