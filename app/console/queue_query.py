"""What is asked of the queue, in the address and nowhere else: so a view can be sent, kept and come back to. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, cast, get_args
from urllib.parse import parse_qsl, urlencode

from app.cases.flags import OTHER
from app.cases.ports import LIVE, QUEUE, Filter, Kind, Order
from app.cases.states import STATES, Resolution, State
from app.console.telling import DAY_MS
from detectors.amounts import minor_digits
from detectors.typologies import TYPOLOGIES

QUERY_MOST: Final = 4_000
"""Characters of a query that are read: four times what all filters together need."""
VALUES_MOST: Final = 50
"""Values of one filter."""
TEXT_MOST: Final = 128
"""Characters of a value: an id's."""
SHOWN_MOST: Final = 40
"""Of it where a sentence tells of it."""
MOST_NUMBER: Final = 10**13
AGES: Final[Mapping[str, tuple[str, int]]] = {
    "1d": ("opened in the last 24 h", 1), "7d": ("opened in the last 7 days", 7),
    "over-1d": ("open for more than a day", -1), "over-3d": ("open for more than 3 days", -3),
    "over-7d": ("open for more than 7 days", -7),
}  # fmt: skip
"""Value → as told, and days: the last so many, or (below zero) longer ago than so many."""
GROUPS: Final[Mapping[str, tuple[State, ...]]] = {"todo": QUEUE.states, "live": LIVE, "all": ()}
"""Words for several states at once; `all` does not choose."""
ORDERS: Final[Mapping[Order, str]] = {
    "rank": "Loss × urgency", "due": "Due first", "opened": "Newest", "value": "Most at stake",
}  # fmt: skip
_DECISIONS: Final = ("challenge", "review", "block")
_RESOLUTIONS: Final[tuple[str, ...]] = get_args(Resolution)
_ALIASES: Final[Mapping[tuple[str, str], Sequence[tuple[str, str]]]] = {
    ("label", "legitimate"): [("resolution", "legitimate")],
    ("label", "fraud"): [("resolution", "fraud"), ("resolution", "policy_abuse")],
    ("labelled", "yes"): [("resolution", name) for name in _RESOLUTIONS if name != "merged"],
    ("closed", "yes"): [("state", "closed")],
}
"""How the dashboard's figures name what lies behind them."""


def _among(*allowed: str) -> Callable[[str], bool]:
    return frozenset(allowed).__contains__


def _text(value: str) -> bool:
    return 0 < len(value) <= TEXT_MOST and value.isprintable()


def _whole(value: str) -> bool:
    return (
        value.isascii()
        and value.isdecimal()
        and len(value) <= len(str(MOST_NUMBER))
        and int(value) <= MOST_NUMBER
    )


class _Name(NamedTuple):
    """What a filter may be set to, and whether to several at once."""

    fits: Callable[[str], bool]
    several: bool = False


_NAMES: Final[Mapping[str, _Name]] = {
    "program": _Name(_text),
    "state": _Name(_among(*STATES, *GROUPS), several=True),
    "whose": _Name(_among("mine", "free")),
    "priority": _Name(_among("1", "2", "3"), several=True),
    "typology": _Name(_among(*TYPOLOGIES, OTHER), several=True),
    "kind": _Name(_among("account", "ring")),
    "decision": _Name(_among(*_DECISIONS), several=True),
    "reason": _Name(_text, several=True),
    "resolution": _Name(_among(*_RESOLUTIONS), several=True),
    "partner": _Name(_text),
    "store": _Name(_text),
    "account": _Name(_text),
    "value_from": _Name(_whole),
    "value_to": _Name(_whole),
    "opened": _Name(_among(*AGES)),
    "from_ms": _Name(_whole),
    "to_ms": _Name(_whole),
    "overdue": _Name(_among("yes")),
    "order": _Name(_among(*ORDERS)),
    "cursor": _Name(_text),
}  # fmt: skip
PERSONAL: Final = frozenset({"account", "cursor"})
"""What a saved view leaves out: whom a case is about, and how far somebody had read."""


