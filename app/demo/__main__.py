"""`python -m app.demo`: a programme to try things on, written to files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from app.clock import system_clock
from app.demo.intents import DAY_MS
from app.demo.programme import FRAUD_SHARE, generate, write


@click.command(
    epilog="Example:  python -m app.demo --out demo --members 3000 --days 120 --seed 7 --end 2026-01-01"
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder for the files."
)
@click.option(
    "--members", type=click.IntRange(20, 1_000_000), default=3_000, show_default=True, help="Honest accounts."
)
@click.option(
    "--days", type=click.IntRange(7, 3_650), default=120, show_default=True, help="Length of the history."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed makes the same programme."
)
@click.option("--end", type=click.DateTime(["%Y-%m-%d"]), help="Day on which it ends, UTC.  [default: today]")
@click.option("--fraud", type=click.FloatRange(0, 1), default=FRAUD_SHARE, show_default=True,
              help="Incidents per member in 120 days.")  # fmt: skip
def main(out: Path, members: int, days: int, seed: int, end: datetime | None, fraud: float) -> None:
    """
    Invent a loyalty programme: honest members with habits, and fraud of every kind as incidents.

    Writes events.ndjson and events.parquet (what happened, in the contract's schema), labels.parquet (the truth:
    which events belong to which incident) and members.parquet (ways of life, such as household or traveller).
    """
    end_ms = int(end.replace(tzinfo=UTC).timestamp()) * 1_000 if end else system_clock() // DAY_MS * DAY_MS
    made = generate(seed=seed, members=members, days=days, end_ms=end_ms, fraud_share=fraud)
    write(made, out)
    incidents = len({label.incident_id for label in made.labels})
    click.echo(
        f"{len(made.events):,} events of {len(made.members):,} accounts, {incidents} incidents, in {out}"
    )


if __name__ == "__main__":
    main()
