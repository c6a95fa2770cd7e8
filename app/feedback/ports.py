"""What people say, as it is kept, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from app.ports.labels import Label
from app.ports.lists import ListEntry, ListName
from tokens.who import Who

PairVerdict = Literal["same_person", "household", "unrelated"]
"""`same_person`: confirmed. The others release: related, or nothing to do with each other."""
ContextName = Literal["household", "store_tablet", "call_centre", "office_nat", "kiosk", "corporate_buyer"]
ContextKind = Literal["device", "ip", "terminal", "payment"]
"""`ip`: an address, or a network as in 192.0.2.0/24."""
LabelName = Literal["fraud", "legitimate", "policy_abuse", "undetermined"]


class ByTwo(Exception):
    """Two people closed the account: one alone does not take it from the block list. Nothing was done."""

    def __init__(self) -> None:
        super().__init__(
            "Two people closed this account: reopen its case and release it there, which takes two again."
        )


class ContextRow(Struct, frozen=True):
    """A place or a thing many honest members share. `digest`: as of a list entry; empty for a network."""

    context_id: str
    program_id: str
    kind: ContextKind
    value: str
    digest: bytes
    context: ContextName
    reason: str
    author: str
    created_ms: int
    expires_ms: int | None


class PairRow(Struct, frozen=True):
    """
    What was said last of two accounts; the lesser id first.

    verdict: None where the last word was withdrawn.
    reason:  None where it was not asked for, or the key of one of the two is erased.
    version: of the act that said it, which may have judged more pairs.
    """

    program_id: str
    account_id: str
    other_id: str
    account_key: bytes
    other_key: bytes
    verdict: PairVerdict | None
    author: str
    judged_ms: int
    expires_ms: int | None
    version: int
    reason: str | None = None


class Word(Struct, frozen=True):
    """
    The last label of an account, or of one of its events.

    subject: the event's id, "" for the account itself.
    codes:   of a legitimate one, the reasons that were judged → the greatest weight they had.
    version: of the act that said it.
    """

    program_id: str
    account_id: str
    subject: str
    account_key: bytes
    label: LabelName
    typology: str | None
    label_id: str
    said_ms: int
    codes: Mapping[str, float]
    version: int = 0


class News(NamedTuple):
    """What was said since a version, and up to which."""

    version: int
    words: Sequence[Word]
    pairs: Sequence[PairRow]


class Judged(NamedTuple):
    """Whose an event or account is, and what was found at its decisions, packed by `app.traces`, newest first."""

    account_id: str | None
    found: Sequence[bytes]


class Pairs(NamedTuple):
    """Pairs to be judged alike: (account id, key), every two of them."""

    program_id: str
    accounts: Sequence[tuple[str, bytes]]
    verdict: PairVerdict
    reason: str
    author: str
    expires_ms: int | None


class Feedback(Protocol):
    """
    Where all of it is durable. Synchronous; every method raises RecordAway: nothing was done then. Every act is
    audited in its own transaction and moves the version that workers compare.
    """

    def judged(self, program_id: str, account_id: str | None, event_id: str | None) -> Judged:
        """What decisions found: at the event where one is named, otherwise at the account's newest."""
        ...

    def say(self, label: Label, word: Word | None, who: Who) -> None:
        """Keep a label; `word`: where it is one that decisions mind."""
        ...

    def unsay(self, label: Label, undone: str, who: Who) -> bool:
        """Keep a label that takes back the one with this id, if that is still the last word; whether it was."""
        ...

    def mark(self, row: ContextRow, who: Who) -> None:
        """Keep a shared context."""
        ...

    def unmark(self, program_id: str, context_id: str, who: Who, now_ms: int) -> bool:
        """Take one out; False where it is not there."""
        ...

    def judge(self, pairs: Pairs, who: Who, now_ms: int) -> int:
        """Say this of every two of them, whatever was said before; the act's version."""
        ...

    def withdraw(self, program_id: str, account_id: str, other_id: str, who: Who, now_ms: int) -> bool:
        """Take the last word on two back; False where there is none."""
        ...

    def undo(self, program_id: str, version: int, who: Who, now_ms: int) -> int:
        """Take back what an act said of pairs, where it is still the last word; of how many."""
        ...

    def enlist(self, entry: ListEntry, who: Who) -> None:
        """Keep a list entry."""
        ...

    def delist(self, program_id: str, list_name: ListName, entry_id: str, who: Who, now_ms: int) -> bool:
        """Take one out; False where it is not in that list. Raises ByTwo."""
        ...
