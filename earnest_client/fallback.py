"""What is answered while Earnest is away: what the policy would answer without its memory, and it says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from earnest_client.answers import Action, Decision, Reason
from earnest_client.events import Prepared

ACTIONS: Final[Mapping[str, Action]] = MappingProxyType(
    {
        "signup": "review",
        "profile_change": "challenge",
        "login": "allow",
        "login_failed": "allow",
        "earn": "allow",
        "redeem": "challenge",
        "transfer": "challenge",
        "adjust": "review",
        "return": "allow",
        "purchase": "challenge",
        "expire": "allow",
        "referral": "review",
        "close": "challenge",
    }
)
"""By event type: the `[fallback]` of the policy Earnest starts with."""
SYNONYMS: Final = {"accrue": "earn", "burn": "redeem", "refund": "return"}
UNKNOWN_TYPE: Final[Action] = "challenge"
"""For a type this version does not know; the service answers such a one alike."""
LOCAL: Final = "client_"
"""What the decision_id of such a decision begins with, before its event_id."""
MEMBER_TEXT: Final = "Your request is being completed; this time it takes a little longer."


@dataclass(frozen=True, slots=True)
class Fallback:
    """
    The answers, and how many events wait for Earnest to come back.

    actions:   only what differs from `ACTIONS`, by event type. `redeem` cannot be allow: raises ValueError.
    most_kept: events kept in memory, at most; the oldest give way. 10,000 of a usual 600 bytes are 6 MB.
    """

    actions: Mapping[str, Action] = field(default_factory=dict)
    most_kept: int = 10_000

    def __post_init__(self) -> None:
        own = {SYNONYMS.get(kind, kind): action for kind, action in self.actions.items()}
        if unknown := own.keys() - ACTIONS.keys():
            raise ValueError(f"No event type: {', '.join(sorted(unknown))}")
        if own.get("redeem") == "allow":
            raise ValueError("A redemption is never allowed unchecked: choose challenge, review or block.")
        object.__setattr__(self, "actions", MappingProxyType({**ACTIONS, **own}))

    def decide(self, event: Prepared, why: str) -> Decision:
        """The decision in Earnest's place. `why` it is away, in words."""
        kind = SYNONYMS.get(event.type, event.type)
        action = self.actions.get(kind, UNKNOWN_TYPE)
        note = f"client: {why}"
        message = f"Earnest is away ({why}); the client answers {kind} with {action}"
        reason = Reason("FALLBACK", "fallback", 1.0, message, {"event_type": kind}, MEMBER_TEXT)
        return Decision(
            decision_id=LOCAL + event.event_id,
            event_id=event.event_id,
            account_id=event.account_id,
            decision=action,
            risk_score=0.0,
            risk_level="low",
            source="fallback",
            reasons=() if action == "allow" else (reason,),
            degraded=(note,),
        )
