"""The whole programme from one seed, and into files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import polars as pl

from app.demo import friends, habits, ledger, occasions, typologies, world
from app.demo.chance import Chance
from app.demo.intents import DAY_MS, Incident, Intent, Label, Member
from app.demo.tables import event_table
from app.demo.typologies.stage import Wave

__all__ = ["Incident", "Label", "Member", "Programme", "Wave", "generate", "write"]

FRAUD_SHARE: Final = 0.03
"""Incidents per member in 120 days: with 3,000 members four of each typology."""
FRAUD_DAYS: Final = 120


class Programme(NamedTuple):
    """What happened, the truth about it, and who the members are."""

    events: list[dict[str, object]]
    labels: list[Label]
    members: list[Member]


def generate(
    *,
    seed: int,
    members: int,
    days: int,
    end_ms: int,
    fraud_share: float = FRAUD_SHARE,
    wave: Wave | None = None,
) -> Programme:
    """
    A programme of this seed.

    Args:
        seed: the same gives the same, byte for byte.
        members: honest accounts; those made for incidents come on top.
        days: length of the window.
        end_ms: where it ends, exclusive, in milliseconds since 1970-01-01 UTC.
        fraud_share: incidents per member and 120 days, all typologies together; at least one of each, none at 0.
        wave: when one more of each typology comes to its end.

    Returns:
        Events in order of time, labels of every event of an incident, and all accounts with their traits.
    """
    there = world.build(seed, members=members, start_ms=end_ms - days * DAY_MS, end_ms=end_ms)
    intents = list(_lives(seed, there))
    wanted = fraud_share * members * days / FRAUD_DAYS
    intents += typologies.incidents(seed, there, wanted, wave)
    events, labels = ledger.settle(seed, there, intents)
    known = [Member(account.id, frozenset(account.traits)) for account in there.accounts]
    return Programme(events, labels, sorted(known, key=lambda member: member.account_id))


def _lives(seed: int, there: world.World) -> Iterator[Intent]:
    for index, account in enumerate(there.accounts):
        chance = Chance.of(seed, "life", index)
        yield from occasions.special_days(chance, there, account)
        yield from habits.ordinary_life(chance, there, account)
    yield from friends.friendships(Chance.of(seed, "friendships"), there)
    yield from friends.weddings(Chance.of(seed, "weddings"), there)


def write(programme: Programme, folder: Path) -> None:
    """`events.ndjson`, `events.parquet` (dotted columns), `labels.parquet` and `members.parquet` in this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    encode = msgspec.json.Encoder().encode_lines
    (folder / "events.ndjson").write_bytes(encode(programme.events))
    event_table(programme.events).write_parquet(folder / "events.parquet")
    pl.DataFrame([vars(label) for label in programme.labels], schema=LABEL_COLUMNS).write_parquet(
        folder / "labels.parquet"
    )
    pl.DataFrame(
        {
            "account_id": [member.account_id for member in programme.members],
            "traits": [sorted(member.traits) for member in programme.members],
        },
        schema={"account_id": pl.String, "traits": pl.List(pl.String)},
    ).write_parquet(folder / "members.parquet")


LABEL_COLUMNS: Final = {
    "event_id": pl.String, "account_id": pl.String, "label": pl.String,
    "typology": pl.String, "incident_id": pl.String, "points": pl.Int64,
}  # fmt: skip
