"""What the queue's page shows: rows, tabs with their counts, filters that are set. Pure: from values to values."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from app.cases.moving import is_held
from app.cases.ports import Case, Counts, Priority, Wish
from app.cases.states import STATES
from app.console import case_words
from app.console.may_move import turned_down
from app.console.place import HOME
from app.console.queue_query import AGES, GROUPS, Asked
from app.console.saved_views import SavedView
from app.console.telling import HOUR_MS, points, span, when
from app.users.viewer import Viewer

QUEUE: Final = f"{HOME}/queue"
CASES: Final = f"{HOME}/cases"
SOON_MS: Final = HOUR_MS
"""Before the due instant: what is due within an hour is marked."""
REASONS_SHOWN: Final = 2
"""In a row; the case tells the others."""
_CLAIM: Final = Wish(move="claim")


class Sla(NamedTuple):
    """By when a case should be decided. `tone` as badges have it; `told` in words, `at` absolute."""

    tone: str
    told: str
    at: str


class Row(NamedTuple):
    """A case as a row of the queue."""

    case: Case
    href: str
    title: str
    priority: str
    why: Sequence[tuple[str, str]]
    results: Sequence[tuple[str, str]]
    sla: Sla
    look: Sla | None
    state: str
    holder: str
    until: str
    can_claim: bool


def row(case: Case, viewer: Viewer, names: Mapping[str, str], now_ms: int) -> Row:
    """One."""
    held = is_held(case, "", now_ms)
    mine = held and case.assignee == viewer.actor
    free_to_take = case.state in {"open", "in_progress", "waiting", "escalated"} and not held
    results = (("review", case.reviewed), ("block", case.blocked), ("challenge", case.challenged))
    return Row(
        case,
        f"{CASES}/{case.case_id}",
        case_words.typology(case.typology),
        case_words.PRIORITIES[case.priority],
        case_words.reasons(case.reasons, REASONS_SHOWN),
        [
            (result, f"{points(count)} {result}{'' if count == 1 else 's'}")
            for result, count in results
            if count
        ],
        due(case, now_ms),
        first_look(case, now_ms),
        case_words.STATES[case.state] if case.resolution is None else case_words.RESOLUTIONS[case.resolution],
        "" if not held else "you" if mine else names.get(case.assignee or "", "somebody"),
        "" if not held or case.lease_ms is None else short(case.lease_ms, now_ms),
        free_to_take and turned_down(viewer, case, _CLAIM, now_ms) is None,
    )


def due(case: Case, now_ms: int) -> Sla:
    """By when it should be decided, or how that went."""
    if case.closed_ms is not None:
        late = case.closed_ms > case.due_ms
        told = f"closed {when(case.closed_ms, now_ms).relative}"
        return Sla("quiet", f"{told}, late" if late else told, f"was due {short(case.due_ms, now_ms)}")
    return _until(case.due_ms, now_ms, "due")


def first_look(case: Case, now_ms: int) -> Sla | None:
    """By when somebody should look, where that is promised and nobody has."""
    if case.touch_ms is None or case.touched_ms is not None or case.closed_ms is not None:
        return None
    return _until(case.touch_ms, now_ms, "first look")


def _until(at_ms: int, now_ms: int, what: str) -> Sla:
    at, left_ms = short(at_ms, now_ms), at_ms - now_ms
    away = span(abs(left_ms)).replace("now", "less than a minute")
    if left_ms < 0:
        return Sla("bad", f"{what} overdue by {away}" if what != "due" else f"overdue by {away}", at)
    return Sla("warn" if left_ms <= SOON_MS else "quiet", f"{what} in {away}", at)


def short(at_ms: int, now_ms: int) -> str:
    """An instant in few letters, UTC: `13:16` today, `4 Mar, 13:16` this year."""
    at, now = (when(one, now_ms).absolute.removesuffix(" UTC").partition(", ") for one in (at_ms, now_ms))
    if at[0] == now[0]:
        return at[2]
    day, _, year = at[0].rpartition(" ")
    return f"{day}, {at[2]}" if now[0].endswith(year) else ", ".join((at[0], at[2]))


class Tab(NamedTuple):
    """As `parts.tabs` takes it."""

    text: str
    href: str
    is_current: bool
    number: str | None = None


class Facet(NamedTuple):
    """A value to choose by, and how many cases it would show."""

    value: str
    text: str
    number: int
    href: str
    is_chosen: bool


_STANDING: Final = (
    ("To do", "todo", ""), ("Free", "todo", "free"), ("Mine", "live", "mine"), ("Escalated", "escalated", ""),
    ("Second pair of eyes", "approval", ""), ("Waiting", "waiting", ""), ("Closed", "closed", ""), ("All", "all", ""),
)  # fmt: skip
"""Tabs everybody has: what it is called, its states, whose."""


def tabs(
    asked: Asked, whole: Counts, mine: int, free: int | None, views: Sequence[SavedView]
) -> Sequence[Tab]:
    """
    The standing views, each with its count under the other filters, then what was saved.

    Args:
        asked: what is shown now.
        whole: of all cases under the other filters, whoever has them.
        mine: how many of them the viewer has.
        free: how many nobody has, where that was asked.
        views: saved.
    """
    here, shown = asked.query(), []
    saved = [Tab(view.name, f"{QUEUE}?{view.query}", view.query == here) for view in views]
    at_saved = any(tab.is_current for tab in saved)
    for text, state, whose in _STANDING:
        counted = total(asked, whole, GROUPS.get(state, (state,)) or STATES)
        count = {"mine": mine, "free": free}.get(whose, counted)
        current = asked.one("whose") == whose and set(asked.states) == set(GROUPS.get(state, (state,)))
        href = f"{QUEUE}?{asked.query(state=state, whose=whose)}"
        shown.append(Tab(text, href, current and not at_saved, None if count is None else points(count)))
    return [*shown, *saved]


def priorities(asked: Asked, counts: Counts) -> Sequence[Facet]:
    """Each priority with its count under the other filters; a click adds it or takes it away."""
    states, typologies = asked.states or STATES, asked.several("typology")
    found: dict[Priority, int] = dict.fromkeys(case_words.PRIORITIES, 0)
    for (state, priority, typology), count in counts.cells.items():
        if state in states and (not typologies or typology in typologies):
            found[priority] += count
    return [
        _facet(asked, "priority", str(one), case_words.PRIORITIES[one], count) for one, count in found.items()
    ]


def typologies(asked: Asked, counts: Counts) -> Sequence[Facet]:
    """Each typology there is under the other filters, the most frequent first."""
    states, levels = asked.states or STATES, asked.several("priority")
    found = dict.fromkeys(asked.several("typology"), 0)
    for (state, priority, typology), count in counts.cells.items():
        if state in states and (not levels or str(priority) in levels):
            found[typology] = found.get(typology, 0) + count
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return [_facet(asked, "typology", name, case_words.typology(name), count) for name, count in ordered]


def total(asked: Asked, counts: Counts, states: Collection[str] = ()) -> int:
    """How many cases the list has; of other `states` where they are given."""
    among = states or asked.states or STATES
    levels, kinds = asked.several("priority"), asked.several("typology")
    return sum(
        count
        for (state, priority, typology), count in counts.cells.items()
        if state in among and (not levels or str(priority) in levels) and (not kinds or typology in kinds)
    )


def _facet(asked: Asked, name: str, value: str, text: str, count: int) -> Facet:
    chosen = asked.several(name)
    others = tuple(one for one in chosen if one != value)
    after = others if value in chosen else (*chosen, value)
    return Facet(value, text, count, f"{QUEUE}?{asked.query(**{name: after})}", value in chosen)


_CHIPS: Final[Mapping[str, str]] = {
    "typology": "", "kind": "", "decision": "with a ", "reason": "for ", "resolution": "found ", "partner": "partner ",
    "store": "store ", "account": "account ", "value_from": "from ", "value_to": "below ", "opened": "",
    "from_ms": "opened from ", "to_ms": "opened before ", "overdue": "",
}  # fmt: skip
"""Filter → what stands before its value. State and priority are seen in the tabs."""


def chips(asked: Asked, now_ms: int, currency: str) -> Sequence[tuple[str, str]]:
    """What is set, in words, and where it is not."""
    return [
        (f"{before}{_told(name, value, now_ms, currency)}", f"{QUEUE}?{asked.without(name, value)}")
        for name, before in _CHIPS.items()
        for value in asked.several(name)
    ]


def _told(name: str, value: str, now_ms: int, currency: str) -> str:
    if name == "typology":
        return case_words.typology(value)
    if name in {"from_ms", "to_ms"}:
        return when(int(value), now_ms).absolute
    if name == "opened":
        return AGES[value][0]
    if name in {"value_from", "value_to"}:
        return f"{points(int(value))} {currency}"
    if name == "kind":
        return {"ring": "rings", "account": "single accounts"}[value]
    return "overdue" if name == "overdue" else value.replace("_", " ") if name == "resolution" else value
