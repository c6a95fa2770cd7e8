"""Earnest's client: decisions and one-time tokens for a loyalty backend. docs/client.md shows it at work."""

from earnest_client.aio import AsyncEarnest
from earnest_client.answers import BadRow, Decision, Explanation, Label, OutcomeTold, Reason, Step, Told
from earnest_client.errors import (
    Away,
    Conflict,
    EarnestError,
    Fault,
    Invalid,
    Locked,
    NotFound,
    Problem,
    Refused,
    TooMany,
    Unauthorized,
    Unproven,
)
from earnest_client.events import Device, Event, Location, Money, Profile
from earnest_client.fallback import Fallback
from earnest_client.proving import ChallengeSent, Lock, LockLink, Verified
from earnest_client.sync import Earnest
from earnest_client.tokens import CodeSent, Delivery, IssuedToken, Otp, Redemption, Reward, Token

__all__ = [
    "AsyncEarnest",
    "Away",
    "BadRow",
    "ChallengeSent",
    "CodeSent",
    "Conflict",
    "Decision",
    "Delivery",
    "Device",
    "Earnest",
    "EarnestError",
    "Event",
    "Explanation",
    "Fallback",
    "Fault",
    "Invalid",
    "IssuedToken",
    "Label",
    "Location",
    "Lock",
    "LockLink",
    "Locked",
    "Money",
    "NotFound",
    "Otp",
    "OutcomeTold",
    "Problem",
    "Profile",
    "Reason",
    "Redemption",
    "Refused",
    "Reward",
    "Step",
    "Token",
    "Told",
    "TooMany",
    "Unauthorized",
    "Unproven",
    "Verified",
]
