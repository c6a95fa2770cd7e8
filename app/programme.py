"""One programme as a worker holds it in memory: policy, detectors, lists and shared contexts, ready to judge with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, NamedTuple

from msgspec.structs import replace

from app.feedback.hearing import NOTHING_HEARD, Heard
from app.ports.lists import ListEntry
from app.ports.sighting import Sighting
from app.sighting import Sighted
from detectors.base import Detector
from detectors.event import Event
from detectors.forest.features import vector
from detectors.policy import Policy, Rule
from detectors.snapshot import OWN_ROLES, Entity, Snapshot
from detectors.verdict import ListHit

RuleHits = tuple[Sequence[Rule], Sequence[str]]
"""Rules that are true, and rules that failed, in words."""


def no_rules(_seen: Snapshot) -> RuleHits:
    """A programme without rules of its own."""
    return (), ()


FOR_EVER_MS: Final = 2**62


class Shared(NamedTuple):
    """A registered shared context, and until when it is one."""

    context: str
    until_ms: int = FOR_EVER_MS


@dataclass(frozen=True, slots=True)
class Programme:
    """
    What judging needs, looked up by digest.

    lists:    digest → entries of any list that name it.
    contexts: digest of a device, address, payment instrument or terminal → its registered shared context.
    networks: networks registered as one, first come first served.
    terminal: hashes a terminal's id, where one is registered: it speaks for the device and the address at it.
    heard:    what people said of accounts and pairs.
    pages:    base of the pages members see; empty where there is no public address.
    """

    policy: Policy
    detectors: Sequence[Detector]
    model_version: str = "none"
    lists: Mapping[bytes, Sequence[ListEntry]] = field(default_factory=dict)
    contexts: Mapping[bytes, Shared] = field(default_factory=dict)
    networks: Sequence[tuple[IPv4Network | IPv6Network, Shared]] = ()
    terminal: Callable[[str], bytes] | None = None
    heard: Heard = NOTHING_HEARD
    rules: Callable[[Snapshot], RuleHits] = no_rules
    pages: str = ""

    def snapshot(self, event: Event, sighted: Sighted, entities: Mapping[str, Entity]) -> Snapshot:
        """The frozen input of every detector. Without a vector where a feature failed."""
        sighting = sighted.sighting
        seen = Snapshot(
            event,
            sighting.at_ms,
            entities["account"],
            self.policy.segment,
            sighting.touches[0].key.hex(),
            entities.get("device"),
            entities.get("ip"),
            entities.get("payment"),
            entities.get("counterparty"),
            {role: entity for role, entity in entities.items() if role not in OWN_ROLES},
            sighted.traits,
            self._shared(event, sighting),
            sighted.disposable_email,
            {peer.role: peer.key.hex() for peer in sighting.touches[0].peers},
            said=self.heard.of(sighting.touches[0].key, sighting.at_ms),
            link=sighted.link,
        )
        try:
            return replace(seen, vector=vector(seen))
        except Exception:  # noqa: BLE001 - as for a detector that raises: it costs the model's word, not the answer
            return seen

    def _shared(self, event: Event, sighting: Sighting) -> dict[str, str]:
        """Role → the shared context that its entity is registered as at that instant."""
        found: dict[str, Shared] = {}
        if self.contexts:
            known = ((touch.role, self.contexts.get(touch.key)) for touch in sighting.touches)
            found = {
                role: shared
                for role, shared in known
                if shared is not None and sighting.at_ms < shared.until_ms
            }
        if self.networks and event.ip is not None and "ip" not in found:
            address = ip_address(event.ip)
            fitting = (
                shared
                for network, shared in self.networks
                if address in network and sighting.at_ms < shared.until_ms
            )
            if (shared := next(fitting, None)) is not None:
                found["ip"] = shared
        if self.terminal is not None and event.terminal_id is not None:
            shared = self.contexts.get(self.terminal(event.terminal_id))
            if shared is not None and sighting.at_ms < shared.until_ms:
                here = {touch.role for touch in sighting.touches} & {"device", "ip"}
                found = dict.fromkeys(here, shared) | found
        return {role: shared.context for role, shared in found.items()}

    def list_hits(self, sighted: Sighted, entities: Mapping[str, Entity], now_ms: int) -> Sequence[ListHit]:
        """Entries that name something of this event, or a contact the account, if we see it, is known to have; and what
        labels of the account come to.
        """
        watched = self.heard.watched(sighted.sighting.touches[0].key)
        if not self.lists:
            return watched
        named = [touch.key for touch in sighted.sighting.touches]
        account = entities.get("account")
        named += [fact.value for fact in account.facts.values()] if account is not None else []
        return [
            *watched,
            *self._listed(named, now_ms),
        ]

    def _listed(self, named: Sequence[bytes], now_ms: int) -> Sequence[ListHit]:
        return [
            ListHit(entry.list, entry.kind, entry.entry_id, entry.reason)
            for key in dict.fromkeys(named)
            for entry in self.lists.get(key, ())
            if entry.expires_ms is None or entry.expires_ms > now_ms
        ]
