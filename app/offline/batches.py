"""Files read a batch at a time: lines of NDJSON, records of CSV, rows of Parquet, with the number of each row.

What breaks a row is told and the next one read; what breaks a file ends it where it broke.
"""

from __future__ import annotations

import csv
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import BinaryIO, Final, NamedTuple, Protocol

import polars as pl

from app.faults import Faults, one
from app.intake import EVENT_BYTES
from app.offline.columns import DOTTED, REQUIRED
from app.offline.row_faults import UnreadableHistory
from app.offline.sources import Source
from app.shapes import too_large

BATCH_ROWS: Final = 65_536
"""Rows read at once: enough that a batch's overhead is lost among them, some 50 MB with every column filled."""
BATCH_BYTES: Final = 32 * 2**20
"""Bytes of text read at once, whatever the length of its lines."""
DELIMITERS: Final = ",;\t|"
HEADER_ROW: Final = 1
LINE_BYTES: Final = 2 * EVENT_BYTES
"""Of a longer line the rest is skipped, or a file without line ends would have to fit into memory."""
NOT_UTF_8: Final = one("malformed", "", "must be UTF-8")


class Broken(NamedTuple):
    """A row that could not be told apart into cells."""

    row: int
    faults: Faults


class Lines(NamedTuple):
    """Lines of NDJSON that are not blank, with their numbers from 1. `position`: bytes of the file behind us."""

    rows: list[int]
    lines: list[bytes]
    position: int
    broken: Sequence[Broken] = ()


class Table(NamedTuple):
    """Rows of CSV or Parquet as they are, with their numbers. `position` as in Lines."""

    rows: pl.Series
    frame: pl.DataFrame
    position: int
    broken: Sequence[Broken] = ()


class EndsEarly(Exception):
    """The file broke in the middle; what was read before stands. The message says why."""


def check_header(source: Source) -> None:
    """Raises UnreadableHistory where a table lacks a column that every event needs, naming it."""
    if source.kind == "parquet":
        try:
            names = list(_flat_names(pl.scan_parquet(source.path).collect_schema()))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            raise UnreadableHistory(f"is no whole Parquet file: {_first_line(error)}") from error
    elif source.kind == "csv":
        with source.open() as stream:
            names = _header(_Decoded(_Whole(stream)))[0]
    else:
        return
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UnreadableHistory(f"has no column {' and no column '.join(missing)}")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableHistory(f"has more than one column {', '.join(twice)}")


def read(source: Source) -> Iterator[Lines | Table]:
    """Everything in a file, in order. Raises EndsEarly where it breaks off."""
    if source.kind == "parquet":
        yield from _parquet(source)
        return
    with source.open() as stream:
        lines = _Whole(stream)
        yield from _ndjson(stream, lines) if source.kind == "ndjson" else _csv(stream, lines)
    if lines.broken is not None:
        raise EndsEarly(lines.broken)


def _flat_names(schema: Mapping[str, pl.DataType]) -> Iterator[str]:
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Struct) and name in DOTTED:
            yield from (f"{name}.{part.name}" for part in dtype.fields)
        else:
            yield name


