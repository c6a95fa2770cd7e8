"""The gestures of the case page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from starlette.responses import Response

from app.console.cases import (
    acts,
    deciding,
    keeping,
    leasing,
    links,
    moves,
    revealing,
    seeing,
    things,
    timeline,
)
from app.console.cases.desk import CASES, Desk
from app.console.visit import Gesture, Get, Post, Visit

Page = Callable[[Desk, Visit], Awaitable[Response]]
ONE: Final = f"{CASES}/{{case_id}}"


class CasePage:
    """A case, and all that can be done from it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def gestures(self) -> list[Gesture]:
        """Looking needs `view_case`; acting `work_case`, and each act its own right besides, which the desk asks for."""
        looks: dict[str, Page] = {
            "": seeing.why_page,
            "/timeline": timeline.timeline_page,
            "/things": things.things_page,
            "/things/{kind}/{digest}": things.thing_page,
            "/links": links.links_page,
            "/pair": links.pair_page,
            "/decisions/{decision_id}": deciding.decision_page,
            "/record": keeping.record_page,
            "/act": acts.ask,
            "/move": moves.ask,
        }
        deeds: dict[str, Page] = {
            "/lease": leasing.lease,
            "/notes": keeping.write_note,
            "/act": acts.do,
            "/undo/{act_id}": acts.undo,
            "/move": moves.make,
            "/unmove/{version}": moves.undo,
        }
        return [
            *(Get(ONE + path, "view_case", partial(page, self._desk)) for path, page in looks.items()),
            *(Post(ONE + path, "work_case", partial(page, self._desk)) for path, page in deeds.items()),
            Post(f"{ONE}/reveal", "reveal_personal", partial(revealing.reveal, self._desk)),
        ]
