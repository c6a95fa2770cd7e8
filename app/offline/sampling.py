"""Whose events a model learns from: all of a small history, of a large one those of a fair share of its members.

Members are drawn whole, by a hash of their name and the seed: so the draw does not hang on how history was cut into
files, and a member's own habits are all there.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

import polars as pl

from detectors.thresholds import Threshold

SAMPLED_EVENTS: Final = Threshold(
    200_000,
    "events",
    "twice what the quantiles of one segment keep, and 20 s of work on one core; a forest draws 51,200 of them",
    "detectors.forest.gathering.SAMPLE_ROWS, benchmarks/train.py",
)
"""Events learned from, about. A history of no more is taken whole."""
BUSY_SHARE: Final = 20
"""An account with more than this part (1/20) of its programme's draw is no member: a till's or a test's account."""
TICKET: Final = "_ticket"
MEMBER: Final = ("program_id", "account_id")


class Draw(NamedTuple):
    """
    Whom to learn from.

    members: program_id, account_id, TICKET (64 bits of hash) of those drawn.
    of:      accounts there are.
    busy:    accounts passed over for their number of events.
    whole:   whether everybody was drawn.
    """

    members: pl.DataFrame
    of: int
    busy: int
    whole: bool


def ticket(program_id: str, account_id: str, seed: int) -> int:
    """64 bits that are a member's own for this seed."""
    name = f"{program_id}\x1f{account_id}".encode()
    return int.from_bytes(blake2b(name, digest_size=8, salt=_salt(seed)).digest(), "big")


def draw(rows: pl.LazyFrame, seed: int, most: int = int(SAMPLED_EVENTS.value)) -> Draw:
    """
    Members with about `most` events in all; of small programmes everybody.

    Args:
        rows: The events; their columns `program_id` and `account_id` are read.
        seed: Another seed draws others.
        most: Events wanted.
    """
    accounts = rows.group_by(MEMBER).len().collect(engine="streaming").sort(MEMBER)
    names = zip(accounts["program_id"], accounts["account_id"], strict=True)
    tickets = pl.Series(TICKET, [ticket(*name, seed) for name in names], pl.UInt64)
    accounts = accounts.with_columns(tickets)
    if accounts["len"].sum() <= most:
        return Draw(accounts.select(*MEMBER, TICKET), accounts.height, 0, whole=True)
    sizes = dict(accounts.group_by("program_id").agg(pl.col("len").sum()).iter_rows())
    quotas = pl.DataFrame(
        list(shares(sizes, most).items()), {"program_id": pl.String, "_quota": pl.Int64}, orient="row"
    )
    sized = accounts.join(quotas, on="program_id").with_columns(
        (pl.col("len") * BUSY_SHARE > pl.col("_quota")).alias("_busy"),
        (pl.col("len").sum().over("program_id") <= pl.col("_quota")).alias("_all"),
    )
    busy = pl.col("_busy") & ~pl.col("_all")
    usual = sized.filter(~busy).sort("program_id", TICKET, "account_id")
    before = pl.col("len").cum_sum().over("program_id") - pl.col("len")
    chosen = usual.filter(pl.col("_all") | (before < pl.col("_quota")))
    return Draw(chosen.select(*MEMBER, TICKET), accounts.height, sized.select(busy.sum()).item(), whole=False)


def shares(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """What each programme may give of `most`: the small ones all they have, the others alike."""
    left, quotas = most, {}
    waiting = sorted(sizes.items(), key=lambda one: (one[1], one[0]))
    for place, (program_id, size) in enumerate(waiting):
        quotas[program_id] = min(size, left // (len(waiting) - place))
        left -= quotas[program_id]
    return quotas


def _salt(seed: int) -> bytes:
    return seed.to_bytes(blake2b.SALT_SIZE, "big")
