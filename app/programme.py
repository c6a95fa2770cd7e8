"""One programme as a worker holds it in memory: policy, detectors, lists and shared contexts, ready to judge with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address

from msgspec.structs import replace

from app.ports import ListEntry
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


@dataclass(frozen=True, slots=True)
class Programme:
    """
    What judging needs, looked up by digest.

    lists:    digest → entries of any list that name it.
    contexts: digest of a device or address → its registered shared context.
    networks: networks registered as one, first come first served.
    """

    policy: Policy
    detectors: Sequence[Detector]
    model_version: str = "none"
    lists: Mapping[bytes, Sequence[ListEntry]] = field(default_factory=dict)
    contexts: Mapping[bytes, str] = field(default_factory=dict)
    networks: Sequence[tuple[IPv4Network | IPv6Network, str]] = ()
    rules: Callable[[Snapshot], RuleHits] = no_rules

    def snapshot(self, event: Event, sighted: Sighted, entities: Mapping[str, Entity]) -> Snapshot:
        """The frozen input of every detector. Without a vector where a feature failed."""
        sighting = sighted.sighting
        contexts: dict[str, str] = {}
        if self.contexts:
            known = ((touch.role, self.contexts.get(touch.key)) for touch in sighting.touches)
            contexts = {role: context for role, context in known if context is not None}
        if self.networks and event.ip is not None and "ip" not in contexts:
            address = ip_address(event.ip)
            context = next((one for network, one in self.networks if address in network), None)
            if context is not None:
                contexts["ip"] = context
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
            contexts,
            sighted.disposable_email,
            {peer.role: peer.key.hex() for peer in sighting.touches[0].peers},
        )
        try:
            return replace(seen, vector=vector(seen))
        except Exception:  # noqa: BLE001 - as for a detector that raises: it costs the model's word, not the answer
            return seen

    def list_hits(self, sighted: Sighted, entities: Mapping[str, Entity], now_ms: int) -> Sequence[ListHit]:
        """Entries that name something of this event, or a contact the account, if we see it, is known to have."""
        if not self.lists:
            return ()
        named = [touch.key for touch in sighted.sighting.touches]
        account = entities.get("account")
        named += [fact.value for fact in account.facts.values()] if account is not None else []
        return [
            ListHit(entry.list, entry.kind, entry.entry_id, entry.reason)
            for key in dict.fromkeys(named)
            for entry in self.lists.get(key, ())
            if entry.expires_ms is None or entry.expires_ms > now_ms
        ]