@dataclass(frozen=True)
class Asked:
    """
    A query as understood.

    values: name → its values, only what is allowed; every name in the order of `_NAMES`.
    faults: what was left out, told in words.
    """

    values: dict[str, tuple[str, ...]]
    faults: tuple[str, ...] = ()

    def one(self, name: str) -> str:
        """A filter's value; "" where it is not set."""
        return self.values.get(name, ("",))[-1]

    def several(self, name: str) -> tuple[str, ...]:
        """A filter's values."""
        return self.values.get(name, ())

    def query(self, *, but: Iterable[str] = ("cursor",), **changed: str | tuple[str, ...]) -> str:
        """The query of another view: without some filters, with others changed; an empty value takes one away."""
        given = {name: value if isinstance(value, tuple) else (value,) for name, value in changed.items()}
        left_out = frozenset(but)
        return urlencode(
            [
                (name, value)
                for name in _NAMES
                if name not in left_out or name in given
                for value in given.get(name, self.values.get(name, ()))
                if value
            ]
        )

    def without(self, name: str, value: str) -> str:
        """The query with one value of a filter taken away."""
        left = tuple(one for one in self.several(name) if one != value)
        return self.query(**{name: left or ("todo" if name == "state" else "")})

    def within(self, program_id: str) -> Asked:
        """The same with the programme and the states said, so that one view has one address."""
        state = self.several("state") or (("live",) if self.one("whose") == "mine" else ("todo",))
        return replace(self, values=self.values | {"program": (program_id,), "state": state})

    @property
    def states(self) -> tuple[State, ...]:
        """States chosen; empty: all. Who asks for their own cases means all that live."""
        words = self.several("state") or ("live" if self.one("whose") == "mine" else "todo",)
        if "all" in words:
            return ()
        found = {state for word in words for state in GROUPS.get(word, (word,))}
        return tuple(state for state in STATES if state in found)

    @property
    def order(self) -> Order:
        """The order of the list."""
        return cast("Order", self.one("order") or "rank")

    def chosen(self, actor: str, now_ms: int, currency: str) -> Filter:
        """What the desk is asked for; amounts were typed in whole units of `currency`."""
        minor = 10 ** minor_digits(currency)
        whose, opened = self.one("whose"), AGES.get(self.one("opened"))
        since = None if opened is None or opened[1] < 0 else now_ms - opened[1] * DAY_MS
        until = None if opened is None or opened[1] > 0 else now_ms + opened[1] * DAY_MS
        return Filter(
            states=self.states,
            priorities=cast("Any", tuple(int(one) for one in self.several("priority"))),
            typologies=self.several("typology"),
            kinds=cast("tuple[Kind, ...]", self.several("kind")),
            resolutions=cast("tuple[Resolution, ...]", self.several("resolution")),
            mine=actor if whose == "mine" else None,
            free_at_ms=now_ms if whose == "free" else None,
            account_id=self.one("account") or None,
            partner_id=self.one("partner") or None,
            store_id=self.one("store") or None,
            opened_from_ms=_latest(since, self._number("from_ms")),
            opened_to_ms=_earliest(until, self._number("to_ms")),
            value_from_minor=self._number("value_from", minor),
            value_to_minor=self._number("value_to", minor),
            due_before_ms=now_ms if self.one("overdue") else None,
            reasons=self.several("reason"),
            decisions=cast("Any", self.several("decision")),
        )

    def _number(self, name: str, times: int = 1) -> int | None:
        value = self.one(name)
        return int(value) * times if value else None


def read_text(query: str) -> Asked:
    """A query as text, of a form's hidden field or a saved view."""
    if len(query) > QUERY_MOST:
        return Asked({}, ("The filter was too long to be read and was left out.",))
    return read(parse_qsl(query))


def read(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Name and value pairs as sent; what is not understood is told, not obeyed."""
    found: dict[str, list[str]] = {}
    faults: list[str] = []
    for name, value in [pair for sent in pairs for pair in _ALIASES.get(sent, (sent,))]:
        known = _NAMES.get(name)
        if not value:
            continue
        if known is None or not known.fits(value):
            faults.append(_fault(name, value, known))
        elif not known.several:
            found[name] = [value]
        elif value not in found.setdefault(name, []) and len(found[name]) < VALUES_MOST:
            found[name].append(value)
    return Asked(
        {name: tuple(found[name]) for name in _NAMES if found.get(name)}, tuple(dict.fromkeys(faults))[:3]
    )


def _fault(name: str, value: str, known: _Name | None) -> str:
    shown_name, shown = (
        text if len(text) <= SHOWN_MOST else f"{text[:SHOWN_MOST]}…" for text in (name, value)
    )
    if known is None:
        return f"Cases are not chosen by “{shown_name}”; it was left out."
    return f"“{shown}” is no {shown_name.replace('_', ' ')} that could be chosen; it was left out."


def _latest(*instants: int | None) -> int | None:
    return max((one for one in instants if one is not None), default=None)


def _earliest(*instants: int | None) -> int | None:
    return min((one for one in instants if one is not None), default=None)
