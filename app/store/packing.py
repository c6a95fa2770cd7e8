"""How the hot store spells keys, fields and values. The Lua files write these forms; this file reads them.

The forms only grow: give a new kind or role a new letter, never reuse one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from struct import Struct
from typing import Final, Generic, TypeVar

from detectors.snapshot import POINTED, Cell, Entity, Fact, Link, Lock, Peer, Series, Traits

KINDS: Final = {
    "signup": b"s", "profile_change": b"p", "login": b"l", "login_failed": b"f", "earn": b"e", "redeem": b"r",
    "transfer": b"t", "adjust": b"j", "return": b"n", "purchase": b"u", "expire": b"x", "referral": b"v",
    "close": b"c", "burn": b"b", "received": b"i", "": b"",
}  # fmt: skip
PEERS: Final = {
    "account": b"a",
    "device": b"d",
    "ip": b"i",
    "payment": b"p",
    "counterparty": b"c",
    "store": b"s",
    "place": b"l",
}
FACTS: Final = {"email": b"e", "phone": b"t", "address": b"h"}
ROLES: Final = {
    "account": b"a", "counterparty": b"a", "device": b"d", "ip": b"i", "payment": b"p",
    "email": b"e", "phone": b"t", "address": b"h", "name_dob": b"n",
}  # fmt: skip
_LETTERS: Final = frozenset(ROLES.values())
PARTITIONS: Final = tuple(b"{%x}" % n for n in range(16))
"""Hash tags. What one script must change together carries the same tag, so that a cluster keeps it in one slot:
an account, its answers and its journal; an event's claim and the filter it is looked up in."""

HOUR_MS: Final = 3_600_000
DAY_FLAG: Final = 1 << 31
_CELL = Struct("<IH")
_CELL_POINTS = Struct("<IHi")
_PEER = Struct("<8sII")
_PEER_TRAITS = Struct("<8sIIHHHH")
_TRAITS = Struct("<HHHH")
_LINK = Struct("<8sf")
_BASE = Struct("<d")
_FACT = Struct("<dd")
_LOCK = Struct("<Id")
NO_TRAITS: Final = b""
BY_WHOM: Final = {"member": b"m", "backend": b"b", "analyst": b"a"}
_BY_LETTER: Final = {letter: name for name, letter in BY_WHOM.items()}

T = TypeVar("T")


def partition(key: bytes) -> bytes:
    """The hash tag of a keyed hash."""
    return PARTITIONS[key[0] & 15]


def entity_key(role: str, key: bytes) -> bytes:
    """Where an entity is kept."""
    letter = ROLES[role]
    return letter + partition(key) + key if letter == b"a" else letter + key


def is_entity(key: bytes) -> bool:
    """Whether an entity is kept there: its role's letter, a hash tag for accounts, 8 bytes of keyed hash."""
    return key[:1] in _LETTERS and len(key) == (12 if key[:1] == b"a" else 9)


def traits_bytes(peer_role: str, traits: Traits) -> bytes:
    """Accounts carry their traits among the peers of a shared entity; nothing else has any."""
    return _TRAITS.pack(*traits) if peer_role == "account" else NO_TRAITS


class Unpacked(Mapping[str, T], Generic[T]):
    """A part of an entity's fields, each decoded when first asked for. Read-only."""

    __slots__ = ("_decode", "_fields", "_raw", "_read")

    def __init__(
        self,
        raw: Mapping[bytes, bytes],
        fields: Mapping[str, bytes],
        decode: Callable[[Mapping[bytes, bytes], bytes], T],
    ) -> None:
        self._raw, self._fields, self._decode = raw, fields, decode
        self._read: dict[str, T | None] = {}

    def get(self, name: str, default: T | None = None) -> T | None:  # type: ignore[override]
        """The value under that name; `default` where the entity has none."""
        read = self._read
        if name in read:
            value = read[name]
        else:
            where = self._fields.get(name)
            value = read[name] = self._decode(self._raw, where) if where in self._raw else None  # type: ignore[arg-type]
        return default if value is None else value

    def __getitem__(self, name: str) -> T:
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        raw = self._raw
        return iter([name for name, where in self._fields.items() if where in raw])

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _fields(prefix: bytes, codes: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: prefix + code for name, code in codes.items() if code}


