"""`earnest models`: the shelf of models, looked at and changed, beside a running server or without one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from app.commands.options import data_option, settings_with
from app.model_shelf import NotOnShelf, Shelf, Shelved
from detectors.forest.card import ModelRefused

TAKEN_UP: Final = "Running web processes take it up within a second or two; no request is dropped."


@click.group()
def models() -> None:
    """
    The shelf of models: add, activate, roll back.

    One model judges at a time, or none. Train it with `earnest train`, try it with `earnest replay --model`, then
    add it. A model that is altered, truncated or of other features is refused, and the one in use goes on.
    """


@models.command("list", epilog="Example:  earnest models list --json | jq '.[] | select(.active)'")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@data_option
def list_models(data_dir: Path | None, *, as_json: bool) -> None:
    """List the models, newest first: what each learned from, which one judges, which judged before it."""
    with _shelf(data_dir) as shelf:
        try:
            active = shelf.active()
        except ModelRefused as refused:
            active = None
            click.echo(f"{refused.reason}; name one: earnest models activate VERSION", err=True)
        before = shelf.history()
        rows = [_described(one, active, before) for one in shelf.shelved()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    elif rows:
        _show(rows)
    else:
        click.echo("No models yet. Train one and add it: earnest models add DIR --activate", err=True)


@models.command(
    epilog="Example:  earnest train history/*.parquet --out model && earnest models add model --activate"
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.option("--activate", is_flag=True, help="Judge by it at once.")
@data_option
def add(folder: Path, data_dir: Path | None, *, activate: bool) -> None:
    """Verify the model that `earnest train` wrote to DIR, and copy it onto the shelf. Prints its version."""
    with _shelf(data_dir) as shelf:
        version = shelf.add(folder).version
        click.echo(version)
        if activate:
            _told(shelf.activate(version), version)
        else:
            click.echo(f"It waits on the shelf; to judge by it: earnest models activate {version}", err=True)


@models.command(epilog="Example:  earnest models activate mdl_3f9ac2710b55")
@click.argument("version")
@data_option
def activate(version: str, data_dir: Path | None) -> None:
    """Judge by this model from now on. It is read through first, and refused if it is not sound."""
    with _shelf(data_dir) as shelf:
        _told(shelf.activate(version), version)


@models.command(epilog="Example:  earnest models deactivate")
@data_option
def deactivate(data_dir: Path | None) -> None:
    """Judge without a model: the anomaly detector abstains. `rollback` brings the model back."""
    with _shelf(data_dir) as shelf:
        before = shelf.deactivate()
    click.echo(
        "No model was active." if before is None else f"{before} no longer judges. {TAKEN_UP}", err=True
    )


@models.command(epilog="Example:  earnest models rollback")
@data_option
def rollback(data_dir: Path | None) -> None:
    """Judge by the model before again. Prints its version; each call goes one further back."""
    with _shelf(data_dir) as shelf:
        version = shelf.rollback()
    click.echo(version)
    click.echo(f"{version} judges again. {TAKEN_UP}", err=True)


@contextmanager
def _shelf(data_dir: Path | None) -> Iterator[Shelf]:
    """The shelf of the installation; what is refused ends the command with the reason and exit code 1."""
    shelf = Shelf(settings_with(data_dir=data_dir).shelf_dir)
    try:
        yield shelf
    except ModelRefused as refused:
        raise click.ClickException(f"Refused: {refused.reason}") from None
    except NotOnShelf as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or shelf.folder}: {error.strerror}") from None


def _told(before: str | None, version: str) -> None:
    if before == version:
        click.echo(f"{version} is active already.", err=True)
    else:
        instead = "" if before is None else f" instead of {before}"
        click.echo(f"{version} judges{instead}. {TAKEN_UP}", err=True)


def _described(one: Shelved, active: str | None, before: list[str]) -> dict[str, object]:
    card = one.card
    window = None if card is None else card.window
    return {
        "version": one.version,
        "active": one.version == active,
        "judged_before": one.version in before,
        "learned_from": None if window is None else _instant(window.from_ms),
        "learned_until": None if window is None else _instant(window.until_ms),
        "events": None if card is None else card.rows,
        "segments": None if card is None else len(card.segments),
        "refused": one.refused or None,
    }


def _show(rows: list[dict[str, object]]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name in ("version", "state", "learned until"):
        table.add_column(name, no_wrap=True)
    for name in ("events", "segments"):
        table.add_column(name, justify="right")
    table.add_column("")
    for row in rows:
        state = "active" if row["active"] else "before" if row["judged_before"] else ""
        state = state if row["refused"] is None else f"{state} refused".strip()
        numbers = ("" if row[name] is None else f"{row[name]:,}" for name in ("events", "segments"))
        until = str(row["learned_until"] or "")[:10]
        table.add_row(str(row["version"]), state, until, *numbers, str(row["refused"] or ""))
    Console(file=sys.stdout, highlight=False, markup=False).print(table)


def _instant(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds")
