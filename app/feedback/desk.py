"""
What people say, taken in: durable first, then told to every worker, and only then said to be done.

Each act answers with what it changed and a handle by which it is taken back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from ipaddress import ip_network
from typing import Any, Final, NamedTuple, TypeVar, cast, get_args

from anyio import to_thread

from app.feedback.ports import (
    ContextKind,
    ContextName,
    ContextRow,
    Feedback,
    LabelName,
    Pairs,
    PairVerdict,
    Word,
)
from app.ports.instants import Clock
from app.ports.labels import Label
from app.ports.lists import ListEntry, ListName
from app.traces import unpack_found
from detectors.base import Signal
from detectors.policy import DEFAULT
from detectors.released import EXCUSABLE
from tokens.who import Who

WITHDRAWN: Final = "withdrawn"
"""The source of a label that takes another one back."""
T = TypeVar("T")


class LabelWish(NamedTuple):
    """A label as asked for: of an account, of an event, or of an event of an account."""

    program_id: str
    label: LabelName
    source: str
    author: str
    account_id: str | None = None
    event_id: str | None = None
    typology: str | None = None


class PairWish(NamedTuple):
    """A verdict as asked for, on every two of these accounts."""

    program_id: str
    accounts: Sequence[str]
    verdict: PairVerdict
    reason: str
    author: str
    expires_ms: int | None = None


class ContextWish(NamedTuple):
    """A shared context as asked for."""

    program_id: str
    kind: ContextKind
    value: str
    context: ContextName
    reason: str
    author: str
    expires_ms: int | None = None


class Undo(NamedTuple):
    """How an act is taken back: what it was, and its id. `text` is the handle."""

    kind: str
    id: str

    @property
    def text(self) -> str:
        """To be handed back to `FeedbackDesk.withdraw`."""
        return f"{self.kind}:{self.id}"


class FeedbackDesk:
    """
    The use cases. One per process. Every act raises RecordAway, nothing was done then; and HotStoreAway: it is durable,
    and decisions may not mind it yet; asking again tells them, and so does the worker.

    Args:
        store: holds it durably.
        tell: lets every worker read again before its next decision.
        digest: (programme, kind, value) → the key an entity is known by; ValueError where the value is none.
        clock: milliseconds since 1970-01-01 UTC.
        new_id: prefix → a fresh id.
    """

    def __init__(
        self,
        store: Feedback,
        tell: Callable[[], Awaitable[None]],
        digest: Callable[[str, str, str], bytes],
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._store, self._tell, self._digest = store, tell, digest
        self._clock, self._new_id = clock, new_id

    async def label(self, wish: LabelWish, who: Who) -> tuple[Label, Undo]:
        """
        Say what an account or an event turned out to be. Of an event that is not in the record and names no account it
        is kept, and decisions do not mind it.
        """
        label = Label(
            label_id=self._new_id("lbl"),
            program_id=wish.program_id,
            account_id=wish.account_id,
            event_id=wish.event_id,
            label=wish.label,
            typology=wish.typology,
            source=wish.source,
            labelled_ms=self._clock(),
            labelled_by=wish.author,
        )
        word = await to_thread.run_sync(word_of, label, self._store, self._digest)
        await to_thread.run_sync(self._store.say, label, word, who)
        if word is not None:
            await self._tell()
        return label, Undo("label", label.label_id)

    async def mark_context(self, wish: ContextWish, who: Who) -> tuple[ContextRow, Undo]:
        """Register a place or thing that many share. Raises ValueError: the value is none of that kind."""
        is_network = wish.kind == "ip" and "/" in wish.value
        row = ContextRow(
            context_id=self._new_id("ctx"),
            program_id=wish.program_id,
            kind=wish.kind,
            value=str(ip_network(wish.value, strict=False)) if is_network else wish.value,
            digest=b"" if is_network else self._digest(wish.program_id, wish.kind, wish.value),
            context=wish.context,
            reason=wish.reason,
            author=wish.author,
            created_ms=self._clock(),
            expires_ms=wish.expires_ms,
        )
        await self._tell()  # where this fails nothing is kept, and asking again piles nothing up
        await self._done(self._store.mark, row, who)
        return row, Undo("context", row.context_id)

    async def unmark_context(self, program_id: str, context_id: str, who: Who) -> bool:
        """Take a shared context out; False where it is not there."""
        return await self._done(self._store.unmark, program_id, context_id, who, self._clock())

    async def judge_pair(self, wish: PairWish, who: Who) -> Undo:
        """Say what every two of these accounts are to each other, whatever was said before."""
        accounts = [
            (one, self._digest(wish.program_id, "account", one)) for one in sorted(set(wish.accounts))
        ]
        pairs = Pairs(wish.program_id, accounts, wish.verdict, wish.reason, wish.author, wish.expires_ms)
        return Undo("pairs", str(await self._done(self._store.judge, pairs, who, self._clock())))

    async def release_household(
        self, program_id: str, accounts: Sequence[str], reason: str, author: str, who: Who
    ) -> Undo:
        """Say that these accounts are a family's, all of them."""
        return await self.judge_pair(PairWish(program_id, accounts, "household", reason, author), who)

    async def withdraw_pair(self, program_id: str, account_id: str, other_id: str, who: Who) -> bool:
        """Take the last word on two back; False where there is none."""
        return await self._done(self._store.withdraw, program_id, account_id, other_id, who, self._clock())

    async def add_to_list(self, entry: ListEntry, who: Who) -> Undo:
        """Put something on a list."""
        await self._tell()  # as for contexts
        await self._done(self._store.enlist, entry, who)
        return Undo("list", f"{entry.list}:{entry.entry_id}")

    async def remove_from_list(self, program_id: str, name: ListName, entry_id: str, who: Who) -> bool:
        """Take an entry out; False where it is not in that list. Raises ByTwo."""
        return await self._done(self._store.delist, program_id, name, entry_id, who, self._clock())

    async def withdraw(self, program_id: str, undo: str, who: Who) -> bool:
        """
        Take an act back by its handle, as far as nobody has said otherwise since; whether anything was. A verdict that
        it had replaced does not come back.
        """
        kind, _, name = undo.partition(":")
        if kind == "label":
            return await self._done(self._store.unsay, self._undetermined(program_id, who), name, who)
        if kind == "context":
            return await self.unmark_context(program_id, name, who)
        if kind == "pairs" and name.isascii() and name.isdigit():
            return await self._done(self._store.undo, program_id, int(name), who, self._clock()) > 0
        list_name, _, entry_id = name.partition(":")
        if kind == "list" and list_name in get_args(ListName):
            return await self.remove_from_list(program_id, cast("ListName", list_name), entry_id, who)
        return False

    async def _done(self, act: Callable[..., T], *given: Any) -> T:
        """Also where nothing changed: perhaps the call that did it got no further."""
        done = await to_thread.run_sync(partial(act, *given))
        await self._tell()
        return done

    def _undetermined(self, program_id: str, who: Who) -> Label:
        return withdrawal(self._new_id("lbl"), program_id, who, self._clock())


