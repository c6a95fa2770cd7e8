"""Which files a history is made of, what kind each is, and why one cannot be read."""

from __future__ import annotations

import codecs
import glob
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple, cast

from app.offline.row_faults import UnreadableHistory

Kind = Literal["ndjson", "csv", "parquet"]
KINDS: Final[dict[str, Kind]] = {
    ".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv", ".tsv": "csv",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
GZIP: Final = b"\x1f\x8b"
PARQUET: Final = b"PAR1"
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SNIFFED_BYTES: Final = 64


class Source(NamedTuple):
    """One file of events. `size` is in bytes, as it lies on disk."""

    path: Path
    kind: Kind
    zipped: bool
    size: int

    def open(self) -> BinaryIO:
        """Its bytes, unzipped, behind a byte order mark where it has one."""
        stream = cast("BinaryIO", gzip.GzipFile(self.path)) if self.zipped else self.path.open("rb")
        if stream.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            stream.seek(0)
        return stream


def find(named: Sequence[str | Path]) -> list[Path]:
    """
    Files, folders (searched through, by the endings of KINDS) and globs as files, each once, in the order named.

    Raises UnreadableHistory for a name under which there is nothing.
    """
    found: dict[Path, Path] = {}
    for name in named:
        paths = list(_under(name))
        if not paths:
            raise UnreadableHistory(f"{name}: there is no such file, or no event file in it")
        found |= {path.resolve(): path for path in paths if path.resolve() not in found}
    if not found:
        raise UnreadableHistory("no event file was named")
    return list(found.values())


def _under(name: str | Path) -> Iterator[Path]:
    path = Path(name)
    if path.is_dir():
        inside = (one for one in sorted(path.rglob("*")) if one.is_file() and _kind_of(one) is not None)
        yield from (one for one in inside if not one.name.startswith((".", "_")))
    elif path.exists():
        yield path
    else:
        for match in sorted(glob.glob(str(name), recursive=True)):  # noqa: PTH207 - takes absolute patterns too
            if Path(match).exists():  # a link to nowhere, or to itself, matches its own name for ever
                yield from _under(match)


def _kind_of(path: Path) -> Kind | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return KINDS.get(suffixes[-1]) if suffixes else None


def source_of(path: Path) -> Source:
    """What this file is, by its ending and its first bytes. Raises UnreadableHistory with the reason."""
    try:
        with path.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES)
        zipped = head.startswith(GZIP)
        if zipped:
            with gzip.open(path, "rb") as stream:
                head = stream.read(_SNIFFED_BYTES)
    except (OSError, EOFError) as error:
        raise UnreadableHistory(f"cannot be read: {error}") from error
    kind = "parquet" if head.startswith(PARQUET) else _kind_of(path)
    if not head:
        raise UnreadableHistory("is empty")
    if kind is None:
        raise UnreadableHistory(f"is of no known kind; name it with one of: {', '.join(KINDS)}")
    if kind == "parquet" and (zipped or not head.startswith(PARQUET)):
        raise UnreadableHistory("is no Parquet file")
    if kind != "parquet" and (head.startswith(_UTF_16) or b"\0" in head):
        raise UnreadableHistory(
            "is not UTF-8 (it looks like UTF-16, or like no text at all); save it as UTF-8"
        )
    if kind == "ndjson" and head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"["):
        raise UnreadableHistory("is one JSON array; write one event a line (NDJSON) instead")
    return Source(path, kind, zipped, path.stat().st_size)
