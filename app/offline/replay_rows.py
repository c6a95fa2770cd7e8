"""One row for each event replayed: the contract's columns, and a few that a report wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec
import polars as pl

from app.offline.replaying import Replayed
from app.ports.journal import Action, LinkFound
from detectors.base import Abstained
from detectors.event import Event
from detectors.policy import IN_FILES

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT: Final = pl.Datetime("us", "UTC")
CODE_SEPARATOR: Final = ";"
"""Between reason codes in a CSV: no code has one."""
MESSAGE_SEPARATOR: Final = "\x1f"
"""Between messages on their way into a list: no text of an event may hold a control character."""
SPOKEN_SEPARATOR: Final = " | "
"""Between messages in a CSV."""
ROWS: Final[Mapping[str, pl.DataType]] = {
    "event_id": pl.String(),
    "account_id": pl.String(),
    "occurred_at": INSTANT,
    "type": pl.String(),
    "decision": pl.String(),
    "risk_score": pl.Float64(),
    **dict.fromkeys(IN_FILES, pl.Float64()),
    "reasons": pl.List(pl.String()),
    "messages": pl.List(pl.String()),
    "source": pl.String(),
    "would_have": pl.String(),
    "points": pl.Int64(),
    "program_id": pl.String(),
}
"""
Columns of the output. `decision` is what the API would have answered; `would_have`, in shadow mode, what the policy
asked for. Detectors: score in [0, 1], null where one could not tell. `reasons`: codes, by contribution.
"""
LINKS: Final = "_links"
"""Of a part: the links found, so that an interrupted replay remembers them without judging again."""
_STORED: Final = {**ROWS, "occurred_at": pl.Duration("us"), "reasons": pl.String(), "messages": pl.String()}
_ORDER: Final = (*ROWS, LINKS)

Links = list[tuple[bytes, float]]
_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Links).decode


class Row(NamedTuple):
    """What must be known of a row to take its event again."""

    event_id: str
    decision: Action
    links: list[LinkFound]


class Rows:
    """Rows gathered until there are enough for a frame."""

    def __init__(self) -> None:
        self._rows: list[tuple[object, ...]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, event: Event, replayed: Replayed) -> None:
        """One event, decided."""
        verdict = replayed.verdict
        scores: dict[str, float] = {
            one.detector: round(min(one.score, 1.0), 4)
            for one in verdict.found.judgements
            if not isinstance(one, Abstained)
        }
        shown = verdict.shown
        self._rows.append(
            (
                event.event_id,
                event.account_id,
                since_epoch(event),
                event.type,
                verdict.enforced,
                round(100 * verdict.risk, 2),
                *[scores.get(name) for name in IN_FILES],
                CODE_SEPARATOR.join([one.code for one in shown]) if shown else None,
                MESSAGE_SEPARATOR.join([one.message for one in shown]) if shown else None,
                verdict.source,
                verdict.action if verdict.mode == "shadow" else None,
                event.points,
                event.program_id,
                _pack([(one.key, one.probability) for one in replayed.links]) if replayed.links else None,
            )
        )

    def take(self) -> pl.DataFrame:
        """All of them as a frame of ROWS and LINKS; gathering begins anew."""
        columns = zip(*self._rows, strict=True) if self._rows else ((),) * len(_ORDER)
        frame = pl.DataFrame(
            [
                pl.Series(name, column, _STORED.get(name, pl.Binary()))
                for name, column in zip(_ORDER, columns, strict=True)
            ]
        )
        self._rows = []
        return frame.with_columns(
            occurred_at=pl.lit(EPOCH, INSTANT) + pl.col("occurred_at"),
            reasons=_listed("reasons", CODE_SEPARATOR),
            messages=_listed("messages", MESSAGE_SEPARATOR),
        ).select(_ORDER)


def since_epoch(event: Event) -> timedelta:
    """When it happened, to the microsecond."""
    return event.occurred_at - EPOCH


def known_rows(frame: pl.DataFrame) -> Iterator[Row]:
    """The rows of a frame of `Rows.take`, as far as they are needed to take their events again."""
    for event_id, decision, links in frame.select("event_id", "decision", LINKS).iter_rows():
        yield Row(event_id, decision, [] if links is None else [LinkFound(*one) for one in _unpack(links)])


def as_text(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same for a CSV: lists as text, those of another judge (`reasons_compared`) too, instants by RFC 3339."""
    return rows.with_columns(
        pl.col("occurred_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        pl.col("^reasons.*$").list.join(CODE_SEPARATOR),
        pl.col("^messages.*$").list.join(SPOKEN_SEPARATOR),
    )


def _listed(name: str, separator: str) -> pl.Expr:
    nothing = pl.lit([], pl.List(pl.String))
    return pl.when(pl.col(name).is_null()).then(nothing).otherwise(pl.col(name).str.split(separator))
