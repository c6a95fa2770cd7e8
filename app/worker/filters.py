"""The filter of recorded event ids: a Bloom filter in Valkey that lets a decision skip the record.

A new event's id is almost never in it, so that the hot path asks no database; an id that is in it, rightly or by
chance (one in a hundred), is looked up. While the filter is missing everything is looked up: slower, never wrong.
"""

from __future__ import annotations

import secrets
from typing import Final

from app.ports.record import Record
from app.sighting import Sighter
from app.store.packing import PARTITIONS
from app.store.pipeline import Pipeline, pack
from app.store.valkey import filter_key

BITS_AN_EVENT: Final = 10
"""With four hash functions one unknown id in 85 looks known: (1 - e^(-4/10))^4."""
SMALLEST_BITS: Final = 1 << 18
"""Of one of the sixteen filters: 32 KiB, together room for 400,000 events."""
HASHES: Final = 4
STRETCH: Final = 2_000
BUILDER: Final = b"building"
LEASE_MS: Final = 60_000
"""How long a builder that says nothing keeps others out: far above a stretch, which takes 10 ms."""


async def ensure(pipeline: Pipeline, record: Record, sighter: Sighter) -> int:
    """
    See that the filters exist and have room for twice what is recorded; build them anew where not.

    Returns:
        How many events may be recorded before this is worth asking again.
    """
    events = record.count_events()
    wanted = SMALLEST_BITS
    while wanted * len(PARTITIONS) < 2 * events * BITS_AN_EVENT:
        wanted *= 2
    asked = b"".join(pack(("STRLEN", b"f" + tag)) for tag in PARTITIONS)
    sizes = await pipeline.call(asked, len(PARTITIONS))
    if min(sizes) * 8 < wanted and not await _build(pipeline, record, sighter, wanted):
        return 1  # somebody else is at it, or died over it: ask again soon
    return max(wanted * len(PARTITIONS) // BITS_AN_EVENT - events, 1)


async def _build(pipeline: Pipeline, record: Record, sighter: Sighter, bits: int) -> bool:
    """Under another name first: until it is complete the old one, or none, stands. Whether it was built here."""
    token = secrets.token_bytes(8)
    if not await pipeline.execute("SET", BUILDER, token, "NX", "PX", LEASE_MS):
        return False
    tags = len(PARTITIONS)
    await pipeline.call(b"".join(pack(("DEL", b"g" + tag)) for tag in PARTITIONS), tags)
    await pipeline.call(b"".join(pack(("SETBIT", b"g" + tag, bits - 1, 0)) for tag in PARTITIONS), tags)
    packed: list[bytes] = []
    for program_id, event_id in record.event_ids():  # what is recorded from here on is marked in both
        packed.append(_marking(sighter.event_key(program_id, event_id), bits))
        if len(packed) == STRETCH:
            if not await _apply(pipeline, token, packed):
                return False
            packed.clear()
    packed += [pack(("RENAME", b"g" + tag, b"f" + tag)) for tag in PARTITIONS]
    if not await _apply(pipeline, token, packed):
        return False
    await pipeline.execute("DEL", BUILDER)
    return True


def _marking(event: bytes, bits: int) -> bytes:
    words = [int.from_bytes(event[at : at + 4]) % bits for at in range(0, 4 * HASHES, 4)]
    marks = (part for bit in words for part in ("SET", "u1", bit, 1))
    return pack(("BITFIELD", filter_key(event, building=True), *marks))


async def _apply(pipeline: Pipeline, token: bytes, packed: list[bytes]) -> bool:
    """Whether we were still the builder."""
    if await pipeline.execute("GET", BUILDER) != token:
        return False
    await pipeline.call(b"".join(packed), len(packed))
    await pipeline.execute("PEXPIRE", BUILDER, LEASE_MS)
    return True