def withdrawal(label_id: str, program_id: str, who: Who, now_ms: int) -> Label:
    """The label that takes another back: whose, the store finds."""
    return Label(label_id, program_id, None, None, "undetermined", None, WITHDRAWN, now_ms, who.actor)


def word_of(label: Label, store: Feedback, digest: Callable[[str, str, str], bytes]) -> Word | None:
    """A label as decisions mind it; None where it is not known whose it is. Synchronous. Raises RecordAway."""
    account_id, codes = label.account_id, {}
    if label.event_id is not None or label.label == "legitimate":
        judged = store.judged(label.program_id, label.account_id, label.event_id)
        account_id, codes = judged.account_id, _codes(judged.found)
    if account_id is None:
        return None
    return Word(
        label.program_id,
        account_id,
        label.event_id or "",
        digest(label.program_id, "account", account_id),
        label.label,
        label.typology,
        label.label_id,
        label.labelled_ms,
        codes if label.label == "legitimate" else {},
    )


def _codes(found: Sequence[bytes]) -> dict[str, float]:
    """Reason code → the greatest weight it had, of those that can be excused."""
    codes: dict[str, float] = {}
    for packed in found:
        for judgement in unpack_found(packed, DEFAULT).judgements:  # the policy matters to limits alone
            if isinstance(judgement, Signal) and judgement.detector in EXCUSABLE:
                for reason in judgement.reasons:
                    codes[reason.code] = max(reason.weight, codes.get(reason.code, 0.0))
    return codes
