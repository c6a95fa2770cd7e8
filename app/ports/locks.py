"""How redeeming stands at an account."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from detectors.snapshot import Lock

LockedBy = Literal["member", "backend", "analyst", "step_up"]
"""`step_up`: an analyst asks for a proof; the member switches redeeming on by giving it."""


class LockRow(Struct, frozen=True):
    """
    How redeeming stands at an account, by the last change.

    version: how many changes there were; 0: none, and the account is open.
    """

    program_id: str
    account_id: str
    version: int
    locked: bool
    changed_ms: int
    asked_by: LockedBy

    @property
    def lock(self) -> Lock | None:
        """As a decision sees it."""
        by = "analyst" if self.asked_by == "step_up" else self.asked_by
        return Lock(self.changed_ms, by) if self.locked else None
