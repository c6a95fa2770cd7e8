"""One event as the hot store takes it in, and what the store knows then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from detectors.snapshot import Entity, Traits

Claim = Literal["new", "pending", "unsure", "unsure_pending", "conflict"]


class PeerSeen(NamedTuple):
    """A peer to be noted at an entity: role, 8 bytes of keyed hash, traits (all zero: leave as they were)."""

    role: str
    key: bytes
    traits: Traits = Traits()


class Touch(NamedTuple):
    """
    What one event leaves at one entity, in one atomic step.

    role:   account, device, ip, payment, counterparty, email, phone, address, name_dob.
    key:    8 bytes of keyed hash of programme, kind and value; the same 8 bytes name it among peers.
    kind:   the series it counts in ("" where the event only looks).
    points: None at entities that count events only.
    """

    role: str
    key: bytes
    kind: str
    points: int | None = None
    peers: tuple[PeerSeen, ...] = ()
    facts: tuple[tuple[str, bytes], ...] = ()


class Sighting(NamedTuple):
    """
    One event as the hot store takes it in. The first touch is the account's.

    event_key:   16 bytes of keyed hash of programme and event id: the claim.
    body_hash:   16 bytes of hash of the canonical event: the same body, the same hash.
    fingerprint: 4 bytes of keyed hash of the event id, for recognising a repeat inside a series.
    """

    program_id: str
    event_key: bytes
    body_hash: bytes
    fingerprint: bytes
    at_ms: int
    touches: tuple[Touch, ...]


class Seen(NamedTuple):
    """
    What the hot store knows after taking a sighting in.

    claim:    `new` certainly never seen; `unsure` perhaps in the record, ask it; `pending` taken in before but
              never answered (a worker died, or has it in hand); `unsure_pending` both; `conflict` the id is
              taken by another body.
    answer:   the answer given before, where there is one.
    entities: role → Entity, this event included.
    added:    role → whether this call counted the event there (False: it had been counted before).
    met:      role → peers this call noted there for the first time.
    config:   version of lists, a random number; another one says "read them again".
    complete: False while the state is being rebuilt from the record.
    """

    claim: Claim
    answer: bytes | None
    entities: Mapping[str, Entity]
    added: Mapping[str, bool]
    met: Mapping[str, tuple[PeerSeen, ...]]
    config: int
    complete: bool
