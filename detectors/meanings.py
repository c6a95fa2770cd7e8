"""What each reason code means, for analysts. Members read `detectors.texts` instead."""

from __future__ import annotations

from typing import Final

from detectors.default_limits import DEFAULT_LIMITS
from detectors.phrases import amount

_OTHERS: Final = {
    "BURN_RATIO_HIGH": "burned far more points than were earned in 30 days",
    "BURN_SHARE_HIGH": "one large redemption took most of the balance",
    "REDEEM_AFTER_EARN": "points redeemed within hours of being earned",
    "EARN_SPEED_HIGH": "months' worth of points earned within a day",
    "RETURN_AFTER_REDEEM": "goods returned whose points were already spent",
    "RETURN_OVERSIZED": "far more points returned than a purchase usually brings",
    "RETURN_SHARE_HIGH": "a large part of what was earned is returned, again and again",
    "EARNED_AGAIN": "the same purchase earned points more than once",
    "EARN_RATE_HIGH": "far more points for the money than any campaign gives",
    "BOUGHT_POINTS_EARLY": "many points bought by a new account, or spent soon after",
    "EARNED_BY_CLOCKWORK": "points at the same minute day after day: a timer",
    "EARNED_ON_EMULATOR": "points on an emulated device",
    "REFERRED_ONESELF": "who refers and who is referred use the same device or card",
    "DUPLICATE_PERSON": "another account is probably the same person's",
    "DUPLICATE_OF_FRAUD": "probably held by the same hand as an account confirmed as fraud",
    "DISPOSABLE_EMAIL": "the e-mail belongs to a throw-away domain",
    "SIGNUP_FARM_ADDRESS": "many sign-ups at one postal address",
    "SIGNUP_FARM_DEVICE": "many sign-ups on one device",
    "SIGNUP_FARM_EMAIL": "many sign-ups with one mailbox",
    "SIGNUP_FARM_IP": "many sign-ups from one network address",
    "SIGNUP_FARM_PAYMENT": "many sign-ups with one payment instrument",
    "SIGNUP_FARM_PHONE": "many sign-ups with one phone",
    "PROBE_THEN_DRAIN": "a tiny test redemption, then most of the balance",
    "NEW_DEVICE_SPENDS": "a large redemption from a device new to the member",
    "CONTACT_CHANGED_THEN_SPENT": "contact details changed shortly before points were spent",
    "DORMANT_AWAKE_SPENDS": "spent soon after months without activity",
    "IMPOSSIBLE_TRAVEL": "two places too far apart for the time between",
    "NEW_COUNTRY_SPENDS": "spent from a country new to the member",
    "STRANGE_STORE_SPENDS": "spent at a store never used before",
    "SPENT_AFTER_FAILED_LOGINS": "spent after a series of failed log-ins",
    "CREDENTIALS_TRIED": "came from where the passwords of many accounts had just been tried",
    "LINK_OPENED_AROUND": "a reward link opened on many devices within a day",
    "LINK_OPENED_ABROAD": "a reward link opened from several countries within a day",
    "LINK_FORWARDED": "a reward link redeemed on another device in another country than it was opened",
    "LINK_CODES_FAILED": "many wrong codes at a reward link",
    "LINK_DEVICE_COLLECTS": "one device redeems the reward links of several members",
    "ANOMALY_UNUSUAL": "unusual for events of this kind",
    "LIST_BLOCK": "on the block list",
    "LIST_WATCH": "on the watch list",
    "ACCOUNT_LOCKED": "redeeming is locked, as the member or the programme asked",
    "FALLBACK": "could not be counted; the policy's fallback answered",
}
_LIMITS: Final = {
    limit.code: f"too many {amount(limit, limit.max).split(' ', 1)[1]}" for limit in DEFAULT_LIMITS
}
_WORDS: Final = _LIMITS | _OTHERS
OWN: Final = "a limit or rule of this programme's own policy"
"""What is said of a code that is none of ours."""


def meaning(code: str) -> str:
    """The code in plain words."""
    return _WORDS.get(code, OWN)


def known(code: str) -> bool:
    """Whether the code is one that Earnest ships with."""
    return code in _WORDS
