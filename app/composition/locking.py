"""Locks, put together: the switch of redeeming, its desk, and the links by which members reach it."""

from __future__ import annotations

from collections.abc import Callable

from app.clock import system_clock
from app.composition.ground import Ground
from app.composition.token_stores import TokenStores
from app.keys import derive
from app.locking.desk import LockDesk
from app.locking.disputing import Disputes
from app.locking.links import Links
from app.locking.notifying import Notifier
from app.locking.switch import Switch
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.seal import Seal


class Locking:
    """
    Locks of one web worker.

    switch:   locks and unlocks accounts.
    desk:     what a backend asks of it.
    links:    what members reach their own lock by.
    disputes: the page behind "this was not me".
    notifier: writes the notice that carries that link.
    """

    def __init__(
        self, ground: Ground, stores: TokenStores, secrets: Secrets, greeting: Callable[[str | None], Terms]
    ) -> None:
        self.links = Links(Seal(derive(ground.master, "locks")))
        self.switch = Switch(stores.locks, ground.history, ground.sighter.digest, system_clock)
        self.desk = LockDesk(self.switch, secrets, self.links, ground.base, system_clock)
        self.disputes = Disputes(self.switch, self.links, stores.throttle, secrets, greeting, system_clock)
        self.notifier = Notifier(self.links, secrets.outbox, ground.file.terms, ground.base, ground.host)
