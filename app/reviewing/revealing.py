"""Showing personal data: an act with a reason, written down before anything is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal, Protocol, get_args

from app.reviewing.account import PROFILES, Members, latest
from app.reviewing.panels import TITLES, value_of
from detectors.event import Event
from tokens.who import Who

Reason = Literal["case_review", "member_request", "identity_check", "legal_request"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
"""Chosen, not written: the audit is kept for years and holds nothing personal."""


class Sealed(Members, Protocol):
    """What lies sealed, and where it is written down who looked. Raises RecordAway."""

    def event(self, program_id: str, account_id: str, decision_id: str) -> Event | None:
        """The event of one of the account's decisions, opened; None where there is none, or it was erased."""
        ...

    def note_revealed(self, program_id: str, account_id: str, who: Who, detail: str, now_ms: int) -> None:
        """Write `personal.revealed` into the audit."""
        ...


def reveal_profile(
    sealed: Sealed,
    program_id: str,
    account_id: str,
    fields: Collection[str],
    *,
    who: Who,
    reason: Reason,
    now_ms: int,
) -> Mapping[str, str]:
    """
    Fields of the profile as last given, in clear. Synchronous.

    Raises:
        RecordAway: Nothing was written down, and nothing is shown.
    """
    detail = f"{reason}: {', '.join(sorted(fields))}"
    sealed.note_revealed(program_id, account_id, who, detail, now_ms)
    found = latest(sealed.profiles(program_id, account_id, PROFILES))
    return {name: value for name, value in found.items() if name in fields}


def reveal_identifier(
    sealed: Sealed,
    program_id: str,
    account_id: str,
    decision_id: str,
    kind: str,
    *,
    who: Who,
    reason: Reason,
    now_ms: int,
) -> str | None:
    """
    The value of an identifier out of the event it was last used in, in clear; None where it was erased. Synchronous.

    Raises:
        RecordAway: Nothing was written down, and nothing is shown.
    """
    detail = f"{reason}: {TITLES[kind].lower()} at {decision_id}"
    sealed.note_revealed(program_id, account_id, who, detail, now_ms)
    event = sealed.event(program_id, account_id, decision_id)
    return None if event is None else value_of(event, kind)
