"""Events of others that the members drawn feel: at their devices, addresses and instruments, and transfers to them.

Of each only that one entity is counted (see `looking`). What cannot change a feature is left out: an entity
remembers PEERS_KEPT others, a feature looks back a window. So a carrier's address with thousands behind it costs
little, and the members' vectors are those of the whole history, byte for byte, unless STRANGERS is exceeded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

import polars as pl

from app.offline.columns import AT
from app.offline.looking import ORDER, ROLE, WANTED
from app.offline.sampling import MEMBER
from app.sighting import network
from detectors.limits import PEERS_KEPT
from detectors.thresholds import Threshold

STRANGERS: Final = Threshold(
    1_000_000,
    "events",
    "each costs a fifth of a member's own: 20 s on one core; the farthest from any member's event are left out first",
    "benchmarks/train.py",
)
SHARE_ROWS: Final = 2_000_000
"""Rows of history whose meetings are settled at once: some 500 MB."""
SLACK: Final = timedelta(hours=1)
"""Stores round instants to seconds and fold them into hours; what is a little too old does no harm."""
FAILED: Final = "login_failed"
FAILED_WINDOW: Final = timedelta(hours=2)
"""Failed logins are counted over an hour, which a cell of an hour may reach beyond."""
RECEIVED_WINDOW: Final = timedelta(days=9)
"""Gifts are counted over seven days, which a cell of a day may reach beyond."""
_VALUE: Final = "_value"
_AT_ENTITY: Final = ("program_id", _VALUE)
_SHARD: Final = "_shard"
_OWN: Final = "_own"
_NEXT: Final = "_next"
_FAR: Final = "_far"


class Shared(NamedTuple):
    """A role whose other accounts are counted: its column, and how far back any feature looks."""

    role: str
    column: str
    window: timedelta


SHARED: Final = (
    Shared("device", "device.id", timedelta(days=30)),
    Shared("payment", "payment_instrument_id", timedelta(days=30)),
    Shared("ip", "ip", timedelta(days=1)),
)
OTHER: Final = "counterparty_account_id"


class Overheard(NamedTuple):
    """
    Rows for `looking.look`, none of them WANTED, for each shard of the members.

    left_out: how many more there were.
    """

    shards: list[pl.DataFrame]
    left_out: int


def overheard(
    rows: pl.LazyFrame, events: int, own: list[pl.DataFrame], most: int = int(STRANGERS.value)
) -> Overheard:
    """
    What others did where the members meet them.

    Args:
        rows: All events, with AT.
        events: How many that are.
        own: Every event of the members, shard by shard: each shard is a stranger to the others.
        most: Rows kept in all, shared alike.
    """
    shards = pl.concat(
        [
            one.lazy().select(MEMBER).unique().with_columns(pl.lit(n, pl.Int32).alias(_SHARD))
            for n, one in enumerate(own)
        ]
    ).collect()
    whole = pl.concat(own, how="diagonal")
    found: list[list[pl.DataFrame]] = [[] for _ in own]
    shares = -(-events // SHARE_ROWS)
    for share in range(shares):
        for shared in SHARED:
            met = _met(rows, whole, shards, shared, (shares, share))
            for n, kept in enumerate(found):
                kept.append(_felt(met, n, shared))
        given = _given(rows, whole, shards, (shares, share))
        for n, kept in enumerate(found):
            kept.append(_received(given, n, shards))
    cut = [_nearest(kept, most // len(own)) for kept in found]
    return Overheard([one for one, _ in cut], sum(left for _, left in cut))


def _met(
    rows: pl.LazyFrame, whole: pl.DataFrame, shards: pl.DataFrame, shared: Shared, part: tuple[int, int]
) -> pl.DataFrame:
    """Every event at an entity that some member met, in order at each entity, with the shard of its account."""
    if shared.column not in whole.columns:
        return pl.DataFrame()
    entities = (
        whole.lazy().filter(pl.col(shared.column).is_not_null()).select("program_id", _value(shared)).unique()
    )
    there = rows.filter(pl.col(shared.column).is_not_null()).select(
        *ORDER, "type", "account_id", _value(shared)
    )
    return _in_part(there, entities, shards, part)


def _given(
    rows: pl.LazyFrame, whole: pl.DataFrame, shards: pl.DataFrame, part: tuple[int, int]
) -> pl.DataFrame:
    """Every event that names a member, or somebody a member names, as the other account."""
    named = [whole.lazy().select("program_id", pl.col("account_id").alias(_VALUE))]
    if OTHER in whole.columns:
        named.append(
            whole.lazy().filter(pl.col(OTHER).is_not_null()).select("program_id", pl.col(OTHER).alias(_VALUE))
        )
    there = rows.filter(pl.col(OTHER).is_not_null()).select(
        *ORDER, "type", "account_id", "points", pl.col(OTHER).alias(_VALUE)
    )
    return _in_part(there, pl.concat(named).unique(), shards, part)


def _in_part(
    there: pl.LazyFrame, entities: pl.LazyFrame, shards: pl.DataFrame, part: tuple[int, int]
) -> pl.DataFrame:
    of, share = part
    mine = pl.col(_VALUE).hash() % of == share
    return (
        there.filter(mine)
        .join(entities, on=_AT_ENTITY, how="semi")
        .join(shards.lazy(), on=list(MEMBER), how="left")
        .collect(engine="streaming")
        .sort(*_AT_ENTITY, *ORDER)
    )


def _felt(met: pl.DataFrame, shard: int, shared: Shared) -> pl.DataFrame:
    """Of each other account its last event before one of the shard's own, of the last PEERS_KEPT accounts."""
    if met.is_empty():
        return met
    ahead = _ahead(met, shard)
    near = ahead.filter(pl.col("_wait") <= shared.window + SLACK)
    last = near.unique([*_AT_ENTITY, _NEXT, "account_id"], keep="last", maintain_order=True)
    newest_first = pl.int_range(pl.len(), 0, -1, dtype=pl.Int64).over(*_AT_ENTITY, _NEXT)
    kept = [last.with_columns(newest_first.alias(_FAR)).filter(pl.col(_FAR) < PEERS_KEPT)]
    if shared.role == "ip":
        failed = ahead.filter((pl.col("type") == FAILED) & (pl.col("_wait") <= FAILED_WINDOW + SLACK))
        kept.append(failed.with_columns((pl.col(_NEXT) - pl.col("_row")).alias(_FAR)))
    felt = pl.concat(kept).sort(_FAR).unique("_row", keep="first", maintain_order=True)
    return _as_rows(felt, shared.role, shared.column)


