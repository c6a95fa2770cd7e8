"""The accounts held to be the same person's, as the record tells them."""

from __future__ import annotations

import asyncio
from typing import Final

from app.api.wire import LinkedAccount, LinkEvidence, Links
from app.ports import LinkRow, Record
from app.sighting import Sighter

UNNAMED: Final = "unknown"
"""In place of an account that left traces at a shared identifier and was never recorded itself."""


class Linker:
    """Answers `/links`."""

    def __init__(self, record: Record, sighter: Sighter) -> None:
        self._record, self._sighter = record, sighter

    async def links(self, program_id: str, account_id: str) -> Links | None:
        """An account's cluster and neighbours; None where the account is not recorded. Raises RecordAway."""
        if await asyncio.to_thread(self._record.account, program_id, account_id) is None:
            return None
        rows = await asyncio.to_thread(self._record.links, program_id, account_id)
        me = self._sighter.digest(program_id, "account", account_id)
        cluster = min(me, *(row.key for row in rows)).hex() if rows else None
        return Links(cluster and f"clu_{cluster}", tuple(_spoken(row) for row in rows))


def _spoken(row: LinkRow) -> LinkedAccount:
    evidence = tuple(LinkEvidence(*one) for one in row.evidence)
    return LinkedAccount(row.account_id or UNNAMED, row.probability, evidence)
