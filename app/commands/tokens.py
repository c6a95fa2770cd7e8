"""`earnest tokens`: the keys of one-time tokens, looked at and changed beside a running server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from app.clock import system_clock
from app.commands.installed import Installed, installed, show_table, shown_instant, told_instant
from app.commands.options import data_option
from app.keys import derive
from app.redeeming.rings import FRESH_EVERY_S
from app.seal import Seal
from app.store.sql.audit import Audit
from app.store.sql.tokens import SqlKeyStore
from tokens.key_store import StoredKey
from tokens.limits import SIGNING_KEYS_MOST
from tokens.who import Who

OPERATOR: Final = Who("operator")
"""Who did it, in the audit: somebody with the machine in hand."""


@click.group()
def tokens() -> None:
    """
    The keys of one-time tokens: list, rotate, remove.

    They are made and replaced by themselves: a signing key every 30 days, a server key for each day, destroyed after
    15. Running servers learn of a change within 10 seconds.
    """


@tokens.command(epilog="Example:  earnest tokens keys --json | jq '.[] | select(.state == \"in use\")'")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@data_option
def keys(data_dir: Path | None, *, as_json: bool) -> None:
    """List the keys that are kept: ids and instants, never the keys themselves."""
    with installed(data_dir) as it:
        store, now_ms = _store(it), system_clock()
        found = [*_with_states(store.keys("sign"), now_ms), *_with_states(store.keys("vault"), now_ms)]
    if as_json:
        click.echo(json.dumps([_described(key, state) for key, state in found], indent=2))
    elif found:
        show_table(
            ("id", "use", "state", "made (UTC)", "until (UTC)"),
            [
                (key.key_id, key.use, state, shown_instant(key.made_ms), shown_instant(key.until_ms))
                for key, state in found
            ],
        )
    else:
        click.echo("No keys yet: the first start makes them.", err=True)


@tokens.command(epilog="Example:  earnest tokens rotate")
@data_option
def rotate(data_dir: Path | None) -> None:
    """
    Make a new signing key now. Prints its id.

    It signs a minute later, when every process knows it; tokens signed with the others stay good.
    """
    with installed(data_dir) as it:
        store, now_ms = _store(it), system_clock()
        verifying = [key for key in store.keys("sign") if key.until_ms > now_ms]
        if len(verifying) >= SIGNING_KEYS_MOST:
            raise click.ClickException(
                f"{len(verifying)} signing keys verify already, and no more are tried: another would cut off the "
                f"tokens of {verifying[0].key_id}, which ends at {told_instant(verifying[0].until_ms)}."
            )
        made = store.rotate(OPERATOR, now_ms)
    click.echo(made.key_id)
    click.echo(f"It signs from {told_instant(made.active_ms)} on.", err=True)


@tokens.command("remove-key", epilog="Example:  earnest tokens remove-key 5f0c2a9b --yes")
@click.argument("key_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Yes, every token signed with it is to be unknown.")
@data_option
def remove_key(key_id: str, data_dir: Path | None, *, yes: bool) -> None:
    """
    Remove a signing key at once: an emergency, when it may be known to others.

    Every link signed with it is unknown within a minute and stays so; the tokens expire, and are issued anew. A new
    key is made where none is left.
    """
    if not yes:
        raise click.UsageError(
            "This makes every link signed with the key unknown, for good. Repeat it with --yes to do so."
        )
    with installed(data_dir) as it:
        store, now_ms = _store(it), system_clock()
        if not store.remove(key_id, OPERATOR, now_ms):
            raise click.ClickException(f"There is no signing key {key_id}; see: earnest tokens keys")
        store.ensure(now_ms)
    click.echo(
        f"Key {key_id} is removed; running servers forget it within {FRESH_EVERY_S:.0f} seconds.", err=True
    )


def _store(it: Installed) -> SqlKeyStore:
    seal, audit = Seal(derive(it.master, "tokens/keys")), Audit(derive(it.master, "audit"))
    return SqlKeyStore(it.engine, seal, audit)


def _with_states(found: Sequence[StoredKey], now_ms: int) -> list[tuple[StoredKey, str]]:
    """Keys of one use: which is in use, which waits for its time, which only reads what was made with it."""
    active = [key for key in found if key.active_ms <= now_ms < key.until_ms]
    in_use = max(active, key=lambda key: (key.active_ms, key.made_ms), default=None)

    def state(key: StoredKey) -> str:
        if key is in_use:
            return "in use"
        if key.active_ms > now_ms:
            return "waits"
        return "reads" if now_ms < key.until_ms else "over"

    return [(key, state(key)) for key in found]


def _described(key: StoredKey, state: str) -> dict[str, str]:
    return {
        "key_id": key.key_id,
        "use": key.use,
        "state": state,
        "made_at": told_instant(key.made_ms),
        "active_at": told_instant(key.active_ms),
        "until": told_instant(key.until_ms),
    }
