"""Which number of a finding was held against which limit: the pair an analyst is shown first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from detectors.base import Evidence

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "BURN_RATIO_HIGH": ("ratio", "limit"),
    "BURN_SHARE_HIGH": ("share_percent", "limit"),
    "EARN_SPEED_HIGH": ("pace", "limit"),
    "REDEEM_AFTER_EARN": ("points", "limit"),
    "RETURN_AFTER_REDEEM": ("spent_points", "limit"),
    "RETURN_OVERSIZED": ("times", "limit"),
    "RETURN_SHARE_HIGH": ("share_percent", "limit"),
    "EARNED_AGAIN": ("count", "limit"),
    "EARN_RATE_HIGH": ("times", "limit"),
    "BOUGHT_POINTS_EARLY": ("bought_points", "limit"),
    "EARNED_BY_CLOCKWORK": ("days", "limit"),
    "EARNED_ON_EMULATOR": ("emulated", "limit"),
    "PROBE_THEN_DRAIN": ("probes", "limit"),
    "NEW_DEVICE_SPENDS": ("device_hours", "limit"),
    "CONTACT_CHANGED_THEN_SPENT": ("changed_hours", "limit"),
    "DORMANT_AWAKE_SPENDS": ("silent_days", "limit"),
    "IMPOSSIBLE_TRAVEL": ("speed_kmh", "limit"),
    "NEW_COUNTRY_SPENDS": ("new_country", "limit"),
    "STRANGE_STORE_SPENDS": ("store_hours", "limit"),
    "SPENT_AFTER_FAILED_LOGINS": ("failed", "limit"),
    "CREDENTIALS_TRIED": ("accounts", "limit"),
    "REFERRED_ONESELF": ("count", "limit"),
    "DUPLICATE_PERSON": ("probability", "limit_probability"),
    "DUPLICATE_OF_FRAUD": ("probability", "limit_probability"),
    "DISPOSABLE_EMAIL": ("disposable_email", "limit_disposable_email"),
    "SIGNUP_FARM_ADDRESS": ("accounts", "limit_accounts"),
    "SIGNUP_FARM_DEVICE": ("accounts", "limit_accounts"),
    "SIGNUP_FARM_EMAIL": ("accounts", "limit_accounts"),
    "SIGNUP_FARM_IP": ("sign_ups_24h", "limit_sign_ups"),
    "SIGNUP_FARM_PAYMENT": ("accounts", "limit_accounts"),
    "SIGNUP_FARM_PHONE": ("accounts", "limit_accounts"),
    "LINK_OPENED_AROUND": ("devices", "limit"),
    "LINK_OPENED_ABROAD": ("countries", "limit"),
    "LINK_FORWARDED": ("forwarded", "limit"),
    "LINK_CODES_FAILED": ("failed_codes", "limit"),
    "LINK_DEVICE_COLLECTS": ("members", "limit"),
    "ANOMALY_UNUSUAL": ("percentile", "limit"),
}
"""Reason code → the names of both in its evidence."""
MEASURES: Final = ("count", "points", "distinct", "value_minor")
"""Under one of these names a programme's limit or cap, whatever its code, shows what was observed."""


class Deciding(NamedTuple):
    """What was observed and the limit it was held against, both in the unit that the name ends with."""

    name: str
    observed: int | float | str
    limit: int | float | str


def deciding(code: str, evidence: Evidence) -> Deciding | None:
    """The deciding pair of a reason; None where nothing was measured, as at lists and analysts' rules."""
    usual = (next((name for name in MEASURES if name in evidence), ""), "limit")
    name, limit = PAIRS.get(code, usual)
    if name not in evidence or limit not in evidence:
        return None
    return Deciding(name, evidence[name], evidence[limit])
