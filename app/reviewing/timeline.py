"""What happened to an account, from every source there is, newest first; and its balance over time."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Sequence
from heapq import merge
from itertools import islice
from typing import Final, Literal, NamedTuple, Protocol

import msgspec
from msgspec import Struct

from app.ports.record import Page
from app.users.rights import Scope

Kind = Literal["event", "outcome", "step_up", "label", "lock", "token", "redemption", "case"]
KINDS: Final[tuple[Kind, ...]] = (
    "case", "label", "lock", "redemption", "token", "outcome", "step_up", "event",
)  # fmt: skip
"""Of several at one instant the causes stand below what followed from them."""

NAMED_BY_TEXT: Final[frozenset[Kind]] = frozenset({"token", "redemption"})
"""Kinds whose rows are told apart by an id; the others have numbers."""


class Place(NamedTuple):
    """Where a moment stands: later instants first, then the kinds in order, then by what the source counts by."""

    at_ms: int
    rank: int
    key: int | str


class Moment(Struct, frozen=True, kw_only=True):
    """
    One thing that happened. Nothing personal: of a change of contacts the names of the fields, never what is in them.

    what:    the event's type, the outcome, the label, `locked`, the token's state, the case's move.
    ref:     what a click opens: a decision, a token, a case.
    changed: fields that a sign-up or profile change gave.
    erased:  the member's data were erased since; what the event held is gone.
    """

    at_ms: int
    kind: Kind
    key: int | str
    what: str
    ref: str = ""
    actor: str = ""
    decision: str = ""
    risk_score: float | None = None
    points: int | None = None
    channel: str = ""
    store_id: str = ""
    partner_id: str = ""
    detail: str = ""
    changed: tuple[str, ...] = ()
    erased: bool = False

    @property
    def place(self) -> Place:
        """Where it stands among all others."""
        return Place(self.at_ms, KINDS.index(self.kind), self.key)


class Moments(Protocol):
    """An account's moments of one kind. Raises RecordAway."""

    def moments(
        self,
        program_id: str,
        account_id: str,
        kind: Kind,
        *,
        scope: Scope,
        after: Place | None,
        limit: int,
        types: Collection[str] | None = None,
    ) -> Sequence[Moment]:
        """Those that stand after a place, newest first, at most so many; of events those of these types."""
        ...


class ForeignCursor(ValueError):
    """The text is no cursor of a timeline."""


def timeline(
    record: Moments,
    program_id: str,
    account_id: str,
    *,
    limit: int,
    scope: Scope,
    cursor: str | None = None,
    kinds: Iterable[Kind] = KINDS,
    types: Collection[str] | None = None,
) -> Page[Moment]:
    """
    A page of an account's timeline. Synchronous: called in a thread.

    Args:
        record: Where it is read.
        program_id: The programme, which the scope admits.
        account_id: The account.
        limit: Moments wanted, 1 or more.
        scope: Events elsewhere are left out.
        cursor: Where the page before ended.
        kinds: Of which kinds.
        types: Of which types events are; None: of any.

    Raises:
        ForeignCursor: The cursor is none of a timeline.
        RecordAway: The database did not answer.
    """
    after = None if cursor is None else _read(cursor)
    wanted = [kind for kind in KINDS if kind in set(kinds)]
    sources = [
        record.moments(program_id, account_id, kind, scope=scope, after=after, limit=limit + 1, types=types)
        for kind in wanted
    ]
    found = list(islice(merge(*sources, key=_order), limit + 1))
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], _write(found[limit - 1].place))


def _order(moment: Moment) -> tuple[int, int]:
    """Across the sources; within one the rows come in order."""
    at_ms, rank, _ = moment.place
    return -at_ms, rank


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[Literal["timeline"], int, int, int | str]).decode


def _write(place: Place) -> str:
    return urlsafe_b64encode(_encode(("timeline", *place))).rstrip(b"=").decode()


def _read(cursor: str) -> Place:
    try:
        _, at_ms, rank, key = _decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, msgspec.DecodeError) as error:
        raise ForeignCursor(cursor) from error
    if not 0 <= rank < len(KINDS) or isinstance(key, str) is not (KINDS[rank] in NAMED_BY_TEXT):
        raise ForeignCursor(cursor)
    if any(isinstance(number, int) and not -(2**63) <= number < 2**63 for number in (at_ms, key)):
        raise ForeignCursor(cursor)
    return Place(at_ms, rank, key)
