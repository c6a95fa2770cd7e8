"""The check at redemption: what the decision on it leads to, before anything is committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from app.answers import StepUp
from app.ports.history import HotStoreAway
from app.ports.instants import Clock
from app.ports.rows import DecisionRow
from app.redeeming.checked import CHECK_GOOD_FOR_S
from app.redeeming.deciding import FALLBACK, Decider, Made, Visitor
from app.redeeming.finding import Found
from app.redeeming.opening import Opened, Openings
from detectors.policy import StepUpMethod
from detectors.snapshot import DAY_S, LinkSeen
from tokens.ledger import Doubt, Ledger
from tokens.token import Token
from tokens.who import Who

MS: Final = 1_000
FROZEN_BY_CHECK: Final = "check "
"""Before the decision, in the audit of a token that it froze."""


class Cleared(NamedTuple):
    """Go on; `decision_id`: by this decision, whose outcome becomes what becomes of the token."""

    decision_id: str | None


class Challenged(NamedTuple):
    """The member must pass this challenge first, by one of these."""

    decision_id: str
    methods: tuple[StepUpMethod, ...]


Checked = Cleared | Challenged | Literal["held", "frozen", "locked", "spent", "not_live"]
"""`held`: a person looks first. `spent`: a cap has no room now, and nothing is suspected. `not_live`: the token changed
meanwhile, look again."""


class Ways(Protocol):
    """By what a member can prove themselves, as things stood 72 h ago. In a thread; raises RecordAway."""

    def __call__(self, token: Token, now_ms: int) -> Sequence[StepUpMethod]: ...


class Check(Protocol):
    """What stands before a commit. In a worker thread of the loop; raises RecordAway or HotStoreAway."""

    def check(self, found: Found, visitor: Visitor, who: Who, *, proven: bool) -> Checked:
        """Whether the visitor may redeem now; `proven`: by the token's own code or passkey, on another channel."""
        ...

    def asked(self, token: Token, session_hash: bytes) -> Challenged | None:
        """The challenge that this visitor has still to pass."""
        ...


class Unchecked:
    """Lets everybody pass."""

    def check(self, found: Found, visitor: Visitor, who: Who, *, proven: bool) -> Checked:  # noqa: ARG002 - see Check
        """Pass."""
        return Cleared(None)

    def asked(self, token: Token, session_hash: bytes) -> Challenged | None:  # noqa: ARG002 - see Check
        """Nothing."""
        return None


UNCHECKED: Final = Unchecked()


def proves_member(token: Token) -> bool:
    """Whether this token's own proof is one of the member: a code in a mailbox, which may be the link's, is none."""
    return token.otp_method not in {"none", "email"}


class RedemptionCheck:
    """
    `Check` by the decision that judges live traffic.

    Args:
        decider: makes and finds decisions.
        openings: who opened the link.
        ledger: holds and freezes.
        ways: of a member to prove themselves.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self, decider: Decider, openings: Openings, ledger: Ledger, ways: Ways, clock: Clock
    ) -> None:
        self._decider, self._openings, self._ledger = decider, openings, ledger
        self._ways, self._clock = ways, clock

    def check(self, found: Found, visitor: Visitor, who: Who, *, proven: bool) -> Checked:
        token = found.token
        if token.held_ms is not None:
            return "held"
        if token.released_ms is not None:  # a person looked, and the decision they looked at stands
            return Cleared(token.held_for)
        if token.purpose == "redemption" and token.decision_id is not None:  # checked before it was issued
            return Cleared(None)
        now_ms = self._clock()
        opened = self._openings.seen(token.token_hash, visitor.session_hash, now_ms - DAY_S * MS)
        after = ""
        if opened.check_id is not None:
            stands = self._standing(token, opened.check_id, proven=proven)
            if stands is not None:
                return stands
            after = opened.check_id
        link = _seen(token, opened, now_ms)
        made = self._decider.decide(token, visitor, link, after)
        return self._act(token, visitor, who, made, proven=proven)

    def asked(self, token: Token, session_hash: bytes) -> Challenged | None:
        now_ms = self._clock()
        check_id = self._openings.seen(token.token_hash, session_hash, now_ms).check_id
        stands = None if check_id is None else self._standing(token, check_id, proven=False)
        return stands if isinstance(stands, Challenged) else None

    def _act(self, token: Token, visitor: Visitor, who: Who, made: Made, *, proven: bool) -> Checked:
        now_ms = self._clock()
        if made.decision == "allow" or (made.decision == "challenge" and proven):
            return Cleared(made.decision_id)
        if made.source == FALLBACK:  # in the dark nothing is found out that a person could look at: come back
            raise HotStoreAway("a redemption was answered by the fallback")
        if made.decision == "block":
            if made.is_locked:
                return "locked"  # locked since the token was read: nothing is suspected, nothing is used up
            if made.is_spent:
                return "spent"
            why = FROZEN_BY_CHECK + made.decision_id
            return "frozen" if self._ledger.freeze(token.token_hash, why, who, now_ms) else "not_live"
        methods = self._ways(token, now_ms) if made.decision == "challenge" else ()
        if methods:
            self._openings.ask(token.token_hash, visitor.session_hash, made.decision_id, now_ms)
            return Challenged(made.decision_id, tuple(methods))
        doubt = Doubt(made.risk_score, tuple(str(reason["code"]) for reason in made.reasons))
        held = self._ledger.hold(token.token_hash, made.decision_id, who, now_ms, doubt)
        return "held" if held else "not_live"

    def _standing(self, token: Token, check_id: str, *, proven: bool) -> Checked | None:
        """What a challenge put to this visitor says now; None where it is over, or was passed too long ago."""
        now_ms = self._clock()
        row = self._decider.recorded(token.program_id, check_id)
        if row is not None and row.passed_ms is not None:
            return Cleared(check_id) if now_ms - row.passed_ms <= CHECK_GOOD_FOR_S * MS else None
        if row is not None and now_ms >= _ends_ms(row):
            return None
        return Cleared(check_id) if proven else Challenged(check_id, tuple(self._ways(token, now_ms)))


class _Told(msgspec.Struct):
    actions: tuple[dict[str, object], ...] = ()


_decode: Final = msgspec.json.Decoder(_Told).decode


def _ends_ms(row: DecisionRow) -> int:
    """Until when a challenge can be passed."""
    asked = [one for one in _decode(row.answer).actions if one.get("type") == "step_up"]
    return (
        0 if not asked else round(msgspec.convert(asked[0], StepUp, strict=False).expires_at.timestamp() * MS)
    )


def _seen(token: Token, opened: Opened, now_ms: int) -> LinkSeen:
    """One device is one cookie, or one kind of browser on one network: whichever of the two makes fewer."""
    return LinkSeen(
        devices_24h=max(1, min(opened.devices, opened.browsers)),
        countries_24h=max(1, opened.countries),
        failed_codes=token.tries,
        forwarded=opened.forwarded,
        channel=token.channel,
        age_s=max(0, now_ms - token.issued_ms) // MS,
    )
