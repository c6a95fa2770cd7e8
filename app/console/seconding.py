"""What was asked for people and waits: gone ahead with by a second person, stopped by them or by whom it is for."""

from __future__ import annotations

from typing import Final, NamedTuple

from anyio import to_thread
from starlette.responses import Response

from app.console.colleagues import USER, Colleagues
from app.console.people import ONE, PEOPLE, done, invited, told
from app.console.place import HOME
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.users.asking import Asking
from app.users.managing import Invited, Manager
from app.users.seconding import Request

ASKED: Final = f"{HOME}/profile/asked"
OVER: Final = "It was over already: stopped, gone ahead with, or too long ago."


class Told(NamedTuple):
    """
    A request in words.

    what: `a new enrolment link`, `Senior, all programmes`.
    by:   who asked.
    """

    request: Request
    what: str
    by: str


class Seconding:
    """
    Args:
        manager: who there is.
        asking: the use cases.
        colleagues: who asked.
    """

    def __init__(self, manager: Manager, asking: Asking, colleagues: Colleagues) -> None:
        self._manager, self._asking, self._colleagues = manager, asking, colleagues

    def gestures(self) -> list[Gesture]:
        """Of who manages people; and everybody's own."""
        return [
            Post(f"{ONE}/go-ahead", "manage_users", self.go_ahead),
            Post(f"{ONE}/stop", "manage_users", self.stop),
            Get(ASKED, "own_profile", self.own),
            Post(f"{ASKED}/stop", "own_profile", self.stop_own),
        ]

    async def go_ahead(self, visit: Visit) -> Response:
        """Done, a link shown once; or who else has to."""
        user_id = visit.path["user_id"]
        given = user_id, visit.form.text("request"), visit.viewer, visit.now_ms
        gone = await to_thread.run_sync(self._asking.go_ahead, *given)
        if gone == "waits":
            raise turned(409, "It takes another person than you, or more time.", f"{PEOPLE}/{user_id}")
        if isinstance(gone, Invited):
            whom = await to_thread.run_sync(self._manager.person, user_id)
            return invited(visit, "" if whom is None else whom.email, gone)
        return done(visit, gone, "Done: they find the new rights at their next sign-in.")

    async def stop(self, visit: Visit) -> Response:
        """Nothing comes of it."""
        user_id = visit.path["user_id"]
        was = await self._stopped(visit, user_id)
        return visit.back(PEOPLE, "Stopped: nothing has changed." if was else OVER, "good" if was else "warn")

    async def own(self, visit: Visit) -> Response:
        """What is asked for whoever looks."""
        request = await to_thread.run_sync(self._asking.of, visit.viewer.user_id, visit.now_ms)
        asked = None if request is None else await to_thread.run_sync(telling, request, self._colleagues)
        return visit.page("profile/asked.html", "Asked for you", asked=asked)

    async def stop_own(self, visit: Visit) -> Response:
        """By whom it is for."""
        was = await self._stopped(visit, visit.viewer.user_id)
        stopped = "Stopped: nothing has changed. Ask whoever asked why."
        return visit.back(f"{HOME}/profile", stopped if was else OVER, "good" if was else "warn")

    async def _stopped(self, visit: Visit, user_id: str) -> bool:
        given = user_id, visit.form.text("request"), visit.viewer, visit.now_ms
        return await to_thread.run_sync(self._asking.stop, *given)


def telling(request: Request, colleagues: Colleagues) -> Told:
    """In words; asks the store who it was."""
    asker = USER + request.asked_by
    by = colleagues.names([asker])[asker]
    role = request.role.replace("_", " ").capitalize()
    what = "a new enrolment link" if request.wanted == "link" else f"{role}, {told(request.scope)}"
    return Told(request, what, by)
