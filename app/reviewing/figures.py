"""The dashboard: what was decided, how right it was, and how the queue stands. Every figure with its definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from app.reviewing import hrefs
from app.reviewing.counting import DAY_MS, Figure
from app.reviewing.definitions import DEFINITIONS
from app.reviewing.wilson import Share, share
from app.users.rights import Scope

REASONS_SHOWN: Final = 10


class Count(NamedTuple):
    """So much of a figure on a day, by name."""

    day: int
    name: str
    times: int


class Queue(NamedTuple):
    """
    How the queue stands now, and how cases of the period went.

    open:        priority → cases not closed.
    oldest_ms:   when the oldest of them was opened; None where none is open.
    closed, in_time: of the period, by when they were closed.
    touch_ms, close_ms: mean times; None where there are none.
    """

    open: Mapping[int, int]
    overdue: int
    oldest_ms: int | None
    closed: int
    in_time: int
    touch_ms: float | None
    close_ms: float | None


class Figures(Protocol):
    """Where the sums are kept. Raises RecordAway."""

    def counts(
        self, program_id: str, scope: Scope, figures: Iterable[Figure], first_day: int, last_day: int
    ) -> Mapping[Figure, Sequence[Count]]:
        """Each figure's counts of the days, both included, as far as the scope shows them."""
        ...

    def queue(self, program_id: str, scope: Scope, first_day: int, last_day: int, now_ms: int) -> Queue:
        """How the queue stands."""
        ...

    def left(self) -> int:
        """Entries of the record, of all programmes, that are not counted yet."""
        ...


class Rate(NamedTuple):
    """A share, what it means, and where its cases are."""

    name: str
    definition: str
    share: Share
    href: str


class Ranked(NamedTuple):
    """A name, how often, how precise where people judged, and where its cases are."""

    name: str
    times: int
    precision: Share
    href: str


class Dashboard(NamedTuple):
    """
    Everything, of a programme (or the part of it a scope shows) and a period of days, both included.

    days:      day → result → answers; `handed_in` the same of events told afterwards.
    reasons:   the most frequent first; all of them.
    detectors: by name, those that people judged alerts of.
    left:      entries of the record that are not counted yet.
    """

    program_id: str
    first_day: int
    last_day: int
    days: Mapping[int, Mapping[str, int]]
    handed_in: Mapping[int, Mapping[str, int]]
    reasons: tuple[Ranked, ...]
    detectors: tuple[Ranked, ...]
    rates: tuple[Rate, ...]
    queue: Queue
    left: int
    definitions: Mapping[str, str] = DEFINITIONS


_ASKED: Final[tuple[Figure, ...]] = (
    "decided", "handed_in", "reason", "alert_verdict", "detector_verdict", "reason_verdict", "passed", "abuse_points",
)  # fmt: skip


def dashboard(
    record: Figures,
    program_id: str,
    scope: Scope,
    first_day: int,
    last_day: int,
    now_ms: int,
    stage_of: Callable[[str], str],
) -> Dashboard:
    """
    The dashboard of a period. Synchronous: called in a thread. Raises RecordAway.

    `stage_of`: reason code → the detector that gives it; a case is found by its reasons.
    """
    found = record.counts(program_id, scope, _ASKED, first_day, last_day)
    sums = {figure: _summed(found.get(figure, ())) for figure in _ASKED}
    period = hrefs.period(first_day, last_day)

    def leads(state: str = "all", **chosen: str | Sequence[str]) -> str:
        return hrefs.cases(program_id, state=state, **chosen, **period)

    queue = record.queue(program_id, scope, first_day, last_day, now_ms)
    judged = _verdicts(sums["reason_verdict"])
    detectors = _verdicts(sums["detector_verdict"])
    codes: dict[str, list[str]] = {}
    for code in sorted(sums["reason"]):
        codes.setdefault(stage_of(code), []).append(code)
    return Dashboard(
        program_id, first_day, last_day,
        days=_by_day(found.get("decided", ())),
        handed_in=_by_day(found.get("handed_in", ())),
        reasons=tuple(
            Ranked(code, count, _precision(judged.get(code, Counter())), leads(reason=code))
            for code, count in sorted(sums["reason"].items(), key=lambda one: (-one[1], one[0]))
        ),
        detectors=tuple(
            Ranked(name, verdicts.total(), _precision(verdicts), leads(reason=codes.get(name, [])))
            for name, verdicts in sorted(detectors.items())
        ),
        rates=tuple(
            Rate(name, DEFINITIONS[name], part, leads(**chosen))
            for name, part, chosen in [*_rates(sums), _in_time(queue)]
        ),
        queue=queue,
        left=record.left(),
    )  # fmt: skip


def _rates(sums: Mapping[Figure, Counter[str]]) -> Iterable[tuple[str, Share, dict[str, str]]]:
    decided, verdicts, points = sums["decided"], _verdicts(sums["alert_verdict"]), sums["abuse_points"]
    answers = decided.total()
    everything: Counter[str] = sum(verdicts.values(), Counter())
    insulted = sum(verdicts.get(name, Counter())["honest"] for name in ("challenge", "block"))
    challenges = decided["challenge"] + sums["handed_in"]["challenge"]
    yield "alert_precision", _precision(everything), {"labelled": "yes"}
    yield "challenge_rate", share(decided["challenge"], answers), {"decision": "challenge"}
    yield "pass_rate", share(sums["passed"][""], challenges), {"decision": "challenge"}
    yield "review_rate", share(decided["review"], answers), {"decision": "review"}
    good = answers + sums["handed_in"].total() - everything["abuse"]
    yield "insult_rate", share(insulted, good), {"label": "legitimate"}
    yield "value_detection", share(points["stopped"], points.total()), {"label": "fraud"}


def _in_time(queue: Queue) -> tuple[str, Share, dict[str, str]]:
    return "sla_compliance", share(queue.in_time, queue.closed), {"state": "closed"}


def _precision(verdicts: Counter[str]) -> Share:
    return share(verdicts["abuse"], verdicts["abuse"] + verdicts["honest"])


def _summed(counts: Iterable[Count]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in counts:
        found[one.name] += one.times
    return found


def _by_day(counts: Iterable[Count]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    for one in counts:
        found.setdefault(one.day, {})[one.name] = one.times
    return found


def _verdicts(sums: Mapping[str, int]) -> dict[str, Counter[str]]:
    """Name → verdict → how many."""
    found: dict[str, Counter[str]] = {}
    for name, count in sums.items():
        what, _, verdict = name.rpartition(":")
        found.setdefault(what, Counter())[verdict] += count
    return found


def day_of(now_ms: int) -> int:
    """The day (UTC) of an instant, since 1970-01-01."""
    return now_ms // DAY_MS
