"""The pages that only tell something: their sentences, and the picture beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Protocol

from markupsafe import Markup

from app.pages import telling
from app.redeeming.views import View
from tokens.token import Locale

Icon = Literal["done", "clock", "pause", "note"]
ICONS: Final[Mapping[str, Icon]] = {
    "receipt": "done",
    "early": "clock",
    "wait": "clock",
    "away": "clock",
    "frozen": "pause",
    "locked": "pause",
    "delayed": "clock",
}
"""The rest has `note`."""
PATIENCE_S: Final = 60
"""How long a member is asked to wait where nobody said: a minute, in seconds."""


class Say(Protocol):
    """A text of the page's language, its places filled in."""

    def __call__(self, key: str, /, **places: object) -> Markup: ...


def icon(step: str) -> Icon:
    """Which picture goes with it."""
    return ICONS.get(step, "note")


def lines(view: View, locale: Locale, say: Say) -> list[Markup]:
    """The sentences below the heading."""
    zone = view.terms.zone

    def told(at_ms: int) -> str:
        return telling.day_and_time(at_ms, zone, locale)

    match view.step:
        case "early" if view.not_before_ms is not None:
            return [say("early_lead", time=told(view.not_before_ms)), say("early_next")]
        case "early":
            return [say("early_soon"), say("early_next")]
        case "expired" if view.expires_ms is not None:
            return [say("expired_at", time=told(view.expires_ms)), say("expired_next")]
        case "redeemed" if view.at_ms is not None:
            return [say("redeemed_at", time=told(view.at_ms)), say("redeemed_lead"), say("redeemed_next")]
        case "revoked":
            return [say("revoked_lead", brand=view.terms.brand), say("revoked_next")]
        case "wait":
            left = telling.duration(view.retry_after_s or PATIENCE_S, locale)
            return [say("wait_lead", left=left), say("wait_next")]
        case "receipt":
            return [say("receipt_lead")]
        case step:
            return [say(f"{step}_lead"), say(f"{step}_next")]
