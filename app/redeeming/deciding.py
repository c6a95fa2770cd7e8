"""One redemption of a link as an event, and the one decision on it: made once, and found again by whoever repeats it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from hashlib import sha256
from ipaddress import ip_address
from typing import Any, Final, NamedTuple, Protocol

import msgspec
from anyio import from_thread, sleep
from msgspec import Struct

from app.answers import Answer, Conflict409, Decided200
from app.earlier import OTHERS_LOOKS, OTHERS_POLL_S
from app.journal import Journal
from app.ports.history import History, HotStoreAway
from app.ports.instants import Clock
from app.ports.journal import Action, Origin
from app.ports.record import Record
from app.ports.rows import DecisionRow
from app.redeeming.checked import CHECK_GOOD_FOR_S
from app.sighting import Sighter
from detectors.event import MAX_POINTS, Device, Event
from detectors.locked import CODE as LOCKED
from detectors.snapshot import LinkSeen
from tokens.token import Token

TURNS: Final = 3
"""Event ids tried: one, and another where a decision made long ago, or never finished, stands under it."""
CAPS: Final = "limit"
"""Whose reasons those of used-up caps are, in a decision's answer."""
FALLBACK: Final = "fallback"
"""The source of a decision made without the hot store."""
USER_AGENT_CHARS: Final = 512
"""Of what a browser calls itself: as much as an event may carry."""
DEVICE: Final = "link:"
"""Before a browser's own cookie, so that no device of the programme's is ever taken for it."""


class Visitor(NamedTuple):
    """
    Who redeems, as far as is known.

    session_hash: of the browser's visit, or of the programme's backend.
    address, device: of the browser, or as the backend names the member's.
    """

    session_hash: bytes
    address: str | None = None
    device: Device | None = None


class Made(Struct, frozen=True):
    """As much of an answer as the check goes by."""

    decision_id: str
    decision: Action
    evaluated_at: datetime
    source: str = ""
    risk_score: float = 0.0
    reasons: tuple[dict[str, Any], ...] = ()

    @property
    def is_locked(self) -> bool:
        """Whether a lock on the account stood in the way: nothing is suspected."""
        return self.decision == "block" and any(one.get("code") == LOCKED for one in self.reasons)

    @property
    def is_spent(self) -> bool:
        """Whether nothing but used-up caps stood in the way: nothing is suspected."""
        return (
            self.decision == "block"
            and bool(self.reasons)
            and all(one.get("detector") == CAPS for one in self.reasons)
        )

    @property
    def may_be_over(self) -> bool:
        """Whether what stood in the way may be gone by now, so that the redemption is judged anew."""
        return self.source == FALLBACK or self.is_locked or self.is_spent


class Decide(Protocol):
    """`app.scoring.Scorer.decide`."""

    async def __call__(self, event: Event, origin: Origin, link: LinkSeen | None = None) -> Answer:
        """Decide one event, or repeat the answer it was given before."""
        ...


_decode: Final = msgspec.json.Decoder(Made).decode


class Decider:
    """
    Decides redemptions of links. Synchronous: called in a worker thread of the loop that decides.

    Args:
        decide: the very function that decides live traffic.
        history, journal, sighter: find what was answered a moment ago.
        record: finds what was answered before.
        caught_up: waits until what was decided before now is in the record.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        decide: Decide,
        history: History,
        record: Record,
        journal: Journal,
        sighter: Sighter,
        caught_up: Callable[[], Coroutine[Any, Any, None]],
        clock: Clock,
    ) -> None:
        self._decide, self._history, self._record = decide, history, record
        self._journal, self._sighter, self._caught_up, self._clock = journal, sighter, caught_up, clock

    def decide(self, token: Token, visitor: Visitor, link: LinkSeen, after: str) -> Made:
        """
        The decision on this visitor's redemption; `after`: the decision that is no longer good, empty: none.

        Raises:
            HotStoreAway: Neither it nor the disk took the decision.
            RecordAway: Whether there was one could not be asked.
        """
        for _ in range(TURNS):
            event = _event(token, visitor, after, self._clock())
            answer = from_thread.run(self._decide, event, "redemption", link)
            if isinstance(answer, Decided200):
                return _decode(answer.body)
            if not isinstance(answer, Conflict409):
                raise HotStoreAway("a redemption could not be decided")
            earlier = self._earlier(event) or self._under_way(event)
            if earlier is not None and earlier.may_be_over:
                after = f"{event.event_id} {self._clock()}"
            elif earlier is not None and self._is_good(earlier):
                return earlier
            else:
                after = event.event_id
        raise HotStoreAway("a redemption could not be decided")

    def recorded(self, program_id: str, decision_id: str) -> DecisionRow | None:
        """A decision as it stands by now, its challenge passed or not. Raises RecordAway."""
        from_thread.run(self._caught_up)
        return self._record.decision(program_id, decision_id)

    def _earlier(self, event: Event) -> Made | None:
        """The answer given to another event of this id: the same gesture, made before at another instant."""
        made = self._just_made(event)
        if made is not None:
            return made
        stored = self._record.answer(event.program_id, event.event_id)
        return None if stored is None else _decode(stored.answer)

    def _just_made(self, event: Event) -> Made | None:
        """The same while the hot store has it, which is until the record does."""
        account = self._sighter.digest(event.program_id, "account", event.account_id)
        key = self._sighter.event_key(event.program_id, event.event_id)
        sealed = from_thread.run(self._history.stored_answer, account, key)
        return None if sealed is None else _decode(self._journal.open_answer(sealed))

    def _under_way(self, event: Event) -> Made | None:
        """The answer of whoever has this very gesture in hand, once there is one; None if they died over it."""
        for _ in range(OTHERS_LOOKS):
            from_thread.run(sleep, OTHERS_POLL_S)
            made = self._just_made(event)
            if made is not None:
                return made
        return self._earlier(event)

    def _is_good(self, made: Made) -> bool:
        return self._clock() - made.evaluated_at.timestamp() * 1_000 <= CHECK_GOOD_FOR_S * 1_000


def browser_of(cookie: str | None, user_agent: str) -> Device | None:
    """A browser as the device of an event."""
    if cookie is None and not user_agent:
        return None
    known = None if cookie is None else DEVICE + cookie
    return Device(id=known, user_agent=user_agent[:USER_AGENT_CHARS] or None)


def _event(token: Token, visitor: Visitor, after: str, now_ms: int) -> Event:
    """The redemption. Its id follows from the link, the visit and what went before, so a repeat is known as one."""
    name = sha256(b"\0".join((token.token_hash, visitor.session_hash, after.encode()))).hexdigest()
    return Event(
        event_id=f"link_{name[:32]}",
        type="redeem",
        occurred_at=datetime.fromtimestamp(now_ms / 1_000, UTC),
        account_id=token.account_id,
        program_id=token.program_id,
        # What a decision let go already is not burned a second time.
        points=0 if token.decision_id is not None else min(token.reward.points or 0, MAX_POINTS),
        channel="email" if token.channel == "email" else "web",
        campaign_id=token.campaign_id,
        reward_id=token.reward.reward_id,
        device=visitor.device,
        ip=_plain(visitor.address),
        metadata={"token_id": token.token_id},
    )


def _plain(address: str | None) -> str | None:
    try:
        return None if address is None else str(ip_address(address))
    except ValueError:
        return None
