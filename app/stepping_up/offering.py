"""What a challenge is called and by which methods it may be passed. Pure: nothing of it is stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from detectors.policy import StepUpMethod
from tokens.challenges import Subject

DECISION: Final = "dec_"
CHALLENGE: Final = "chl_"
_NAMED: Final = re.compile(r"(?:dec|chl)_[0-9a-f]{33}")
REST_MS: Final = 72 * 3_600_000
"""72 h in which a new contact or app proves nothing: a thief's first act is to make them his own (tokens.limits)."""


def challenge_id(decision_id: str) -> str:
    """A decision's challenge: one each, so the one name follows from the other."""
    return CHALLENGE + decision_id[4:]


def challenged(name: str) -> str | None:
    """The decision of a challenge's name; None where the name can be none."""
    return DECISION + name[4:] if name.startswith(CHALLENGE) and _NAMED.fullmatch(name) else None


def offered(
    methods: Sequence[StepUpMethod], phone_since_ms: int | None, at_ms: int
) -> tuple[StepUpMethod, ...]:
    """The policy's methods, without text messages where the number is too new to trust. Which the member has, apps and
    passkeys among them, is not known where a decision is made: whoever sends or shows asks for that.
    """
    too_new = phone_since_ms is not None and phone_since_ms > at_ms - REST_MS
    return tuple([one for one in methods if not (too_new and one == "sms_otp")])


def subject(decision_id: str, program_id: str, account_id: str) -> Subject:
    """The decision as something to be proven for: its number, 17 bytes."""
    return Subject("decision", bytes.fromhex(f"0{decision_id[4:]}"), program_id, account_id)


def subject_name(number: bytes) -> str:
    """The challenge of a subject's number, as the audit names it."""
    return CHALLENGE + number.hex()[1:]
