"""An act as the page and its form ask for it: read out of the query or the form, the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar, get_args

from app.acting.ports import ACT_NAMES, Act, ActName, ListKind
from app.console.telling import DAY_MS, HOUR_MS
from app.feedback.ports import ContextName, LabelName, PairVerdict
from app.ports.lists import ListName
from detectors.typologies import TYPOLOGIES

T = TypeVar("T", bound=str)
HOURS: Final = (4, 12, 24, 48, 72)
"""Hours of a hold to choose from; the desk refuses what the policy does not allow."""
DAYS: Final = (7, 30, 90, 365)
"""Days after which a mark or a list entry ends, to choose from."""
HELD_FOR_H: Final = 24
"""What is marked at first: a day is long enough for the owner to answer."""
FOREVER: Final = "forever"
DECIDING: Final = frozenset[ActName]({"release", "block", "close_account", "approve"})
"""Acts that decide the case: their record says what was opened before."""
PARAMETERS: Final = (
    "name", "token", "thing", "label", "typology", "verdict", "context", "list", "hours", "until", "days",
)  # fmt: skip
_MOST_DIGITS: Final = 15


class Asked(NamedTuple):
    """
    What was asked for.

    one:  a parameter; "" where it was not sent.
    many: every value of one that can be marked more than once.
    """

    one: Callable[[str], str]
    many: Callable[[str], Sequence[str]]

    @property
    def name(self) -> ActName | None:
        """Which act; None where there is no such."""
        return _among(self.one("name"), ACT_NAMES)

    @property
    def accounts(self) -> tuple[str, ...]:
        """Whom."""
        return tuple(dict.fromkeys(one for one in self.many("on") if one))

    @property
    def thing(self) -> tuple[str, str]:
        """Kind and hash of a thing, each "" where none was sent."""
        kind, _, digest = self.one("thing").partition(":")
        return kind, digest

    def until_ms(self, now_ms: int) -> int | None:
        """Until when a hold is to hold."""
        told = _number(self.one("until"))
        if told is not None or self.name != "hold":
            return told
        return now_ms + (_number(self.one("hours")) or HELD_FOR_H) * HOUR_MS

    def expires_ms(self, now_ms: int) -> int | None:
        """When a mark or entry ends; None: as is usual."""
        days = _number(self.one("days"))
        return None if not days else now_ms + days * DAY_MS


def act(asked: Asked, now_ms: int, typology: str, value: str | None) -> Act:
    """
    The act. What is none of the words there are is left out, so that the desk says what is missing.

    Args:
        asked: As sent; it names an act.
        now_ms: Now.
        typology: Of the case, where none was chosen.
        value: Of the thing asked for, or the account, of a list entry or mark.
    """
    name = asked.name
    assert name is not None  # noqa: S101 - the page has turned away what names none
    kind = asked.thing[0] or ("account" if name == "add_to_list" else "")
    chosen = _among(asked.one("typology"), tuple(TYPOLOGIES))
    says = name in {"label", "block", "close_account"}
    return Act(
        name=name,
        account_ids=asked.accounts,
        token_id=asked.one("token") or None,
        kind=_among(kind, get_args(ListKind)),
        value=value,
        context=_among(asked.one("context"), get_args(ContextName)),
        list_name=_among(asked.one("list"), get_args(ListName)),
        label=_among(asked.one("label"), get_args(LabelName)),
        typology=(chosen or (typology if typology in TYPOLOGIES else None)) if says else None,
        verdict=_among(asked.one("verdict"), get_args(PairVerdict)),
        until_ms=asked.until_ms(now_ms),
        expires_ms=asked.expires_ms(now_ms),
        forever=asked.one("days") == FOREVER,
    )


def _among(text: str, words: Sequence[T]) -> T | None:
    return next((one for one in words if one == text), None)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
