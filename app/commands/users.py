"""`earnest users`: people of the console let in, listed, reset and disabled, beside a running server or without one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import click

from app.clock import system_clock
from app.commands.options import data_option, plainly, settings_with
from app.composition.console import sql_users
from app.ids import fresh_id
from app.keys import master_key
from app.store.sql import migrate, open_engine
from app.users.managing import BadAddress, Invited, Manager, scope_of
from app.users.ports import Managed, Person
from app.users.rights import ROLES, Role
from app.users.secrets import Keys
from tokens.who import Who

COMMAND: Final = Who("command")
"""As the audit names who ran this."""
UNKNOWN: Final = "Nobody has that address. Who there is: earnest users list"
LAST: Final = "Nobody would be left who manages people. Create another security_admin first."


@click.group()
def users() -> None:
    """
    People of the console: let in, list, reset, disable. Passwords are theirs alone.

    For whoever runs the installation: what the console leaves to two people is done at once here, and is in the audit as
    done by `command`.
    """


@users.command(epilog="Example:  earnest users create ana@shop.example --role analyst --program default")
@click.argument("email")
@click.option(
    "--role", type=click.Choice(ROLES), required=True, help="What they may do; see docs/console.md."
)
@click.option(
    "--program", "programs", multiple=True, help="Only this programme; may be repeated.  [default: all]"
)
@click.option("--partner", "partners", multiple=True, help="Only what touched this partner.  [default: all]")
@click.option("--store", "stores", multiple=True, help="Only what touched this store.  [default: all]")
@data_option
def create(
    email: str,
    role: str,
    programs: tuple[str, ...],
    partners: tuple[str, ...],
    stores: tuple[str, ...],
    data_dir: Path | None,
) -> None:
    """Let somebody in: prints an enrolment link, good once and for 24 hours."""
    scope = scope_of(programs, partners, stores)
    with _manager(data_dir) as manager:
        try:
            invited = manager.invite(email, cast("Role", role), scope, COMMAND, system_clock())
        except BadAddress as wrong:
            raise click.BadParameter(str(wrong), param_hint="EMAIL") from None
        if invited is None:
            raise click.ClickException(
                "Somebody has that address. To give them a new link: earnest users reset"
            )
        _show(invited)


@users.command(epilog="Example:  earnest users reset ana@shop.example")
@click.argument("email")
@data_option
def reset(email: str, data_dir: Path | None) -> None:
    """Take away password, second factor and sessions; prints a new enrolment link."""
    with _manager(data_dir) as manager:
        done = manager.reset(_found(manager, email), COMMAND, system_clock())
        if isinstance(done, Invited):
            _show(done)
        else:
            _refuse(done)


@users.command(epilog="Example:  earnest users disable ana@shop.example")
@click.argument("email")
@data_option
def disable(email: str, data_dir: Path | None) -> None:
    """Sign somebody out everywhere and let them in no more."""
    with _manager(data_dir) as manager:
        _refuse(manager.disable(_found(manager, email).user_id, COMMAND, system_clock()))
    click.echo("Disabled, and signed out everywhere.", err=True)


@users.command("list", epilog="Example:  earnest users list --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@data_option
def list_users(data_dir: Path | None, *, as_json: bool) -> None:
    """List the people: addresses, roles and what they see."""
    with _manager(data_dir) as manager:
        rows = [_described(one.person, one.seen_ms) for one in manager.everybody(system_clock())]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        limits = [f"{name}={','.join(row[name])}" for name in ("programs", "partners", "stores") if row[name]]
        cells = (row["state"], row["role"], row["email"], " ".join(limits) or "everything")
        click.echo(f"{cells[0]:<10}  {cells[1]:<16}  {cells[2]:<36}  {cells[3]}")


def _described(person: Person, seen_ms: int | None) -> dict[str, Any]:
    programs, partners, stores = (None if limit is None else sorted(limit) for limit in person.scope)
    state = "disabled" if person.disabled_ms is not None else "active" if person.is_enrolled else "invited"
    return {
        "user_id": person.user_id,
        "email": person.email,
        "role": person.role,
        "state": state,
        "programs": programs,
        "partners": partners,
        "stores": stores,
        "last_seen": None if seen_ms is None else _told(seen_ms),
    }


def _show(invited: Invited) -> None:
    click.echo(invited.link)
    click.echo(f"Good once, until {_told(invited.until_ms)}. It is shown this once.", err=True)


def _refuse(done: Managed) -> None:
    if done != "changed":
        raise click.ClickException(
            {"last": LAST, "unknown": UNKNOWN}.get(done, "Somebody was first: try again.")
        )


def _found(manager: Manager, email: str) -> Person:
    person = manager.find(email)
    if person is None:
        raise click.ClickException(UNKNOWN)
    return person


def _told(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def _manager(data_dir: Path | None) -> Iterator[Manager]:
    """The people of the installation, whose database is made if it is not there yet."""
    settings = settings_with(data_dir=data_dir)
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    with plainly():
        master = master_key(settings)
        migrate(settings.record_url)
        engine = open_engine(settings.record_url)
        try:
            yield Manager(sql_users(engine, master), Keys.of(master), base.rstrip("/"), fresh_id)
        finally:
            engine.dispose()
