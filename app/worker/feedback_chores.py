"""What the worker does for what people say: an act whose author could not tell the hot store of it is told by us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord
from app.store.telling import Telling
from app.worker.chores import Chore

TELL_EVERY_S: Final = 0.5
"""Between two looks: how long an act whose author was told 503 waits once the hot store is back."""


def feedback_chores(pipeline: Pipeline, record: SqlRecord) -> Sequence[Chore]:
    """The chore, over these stores."""
    telling = Telling(pipeline, record)

    async def tell() -> int:
        return int(await telling.tell_if_due())

    return (Chore("feedback", tell, 2, TELL_EVERY_S),)
