"""All programmes as a worker holds them: read again when the hot store says that lists changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_network
from typing import Final, Protocol

import structlog

from app.policy.file import PolicyFile
from app.policy.rules import compiled
from app.ports import ListEntry, RecordAway
from app.programme import Programme
from app.sighting import Sighter
from detectors.anomaly import Model
from detectors.catalogue import catalogue
from detectors.policy import DEFAULT_SEGMENT

RETRY_MS: Final = 2_000
"""After lists could not be read, decisions go on with the old ones so long before it is tried again."""

log = structlog.get_logger("earnest.rulebook")


class HoldsLists(Protocol):
    """Where lists are kept: the record."""

    def live_list_entries(self, now_ms: int) -> Sequence[ListEntry]:
        """All entries of all programmes that have not expired. Raises RecordAway."""
        ...


class Rulebook:
    """
    Policies, lists and contexts by programme.

    Args:
        file: The policy file in force.
        record: Holds the lists.
        sighter: Hashes what policies name in clear.
        model: Of the anomaly detector, where there is one.
    """

    def __init__(
        self, file: PolicyFile, record: HoldsLists, sighter: Sighter, model: Model | None = None
    ) -> None:
        self._file, self._record, self._sighter, self._model = file, record, sighter, model
        self._lists: Mapping[str, Mapping[bytes, list[ListEntry]]] = {}
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
        self._model, self._programmes = model, {}

    async def refresh(self, version: int, now_ms: int) -> None:
        """Read the lists again, unless somebody just did. While the record is away the old ones stand."""
        async with self._reading:
            if version == self.version or now_ms < self._again_ms:
                return
            try:
                entries = await asyncio.to_thread(self._record.live_list_entries, now_ms)
            except RecordAway:
                log.warning("lists could not be read; the last ones stand", version=self.version)
                self.is_fresh, self._again_ms = False, now_ms + RETRY_MS
                return
            lists: dict[str, dict[bytes, list[ListEntry]]] = defaultdict(lambda: defaultdict(list))
            for entry in entries:
                lists[entry.program_id][entry.digest].append(entry)
            self._lists = lists
            self._programmes = {}
            self.version, self.is_fresh = version, True

    def _made(self, program_id: str) -> Programme:
        policy = self._file.programme(program_id)
        usual = self._model.usual(program_id) if self._model is not None else None
        if (
            usual is not None and policy.segment == DEFAULT_SEGMENT
        ):  # the programme has not said: it was learned
            policy = replace(policy, segment=usual)
        networks = tuple(
            (ip_network(shared.value, strict=False), shared.context)
            for shared in policy.contexts
            if shared.kind == "ip" and "/" in shared.value
        )
        contexts = {
            self._sighter.digest(program_id, shared.kind, shared.value): shared.context
            for shared in policy.contexts
            if not (shared.kind == "ip" and "/" in shared.value)
        }
        return Programme(
            policy,
            catalogue(policy, self._model),
            "none" if self._model is None else self._model.version,
            lists=self._lists.get(program_id, {}),
            contexts=contexts,
            networks=networks,
            rules=compiled(policy),
        )
