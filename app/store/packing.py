"""How the hot store spells keys, fields and values. The Lua files write these forms; this file reads them.

The forms only grow: give a new kind or role a new letter, never reuse one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from struct import Struct, unpack_from
from typing import Final, Generic, TypeVar

from detectors.snapshot import Cell, Entity, Fact, Link, Peer, Series, Traits

KINDS: Final = {
    "signup": b"s", "profile_change": b"p", "login": b"l", "login_failed": b"f", "earn": b"e", "redeem": b"r",
    "transfer": b"t", "adjust": b"j", "return": b"n", "purchase": b"u", "expire": b"x", "referral": b"v",
    "close": b"c", "burn": b"b", "received": b"i", "": b"",
}  # fmt: skip
PEERS: Final = {"account": b"a", "device": b"d", "ip": b"i", "payment": b"p", "counterparty": b"c", "store": b"s"}
FACTS: Final = {"email": b"e", "phone": b"t", "address": b"h"}
ROLES: Final = {
    "account": b"a", "counterparty": b"a", "device": b"d", "ip": b"i", "payment": b"p",
    "email": b"e", "phone": b"t", "address": b"h", "name_dob": b"n",
}  # fmt: skip
PARTITIONS: Final = tuple(b"{%x}" % n for n in range(16))
"""Hash tags. What one script must change together carries the same tag, so that a cluster keeps it in one slot:
an account, its answers and its journal; an event's claim and the filter it is looked up in."""

HOUR_MS: Final = 3_600_000
DAY_FLAG: Final = 1 << 31
_CELL = Struct("<II")
_CELL_POINTS = Struct("<IId")
_PEER = Struct("<8sII")
_PEER_TRAITS = Struct("<8sIIHHHH")
_TRAITS = Struct("<HHHH")
_LINK = Struct("<8sf")
NO_TRAITS: Final = b""

T = TypeVar("T")


def partition(key: bytes) -> bytes:
    """The hash tag of a keyed hash."""
    return PARTITIONS[key[0] & 15]


def entity_key(role: str, key: bytes) -> bytes:
    """Where an entity is kept."""
    letter = ROLES[role]
    return letter + partition(key) + key if letter == b"a" else letter + key


def traits_bytes(peer_role: str, traits: Traits) -> bytes:
    """Accounts carry their traits among the peers of a shared entity; nothing else has any."""
    return _TRAITS.pack(*traits) if peer_role == "account" else NO_TRAITS


class Unpacked(Mapping[str, T], Generic[T]):
    """A part of an entity's fields, each decoded when first asked for. Read-only."""

    __slots__ = ("_codes", "_decode", "_prefix", "_raw", "_read")

    def __init__(
        self,
        raw: Mapping[bytes, bytes],
        prefix: bytes,
        codes: Mapping[str, bytes],
        decode: Callable[[Mapping[bytes, bytes], bytes], T],
    ) -> None:
        self._raw, self._prefix, self._codes, self._decode = raw, prefix, codes, decode
        self._read: dict[str, T | None] = {}

    def get(self, name: str, default: T | None = None) -> T | None:  # type: ignore[override]
        """The value under that name; `default` where the entity has none."""
        try:
            value = self._read[name]
        except KeyError:
            code = self._codes.get(name, b"?")
            value = self._decode(self._raw, code) if self._prefix + code in self._raw else None
            self._read[name] = value
        return default if value is None else value

    def __getitem__(self, name: str) -> T:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name, code in self._codes.items() if code and self._prefix + code in self._raw)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _cells(blob: bytes | None, form: Struct) -> tuple[Cell, ...]:
    if not blob:
        return ()
    cells = []
    for start, events, *points in form.iter_unpack(blob):
        hours, width = (start - DAY_FLAG, 24) if start >= DAY_FLAG else (start, 1)
        cells.append(Cell(hours * HOUR_MS, width * HOUR_MS, events, int(points[0]) if points else 0))
    return tuple(cells)


def _series_with_points(raw: Mapping[bytes, bytes], code: bytes) -> Series:
    blob = raw[b"s" + code]
    base = int(unpack_from("<d", blob)[0])
    words = memoryview(blob)[8:]
    return Series(
        [base + offset for offset in words.cast("I")[::3].tolist()],
        words.cast("i")[2::3].tolist(),
        _cells(raw.get(b"c" + code), _CELL_POINTS),
    )


def _series(raw: Mapping[bytes, bytes], code: bytes) -> Series:
    blob = raw[b"s" + code]
    base = int(unpack_from("<d", blob)[0])
    offsets = memoryview(blob)[8:].cast("I")[::2].tolist()
    return Series([base + offset for offset in offsets], (), _cells(raw.get(b"c" + code), _CELL))


def _peers(raw: Mapping[bytes, bytes], code: bytes) -> Sequence[Peer]:
    blob = raw[b"p" + code]
    if code == PEERS["account"]:
        return [
            Peer(key.hex(), first * 1_000, last * 1_000, Traits(*traits))
            for key, first, last, *traits in _PEER_TRAITS.iter_unpack(blob)
        ]
    return [Peer(key.hex(), first * 1_000, last * 1_000) for key, first, last in _PEER.iter_unpack(blob)]


def _fact(raw: Mapping[bytes, bytes], code: bytes) -> Fact:
    blob = raw[b"f" + code]
    since, changed = unpack_from("<dd", blob)
    return Fact(blob[16:], int(since), int(changed) or None)


def _total(raw: Mapping[bytes, bytes], code: bytes) -> int:
    return int(raw[b"t" + code])


def unpack_entity(role: str, fields: Sequence[bytes]) -> Entity:
    """An entity from the flat field list of HGETALL."""
    each = iter(fields)
    raw = dict(zip(each, each, strict=True))
    has_points = ROLES[role] == b"a"
    links = raw.get(b"k")
    return Entity(
        int(raw.get(b"a", 0)),
        int(raw.get(b"z", 0)),
        Unpacked(raw, b"s", KINDS, _series_with_points if has_points else _series),
        Unpacked(raw, b"t", KINDS, _total),
        Unpacked(raw, b"p", PEERS, _peers),
        Unpacked(raw, b"f", FACTS, _fact),
        [Link(key.hex(), probability) for key, probability in _LINK.iter_unpack(links)] if links else (),
    )
