"""What each entity holds for limits and rules to count, as `app.sighting` leaves it there. A test compares the two.

A word that stands for nothing would make a limit or a rule that is silent for ever, so it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, get_args, get_type_hints

from detectors.event import Event
from detectors.limits import Limit
from detectors.policy import EVENT_TYPES
from detectors.snapshot import POINTED

_OF_AN_ACCOUNT: Final = (*EVENT_TYPES, "burn", "received")
_BY_AN_ACCOUNT: Final = ("device", "payment", "counterparty", "store", "place")

KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": _OF_AN_ACCOUNT,
    "device": EVENT_TYPES,
    "ip": EVENT_TYPES,
    "payment": EVENT_TYPES,
    "counterparty": _OF_AN_ACCOUNT,
}
"""Role → kinds of events counted there. `burn` and `received` are an account's, whichever role it plays."""
PEERS: Final[Mapping[str, tuple[str, ...]]] = {
    "account": _BY_AN_ACCOUNT,
    "device": ("account",),
    "ip": ("account",),
    "payment": ("account",),
    "counterparty": _BY_AN_ACCOUNT,
}
"""Role → whom it remembers. An account does not remember network addresses: there are too many."""
PLACES: Final = ("device", "ip")
"""Roles that a programme can register as a shared context."""
CHANNELS: Final[tuple[str, ...]] = get_args(get_args(get_type_hints(Event)["channel"])[0])


def has_points(role: str, kind: str) -> bool:
    """Whether the points of these events are kept there: at accounts, where the kind has any."""
    return role == "account" and kind in POINTED


def misnamed(limit: Limit) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Every word of a limit that stands for nothing: the limit's key, the word, what is known in its place."""
    held = KINDS.get(limit.role, limit.kinds)
    if limit.measure == "points":
        held = tuple(kind for kind in held if has_points(limit.role, kind)) or held
    if limit.measure == "distinct":
        met = PEERS.get(limit.role, limit.kinds)
        yield from (("kinds", word, met) for word in limit.kinds[:1] if word not in met)
        yield from (("kinds", word, held) for word in limit.kinds[1:] if word not in held)
    else:
        yield from (("kinds", word, held) for word in limit.kinds if word not in held)
    yield from (("exempt_channels", word, CHANNELS) for word in limit.exempt_channels if word not in CHANNELS)


def hint(word: str, known: Iterable[str]) -> str:
    """The likeliest word that was meant, to follow a complaint; nothing where none is near."""
    near = get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
