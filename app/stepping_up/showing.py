"""How far a member's proof is, as plain data: pages render it and decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from app.ports.instants import Clock
from app.redeeming.masking import masked
from app.redeeming.passkeys import Asked
from app.redeeming.proving import Asker, NoCode, Wrong
from app.redeeming.views import Mishap
from app.stepping_up.proofs import Case, Checked, Proofs
from detectors.policy import StepUpMethod
from tokens.challenges import NewChallenge, Stop, Wait
from tokens.limits import CODE_DIGITS

MS: Final = 1_000
MISHAPS: Final[Mapping[Stop | NoCode, Mishap]] = {
    "sends_spent": "sends_spent",
    "tries_spent": "tries_spent",
    "code_gone": "code_gone",
    "not_asked": "code_gone",
    "not_a_code": "not_a_code",
    "no_address": "held",
    "held": "held",
    "authenticator_disabled": "held",
}
"""What stops a member who goes on, as the page tells it. `frozen` ends it, which is told by a page of its own."""


class Way(NamedTuple):
    """One way to prove it; `destination`: where a code goes, masked."""

    method: StepUpMethod
    destination: str


class Proving(Struct, frozen=True, kw_only=True):
    """
    Where a proof stands.

    ways: what is left, in the policy's order.
    by:   the way taken; None where the member has still to choose.
    asked: with `passkey`: what the browser is asked, as JSON; empty where there is nothing it could be asked for.
    reference, sent_ms, code_expires_ms, resend_after_ms: of the code sent last, instants.
    tries_left: for life, where the last answer was wrong.
    """

    ways: tuple[Way, ...] = ()
    by: StepUpMethod | None = None
    digits: int = CODE_DIGITS
    asked: str = ""
    reference: str = ""
    sent_ms: int | None = None
    code_expires_ms: int | None = None
    resend_after_ms: int | None = None
    tries_left: int | None = None
    mishap: Mishap | None = None
    retry_after_s: int | None = None
    now_ms: int = 0

    @property
    def destination(self) -> str:
        """Where the codes of the way taken go, masked."""
        return next((way.destination for way in self.ways if way.method == self.by), "")


class Showing:
    """
    Makes views of proofs. Synchronous: called in a thread. Raises RecordAway.

    Args:
        proofs: sends, asks and checks.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, proofs: Proofs, clock: Clock) -> None:
        self._proofs, self._clock = proofs, clock

    def of(self, case: Case, asker: Asker, wanted: StepUpMethod | None, **beside: Any) -> Proving:
        """Where it stands for a member who takes the way `wanted`; one that is not theirs is no choice."""
        ways = tuple([self._way(case, one) for one in self._proofs.left(case)])
        by = wanted if any(way.method == wanted for way in ways) else None
        view: dict[str, Any] = {"ways": ways, "by": by, "now_ms": self._clock()} | beside
        if by == "passkey":
            asked = self._proofs.ask(case, asker)
            if isinstance(asked, Asked):
                return Proving(**view, asked=asked.options)
            held: dict[str, Any] = {"mishap": MISHAPS.get(asked)}
            return Proving(**held | view)
        sent = self._proofs.sent_last(case, asker) if by == "sms_otp" else None
        if sent is None:
            return Proving(**view)
        return Proving(
            **view,
            digits=sent.digits,
            reference=sent.reference,
            sent_ms=sent.sent_ms,
            code_expires_ms=sent.expires_ms,
            resend_after_ms=sent.sent_ms + self._proofs.resend_after_s(case) * MS,
        )

    def send(self, case: Case, asker: Asker) -> Proving | None:
        """Send a text message with a code; None where the last try at it was used up."""
        needed = self._proofs.needed(case, "sms_otp")
        if needed is None:
            return self.of(case, asker, None, mishap="held")
        sent = self._proofs.send(case, needed, asker)
        if isinstance(sent, NewChallenge):
            return self.of(case, asker, "sms_otp")
        return self.after(case, asker, "sms_otp", sent)

    def after(self, case: Case, asker: Asker, method: StepUpMethod, came: Checked) -> Proving | None:
        """What came of an answer that proved nothing; None where the last try was used up."""
        then: Checked | None = came.then if isinstance(came, Wrong) else came
        if then == "frozen":
            return None
        told: dict[str, Any] = {}
        if isinstance(came, Wrong):
            told = {
                "mishap": "wrong_passkey" if method == "passkey" else "wrong_code",
                "tries_left": came.tries_left,
            }
        if isinstance(then, Wait):
            told = {"mishap": "wait"} | told | {"retry_after_s": then.seconds}
        elif isinstance(then, str):
            told |= {"mishap": MISHAPS.get(then, "held")}
        return self.of(case, asker, method, **told)

    def _way(self, case: Case, method: StepUpMethod) -> Way:
        needed = self._proofs.needed(case, "sms_otp") if method == "sms_otp" else None
        return Way(method, "" if needed is None else masked(needed.method, needed.to))
