"""A one-time link in the wrong hands: forwarded, opened all over, guessed at, or collected on one device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectors.base import Abstained, Clear, Judgement, Reason, Signal, noisy_or
from detectors.snapshot import DAY_S, LinkSeen, Snapshot
from detectors.thresholds import Threshold

_ADR: Final = "docs/decisions/0010-check-at-redemption.md"

DEVICES: Final = Threshold(
    3,
    "devices",
    "a phone and a computer are one member's; a third in a day asks for proof (typology 24)",
    "domain",
)
OPENED_AROUND: Final = Threshold(
    0.5, "weight", "a mail app's own window may be the third: it asks, and a code is all it takes", _ADR
)
COUNTRIES: Final = Threshold(
    2, "countries", "nobody opens a link in two countries within a day, but on a journey or by VPN", "domain"
)
OPENED_ABROAD: Final = Threshold(
    0.4, "weight", "journeys and VPNs are common: alone it asks nobody, with anything else it does", _ADR
)
FORWARDED: Final = Threshold(
    0.5, "weight", "another device in another country than where it was opened first: ask who that is", _ADR
)
FAILED: Final = Threshold(
    5, "codes", "typing errors come singly; five wrong codes are guesses (typology 24)", "domain"
)
GUESSED: Final = Threshold(
    0.7, "weight", "it asks for a proof, which the member has; with any other sign it is 0.85: frozen", _ADR
)
MEMBERS: Final = Threshold(
    3, "members", "two share a computer; a device that redeems for a third collects (typology 24)", "domain"
)
COLLECTED: Final = Threshold(
    0.6, "weight", "a family at the holidays looks the same: a person looks, nothing is refused", _ADR
)
COLLECTED_SLOWLY: Final = Threshold(
    0.35, "weight", "over a month a household may: it asks only together with something else", _ADR
)
MONTH_S: Final = 30 * DAY_S
NEAREST: Final = Threshold(0.4, "score", "what was nearly found ranks below every finding", _ADR)
CODES: Final = (
    "LINK_OPENED_AROUND", "LINK_OPENED_ABROAD", "LINK_FORWARDED", "LINK_CODES_FAILED", "LINK_DEVICE_COLLECTS",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Links:
    """
    How a one-time link was used before it is redeemed.

    Returns:
        Signal with one reason per finding; Clear with how near it came (score up to 0.4); Abstained where the event
        redeems no link. Findings that leave a person to look say so in `least`.

    Source: docs/decisions/0010-check-at-redemption.md.
    """

    @property
    def name(self) -> str:
        """Beside the contract's six."""
        return "links"

    def judge(self, seen: Snapshot) -> Judgement:
        """Judge the link that this event redeems."""
        link = seen.link
        if link is None:
            return Abstained(self.name, "no one-time link is redeemed")
        looked = (_around(link), _abroad(link), _forwarded(link), _guessed(link), _collected(seen))
        found = [one for one in looked if one is not None]
        if found:
            return Signal(self.name, noisy_or([reason.weight for reason in found]), found)
        near = max(
            _share(link.devices_24h - 1, DEVICES.value - 1),
            _share(link.failed_codes, FAILED.value),
            _share(_members(seen, DAY_S) - 1, MEMBERS.value - 1),
        )
        return Clear(self.name, NEAREST.value * near * near)


def _around(link: LinkSeen) -> Reason | None:
    if link.devices_24h < DEVICES.value:
        return None
    message = f"opened on {link.devices_24h} devices in 24 h (limit {DEVICES.value - 1:.0f})"
    return Reason(
        "LINK_OPENED_AROUND",
        OPENED_AROUND.value,
        message,
        {"devices": link.devices_24h, "limit": int(DEVICES.value - 1), "window_s": DAY_S},
    )


def _abroad(link: LinkSeen) -> Reason | None:
    if link.countries_24h < COUNTRIES.value:
        return None
    message = f"opened from {link.countries_24h} countries in 24 h (limit {COUNTRIES.value - 1:.0f})"
    return Reason(
        "LINK_OPENED_ABROAD",
        OPENED_ABROAD.value,
        message,
        {"countries": link.countries_24h, "limit": int(COUNTRIES.value - 1), "window_s": DAY_S},
    )


def _forwarded(link: LinkSeen) -> Reason | None:
    if not link.forwarded:
        return None
    message = "redeemed on another device and in another country than where it was opened first (limit 0)"
    return Reason(
        "LINK_FORWARDED", FORWARDED.value, message, {"forwarded": 1, "limit": 0, "link_age_s": link.age_s}
    )


def _guessed(link: LinkSeen) -> Reason | None:
    if link.failed_codes < FAILED.value:
        return None
    message = f"{link.failed_codes} wrong codes were typed at this link (limit {FAILED.value - 1:.0f})"
    return Reason(
        "LINK_CODES_FAILED",
        GUESSED.value,
        message,
        {"failed_codes": link.failed_codes, "limit": int(FAILED.value - 1)},
    )


def _collected(seen: Snapshot) -> Reason | None:
    """A device that redeems for several, unless it is known to be shared."""
    for window_s, weight in ((DAY_S, COLLECTED), (MONTH_S, COLLECTED_SLOWLY)):
        members = _members(seen, window_s)
        if members >= MEMBERS.value:
            days = window_s // DAY_S
            message = f"the device redeemed for {members} members in {days} d (limit {MEMBERS.value - 1:.0f})"
            return Reason(
                "LINK_DEVICE_COLLECTS",
                weight.value,
                message,
                {"members": members, "limit": int(MEMBERS.value - 1), "window_s": window_s},
                "review" if window_s == DAY_S else "allow",
            )
    return None


def _members(seen: Snapshot, window_s: int) -> int:
    return 0 if "device" in seen.contexts else seen.distinct("device", "account", window_s)


def _share(value: float, limit: float) -> float:
    return min(1.0, max(0.0, value / limit))
