"""The report of a replay: what it decided, how good that was, whom it troubled, and what the figures do not say."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from app.offline.definitions import DEFINITIONS, TERMS, shown
from app.offline.figures import CAPACITY, Decided, Figures
from app.offline.figures_table import BY_TYPOLOGY, RANKED, cell
from app.offline.honesty import LIMITS_OF_FIGURES, coverage_sentences
from app.offline.labelling import asked, in_shadow
from app.offline.report import plots, tallies
from app.offline.report.changes import OtherReplay, changes
from app.offline.row_faults import RowFault
from detectors.actions import ACTIONS
from detectors.forest.card import Card
from detectors.forest.drift import Drift, band

FAULTS_SHOWN: Final = 20
"""Rows left out that are told one by one; the counts by reason cover all."""
SEGMENTS_SHOWN: Final = 30
READABLE: Final = 0o644


class Meta(NamedTuple):
    """
    What the report is of.

    capacity: accounts analysts look at in a day.
    made_at:  instant of the run, UTC; None is not told.
    """

    title: str = "Replay"
    policy: str | None = None
    model: str | None = None
    sources: Sequence[str] = ()
    capacity: int = CAPACITY
    made_at: datetime | None = None


class Faults(Protocol):
    """Rows that were left out; `app.offline.event_files.EventFiles` is one."""

    @property
    def faults(self) -> Sequence[RowFault]: ...
    @property
    def fault_counts(self) -> Mapping[str, int]: ...
    @property
    def faulty_rows(self) -> int: ...
    @property
    def duplicates(self) -> int: ...


def write_report(
    path: Path,
    *,
    rows: pl.DataFrame,
    meta: Meta,
    figures: Figures | None = None,
    faults: Faults | None = None,
    compare: OtherReplay | None = None,
    card: Card | None = None,
    drift: Sequence[Drift] = (),
) -> None:
    """
    Write one self-contained HTML file: no script, nothing fetched, whatever the data hold is shown as text.

    Args:
        path: replaced as a whole, or left as it was.
        rows: as `earnest replay` writes them.
        meta: what this is of.
        figures: where there are labels.
        faults: what of the history could not be used.
        compare: the same history under another policy or model.
        card: of the model that scored.
        drift: how far the events have moved from what the model learned.

    Raises:
        OSError: The file cannot be written.
    """
    shadow, rows = in_shadow(rows), asked(rows).with_columns(pl.col("account_id", "type").cast(pl.String))
    seen = {
        "meta": meta,
        "shadow": shadow,
        "overview": tallies.overview(rows, meta.capacity) if rows.height else None,
        "figures": figures,
        "faults": faults,
        "compare": compare,
        "changes": changes(rows, asked(compare.rows)) if compare else None,
        "card": card,
        "drift": drift,
    }
    page = _environment().get_template("report.html").render(**seen, **_told(rows, figures, meta))
    _replace(path, page.encode())


def _told(rows: pl.DataFrame, figures: Figures | None, meta: Meta) -> dict[str, Any]:
    """Tables and pictures."""
    told: dict[str, Any] = {
        "coverage": coverage_sentences(figures.coverage) if figures else [],
        "curves": [],
        "limits_of_figures": LIMITS_OF_FIGURES,
    }
    if rows.height:
        daily, each = tallies.drawn_days(tallies.alerts_by_day(rows))
        told |= {
            "each": each,
            "risk_plot": plots.risk_by_decision(tallies.risk_bins(rows)),
            "days_plot": plots.alerts_over_time(daily, each, meta.capacity),
            "types": tallies.by_type(rows),
            "reasons": tallies.top_reasons(rows),
            "suspects": tallies.suspects(rows),
        }
    if figures and any(one.curve for one in figures.rankings):
        told["curves"] = [
            plots.precision_recall(figures.rankings),
            plots.recall_by_false_positives(figures.rankings),
        ]
    return told


def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("app.offline.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "count": _count,
        "share": _share,
        "day": _day,
        "instant": _instant,
        "percent": _percent,
        "from_ms": _from_ms,
    }
    found.globals |= {
        "ACTIONS": ACTIONS,
        "DEFINITIONS": DEFINITIONS,
        "TERMS": TERMS,
        "RANKED": RANKED,
        "DECIDED": tuple(Decided.__dataclass_fields__),
        "BY_TYPOLOGY": BY_TYPOLOGY,
        "FAULTS_SHOWN": FAULTS_SHOWN,
        "SEGMENTS_SHOWN": SEGMENTS_SHOWN,
        "cell": cell,
        "band": band,
        "style": Markup(_text(found, "report.css")),  # noqa: S704 - our own file
    }
    return found


def _text(environment: Environment, name: str) -> str:
    assert environment.loader is not None  # noqa: S101 - given above
    return environment.loader.get_source(environment, name)[0]


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return shown(value, "share")


def _percent(part: float, whole: float) -> str:
    """A length in CSS: so much of the whole."""
    return f"{100 * part / whole if whole else 0:.2f}%"


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _instant(value: datetime) -> str:
    return f"{_day(value)} {value:%H:%M}"


def _from_ms(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1_000, UTC)


def _replace(path: Path, content: bytes) -> None:
    """Write beside and rename, so that the name holds all of it or what it held before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(READABLE)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
