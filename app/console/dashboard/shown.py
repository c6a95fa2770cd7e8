"""What the dashboard shows: tiles, tables and charts of a period's figures. Pure: from values to values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from app.charts import specs
from app.charts.chart import Chart
from app.charts.specs import ACTIONS
from app.console.case_words import PRIORITIES
from app.console.dashboard.period import Period, iso
from app.console.telling import HOUR_MS, points, span
from app.reviewing import hrefs
from app.reviewing.definitions import DEFINITIONS
from app.reviewing.figures import REASONS_SHOWN, Dashboard, Ranked, Rate
from app.reviewing.wilson import Share

OPENING: Final = ("challenge", "review", "block")
"""Results that may open a case, so that there is something to lead to."""
NAMES: Final[Mapping[str, str]] = {
    "alert_precision": "Alert precision", "challenge_rate": "Challenge rate", "pass_rate": "Challenges passed",
    "review_rate": "Review rate", "insult_rate": "Insult rate", "value_detection": "Value detection",
    "sla_compliance": "Closed in time",
}  # fmt: skip
Cell = str | int | float | None


class Tile(NamedTuple):
    """
    One figure.

    value: as shown; "–" where there is nothing to tell it from.
    under: out of how much, how sure, or since when.
    href:  the cases behind it; "" where there are none.
    """

    label: str
    value: str
    under: str
    definition: str
    href: str


class Column(NamedTuple):
    """Of a table: its name in the file, its head on the page, and how its cells are read."""

    name: str
    head: str
    kind: Literal["text", "code", "count", "share"] = "text"


class Table(NamedTuple):
    """
    The same for the page and for the file.

    hrefs: where each row leads.
    """

    name: str
    title: str
    definition: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    hrefs: Sequence[str]


def queue_tiles(found: Dashboard, now_ms: int) -> list[Tile]:
    """How the queue stands."""
    queue, period = found.queue, hrefs.period(found.first_day, found.last_day)
    standing = hrefs.cases(found.program_id, state="live")
    late = hrefs.cases(found.program_id, state="live", overdue="yes")
    longest = hrefs.cases(found.program_id, state="live", order="due")
    ended = hrefs.cases(found.program_id, state="closed", **period)
    opened = hrefs.cases(found.program_id, state="all", **period)
    levels = [f"{points(queue.open.get(one, 0))} {PRIORITIES[one]}" for one in sorted(PRIORITIES)]
    [in_time] = [one for one in found.rates if one.name == "sla_compliance"]
    count = sum(queue.open.values())
    since = "–" if queue.oldest_ms is None else span(now_ms - queue.oldest_ms)
    return [
        Tile("Open cases", points(count), ", ".join(levels), DEFINITIONS["open"], standing if count else ""),
        Tile("Overdue", points(queue.overdue), f"of {points(count)} open", DEFINITIONS["overdue"],
             late if queue.overdue else ""),
        Tile("Open the longest", since, "and not closed", DEFINITIONS["oldest"], longest if count else ""),
        Tile("First look after", _span(queue.touch_ms), "on average", DEFINITIONS["first_touch"],
             "" if queue.touch_ms is None else opened),
        Tile("Closed after", _span(queue.close_ms), f"on average, {points(queue.closed)} closed",
             DEFINITIONS["time_to_close"], ended if queue.closed else ""),
        rate_tile(in_time),
    ]  # fmt: skip


def rate_tiles(found: Dashboard) -> list[Tile]:
    """How right it was."""
    return [rate_tile(one) for one in found.rates if one.name != "sla_compliance"]


def rate_tile(rate: Rate) -> Tile:
    """A share with what it is a share of."""
    if rate.share.share is None:
        return Tile(NAMES[rate.name], "–", "nothing to tell it from yet", rate.definition, "")
    return Tile(NAMES[rate.name], percent(rate.share.share), of(rate.share), rate.definition, rate.href)


def of(part: Share) -> str:
    """`12 of 40 (18 to 45 %)`: the interval that holds the true share with 95 % confidence."""
    low, high = (percent(one).removesuffix(" %") for one in (part.low, part.high))
    return f"{points(part.part)} of {points(part.whole)} ({low} to {high} %)"


def percent(share: float) -> str:
    """`4.3 %`; whole numbers from 10 on, two digits below 1."""
    value = 100 * share
    return f"{value:.0f} %" if value >= 9.95 or not value else f"{value:.{1 if value >= 0.995 else 2}f} %"  # noqa: PLR2004 - rounds to 10 and to 1


def _span(ms: float | None) -> str:
    return "–" if ms is None else span(int(ms)).replace("now", "< 1 min")


# ---------------------------------------------------------------- tables


def tables(found: Dashboard, now_ms: int) -> dict[str, Table]:
    """All of them, by name."""
    made = (_queue(found, now_ms), _rates(found), _decisions(found), _reasons(found), _detectors(found))
    return {table.name: table for table in made}


def _queue(found: Dashboard, now_ms: int) -> Table:
    queue = found.queue
    rows: list[tuple[Cell, ...]] = [
        (f"open_{PRIORITIES[level]}", queue.open.get(level, 0), "cases") for level in sorted(PRIORITIES)
    ]
    oldest = None if queue.oldest_ms is None else now_ms - queue.oldest_ms
    rows += [
        ("overdue", queue.overdue, "cases"), ("oldest", _hours(oldest), "hours"), ("closed", queue.closed, "cases"),
        ("closed_in_time", queue.in_time, "cases"), ("first_touch", _hours(queue.touch_ms), "hours"),
        ("time_to_close", _hours(queue.close_ms), "hours"),
    ]  # fmt: skip
    columns = (Column("figure", "Figure", "code"), Column("value", "Value", "count"), Column("unit", "Unit"))
    return Table("queue", "Queue", "", columns, rows, [""] * len(rows))


def _hours(ms: float | None) -> float | None:
    return None if ms is None else round(ms / HOUR_MS, 2)


_SURE: Final = (Column("low", "At least", "share"), Column("high", "At most", "share"))


def _rates(found: Dashboard) -> Table:
    columns = (
        Column("figure", "Figure", "code"), Column("part", "Part", "count"), Column("whole", "Of", "count"),
        Column("share", "Share", "share"), *_SURE, Column("definition", "What it means"),
    )  # fmt: skip
    rows = [(one.name, *one.share, one.definition) for one in found.rates]
    return Table("rates", "How right it was", "", columns, rows, [one.href for one in found.rates])


def _decisions(found: Dashboard) -> Table:
    counts = [Column(action, action.capitalize(), "count") for action in ACTIONS]
    columns = (Column("day", "Day (UTC)"), *counts, Column("handed_in", "Told afterwards", "count"))
    rows: list[Sequence[Cell]] = []
    leads: list[str] = []
    for day in range(found.last_day, found.first_day - 1, -1):
        its = found.days.get(day, {})
        told = sum(found.handed_in.get(day, {}).values())
        rows.append((iso(day), *(its.get(action, 0) for action in ACTIONS), told))
        asked = any(its.get(action) for action in OPENING)
        leads.append(hrefs.cases(found.program_id, state="all", **hrefs.period(day, day)) if asked else "")
    definition = f"{DEFINITIONS['decided']} Told afterwards: {DEFINITIONS['handed_in'].lower()}"
    return Table("decisions", "Decisions by result", definition, columns, rows, leads)


_JUDGED: Final = (Column("abuse", "Called abuse", "count"), Column("judged", "Judged", "count"))
_PRECISION: Final = (Column("precision", "Precision", "share"), *_SURE)


def _reasons(found: Dashboard) -> Table:
    columns = (Column("reason", "Reason", "code"), Column("alerts", "Alerts", "count"), *_JUDGED, *_PRECISION)
    rows = [(one.name, one.times, *one.precision) for one in found.reasons]
    definition = f"{DEFINITIONS['reason']} Precision: {DEFINITIONS['alert_precision']}"
    return Table("reasons", "Reasons", definition, columns, rows, [one.href for one in found.reasons])


def _detectors(found: Dashboard) -> Table:
    first = (Column("detector", "Detector", "code"), Column("labelled", "Labelled", "count"))
    columns = (*first, *_JUDGED, *_PRECISION)
    rows = [(one.name, one.times, *one.precision) for one in found.detectors]
    definition = f"{DEFINITIONS['detector_precision']} {DEFINITIONS['alert_precision']}"
    return Table(
        "detectors", "Precision by detector", definition, columns, rows, [one.href for one in found.detectors]
    )


# ---------------------------------------------------------------- charts


def charts(found: Dashboard, period: Period) -> dict[str, Chart]:
    """Those that have something to show, by the name of the table beside them. Allowed ones would dwarf the others."""
    made = {}
    alerts = {day: {name: its[name] for name in OPENING if its.get(name)} for day, its in found.days.items()}
    if found.days:
        made["decisions"] = specs.over_time(
            "Alerts a day, by result",
            alerts,
            period.first_day,
            period.last_day,
            _doors(found, alerts),
            OPENING,
        )
    if found.reasons:
        top = [(one.name, float(one.times), one.href) for one in found.reasons[:REASONS_SHOWN]]
        made["reasons"] = specs.bars("The most frequent reasons", top, "alerts")
    sure = [_point(one, one.precision.share) for one in found.detectors if one.precision.share is not None]
    if sure:
        made["detectors"] = specs.shares("Precision by detector", sure)
    return made


def _point(one: Ranked, share: float) -> tuple[str, float, float, float, str]:
    return (one.name, share, one.precision.low, one.precision.high, one.href)


def _doors(found: Dashboard, alerts: Mapping[int, Mapping[str, int]]) -> dict[tuple[int, str], str]:
    return {
        (day, name): hrefs.cases(found.program_id, state="all", decision=name, **hrefs.period(day, day))
        for day, its in alerts.items()
        for name in its
    }
