"""The state of an account, as every operation that tells it says it."""

from __future__ import annotations

from anyio import to_thread

from app.api.operation import Call
from app.api.wire import AccountState


async def account_state(call: Call, account_id: str, *, is_locked: bool) -> AccountState:
    """`closed` goes before `locked`, since redeeming is off at a closed account too. Raises RecordAway."""
    if await to_thread.run_sync(call.api.is_closed, call.principal.program_id, account_id):
        return "closed"
    return "locked" if is_locked else "active"
