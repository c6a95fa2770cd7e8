"""What a backend can ask of locks: to set one, to take it away and how it stands."""

from __future__ import annotations

from app.locking.switch import Switch, Wish
from app.ports import LockedBy, LockRow
from app.redeeming.desk import Caller
from app.redeeming.secrets import Secrets
from tokens.ledger import Who


class LockDesk:
    """
    The use cases of a backend.

    Args:
        switch: locks and unlocks.
        secrets: hashes addresses.
    """

    def __init__(self, switch: Switch, secrets: Secrets) -> None:
        self._switch, self._secrets = switch, secrets

    async def standing(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands at an account. Raises RecordAway."""
        return await self._switch.standing(program_id, account_id)

    async def change(
        self,
        account_id: str,
        caller: Caller,
        *,
        locked: bool,
        by: LockedBy = "backend",
        reason: str | None = None,
        note: str | None = None,
    ) -> LockRow:
        """Lock or unlock, also an account nothing is known of yet. Raises as `Switch.change`."""
        wish = Wish(caller.principal.program_id, account_id, locked, by, self._who(caller), reason, note)
        return await self._switch.change(wish)

    def _who(self, caller: Caller) -> Who:
        ip_hash = self._secrets.address_hash("ip", caller.address) if caller.address else b""
        return Who(f"key:{caller.principal.key_id}", ip_hash)
