"""`earnest audit`: the chained audit verified and read, beside a running server or on a copy of its database."""

from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Final, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Engine

from app.commands.installed import installed, show_table, shown_instant, told_instant
from app.commands.options import data_option
from app.keys import derive
from app.store.sql.audit import Audit, Broken, Whole
from app.store.sql.audit_rows import Noted, mac_of, newest

USUAL_ROWS: Final = 50
"""Rows of a list: a screen or two."""
MOST_ROWS: Final = 100_000
"""So many are held in memory before the first is written."""
MAC_BYTES: Final = 32
"""Of HMAC-SHA-256; an empty audit ends with none."""


class Anchor(NamedTuple):
    """A row and its mac, as noted elsewhere."""

    seq: int
    mac: bytes


class AnchorType(click.ParamType[Anchor]):
    """`SEQ:MAC` as `audit verify` prints it."""

    name = "anchor"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Anchor:
        """Take it apart."""
        seq, _, mac = str(value).partition(":")
        try:
            anchor = Anchor(int(seq), bytes.fromhex(mac))
        except ValueError:
            anchor = None
        if anchor is None or len(anchor.mac) != (MAC_BYTES if anchor.seq else 0):
            self.fail(f"{str(value)!r} is not SEQ:MAC, as `earnest audit verify` prints it", param, ctx)
        return anchor


@click.group()
def audit() -> None:
    """
    Verify and read the audit: what was done with tokens, codes and keys, by whom.

    Every row is chained to the one before by a keyed hash. Cutting off the newest rows and putting the note of the end
    back is what a chain alone cannot tell: keep what `verify` prints elsewhere, and give it with --expect.
    """


@audit.command(epilog="Example:  earnest audit verify --expect 1204:9f2c…")
@click.option(
    "--expect",
    type=AnchorType(),
    metavar="SEQ:MAC",
    help="An end printed earlier: that row must still be there.",
)
@data_option
def verify(expect: Anchor | None, data_dir: Path | None) -> None:
    """Read the whole chain; say its rows and its end, or where it is broken first (exit code 1)."""
    with installed(data_dir) as it:
        found = _verified(Audit(derive(it.master, "audit")), it.engine)
        if isinstance(found, Broken):
            raise click.ClickException(f"The audit is broken at row {found.seq}: {found.why}.")
        if expect is not None and not _still_there(it.engine, expect):
            raise click.ClickException(
                f"The audit is not the one row {expect.seq} was noted of: rows were taken from its end, or it was "
                "made anew."
            )
    click.echo(f"{found.rows} rows, whole. It ends with {found.rows}:{found.end}")


@audit.command("list", epilog="Example:  earnest audit list --subject tok_5f0c2a9b1d3e5f67 --json")
@click.option(
    "--limit", type=click.IntRange(1, MOST_ROWS), default=USUAL_ROWS, show_default=True, help="Rows."
)
@click.option("--subject", metavar="ID", help="Only what happened to this token, campaign or key.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@data_option
def list_rows(limit: int, subject: str | None, data_dir: Path | None, *, as_json: bool) -> None:
    """List the newest rows, newest first. It does not verify them."""
    with installed(data_dir) as it:
        rows = newest(it.engine, limit, subject)
    if as_json:
        click.echo(json.dumps([_described(row) for row in rows], indent=2))
    elif rows:
        show_table(
            ("seq", "at (UTC)", "event", "subject", "actor", "detail"),
            [(row.seq, shown_instant(row.entry.at_ms), *row.entry[2:5], row.entry.detail) for row in rows],
        )
    else:
        click.echo("No rows.", err=True)


def _verified(chain: Audit, engine: Engine) -> Whole | Broken:
    console = Console(stderr=True)
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        total = next((row.seq for row in newest(engine, 1)), None)
        task = bar.add_task("", total=total)
        return chain.verify(engine, lambda done: bar.update(task, completed=done))


def _still_there(engine: Engine, expected: Anchor) -> bool:
    if expected.seq == 0:
        return True
    mac = mac_of(engine, expected.seq)
    return mac is not None and hmac.compare_digest(mac, expected.mac)


def _described(row: Noted) -> dict[str, object]:
    entry = row.entry
    return {
        "seq": row.seq,
        "at": told_instant(entry.at_ms),
        "program_id": entry.program_id,
        "event": entry.event,
        "subject": entry.subject,
        "actor": entry.actor,
        "ip_hash": entry.ip_hash.hex(),
        "detail": entry.detail,
    }
