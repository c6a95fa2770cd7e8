"""Reads what `app.reviewing.why` puts together: a decision, its explanation and vector, and the model that judged it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final, Protocol

from app.answers import Audience, Explanation
from app.ports.rows import DecisionRow
from app.reviewing.why import Models, Why, why
from app.users.rights import Scope
from detectors.forest.card import ModelRefused
from detectors.forest.segmented import SegmentedForest

KEPT_MODELS: Final = 2
"""Unfolded ones: the one in use and the one before; a few megabytes each."""

Explain = Callable[[str, str, Audience, str], Awaitable[Explanation | None]]


class Decisions(Protocol):
    """Single decisions. Raises RecordAway."""

    def shown(
        self, program_id: str, decision_id: str, scope: Scope
    ) -> tuple[DecisionRow, bytes | None] | None:
        """A decision and its vector; None where there is none that the scope shows."""
        ...


class Asker:
    """
    Answers why.

    Args:
        decisions: Where they are read.
        explain: `app.explaining.Explainer.explain`.
        models: The shelf.
    """

    def __init__(self, decisions: Decisions, explain: Explain, models: Models) -> None:
        self._decisions, self._explain, self._models = decisions, explain, models
        self._forest = lru_cache(maxsize=KEPT_MODELS)(self._load)

    async def why(self, program_id: str, decision_id: str, scope: Scope) -> Why | None:
        """Why a decision came out as it did; None where the scope shows no such decision. Raises RecordAway."""
        found = await asyncio.to_thread(self._decisions.shown, program_id, decision_id, scope)
        if found is None:
            return None
        row, vector = found
        told = await self._explain(program_id, decision_id, "analyst", "en")
        if told is None:
            return None
        forest = None if vector is None else await asyncio.to_thread(self._forest, row.model_version)
        return why(row, told, vector, forest)

    def _load(self, version: str) -> SegmentedForest | None:
        try:
            return SegmentedForest(self._models.load(version))
        except (ModelRefused, OSError):
            return None
