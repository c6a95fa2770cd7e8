"""Files read a batch at a time: lines of NDJSON, records of CSV, rows of Parquet, with the number of each row.

What breaks a row is told and the next one read; what breaks a file ends it where it broke.
"""

from __future__ import annotations

import csv
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import BinaryIO, Final, NamedTuple

import polars as pl

from app.faults import Faults, one
from app.intake import EVENT_BYTES
from app.offline.columns import OBJECTS, REQUIRED
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
            names = _header(_Decoded(_unfailing(stream)))[0]
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
        yield from _ndjson(stream) if source.kind == "ndjson" else _csv(stream)


def _flat_names(schema: Mapping[str, pl.DataType]) -> Iterator[str]:
    for name, dtype in schema.items():
        if isinstance(dtype, pl.Struct) and name in OBJECTS:
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


def _ndjson(stream: BinaryIO) -> Iterator[Lines]:
    rows: list[int] = []
    lines: list[bytes] = []
    size = 0
    for row, line in enumerate(_unfailing(stream), 1):
        bare = line.strip(b" \t\r\n")
        if bare:
            rows.append(row)
            lines.append(bare)
            size += len(bare)
        if size > BATCH_BYTES or len(rows) == BATCH_ROWS:
            yield Lines(rows, lines, _position(stream))
            rows, lines, size = [], [], 0
    yield Lines(rows, lines, _position(stream))


def _unfailing(stream: BinaryIO) -> Iterator[bytes]:
    """
    Lines with their ends, until the file breaks off.

    Of a line longer than any event only the beginning is kept, still too long to be one.
    """
    count = 0
    try:
        while line := stream.readline(LINE_BYTES):
            rest = line
            while len(rest) == LINE_BYTES and not rest.endswith(b"\n"):
                rest = stream.readline(LINE_BYTES)
            count += 1
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise EndsEarly(f"breaks off behind line {count:,}: {error}") from error


class _Decoded:
    """Lines as text, and whether one of those taken since was no text that can be used."""

    def __init__(self, lines: Iterator[bytes]) -> None:
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


def _csv(stream: BinaryIO) -> Iterator[Table]:
    lines = _Decoded(_unfailing(stream))
    names, delimiter = _header(lines)
    lines.fault = None
    records = csv.reader(lines, delimiter=delimiter, strict=True)
    rows: list[int] = []
    cells: list[list[str]] = []
    broken: list[Broken] = []
    size = line = 0
    for row in count(HEADER_ROW + 1):
        record, fault = _record(records, lines, len(names))
        if record:
            rows.append(row)
            cells.append(record)
        elif fault is not None:
            broken.append(Broken(row, fault))
        size += records.line_num - line
        if record is None and fault is None:
            break
        if size > BATCH_ROWS or len(rows) + len(broken) >= BATCH_ROWS:
            yield _table(names, rows, cells, broken, _position(stream))
            rows, cells, broken, size = [], [], [], 0
        line = records.line_num
    yield _table(names, rows, cells, broken, _position(stream))


def _record(
    records: Iterator[list[str]], lines: _Decoded, width: int
) -> tuple[list[str] | None, Faults | None]:
    """The next record, empty for a blank line; or what is wrong with it; or neither at the end."""
    try:
        record = next(records)
    except StopIteration:
        return None, None
    except csv.Error as error:
        lines.fault = None
        return None, one("malformed", "", f"must be one record of CSV: {error}")
    fault, lines.fault = lines.fault, None
    if fault is None and record and len(record) != width:
        fault = one("malformed", "", f"must have {width} cells, as the header has; it has {len(record)}")
    return (record, None) if fault is None else (None, fault)


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
