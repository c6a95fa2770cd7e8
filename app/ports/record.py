"""The durable record in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from app.ports.journal import JournalEntry
from app.ports.labels import Label
from app.ports.lists import ListEntry, ListName
from app.ports.locks import LockRow
from app.ports.rows import AccountRow, ApiKeyRow, DecisionRow, LinkRow, StoredAnswer, TimelineItem
from detectors.event import Event, Profile

T = TypeVar("T")


class Page(NamedTuple, Generic[T]):
    """One page of a list, and where the next begins."""

    items: Sequence[T]
    next_cursor: str | None


class Record(Protocol):
    """The durable record in SQL. Synchronous: async callers go through a thread. Raises RecordAway."""

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal entries in order, in one transaction. An entry written before is passed over."""
        ...

    def answer(self, program_id: str, event_id: str) -> StoredAnswer | None: ...
    def decision(self, program_id: str, decision_id: str) -> DecisionRow | None: ...
    def event(self, program_id: str, event_id: str) -> Event | None:
        """One event as received. Raises EventErased."""
        ...

    def contacts(self, program_id: str, account_id: str, upto_ms: int, limit: int) -> Sequence[Profile]:
        """Profiles the account was given up to then by events that took place, newest first; of at most so many."""
        ...

    def decisions(
        self, program_id: str, *, account_id: str | None, limit: int, cursor: str | None
    ) -> Page[DecisionRow]: ...
    def account(self, program_id: str, account_id: str) -> AccountRow | None: ...
    def timeline(
        self, program_id: str, account_id: str, *, limit: int, cursor: str | None
    ) -> Page[TimelineItem]: ...

    def links(self, program_id: str, account_id: str) -> Sequence[LinkRow]:
        """Accounts linked to this one by any decision on either, the latest word on each pair, likeliest first."""
        ...

    def keep_policy(self, version: str, text: str, now_ms: int) -> None:
        """Keep the text of a policy file under its version, once."""
        ...

    def policy(self, version: str) -> str | None: ...

    def add_label(self, label: Label) -> None: ...
    def labels(
        self, program_id: str, *, account_id: str | None, limit: int, cursor: str | None
    ) -> Page[Label]: ...

    def add_list_entry(self, entry: ListEntry) -> None: ...
    def remove_list_entry(self, program_id: str, list_name: ListName, entry_id: str) -> bool: ...
    def list_entries(
        self, program_id: str, list_name: ListName, *, limit: int, cursor: str | None
    ) -> Page[ListEntry]: ...
    def live_list_entries(self, now_ms: int) -> Sequence[ListEntry]:
        """All entries of all programmes that have not expired: what the workers hold in memory."""
        ...

    def add_key(self, key: ApiKeyRow) -> None: ...
    def key(self, key_id: str) -> ApiKeyRow | None: ...
    def keys(self) -> Sequence[ApiKeyRow]: ...
    def revoke_key(self, key_id: str, now_ms: int) -> bool: ...

    def lock(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands at an account; None where it was never locked."""
        ...

    def locked(self) -> Iterator[LockRow]:
        """Every account that is locked, in any order, streaming."""
        ...

    def replay(self) -> Iterator[tuple[JournalEntry, int]]:
        """Everything ever journalled with its sequence number, in the order written: what `rebuild` reads."""
        ...

    def last_seq(self) -> int:
        """The sequence number of the entry written last; 0 where there is none."""
        ...

    def event_ids(self) -> Iterator[tuple[str, str]]:
        """Programme and id of every event recorded, in any order, streaming."""
        ...

    def count_events(self) -> int: ...
    def ping(self) -> None:
        """Raise RecordAway unless the database answers and every migration is applied."""
        ...


class EventErased(Exception):
    """The member's data were erased: the decision is known, the event it was made on is not."""


class RecordAway(Exception):
    """The database cannot be reached, or is not migrated."""
