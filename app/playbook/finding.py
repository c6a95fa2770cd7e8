"""Finding one's way in the playbook: by name, by family, by what is typed into a search box."""

from __future__ import annotations

from typing import NamedTuple

from app.playbook.entries import Entry, entry_for, every_code
from app.playbook.loading import load
from app.playbook.shapes import FAMILIES, Typology
from detectors.meanings import meaning
from detectors.policy import DEFAULT, Policy
from detectors.typologies import POINTS_TO


class Found(NamedTuple):
    """Typologies and reason codes that say what was looked for, the nearest first."""

    typologies: tuple[str, ...]
    reasons: tuple[str, ...]


def for_typology(name: str) -> Typology | None:
    """What is written of a typology."""
    return load().typologies.get(name)


def reasons_of(name: str, policy: Policy = DEFAULT) -> tuple[Entry, ...]:
    """The reasons that point to a typology, those that point to it first of all before the others."""
    codes = [code for code, names in POINTS_TO.items() if name in names]
    entries = (
        entry_for(code, policy) for code in sorted(codes, key=lambda code: POINTS_TO[code].index(name))
    )
    return tuple(entry for entry in entries if entry is not None)


def families() -> tuple[tuple[str, tuple[tuple[str, Typology], ...]], ...]:
    """Title of a family and its typologies, all in the order they are shown."""
    known = load().typologies
    return tuple(
        (title, tuple((name, one) for name, one in known.items() if one.family == family))
        for family, title in FAMILIES.items()
    )


def search(text: str, policy: Policy = DEFAULT) -> Found:
    """What holds every word of the text, in any order and case; what holds them in its name comes first."""
    words = text.casefold().split()
    if not words:
        return Found((), ())
    typologies = {name: (f"{name} {one.title}", _told(one)) for name, one in load().typologies.items()}
    reasons = {code: (f"{code} {meaning(code)}", _word_on(code)) for code in every_code(policy)}
    return Found(_ranked(typologies, words), _ranked(reasons, words))


def _ranked(texts: dict[str, tuple[str, str]], words: list[str]) -> tuple[str, ...]:
    found = []
    for key, (title, body) in texts.items():
        named, whole = title.casefold(), f"{title} {body}".casefold()
        if all(word in whole for word in words):
            found.append((not all(word in named for word in words), key))
    return tuple(key for _, key in sorted(found, key=lambda one: one[0]))


def _told(one: Typology) -> str:
    steps = (step.how for step in one.actions)
    return " ".join(
        (
            one.summary,
            one.story,
            one.false_positive,
            *one.looks,
            *one.checks,
            *one.tell_apart,
            *one.escalate,
            *steps,
        )
    )


def _word_on(code: str) -> str:
    written = load().reasons.get(code)
    return "" if written is None else f"{written.check} {written.mistaken_for}"