def _parquet(source: Source) -> Iterator[Table]:
    row = 1
    try:
        total = pl.scan_parquet(source.path).select(pl.len()).collect().item()
        for frame in pl.scan_parquet(source.path).collect_batches(
            chunk_size=BATCH_ROWS, maintain_order=True, engine="streaming"
        ):
            for part in frame.iter_slices(BATCH_ROWS):
                rows = pl.int_range(row, row + part.height, dtype=pl.Int64, eager=True)
                row += part.height
                yield Table(rows, part, source.size * (row - 1) // total)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise EndsEarly(f"breaks off behind row {row - 1:,}: {_first_line(error)}") from error


def _ndjson(stream: BinaryIO, whole: _Whole) -> Iterator[Lines]:
    rows: list[int] = []
    lines: list[bytes] = []
    behind = 0
    for row, line in enumerate(whole, 1):
        bare = line.strip(b" \t\r\n")
        if bare:
            rows.append(row)
            lines.append(bare)
        if len(rows) == BATCH_ROWS or whole.bytes - behind > BATCH_BYTES:
            yield Lines(rows, lines, _position(stream))
            rows, lines, behind = [], [], whole.bytes
    yield Lines(rows, lines, _position(stream))


class _Whole:
    """
    Lines with their ends. Where the file breaks off they end, and `broken` says why.

    Of a line longer than any event only the beginning is kept, still too long to be one.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._count = 0
        self.bytes = 0
        self.broken: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            line = rest = self._stream.readline(LINE_BYTES)
            while len(rest) == LINE_BYTES and not rest.endswith(b"\n"):
                rest = self._stream.readline(LINE_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            self.broken = f"breaks off behind line {self._count:,}: {error}"
            raise StopIteration from error
        if not line:
            raise StopIteration
        self._count += 1
        self.bytes += len(line)
        return line


class _Decoded:
    """Lines as text, and whether one of those taken since was no text that can be used."""

    def __init__(self, lines: _Whole) -> None:
        self._lines = lines
        self.fault: Faults | None = None

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if len(line) >= LINE_BYTES:
            self.fault = too_large(EVENT_BYTES)
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.fault = NOT_UTF_8
            return line.decode(errors="replace")


def _header(lines: _Decoded) -> tuple[list[str], str]:
    """The names of the columns, and what stands between them."""
    first = next(lines, "")
    delimiter = max(DELIMITERS, key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    return [name.strip() for name in names], delimiter


def _csv(stream: BinaryIO, whole: _Whole) -> Iterator[Table]:
    lines = _Decoded(whole)
    names, delimiter = _header(lines)
    lines.fault = None
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[int] = []
    cells: list[list[str]] = []
    broken: list[Broken] = []
    behind = 0
    for row in count(HEADER_ROW + 1):
        record = _record(records, lines, len(names))
        if record is None:
            break
        if isinstance(record, Faults):
            broken.append(Broken(row, record))
        elif record:
            rows.append(row)
            cells.append(record)
        if len(rows) + len(broken) == BATCH_ROWS or whole.bytes - behind > BATCH_BYTES:
            yield _table(names, rows, cells, broken, _position(stream))
            rows, cells, broken, behind = [], [], [], whole.bytes
    yield _table(names, rows, cells, broken, _position(stream))


class _Records(Protocol):
    """What `csv.reader` gives."""

    line_num: int

    def __next__(self) -> list[str]: ...


def _record(records: _Records, lines: _Decoded, width: int) -> list[str] | Faults | None:
    """The next record, empty for a blank line; or what is wrong with it; or None at the end."""
    first = records.line_num + HEADER_ROW + 1  # the reader has not seen the header
    try:
        record = next(records)
    except StopIteration:
        return None
    except csv.Error as error:  # its words name a quote or a delimiter, never a cell
        lines.fault = None
        where = f"lines {first:,} to {records.line_num + HEADER_ROW:,}"
        return one("malformed", "", f"must be one record of CSV ({where} are not: {error})")
    fault, lines.fault = lines.fault, None
    if fault is None and record and len(record) != width:
        return one("malformed", "", f"must have {width} cells, as the header has; it has {len(record)}")
    return fault or record


def _table(
    names: list[str], rows: list[int], cells: list[list[str]], broken: list[Broken], position: int
) -> Table:
    columns = zip(*cells, strict=True) if cells else ([] for _ in names)
    frame = pl.DataFrame(
        {name: pl.Series(column, dtype=pl.String) for name, column in zip(names, columns, strict=True)}
    )
    return Table(pl.Series(rows, dtype=pl.Int64), frame, position, broken)


def _position(stream: BinaryIO) -> int:
    """Bytes of the file on disk that have been read, zipped as they are."""
    return os.lseek(stream.fileno(), 0, os.SEEK_CUR)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
