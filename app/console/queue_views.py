"""Keeping the queue's view under a name, beginning with it, and forgetting it."""

from __future__ import annotations

from functools import partial
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.programmes import Programmes
from app.console.queue_query import PERSONAL, read_text
from app.console.queue_shown import QUEUE
from app.console.saved_views import NAME_MOST, QUERY_MOST, VIEWS_MOST, SavedView, Views
from app.console.visit import Gesture, Post, Visit, turned

VIEWS: Final = f"{QUEUE}/views"


class QueueViews:
    """
    Args:
        views: where they are kept.
        programmes: which programmes there are.
    """

    def __init__(self, views: Views, programmes: Programmes) -> None:
        self._views, self._programmes = views, programmes

    def gestures(self) -> list[Gesture]:
        """Whoever sees the queue keeps views of it."""
        return [
            Post(VIEWS, "view_queue", self.save),
            Post(f"{VIEWS}/{{view_id}}/begin", "view_queue", self.begin),
            Post(f"{VIEWS}/{{view_id}}/forget", "view_queue", self.forget),
        ]

    async def save(self, visit: Visit) -> Response:
        """Keep what is shown; one's own view of that name becomes this."""
        asked = read_text(visit.form.text("query"))
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        back, name = f"{QUEUE}?{asked.query()}", " ".join(visit.form.text("name").split())
        if not 0 < len(name) <= NAME_MOST or not name.isprintable():
            raise turned(422, f"Give the view a name of at most {NAME_MOST} characters.", back)
        query = asked.within(chosen.program_id).query(but=PERSONAL)
        if len(query) > QUERY_MOST:
            raise turned(422, "This filter is too long to be kept: choose fewer of each kind.", back)
        shared = visit.form.marked("shared")
        view = SavedView("", visit.viewer.user_id, name, chosen.program_id, query, is_shared=shared)
        view_id = await to_thread.run_sync(self._views.save, view, VIEWS_MOST, visit.now_ms)
        if view_id is None:
            told = f"You have {VIEWS_MOST} views, as many as there may be. Forget one first."
            return visit.back(back, told, "warn")
        if visit.form.marked("begin"):
            await to_thread.run_sync(self._views.begin_with, visit.viewer.user_id, view_id)
        left_out = " Whose account it was is not kept in a view." if asked.one("account") else ""
        return visit.back(f"{QUEUE}?{query}", f"Kept as “{name}”.{left_out}")

    async def begin(self, visit: Visit) -> Response:
        """Begin with this view, or no more."""
        view = await self._own(visit)
        first = "" if view.is_default else view.view_id
        await to_thread.run_sync(self._views.begin_with, visit.viewer.user_id, first)
        told = (
            f"The queue begins with “{view.name}”." if first else "The queue begins with all that is to do."
        )
        return visit.back(f"{QUEUE}?{view.query}", told)

    async def forget(self, visit: Visit) -> Response:
        """It is gone; the cases are not."""
        view = await self._own(visit)
        await to_thread.run_sync(self._views.forget, visit.viewer.user_id, view.view_id)
        return visit.back(f"{QUEUE}?state=todo", f"“{view.name}” is forgotten.")

    async def _own(self, visit: Visit) -> SavedView:
        mine = await to_thread.run_sync(partial(self._views.views, visit.viewer.user_id, frozenset()))
        view = next((one for one in mine if one.view_id == visit.path["view_id"]), None)
        if view is None:
            raise turned(404, "You have no such view.", QUEUE)
        return view