SERIES_FIELDS: Final = _fields(b"s", KINDS)
TOTAL_FIELDS: Final = _fields(b"t", KINDS)
PEER_FIELDS: Final = _fields(b"p", PEERS)
FACT_FIELDS: Final = _fields(b"f", FACTS)
_POINTED: Final = frozenset(SERIES_FIELDS[kind] for kind in POINTED)


def _cells(blob: bytes | None, form: Struct) -> tuple[Cell, ...]:
    if not blob:
        return ()
    cells = []
    for start, events, *points in form.iter_unpack(blob):
        hours, width = (start - DAY_FLAG, 24) if start >= DAY_FLAG else (start, 1)
        cells.append(Cell(hours * HOUR_MS, width * HOUR_MS, events, points[0] if points else 0))
    return tuple(cells)


def _series_with_points(raw: Mapping[bytes, bytes], where: bytes) -> Series:
    blob = raw[where]
    base = int(_BASE.unpack_from(blob)[0])
    words = memoryview(blob)  # 8 bytes of base, then entries of three words: offset, mark, points
    return Series(
        [base + offset for offset in words.cast("I")[2::3].tolist()],
        words.cast("i")[4::3].tolist(),
        _cells(raw.get(b"c" + where[1:]), _CELL_POINTS),
    )


def _series_of_account(raw: Mapping[bytes, bytes], where: bytes) -> Series:
    return (_series_with_points if where in _POINTED else _series)(raw, where)


def _series(raw: Mapping[bytes, bytes], where: bytes) -> Series:
    blob = raw[where]
    base = int(_BASE.unpack_from(blob)[0])
    offsets = memoryview(blob).cast("I")[2::2].tolist()
    return Series([base + offset for offset in offsets], (), _cells(raw.get(b"c" + where[1:]), _CELL))


def _peers(raw: Mapping[bytes, bytes], where: bytes) -> Sequence[Peer]:
    blob = raw[where]
    if where == PEER_FIELDS["account"]:
        return [
            Peer(key.hex(), first * 1_000, last * 1_000, Traits(*traits))
            for key, first, last, *traits in _PEER_TRAITS.iter_unpack(blob)
        ]
    return [Peer(key.hex(), first * 1_000, last * 1_000) for key, first, last in _PEER.iter_unpack(blob)]


def _fact(raw: Mapping[bytes, bytes], where: bytes) -> Fact:
    blob = raw[where]
    since, changed = _FACT.unpack_from(blob)
    return Fact(blob[16:], int(since), int(changed) or None)


def _lock(fact: bytes | None) -> Lock | None:
    """Of a locked account; one that was unlocked keeps the version, and names nobody."""
    if fact is None or len(fact) == _LOCK.size:
        return None
    return Lock(int(_LOCK.unpack_from(fact)[1]), _BY_LETTER.get(fact[_LOCK.size :], "backend"))


def _total(raw: Mapping[bytes, bytes], where: bytes) -> int:
    return int(raw[where])


NO_TOTALS: Final[Mapping[str, int]] = {}
NO_FACTS: Final[Mapping[str, Fact]] = {}
"""Of entities that are no accounts."""


def unpack_entity(role: str, fields: Sequence[bytes], at_ms: int) -> Entity:
    """An entity from the flat field list of HGETALL, as of an event of this instant."""
    each = iter(fields)
    raw = dict(zip(each, each, strict=True))
    if ROLES[role] != b"a":
        return Entity(
            0,
            0,
            Unpacked(raw, SERIES_FIELDS, _series),
            NO_TOTALS,
            Unpacked(raw, PEER_FIELDS, _peers),
            NO_FACTS,
        )
    links = raw.get(b"k")
    return Entity(
        min(int(raw.get(b"a", at_ms)), at_ms),
        max(int(raw.get(b"z", at_ms)), at_ms),
        Unpacked(raw, SERIES_FIELDS, _series_of_account),
        Unpacked(raw, TOTAL_FIELDS, _total),
        Unpacked(raw, PEER_FIELDS, _peers),
        Unpacked(raw, FACT_FIELDS, _fact),
        [Link(key.hex(), probability) for key, probability in _LINK.iter_unpack(links)] if links else (),
        _lock(raw.get(b"l")),
    )
