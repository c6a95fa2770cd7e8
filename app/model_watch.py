"""Takes up the active model of the shelf while requests go on: each is judged by the old one or the new, none waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import numpy as np
import structlog

from app import metrics
from app.model_drift import SCORE, Drifting
from app.model_shelf import Shelf
from detectors.anomaly import Model
from detectors.forest.card import ModelRefused
from detectors.forest.features import NAMES
from detectors.forest.segmented import SegmentedForest

LOOK_EVERY_S: Final = 1.0
"""Between two looks at the shelf: a change is in force everywhere a second later, for two calls to the file system."""
DRIFT_EVERY: Final = 15
"""Looks between two countings of drift: how often a Prometheus server usually asks."""

log: Final = structlog.get_logger("earnest.models")


class _Wanted(NamedTuple):
    """What the shelf asks for: a version, and its stamp, so that one mended in place is tried again; or why nothing."""

    version: str | None
    stamp: tuple[int, ...] = ()
    unreadable: str = ""


class ModelWatch:
    """
    Keeps a worker's model the shelf's active one. What must not be loaded leaves the model in use where it is.

    Args:
        shelf: Where the models are.
        adopt: Judges by the model it is given from the next event on.
    """

    def __init__(self, shelf: Shelf, adopt: Callable[[Model | None], None]) -> None:
        self._shelf, self._adopt = shelf, adopt
        self._last = _Wanted(None)
        self._model: Drifting | None = None
        self._refused = False

    @property
    def is_missing(self) -> bool:
        """Whether a model is wanted and this worker has none at all."""
        return self._refused and self._model is None

    async def look(self) -> None:
        """Look at the shelf once, and take up what it asks for if that is new. Files are read in a thread."""
        wanted = await asyncio.to_thread(self._asked_for)
        if wanted == self._last:
            return
        self._last = wanted
        if wanted.unreadable:
            self._refuse("unknown", wanted.unreadable)
        elif wanted.version is None:
            self._take(None)
        else:
            try:
                self._take(await asyncio.to_thread(self._made_ready, wanted.version))
            except ModelRefused as refused:
                self._refuse(wanted.version, refused.reason)
            except Exception as error:  # noqa: BLE001 - such as memory that ran out: the service still comes up
                self._refuse(wanted.version, f"unforeseen: {type(error).__name__}", unforeseen=True)

    async def keep_looking(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Look again and again, until cancelled."""
        looks = 0
        while True:
            await sleep(LOOK_EVERY_S)
            looks += 1
            try:
                await self.look()
                if looks % DRIFT_EVERY == 0 and self._model is not None:
                    metrics.drifted(await asyncio.to_thread(self._model.settled))
            except Exception:  # one bad look must not end the looking
                log.exception("looking at the models failed; the one in use stays")

    def _asked_for(self) -> _Wanted:
        try:
            version = self._shelf.active()
        except ModelRefused as refused:
            return _Wanted(None, unreadable=refused.reason)
        return _Wanted(version, () if version is None else self._shelf.stamp(version))

    def _made_ready(self, version: str) -> Drifting:
        """Loaded, verified, and asked once in each segment, so that the first event waits for nothing."""
        artefact = self._shelf.load(version)
        forest = SegmentedForest(artefact)
        nothing = np.zeros(len(NAMES), np.float32)
        for learned in artefact.card.segments:
            forest.place(learned.serves[0], nothing)
        return Drifting(forest, artefact)

    def _take(self, model: Drifting | None) -> None:
        before = self._model
        self._adopt(model)
        self._model, self._refused = model, False
        metrics.model_taken(_version(before), _version(model))
        metrics.drifted(dict.fromkeys((*NAMES, SCORE), 0.0))
        log.info("model taken up", model_version=_version(model) or "none")

    def _refuse(self, version: str, reason: str, *, unforeseen: bool = False) -> None:
        self._refused = True
        metrics.model_refused()
        log.error(
            "model refused; the one in use stays",
            model_version=version,
            reason=reason,
            model_in_use=_version(self._model) or "none",
            exc_info=unforeseen,
        )


def _version(model: Drifting | None) -> str | None:
    return None if model is None else model.version
