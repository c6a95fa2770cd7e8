"""`earnest policy`: the policy looked at before it decides anything."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.options import data_option
from app.policy import file as policy_file


@click.group()
def policy() -> None:
    """Look at a policy before it decides anything."""


@policy.command(epilog="Example:  earnest policy check policy.toml")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@data_option
def check(file: Path, data_dir: Path | None) -> None:  # noqa: ARG001 - every command takes --data
    """Say everything that is wrong with a policy file; exit 1 if there is anything."""
    faults = policy_file.check(file)
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise click.ClickException(f"{file} has {len(faults)} fault{'s' if len(faults) > 1 else ''}.")
    click.echo(f"{file} is a policy that can be used.")
