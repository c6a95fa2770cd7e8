"""Whole columns checked at once: which rows are certainly events, and which the API's own reading must look at.

The check may be stricter than the API, never laxer: a row it doubts is read by `app.intake`, which alone refuses
and whose words a fault has. A test holds both readings to the same answer.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Final

import polars as pl
from msgspec import inspect

from app.event_laws import EARLIEST
from app.faults import CARD_DIGITS
from app.intake import Row, read_rows
from app.offline.cells import DOUBT, documents, flat, typed
from app.offline.columns import AT, AT_TYPE, COLUMNS, DEFAULTS, INSTANT, LEAVES, SEQ, frame_of
from detectors.event import POINTS_REQUIRED, SYNONYMS, Event

RFC_3339: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""What msgspec and Polars certainly read alike: no leap seconds, nothing finer than a microsecond."""
PLAIN: Final = r"^[^\s\x00-\x1f\x7f-\x9f\u2028\u2029][^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
"""Text that is not blank and has no control characters. Stricter than the laws where it starts with a space."""
DIGITS: Final = r"^[\d\s.\-\u2010-\u2015\u2212]+$"
"""Nothing but digits and what people write between them: a card number, unless Luhn says no."""
_OCTET: Final = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
IPV4: Final = rf"^({_OCTET}\.){{3}}{_OCTET}$"
BIRTH_YEARS: Final = "^(19|20)[0-9]{2}-"
"""Years in which no two calendars differ; all other dates are looked at slowly."""
DEFAULT_PROGRAM: Final = str(DEFAULTS["program_id"])


def read_table(raw: pl.DataFrame, seqs: pl.Series) -> tuple[pl.DataFrame, list[tuple[int, Row]]]:
    """
    A batch of a table, read.

    Returns:
        The rows that are certainly events, as COLUMNS; and the doubtful ones, by seq, as `app.intake` reads them.
    """
    raw = flat(raw)
    known = typed(raw).with_columns(
        seqs.alias(SEQ),
        pl.col("occurred_at").str.strptime(AT_TYPE, INSTANT, strict=False).alias(AT),
        *(pl.col(name).fill_null(pl.lit(value)) for name, value in DEFAULTS.items()),
    )
    known = known.with_columns(pl.col(DOUBT) | _broken(known))
    doubtful = known[DOUBT]
    good = known.filter(~doubtful).select(list(COLUMNS)).with_columns(pl.col("type").replace(SYNONYMS))
    slow = raw.filter(doubtful), known.filter(doubtful)
    return good, list(zip(slow[1][SEQ], _rows(list(documents(*slow))), strict=True))


def read_lines(lines: list[bytes]) -> Iterator[Row]:
    """Lines of NDJSON, none of them blank, exactly as the API reads them."""
    return _rows(lines)


def events_frame(read: list[tuple[int, Row]]) -> pl.DataFrame:
    """The events among rows with their seqs, as COLUMNS."""
    good = [(seq, row) for seq, row in read if isinstance(row, Event)]
    return frame_of([event for _, event in good], [seq for seq, _ in good])


def _rows(lines: list[bytes]) -> Iterator[Row]:
    rows = read_rows(
        b"\n".join(lines), ndjson=True, most=len(lines), now_ms=None, default_program=DEFAULT_PROGRAM
    )
    if not isinstance(rows, Iterator):
        raise TypeError(rows)  # `most` is their very number
    return rows


def _broken(known: pl.DataFrame) -> pl.Expr:
    """True in every row that might break a shape or a law."""
    there = {name for name in LEAVES if known[name].null_count() < known.height}
    ok = [*_shapes(there), *_laws(there)]
    if "ip" in there:
        ok.append(("ip", _address(known["ip"])))
    doubts = [pl.col(name).is_not_null() & ~fine.fill_null(value=False) for name, fine in ok]
    doubts += [pl.col(name).is_null() for name, leaf in LEAVES.items() if leaf.required and "." not in name]
    doubts += [_unpaired(), _points()]
    return reduce(or_, doubts)


def _shapes(there: set[str]) -> Iterator[tuple[str, pl.Expr]]:
    """Column, and where a value in it is certainly of its type."""
    for name in sorted(there - {"occurred_at", "ip"}):
        column = pl.col(name)
        match LEAVES[name].kind:
            case inspect.StrType(pattern=str(pattern)):
                yield name, column.str.contains(pattern)
            case inspect.StrType(max_length=int(most)):
                yield name, (column.str.len_bytes() <= most) & column.str.contains(PLAIN)
            case inspect.LiteralType(values=values):
                yield name, column.is_in([str(value) for value in values])
            case inspect.IntType(ge=low, le=high) | inspect.FloatType(ge=low, le=high):
                yield name, column.is_between(low, high)


def _laws(there: set[str]) -> Iterator[tuple[str, pl.Expr]]:
    yield "occurred_at", pl.col("occurred_at").str.contains(RFC_3339) & (pl.col(AT) >= pl.lit(EARLIEST))
    if "payment_instrument_id" in there:
        text = pl.col("payment_instrument_id")
        yield (
            "payment_instrument_id",
            (text.str.len_chars() < CARD_DIGITS.start) | ~text.str.contains(DIGITS),
        )
    if "profile.date_of_birth" in there:
        text = pl.col("profile.date_of_birth")
        real = text.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        yield "profile.date_of_birth", text.str.contains(BIRTH_YEARS) & real


def _points() -> pl.Expr:
    points, kind = pl.col("points"), pl.col("type").replace(SYNONYMS)
    return (points.is_null() & kind.is_in(sorted(POINTS_REQUIRED))) | (
        (points < 0).fill_null(value=False) & (kind != "adjust")
    )


def _unpaired() -> pl.Expr:
    """One of two that must come together: latitude and longitude, amount and currency."""
    pairs = (("location.lat", "location.lon"), ("money.amount_minor", "money.currency"))
    return pl.any_horizontal(pl.col(one).is_null() != pl.col(other).is_null() for one, other in pairs)


def _address(texts: pl.Series) -> pl.Expr:
    """IPv4 by form; the few different IPv6 addresses of a batch by the C library, as the laws do."""
    other = texts.filter(texts.is_not_null() & ~texts.str.contains(IPV4)).unique()
    return pl.col("ip").str.contains(IPV4) | pl.col("ip").is_in([text for text in other if _is_ipv6(text)])


def _is_ipv6(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return False
    return True
