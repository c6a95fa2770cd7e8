"""What people said that a decision minds: pairs of accounts judged, accounts confirmed as fraud, reasons excused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

NOBODY: Final[frozenset[str]] = frozenset()
NOTHING: Final[Mapping[str, float]] = {}


class Said(NamedTuple):
    """
    As of one event. Accounts by their key, 16 hexadecimal digits, as in `snapshot.Peer`.

    released:  judged to be other people's (a household, or unrelated): no evidence about this account.
    confirmed: judged to be the same person's.
    frauds:    every account of the programme confirmed as fraud, by key → since when, in ms. Victims are not among
               them.
    apart:     every account of the programme that was released → from whom, and until when, in ms.
    excused:   reason code → the greatest weight that was judged legitimate at this account.
    """

    released: frozenset[str] = NOBODY
    confirmed: frozenset[str] = NOBODY
    frauds: Mapping[str, int] = {}
    apart: Mapping[str, Mapping[str, int]] = {}
    excused: Mapping[str, float] = NOTHING


NOTHING_SAID: Final = Said()
