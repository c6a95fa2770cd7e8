"""Read the playbook's content, strictly: a fault names the file and the field, and nothing is read half."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from app.playbook.shapes import LADDER, Move, MoveText, ReasonText, Typology
from app.users.rights import FOUR_EYES
from detectors.texts import TEXTS
from detectors.typologies import TYPOLOGIES

T = TypeVar("T")
FOLDER: Final = Path(__file__).parent
NAMED: Final = re.compile(r"`([A-Z0-9_]+)`")
"""A reason code in a sentence."""
CONFIRMED_BY_TWO: Final[Mapping[Move, str]] = {"close": "close_account", "release": "release_above"}


class PlaybookFaulty(Exception):
    """The content is not sound. `problems`, each with file and field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Content(NamedTuple):
    """All that is written, by name, code and move."""

    typologies: Mapping[str, Typology]
    reasons: Mapping[str, ReasonText]
    moves: Mapping[Move, MoveText]


@cache
def load(folder: Path = FOLDER) -> Content:
    """
    The content of this folder.

    Raises:
        PlaybookFaulty: Something is missing, unknown, or speaks of what does not exist.
    """
    problems: list[str] = []
    files = {path.stem: path for path in sorted((folder / "typologies").glob("*.toml"))}
    typologies = {
        name: typology
        for name, path in files.items()
        if (typology := _read(path, Typology, problems)) is not None
    }
    reasons = _read(folder / "reasons.toml", dict[str, ReasonText], problems) or {}
    moves = _read(folder / "moves.toml", dict[Move, MoveText], problems) or {}
    if not problems:
        in_order = sorted(typologies, key=lambda name: typologies[name].number)
        content = Content({name: typologies[name] for name in in_order}, reasons, moves)
        problems = [*_strangers(content), *_slips(content)]
    if problems:
        raise PlaybookFaulty(problems)
    return content


def needs_two(move: Move) -> bool:
    """Whether a second person confirms it, always or above an amount."""
    return CONFIRMED_BY_TWO.get(move) in FOUR_EYES


def _read(path: Path, kind: type[T], problems: list[str]) -> T | None:
    try:
        told: Any = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(told, kind)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as fault:
        problems.append(f"{path.name}: {fault}")
        return None


def absences(content: Content) -> list[str]:
    """What should have an entry and has none: a release without it can be used, and is not finished."""
    wanted = (
        ("typologies/", TYPOLOGIES, content.typologies),
        ("reasons.toml", TEXTS, content.reasons),
        ("moves.toml", LADDER, content.moves),
    )
    return [
        f"{file}: no entry for {name}" for file, names, there in wanted for name in names if name not in there
    ]


def _strangers(content: Content) -> Iterator[str]:
    """What has an entry and does not exist."""
    yield from (
        f"{name}.toml: {name} is no typology" for name in content.typologies if name not in TYPOLOGIES
    )
    yield from (f"reasons.toml: {code} is no reason code" for code in content.reasons if code not in TEXTS)


def _slips(content: Content) -> Iterator[str]:
    """Codes in sentences that do not exist; actions that are not in the order of the ladder; a number used twice."""
    numbers: dict[int, str] = {}
    for name, typology in content.typologies.items():
        file = f"{name}.toml"
        told = " ".join((typology.story, *typology.looks, *typology.checks, *typology.tell_apart))
        yield from (f"{file}: {code} is no reason code" for code in NAMED.findall(told) if code not in TEXTS)
        ranks = [LADDER.index(step.move) for step in typology.actions]
        if ranks != sorted(set(ranks)):
            yield f"{file}: actions must go from the mildest to the gravest, each once: {', '.join(LADDER)}"
        if typology.number in numbers:
            yield f"{file}: number {typology.number} is also {numbers[typology.number]}"
        numbers[typology.number] = name
