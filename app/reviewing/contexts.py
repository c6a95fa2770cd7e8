"""Which things are shared by honest members, as policy and analysts say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from app.feedback.ports import ContextRow
from app.reviewing.panels import ContextOf
from detectors.policy import SharedContext

Digest = Callable[[str, str, str], bytes]
"""Programme, kind, value → keyed hash: `app.sighting.Sighter.digest`."""


class HoldsContexts(Protocol):
    """Where contexts that analysts marked are kept."""

    def live_contexts(self, now_ms: int) -> Sequence[ContextRow]:
        """All of all programmes that have not expired. Raises RecordAway."""
        ...


def contexts(
    record: HoldsContexts,
    by_policy: Callable[[str], Iterable[SharedContext]],
    digest: Digest,
    program_id: str,
    now_ms: int,
) -> ContextOf:
    """
    What each thing of a programme is marked as; analysts' marks before the policy's. Synchronous. Raises RecordAway.

    Networks are marks on addresses that only a decision can match: here, where there are but hashes, they are not found.
    """
    marked: dict[tuple[str, bytes], str] = {
        (shared.kind, digest(program_id, shared.kind, shared.value)): shared.context
        for shared in by_policy(program_id)
        if "/" not in shared.value
    }
    marked |= {
        (row.kind, row.digest): row.context
        for row in record.live_contexts(now_ms)
        if row.program_id == program_id and row.digest
    }
    return lambda _program_id, kind, key: marked.get((kind, key))
