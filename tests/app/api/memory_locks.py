"""Locks without stores: what the routes ask of them."""

from __future__ import annotations

from typing import Any

from app.ports.locks import LockRow
from app.redeeming.desk import Caller

CHANGED_MS = 1_795_262_400_000


class MemoryLocks:
    """How accounts stand, and everything that was asked."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], LockRow] = {}
        self.asked: list[dict[str, Any]] = []

    async def standing(self, program_id: str, account_id: str) -> LockRow | None:
        return self.rows.get((program_id, account_id))

    def link(self, account_id: str, caller: Caller, locale: str | None) -> tuple[str, int]:
        self.asked.append({"account_id": account_id, "locale": locale})
        return f"https://rewards.example/l/of-{caller.principal.program_id}", CHANGED_MS

    async def change(self, account_id: str, caller: Caller, **asked: Any) -> LockRow:
        self.asked.append(asked)
        name = caller.principal.program_id, account_id
        held = self.rows.get(name)
        row = LockRow(
            *name, 1 if held is None else held.version + 1, asked["locked"], CHANGED_MS, asked["by"]
        )
        if held is None and not asked["locked"]:
            return LockRow(*name, version=0, locked=False, changed_ms=CHANGED_MS, asked_by="backend")
        if held is None or held.locked != asked["locked"]:
            self.rows[name] = row
        return self.rows[name]
