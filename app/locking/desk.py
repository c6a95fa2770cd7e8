"""What a backend can ask of locks: to set one, to take it away, how it stands, and a link for its member."""

from __future__ import annotations

from typing import Final

from app.locking.links import Link, Links
from app.locking.switch import Switch, Wish
from app.ports.instants import Clock
from app.ports.locks import LockedBy, LockRow
from app.redeeming.desk import Caller
from app.redeeming.secrets import Secrets
from tokens.token import Locale
from tokens.who import Who

LINK_FOR_MS: Final = 900_000
"""15 minutes: whoever has the link can see and lock, so it is made when the member presses the programme's button, for
that moment, and is as short as the visit it begins."""


class LockDesk:
    """
    The use cases of a backend.

    Args:
        switch: locks and unlocks.
        secrets: hashes addresses.
        links: writes links.
        base: of the links members get, from the settings.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, switch: Switch, secrets: Secrets, links: Links, base: str, clock: Clock) -> None:
        self._switch, self._secrets, self._links = switch, secrets, links
        self._base, self._clock = base, clock

    def link(self, account_id: str, caller: Caller, locale: Locale | None) -> tuple[str, int]:
        """A link to the page on which that account's signed-in member switches redeeming, and when it ends."""
        expires_ms = self._clock() + LINK_FOR_MS
        link = Link(caller.principal.program_id, account_id, expires_ms, "", locale)
        return f"{self._base}/l/{self._links.write('switch', link)}", expires_ms

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
        ip_hash = self._secrets.client_hash(caller.address) if caller.address else b""
        return Who(f"key:{caller.principal.key_id}", ip_hash)
