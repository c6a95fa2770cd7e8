"""Reads a policy file: TOML in, frozen policies out, or every problem with the key it stands at.

A file says only what it changes: it overrides the built-in default key by key, and a programme's section
overrides the file's. `default.toml` beside this module spells out every default; a test keeps them the same.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from app.cases.terms import DEFAULT_CASES, CaseTerms, overlay_cases
from app.policy.layers import overlay
from app.policy.sections import Document
from app.redeeming.terms import DEFAULT_TERMS, Terms, overlay_terms
from detectors.policy import DEFAULT, Policy

DEFAULT_FILE: Final = Path(__file__).with_name("default.toml")
HASH_DIGITS: Final = 12
"""Hexadecimal digits of the content's SHA-256 in a version: 48 bits tell one programme's versions apart."""


class PolicyRefused(Exception):
    """A policy file that cannot be used, with every problem found, each naming its key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class PolicyFile(Struct, frozen=True):
    """All that one policy file says, under one version: its name and the beginning of its content's hash."""

    version: str
    usual: Policy
    programs: Mapping[str, Policy]
    usual_terms: Terms = DEFAULT_TERMS
    program_terms: Mapping[str, Terms] = {}
    usual_cases: CaseTerms = DEFAULT_CASES
    program_cases: Mapping[str, CaseTerms] = {}

    def programme(self, program_id: str) -> Policy:
        """What this programme decides by: its own section, or what holds for all."""
        return self.programs.get(program_id, self.usual)

    def terms(self, program_id: str) -> Terms:
        """What this programme says of one-time tokens."""
        return self.program_terms.get(program_id, self.usual_terms)

    def cases(self, program_id: str) -> CaseTerms:
        """What this programme says of cases."""
        return self.program_cases.get(program_id, self.usual_cases)


def load(path: Path) -> PolicyFile:
    """The policies of a file. Raises PolicyRefused."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyRefused([f"{path.name} cannot be read: {error}"]) from error
    return parse(text)


def parse(text: str) -> PolicyFile:
    """The policies of a file's text. Raises PolicyRefused."""
    try:
        document = msgspec.convert(tomllib.loads(text), Document, strict=True)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PolicyRefused([str(error)]) from error
    problems: list[str] = []
    usual = overlay(DEFAULT, document, "", problems)
    programs = {
        program_id: overlay(usual, section, f"programs.{program_id}.", problems)
        for program_id, section in document.programs.items()
    }
    usual_terms = overlay_terms(DEFAULT_TERMS, document.tokens, "", problems)
    program_terms = {
        program_id: overlay_terms(usual_terms, section.tokens, f"programs.{program_id}.", problems)
        for program_id, section in document.programs.items()
    }
    usual_cases = overlay_cases(DEFAULT_CASES, document.cases, "", problems)
    program_cases = {
        program_id: overlay_cases(usual_cases, section.cases, f"programs.{program_id}.", problems)
        for program_id, section in document.programs.items()
    }
    if problems:
        raise PolicyRefused(list(dict.fromkeys(problems)))
    usual = replace(usual, timezone=usual_terms.timezone)
    programs = {
        program_id: replace(policy, timezone=program_terms[program_id].timezone)
        for program_id, policy in programs.items()
    }
    version = (
        f"{document.name}-{_digest(usual, programs, usual_terms, program_terms, usual_cases, program_cases)}"
    )
    return PolicyFile(
        version,
        replace(usual, version=version),
        {program_id: replace(policy, version=version) for program_id, policy in programs.items()},
        usual_terms,
        program_terms,
        usual_cases,
        program_cases,
    )


def check(path: Path) -> list[str]:
    """What is wrong with a policy file, each problem naming its key; empty for a sound one."""
    try:
        load(path)
    except PolicyRefused as refused:
        return refused.problems
    return []


def _digest(*meaning: object) -> str:
    """Of what the file means, defaults included: neither layout nor comments change the version."""
    content = msgspec.json.encode(meaning, order="deterministic")
    return hashlib.sha256(content).hexdigest()[:HASH_DIGITS]
