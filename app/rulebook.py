"""All programmes as a worker holds them: read again when the hot store says that lists changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from typing import Final, NamedTuple, Protocol

import structlog

from app.feedback.hearing import Hearing, Read
from app.feedback.ports import ContextRow, News
from app.policy.file import PolicyFile
from app.policy.rules import compiled
from app.ports.lists import ListEntry
from app.ports.record import RecordAway
from app.programme import Programme, Shared
from app.sighting import Sighter
from detectors.anomaly import Model
from detectors.catalogue import catalogue
from detectors.policy import DEFAULT_SEGMENT

BEFORE_ANY: Final = -2
"""No version of the hot store's: the first decision reads on from there."""
RETRY_MS: Final = 2_000
"""After lists could not be read, decisions go on with the old ones so long before it is tried again."""

log = structlog.get_logger("earnest.rulebook")


class HoldsLists(Protocol):
    """Where lists, shared contexts and what people said are kept: the record."""

    def live_list_entries(self, now_ms: int) -> Sequence[ListEntry]:
        """All entries of all programmes that have not expired. Raises RecordAway."""
        ...

    def live_contexts(self, now_ms: int) -> Sequence[ContextRow]:
        """All shared contexts of all programmes that have not expired. Raises RecordAway."""
        ...

    def heard_since(self, version: int) -> News:
        """What was said of accounts and pairs since that version. Raises RecordAway."""
        ...


class _News(NamedTuple):
    """All that was read again."""

    entries: Sequence[ListEntry]
    contexts: Sequence[ContextRow]
    said: Read


class Rulebook:
    """
    Policies, lists and contexts by programme.

    Args:
        file: The policy file in force.
        record: Holds the lists.
        sighter: Hashes what policies name in clear.
        model: Of the anomaly detector, where there is one.
        pages: Base of the pages members see; empty where there is no public address.
    """

    def __init__(
        self,
        file: PolicyFile,
        record: HoldsLists,
        sighter: Sighter,
        model: Model | None = None,
        *,
        pages: str = "",
    ) -> None:
        self._file, self._record, self._sighter, self._model = file, record, sighter, model
        self._pages = pages
        self._lists: Mapping[str, Mapping[bytes, list[ListEntry]]] = {}
        self._contexts: Mapping[str, Sequence[ContextRow]] = {}
        self._hearing = Hearing()
        self._bare: dict[str, Programme] = {}
        self._programmes: dict[str, Programme] = {}
        self._reading = asyncio.Lock()
        self.version = -1
        """Of the lists in hand; -1 before they were read for the first time."""
        self.is_fresh = True
        """False while newer lists are known to be there and cannot be read."""
        self._again_ms = 0

    def programme(self, program_id: str) -> Programme:
        """A programme, ready to judge with."""
        programme = self._programmes.get(program_id)
        if programme is None:
            programme = self._programmes[program_id] = self._made(program_id)
        return programme

    def adopt(self, model: Model | None) -> None:
        """Judge by this model from the next event on."""
        self._model, self._bare, self._programmes = model, {}, {}

    async def begin(self, now_ms: int) -> None:
        """Read what there is before the first decision waits for it: of a hundred thousand words that takes seconds."""
        await self.refresh(BEFORE_ANY, now_ms)

    async def refresh(self, version: int, now_ms: int) -> None:
        """Read again what people said, unless somebody just did. While the record is away the last of it stands."""
        async with self._reading:
            if version == self.version or now_ms < self._again_ms:
                return
            try:
                news = await asyncio.to_thread(self._news, now_ms)
            except RecordAway:
                log.warning("lists could not be read; the last ones stand", version=self.version)
                self.is_fresh, self._again_ms = False, now_ms + RETRY_MS
                return
            lists: dict[str, dict[bytes, list[ListEntry]]] = defaultdict(lambda: defaultdict(list))
            for entry in news.entries:
                lists[entry.program_id][entry.digest].append(entry)
            contexts: dict[str, list[ContextRow]] = defaultdict(list)
            for row in news.contexts:
                contexts[row.program_id].append(row)
            self._lists, self._contexts = lists, contexts
            self._hearing.take(news.said)
            self._programmes = {}
            self.version, self.is_fresh = version, True

    def _news(self, now_ms: int) -> _News:
        """In a thread; nothing here changes meanwhile, since one refresh waits for another."""
        return _News(
            self._record.live_list_entries(now_ms),
            self._record.live_contexts(now_ms),
            self._hearing.read(self._record.heard_since),
        )

    def _made(self, program_id: str) -> Programme:
        """With what people said; what the policy says is kept, since compiling its rules takes its time."""
        bare = self._bare.get(program_id)
        if bare is None:
            bare = self._bare[program_id] = self._of_policy(program_id)
        marked = self._contexts.get(program_id, ())
        said = {row.digest: _shared(row) for row in marked if row.digest}
        ranges = [(ip_network(row.value, strict=False), _shared(row)) for row in marked if not row.digest]
        return replace(
            bare,
            lists=self._lists.get(program_id, {}),
            contexts={**said, **bare.contexts} if said else bare.contexts,
            networks=(*bare.networks, *ranges),
            terminal=partial(self._sighter.digest, program_id, "terminal")
            if any(row.kind == "terminal" for row in marked)
            else None,
            heard=self._hearing.of(program_id),
        )

    def _of_policy(self, program_id: str) -> Programme:
        policy = self._file.programme(program_id)
        usual = self._model.usual(program_id) if self._model is not None else None
        if (
            usual is not None and policy.segment == DEFAULT_SEGMENT
        ):  # the programme has not said: it was learned
            policy = replace(policy, segment=usual)
        networks = tuple(
            (ip_network(shared.value, strict=False), Shared(shared.context))
            for shared in policy.contexts
            if shared.kind == "ip" and "/" in shared.value
        )
        contexts = {
            self._sighter.digest(program_id, shared.kind, shared.value): Shared(shared.context)
            for shared in policy.contexts
            if not (shared.kind == "ip" and "/" in shared.value)
        }
        return Programme(
            policy,
            catalogue(policy, self._model),
            "none" if self._model is None else self._model.version,
            contexts=contexts,
            networks=networks,
            rules=compiled(policy),
            pages=self._pages,
        )


def _shared(row: ContextRow) -> Shared:
    return Shared(row.context) if row.expires_ms is None else Shared(row.context, row.expires_ms)
