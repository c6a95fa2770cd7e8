"""The command `earnest`. Each command is a file of `app/commands`, imported only when it is asked for."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

import click

COMMANDS: Final = {
    "serve": "API, background worker and stores in one command",
    "worker": "The background worker alone",
    "keys": "API keys: create, list, revoke",
    "users": "People of the console: let in, list, reset, disable",
    "tokens": "The keys of one-time tokens: list, rotate, remove",
    "audit": "Verify and read the audit: what was done with tokens, codes and keys, by whom",
    "policy": "Check a policy file",
    "train": "Fit the models of the anomaly detector",
    "models": "The shelf of models: add, activate, roll back",
    "replay": "Decide recorded history by the code and the policy that decide live traffic",
    "mail": "Take in reports of mails that came back",
    "rebuild": "Make the hot state anew from the record",
    "doctor": "Look the installation over and say what to do",
}
"""Name → first sentence; a test holds each against the command's own help."""


class Lazy(click.Group):
    """A group that imports a command when it runs, so that `--help` and `keys` do not load a web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of COMMANDS: the one to begin with comes first."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"app.commands.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""Begin with:  earnest serve --demo

    Settings come from EARNEST_* variables and a .env file; the README lists them all.
    Exit codes: 0 done, 1 failed, 2 bad usage.""",
)
@click.version_option(package_name="earnest", prog_name="earnest")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Earnest decides which points to trust: fraud and abuse decisions for loyalty programmes."""
    if "NO_COLOR" in os.environ:
        ctx.color = False


if __name__ == "__main__":
    main()