def _received(given: pl.DataFrame, shard: int, shards: pl.DataFrame) -> pl.DataFrame:
    """All that names a member of the shard; what others give whom a member gives to, as far back as is looked."""
    if given.is_empty():
        return given
    members = shards.filter(pl.col(_SHARD) == shard).select("program_id", pl.col("account_id").alias(_VALUE))
    foreign = given.filter(pl.col(_SHARD).ne_missing(shard))
    to_own = foreign.join(members, on=list(_AT_ENTITY), how="semi", maintain_order="left")
    to_own = to_own.with_columns(
        pl.lit(0, pl.Int64).alias(_FAR)
    )  # they are the member's own history: kept first
    ahead = _ahead(given.join(members, on=list(_AT_ENTITY), how="anti", maintain_order="left"), shard)
    lately = ahead.filter((pl.col("type") == "transfer") & (pl.col("_wait") <= RECEIVED_WINDOW + SLACK))
    lately = lately.with_columns((pl.col(_NEXT) - pl.col("_row")).alias(_FAR))
    both = pl.concat([to_own, lately.select(to_own.columns)])
    return _as_rows(both, "counterparty", OTHER).with_columns(both["points"])


def _ahead(met: pl.DataFrame, shard: int) -> pl.DataFrame:
    """Foreign events that come before one of the shard's own at the same entity: which one, and how long after."""
    own = pl.col(_SHARD).eq_missing(shard)
    return (
        met.with_row_index("_row")
        .with_columns(pl.col("_row").cast(pl.Int64), own.alias(_OWN))
        .with_columns(
            pl.when(_OWN).then("_row").fill_null(strategy="backward").over(*_AT_ENTITY).alias(_NEXT),
            pl.when(_OWN).then(AT).fill_null(strategy="backward").over(*_AT_ENTITY).alias("_then"),
        )
        .filter(~pl.col(_OWN) & pl.col(_NEXT).is_not_null())
        .with_columns((pl.col("_then") - pl.col(AT)).alias("_wait"))
    )


def _as_rows(felt: pl.DataFrame, role: str, column: str) -> pl.DataFrame:
    return felt.select(
        *ORDER,
        pl.col(AT).alias("occurred_at"),
        "type",
        "account_id",
        pl.col(_VALUE).alias(column),
        pl.lit(role).alias(ROLE),
        pl.lit(value=False).alias(WANTED),
        _FAR,
    )


def _nearest(found: list[pl.DataFrame], most: int) -> tuple[pl.DataFrame, int]:
    """The rows nearest to what a member does, and how many are left out."""
    there = [one for one in found if not one.is_empty()]
    if not there:
        return pl.DataFrame(), 0
    rows = pl.concat(there, how="diagonal")
    kept = rows.sort(_FAR, *ORDER, ROLE).head(most).drop(_FAR) if rows.height > most else rows.drop(_FAR)
    return kept, rows.height - kept.height


def _value(shared: Shared) -> pl.Expr:
    column = pl.col(shared.column)
    if shared.role == "ip":
        column = (
            pl.when(column.str.contains(":", literal=True))
            .then(column.map_batches(_networks, pl.String))
            .otherwise(column)
        )
    return column.alias(_VALUE)


def _networks(addresses: pl.Series) -> pl.Series:
    """Each IPv6 address as the network that counts as one."""
    long = addresses.filter(addresses.str.contains(":", literal=True)).unique()
    return addresses.replace(long, pl.Series([network(one) for one in long], dtype=pl.String))
