"""The numbers behind each reason of the detectors: the thresholds themselves, so that the playbook cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectors import anomaly, duplicates, earn_burn, earning, links, returning, takeover
from detectors.identity import farms, weights
from detectors.thresholds import Threshold

_FARM: Final = (farms.FREE_ACCOUNTS, farms.HALF_LIFE, farms.HOUSEHOLD)
_STAKE: Final = (takeover.SHARE_FROM, takeover.DRAIN_FROM, takeover.WORTH)

NUMBERS: Final[Mapping[str, tuple[str, tuple[Threshold, ...]]]] = {
    "BURN_RATIO_HIGH": ("earn_burn", (earn_burn.RATIO_FROM, earn_burn.SAVED, earn_burn.OVERDRAWN)),
    "BURN_SHARE_HIGH": ("earn_burn", (earn_burn.SHARE_FROM,)),
    "EARN_SPEED_HIGH": ("earn_burn", (earning.SPEED_FROM, earning.MONTH_PACE, earning.SPEED_MOST)),
    "REDEEM_AFTER_EARN": ("earn_burn", (earn_burn.AT_ONCE_MOST, earn_burn.SAME_DAY)),
    "RETURN_AFTER_REDEEM": ("earn_burn", (returning.RETURN_EACH, returning.RETURN_MOST)),
    "RETURN_OVERSIZED": ("earn_burn", (returning.OVERSIZED_FROM, returning.PURCHASE)),
    "RETURN_SHARE_HIGH": ("earn_burn", (returning.RETURNED_FROM, returning.RETURNS_FROM)),
    "EARNED_AGAIN": ("earn_burn", (earning.AGAIN_WITHIN, earning.AGAIN_FROM, earning.AGAIN)),
    "EARN_RATE_HIGH": ("earn_burn", (earning.RATE_FROM, earning.RATE_MOST)),
    "BOUGHT_POINTS_EARLY": (
        "earn_burn",
        (earning.BOUGHT_FROM, earning.KNOWN_BUYER, earning.BOUGHT, earning.BOUGHT_AND_SPENT),
    ),
    "EARNED_BY_CLOCKWORK": ("earn_burn", (earning.CLOCKWORK_FROM, earning.SAME_MINUTE, earning.CLOCKWORK)),
    "EARNED_ON_EMULATOR": ("earn_burn", (earning.EMULATED,)),
    "REFERRED_ONESELF": ("duplicates", (duplicates.REFERRED_ONESELF,)),
    "DUPLICATE_PERSON": ("duplicates", (weights.REVIEW, weights.AUTO_CLUSTER, weights.LINK_FLOOR)),
    "DUPLICATE_OF_FRAUD": ("duplicates", (weights.REVIEW, duplicates.KNOWN_FRAUD)),
    "DISPOSABLE_EMAIL": ("duplicates", (duplicates.DISPOSABLE,)),
    "SIGNUP_FARM_ADDRESS": ("duplicates", _FARM),
    "SIGNUP_FARM_DEVICE": ("duplicates", _FARM),
    "SIGNUP_FARM_EMAIL": ("duplicates", _FARM),
    "SIGNUP_FARM_IP": ("duplicates", (farms.IP_FREE, farms.IP_CAP, farms.HALF_LIFE)),
    "SIGNUP_FARM_PAYMENT": ("duplicates", _FARM),
    "SIGNUP_FARM_PHONE": ("duplicates", _FARM),
    "PROBE_THEN_DRAIN": (
        "takeover",
        (takeover.PROBE_MOST, takeover.PROBE_WITHIN, takeover.PROBED, takeover.PROBED_AT_HOME),
    ),
    "NEW_DEVICE_SPENDS": ("takeover", (takeover.FRESH, *_STAKE, takeover.NEW_DEVICE, takeover.NEW_PHONE)),
    "CONTACT_CHANGED_THEN_SPENT": ("takeover", (takeover.FRESH, *_STAKE, takeover.CONTACT)),
    "DORMANT_AWAKE_SPENDS": ("takeover", (takeover.SILENT, *_STAKE, takeover.AWAKE)),
    "IMPOSSIBLE_TRAVEL": ("takeover", (takeover.FASTEST, takeover.TOO_NEAR, takeover.TRAVELLED)),
    "NEW_COUNTRY_SPENDS": ("takeover", (*_STAKE, takeover.ABROAD)),
    "STRANGE_STORE_SPENDS": (
        "takeover",
        (takeover.FRESH, takeover.FAR_STORE, *_STAKE, takeover.STRANGE_STORE, takeover.NEW_STORE),
    ),
    "SPENT_AFTER_FAILED_LOGINS": ("takeover", (takeover.FAILED_FROM, *_STAKE, takeover.FAILED_MOST)),
    "CREDENTIALS_TRIED": ("takeover", (takeover.TRIED_FROM, takeover.TRIED)),
    "LINK_OPENED_AROUND": ("links", (links.DEVICES, links.OPENED_AROUND)),
    "LINK_OPENED_ABROAD": ("links", (links.COUNTRIES, links.OPENED_ABROAD)),
    "LINK_FORWARDED": ("links", (links.FORWARDED,)),
    "LINK_CODES_FAILED": ("links", (links.FAILED, links.GUESSED)),
    "LINK_DEVICE_COLLECTS": ("links", (links.MEMBERS, links.COLLECTED, links.COLLECTED_SLOWLY)),
    "ANOMALY_UNUSUAL": ("anomaly", (anomaly.RARE, anomaly.RAREST, anomaly.FOUND)),
}
"""Reason code → the detector that says it, and its numbers, the deciding one first."""
