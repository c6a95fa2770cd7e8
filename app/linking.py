"""The accounts held to be the same person's, as the record tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import UNSET

from app.api.wire import LinkedAccount, LinkEvidence, Links
from app.feedback.ports import PairRow
from app.ports.instants import Clock
from app.ports.record import Record
from app.ports.rows import LinkRow
from app.sighting import Sighter
from detectors.identity.pairs import as_a_whole

CONFIRMED: Final = (LinkEvidence(*as_a_whole("analyst", "confirmed", 1.0)),)
"""What an analyst's word weighs."""
UNNAMED: Final = "unknown"
"""In place of an account that left traces at a shared identifier and was never recorded itself."""


class HoldsVerdicts(Protocol):
    """Where verdicts on pairs are kept: the record."""

    def pair_verdicts(self, program_id: str, account_id: str) -> Sequence[PairRow]:
        """What was said of an account and others. Raises RecordAway."""
        ...


class Linker:
    """Answers `/links`."""

    def __init__(self, record: Record, verdicts: HoldsVerdicts, sighter: Sighter, clock: Clock) -> None:
        self._record, self._verdicts, self._sighter, self._clock = record, verdicts, sighter, clock

    async def links(self, program_id: str, account_id: str) -> Links | None:
        """An account's cluster and neighbours; None where the account is not recorded. Raises RecordAway."""
        if await asyncio.to_thread(self._record.account, program_id, account_id) is None:
            return None
        rows = await asyncio.to_thread(self._record.links, program_id, account_id)
        said = await self._said(program_id, account_id)
        found = {row.key: _spoken(row, said.get(row.key)) for row in rows}
        for key, pair in said.items():
            if key not in found and pair.verdict == "same_person":
                other = pair.other_id if pair.account_id == account_id else pair.account_id
                found[key] = LinkedAccount(other, 1.0, CONFIRMED, pair.verdict)
        me = self._sighter.digest(program_id, "account", account_id)
        held = [key for key, one in found.items() if one.verdict in {UNSET, "same_person"}]
        cluster = min(me, *held).hex() if held else None
        order = sorted(found.values(), key=lambda one: -one.probability)
        return Links(cluster and f"clu_{cluster}", tuple(order))

    async def _said(self, program_id: str, account_id: str) -> dict[bytes, PairRow]:
        """The other's key → what was said of the two, where it still counts."""
        rows = await asyncio.to_thread(self._verdicts.pair_verdicts, program_id, account_id)
        now_ms = self._clock()
        return {
            row.other_key if row.account_id == account_id else row.account_key: row
            for row in rows
            if row.expires_ms is None or now_ms < row.expires_ms
        }


def _spoken(row: LinkRow, said: PairRow | None) -> LinkedAccount:
    """A link as found; one that was confirmed is certain, and one that was released says so."""
    verdict = UNSET if said is None or said.verdict is None else said.verdict
    found = tuple(LinkEvidence(*one) for one in row.evidence)
    confirmed = verdict == "same_person"
    evidence = found if not confirmed or CONFIRMED[0] in found else (*CONFIRMED, *found)
    return LinkedAccount(row.account_id or UNNAMED, 1.0 if confirmed else row.probability, evidence, verdict)
