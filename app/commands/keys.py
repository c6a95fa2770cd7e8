"""`earnest keys`: API keys made, listed and revoked, beside a running server or without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from app.access import SCOPES, mint
from app.clock import system_clock
from app.commands.options import data_option, plainly, settings_with
from app.ports.rows import ApiKeyRow
from app.store.sql import migrate, open_engine
from app.store.sql.api_keys import ApiKeyRecord

DAY_MS: Final = 86_400_000
LONGEST_LIFE_DAYS: Final = 3_650
"""Ten years: beyond it an expiry is a typing error."""


class CommaSeparated(click.ParamType[tuple[str, ...]]):
    """`a,b` as a tuple."""

    name = "list"

    def convert(
        self, value: object, _param: click.Parameter | None, _ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split at commas."""
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


@click.group()
def keys() -> None:
    """Create, list and revoke API keys. Only their hashes are kept."""


@keys.command(epilog="Example:  KEY=$(earnest keys create till --scopes score --stores s-1,s-2)")
@click.argument("name")
@click.option("--scopes", type=CommaSeparated(), required=True, help=f"Some of: {', '.join(SCOPES)}.")
@click.option("--program", default="default", show_default=True, help="The programme it speaks for.")
@click.option(
    "--stores", type=CommaSeparated(), default="", help="Only events of these stores.  [default: all]"
)
@click.option(
    "--expires",
    type=click.IntRange(1, LONGEST_LIFE_DAYS),
    metavar="DAYS",
    help="Days it is good for.  [default: no end]",
)
@data_option
def create(
    name: str,
    scopes: tuple[str, ...],
    program: str,
    stores: tuple[str, ...],
    expires: int | None,
    data_dir: Path | None,
) -> None:
    """Make a key and print it, once, on standard output. Keep it like a password."""
    now_ms = system_clock()
    expires_ms = None if expires is None else now_ms + expires * DAY_MS
    try:
        minted = mint(
            name=name, scopes=scopes, program_id=program, stores=stores, now_ms=now_ms, expires_ms=expires_ms
        )
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--scopes") from None
    with _record(data_dir) as record:
        record.add_key(minted.row)
    click.echo(minted.token)
    click.echo(f"Key {minted.row.key_id} ({name}) is shown this once.", err=True)


@keys.command("list", epilog="Example:  earnest keys list --json | jq '.[] | select(.state == \"live\")'")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@data_option
def list_keys(data_dir: Path | None, *, as_json: bool) -> None:
    """List the keys: ids, names and what they may do, never the keys themselves."""
    now_ms = system_clock()
    with _record(data_dir) as record:
        rows = [_described(row, now_ms) for row in record.keys()]  # noqa: SIM118 - not a mapping
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        columns = (row["key_id"], row["state"], row["program_id"], row["scopes"], row["name"])
        click.echo("  ".join(f"{_cell(column):<10}" for column in columns).rstrip())
    if not rows:
        click.echo("No keys yet. Make one: earnest keys create NAME --scopes score", err=True)


@keys.command(epilog="Example:  earnest keys revoke 4f0c2a9b1d3e5f67")
@click.argument("key_id", metavar="ID")
@data_option
def revoke(key_id: str, data_dir: Path | None) -> None:
    """Revoke a key for good; running servers refuse it within ten seconds."""
    with _record(data_dir) as record:
        if not record.revoke_key(key_id, system_clock()):
            raise click.ClickException(f"There is no live key {key_id}; see: earnest keys list")
    click.echo(f"Key {key_id} is revoked.", err=True)


@contextmanager
def _record(data_dir: Path | None) -> Iterator[ApiKeyRecord]:
    """The keys' part of the record, migrated. It needs no master key."""
    settings = settings_with(data_dir=data_dir)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with plainly():
        engine = open_engine(settings.record_url)
        try:
            migrate(engine)
            yield ApiKeyRecord(engine)
        finally:
            engine.dispose()


def _described(row: ApiKeyRow, now_ms: int) -> dict[str, object]:
    expired = row.expires_ms is not None and row.expires_ms <= now_ms
    return {
        "key_id": row.key_id,
        "name": row.name,
        "state": "revoked" if row.revoked_ms is not None else "expired" if expired else "live",
        "program_id": row.program_id,
        "scopes": row.scopes,
        "stores": row.stores,
        "created_at": _instant(row.created_ms),
        "expires_at": _instant(row.expires_ms),
    }


def _cell(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _instant(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds")
