"""Figures on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.offline.definitions import DEFINITIONS, TERMS, shown
from app.offline.figures import Decided, Figures, Typology
from app.offline.honesty import coverage_sentences
from app.offline.ranking import Ranking

RANKED: tuple[str, ...] = ("auc", "average_precision", "recall_at_1_percent", "spoke")
BY_TYPOLOGY: tuple[str, ...] = ("incident_recall", "event_recall", "value_detection_rate")


def print_figures(console: Console, figures: Figures, *, explain: bool = False) -> None:
    """Every figure, what it stands on, and with `explain` what it means. Names from files are printed as text."""
    for sentence in coverage_sentences(figures.coverage):
        console.print(Text(sentence))
    console.print(_rankings(figures))
    console.print(_decided(figures.decided))
    if figures.typologies:
        console.print(_typologies(figures))
    if figures.groups:
        console.print(_groups(figures))
    if explain:
        for title, text in definitions():
            console.print(Text.assemble((title, "bold"), f": {text}"))


def definitions() -> list[tuple[str, str]]:
    """Every term and figure with its meaning, in the order they are told."""
    return [*TERMS.items(), *((one.title, one.text) for one in DEFINITIONS.values())]


def cell(of: Ranking | Decided | Typology, name: str) -> str:
    """One figure as a person reads it."""
    return shown(getattr(of, name), DEFINITIONS[name].unit)


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _rankings(figures: Figures) -> Table:
    table = _table("How scores rank", "score", *(DEFINITIONS[name].title for name in RANKED))
    for one in figures.rankings:
        table.add_row(one.score, *(cell(one, name) for name in RANKED))
    return table


def _decided(decided: Decided) -> Table:
    table = _table("At the decisions taken", "figure", "value")
    for name in Decided.__dataclass_fields__:
        table.add_row(DEFINITIONS[name].title, cell(decided, name))
    return table


def _typologies(figures: Figures) -> Table:
    titles = (DEFINITIONS[name].title for name in BY_TYPOLOGY)
    table = _table("By typology", "typology", "events", "incidents", *titles)
    for one in figures.typologies:
        counts = (f"{one.events:,}", f"{one.incidents:,}")
        table.add_row(Text(one.typology), *counts, *(cell(one, name) for name in BY_TYPOLOGY))
    return table


def _groups(figures: Figures) -> Table:
    table = _table("Honest members by trait", "trait", "members", "touched", "insulted", "events", "touched")
    for one in figures.groups:
        shares = [
            shown(value, "share") for value in (one.members_touched, one.insult_rate, one.events_touched)
        ]
        table.add_row(Text(one.trait), f"{one.members:,}", *shares[:2], f"{one.events:,}", shares[2])
    return table
