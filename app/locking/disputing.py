"""This was not me: a member disputes a redemption by the link in its notice, and redeeming is switched off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from app.locking.links import Links
from app.locking.switch import Switch, Wish
from app.ports.instants import Clock
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.redeeming.throttling import Throttle
from app.redeeming.visiting import Client
from tokens.who import Who

Step = Literal["disputed", "disputed_before", "dispute_expired", "dispute_unknown", "dispute_wait"]
"""`disputed`: redeeming is off now. `disputed_before`: it was, and has been switched on again since."""
REASON: Final = "not_me"


class Told(NamedTuple):
    """What the member is shown; `terms`: how the programme speaks, where it is known."""

    step: Step
    terms: Terms
    wait_s: int | None = None


class Disputes:
    """
    The gestures of a member with such a link. Each raises RecordAway or HotStoreAway.

    Args:
        switch: locks.
        links: reads links.
        throttle: counts clients.
        secrets: hashes addresses.
        terms: programme → its terms; None: those a page greets with before the programme is known.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        switch: Switch,
        links: Links,
        throttle: Throttle,
        secrets: Secrets,
        terms: Callable[[str | None], Terms],
        clock: Clock,
    ) -> None:
        self._switch, self._links, self._throttle, self._secrets = switch, links, throttle, secrets
        self._terms, self._clock = terms, clock

    async def landing(self, client: Client) -> Terms | None:
        """The terms to greet with, whatever the link is. None where this client asks too often."""
        return None if await self._throttle.admit("landing", self._known_as(client)) else self._terms(None)

    async def confirm(self, text: str, client: Client) -> Told:
        """
        Dispute the redemption and lock the account; by the same link, once. Where it is durable and HotStoreAway is
        raised all the same, decisions may not mind it yet, so the member is not told that it is done.
        """
        known_as = self._known_as(client)
        link = self._links.read("not_me", text)
        if link is None:
            wait_s = await self._throttle.admit("enter", known_as)
            if wait_s:
                return Told("dispute_wait", self._terms(None), wait_s)
            await self._throttle.count("unknown", known_as)
            return Told("dispute_unknown", self._terms(None))
        terms = self._terms(link.program_id)
        if self._clock() >= link.expires_ms:
            return Told("dispute_expired", terms)
        who = Who("member", known_as)
        wish = Wish(link.program_id, link.account_id, locked=True, by="member", who=who, reason=REASON)
        row = await self._switch.dispute(wish, link.redemption_id)
        return Told("disputed" if row.locked else "disputed_before", terms)

    def _known_as(self, client: Client) -> bytes:
        return self._secrets.client_hash(client.address)
