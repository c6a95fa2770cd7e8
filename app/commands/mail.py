"""`earnest mail`: what the relay says of mails later, beside a running server or without one."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from app.clock import system_clock
from app.commands.options import data_option, plainly, settings_with
from app.keys import derive, master_key
from app.mail.bounces import REPORT_BYTES, Report, read_report
from app.store.sql import migrate, open_engine
from app.store.sql.audit import Audit
from app.store.sql.outbox import SqlOutbox


@click.group()
def mail() -> None:
    """Take in reports of mails that came back."""


@mail.command(epilog="Example:  earnest mail bounced < report.eml")
@click.argument("report", type=click.File("rb"), default="-")
@data_option
def bounced(report: BinaryIO, data_dir: Path | None) -> None:
    """
    Take in one delivery report (RFC 3464), from a file or standard input.

    For the mail server's pipe from the mailbox that the mails are sent from. A mail that came back is noted at its
    token, whose delivery is then `bounced`; one that is only late changes nothing.
    """
    read = read_report(report.read(REPORT_BYTES))
    if read is None:
        raise click.ClickException("This is no report of a mail that came back or is late.")
    if read.became == "delayed":
        click.echo("The mail is late and still on its way; nothing was changed.", err=True)
        return
    if not _ended(read, data_dir):
        raise click.ClickException("The report is of a mail that was not sent from here.")
    click.echo("The mail came back, and its delivery says so now.", err=True)


def _ended(read: Report, data_dir: Path | None) -> bool:
    settings = settings_with(data_dir=data_dir)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with plainly():
        audit = Audit(derive(master_key(settings), "audit"))
        engine = open_engine(settings.record_url)
        try:
            migrate(engine)
            return SqlOutbox(engine, audit).ended(read.message_id, "bounced", "came back", system_clock())
        finally:
            engine.dispose()
