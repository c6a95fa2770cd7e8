"""`earnest doctor`: the installation looked over, each line with its remedy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import click

from app.commands.examining import examine
from app.commands.findings import Finding
from app.commands.options import data_option
from app.settings import SettingsFaulty, load

COLOURS: Final = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command(epilog="Example:  earnest doctor --json | jq '.[] | select(.status == \"fail\")'")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of lines.")
@data_option
def doctor(data_dir: Path | None, *, as_json: bool) -> None:
    """
    Look the installation over and say what to do. Exit 1 if anything fails.

    Works beside a running server. Without one, the embedded Valkey is started for a moment.
    """
    try:
        findings = [*examine(load(data_dir=data_dir))]
    except SettingsFaulty as error:
        findings = [Finding("settings", "fail", fault) for fault in error.faults]
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            _show(finding)
    sys.exit(1 if any(finding.status == "fail" for finding in findings) else 0)


def _show(finding: Finding) -> None:
    status = click.style(f"{finding.status:<5}", fg=COLOURS[finding.status])
    remedy = f"  → {finding.remedy}" if finding.remedy else ""
    click.echo(f"{status} {finding.name:<11} {finding.found}{remedy}")
