"""The member's own page of their lock: `/l/{link}`, and the visit behind it, `/lock`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.locking.visiting import LockView, LockVisits, Step
from app.pages import telling
from app.pages.answering import client_of
from app.pages.notices import Icon
from app.pages.proof_pages import Manner, ProofPages
from app.pages.proving import STATUS as MISHAP_STATUS
from app.pages.proving import proof_told
from app.pages.rendering import Sheet, say
from detectors.policy import StepUpMethod

STATUS: Final[Mapping[Step, int]] = {"unknown": 404, "expired": 410, "gone": 410, "spent": 423, "wait": 429}
"""Of a step's page, where it is not 200."""
ICONS: Final[Mapping[str, Icon]] = {
    "on": "done", "off": "pause", "kept": "pause", "nothing": "pause", "spent": "pause", "expired": "clock",
    "wait": "clock", "away": "clock",
}  # fmt: skip
MANNER: Final = Manner("/l/{link}", "/lock", "ls", "lock", ICONS)
STANDINGS: Final[frozenset[Step]] = frozenset({"on", "off", "kept", "nothing", "spent"})
"""Steps that say how redeeming stands."""


def switch_routes(visits: LockVisits, *, public_url: str, csrf_key: bytes) -> list[Route]:
    """
    The routes, to be mounted beside the API.

    Args:
        visits: the use cases.
        public_url: base of the links members get, from the settings.
        csrf_key: 32 bytes, of forms' tokens.
    """
    pages = SwitchPages(visits, public_url, csrf_key)
    return pages.routes(off=pages.lock)


class SwitchPages(ProofPages[LockView]):
    """Each public method answers one gesture; `visits` decides, this only says it in HTML."""

    def __init__(self, visits: LockVisits, public_url: str, csrf_key: bytes) -> None:
        super().__init__(visits, MANNER, public_url, csrf_key)
        self._visits = visits

    async def enter(self, request: Request) -> Response:
        """After "Continue": a session and its cookie, or the page that says why not."""
        await self._visit.entering(request)
        entered = await self._visits.enter(request.path_params["link"], client_of(request))
        if entered.cookie is None:
            return self._told(entered.view, self._outside(request, entered.view.locale))
        return self._visit.begin(request, entered.cookie)

    async def lock(self, request: Request) -> Response:
        """Redeeming is switched off."""
        posted = await self._visit.posted(request)
        view = await self._visits.lock(posted.cookie, client_of(request))
        return self._moved(request, view, None)

    def _moved(self, request: Request, view: LockView, by: StepUpMethod | None) -> Response:
        """A gesture that led on is answered by a redirect, so that a refresh repeats nothing."""
        if view.proving.mishap is None and view.step in {"on", "off", "kept"}:
            return self._visit.on(request, by if view.step == "off" else None)
        return self._shown(request, view)

    def _told(self, view: LockView, sheet: Sheet) -> Response:
        status, locale = STATUS.get(view.step, 200), sheet.locale
        if view.step not in STANDINGS:
            return self._notice(view.step, view.terms, sheet, status, view.retry_after_s)
        told: dict[str, Any] = {
            "since": None if view.since_ms is None else _since(view, sheet),
            "icon": ICONS[view.step],
            "path": MANNER.path,
            "own": view.step,
        }
        proving = view.proving
        html = self._renderer.page(
            "lock.html",
            "lock_on" if view.step == "on" else "lock_off",
            sheet,
            view.terms,
            **told,
            **proof_told(proving, view.terms, locale),
        )
        return self._page(html, MISHAP_STATUS[proving.mishap] if proving.mishap else status)


def _since(view: LockView, sheet: Sheet) -> object:
    """Since when, and by whom, in neutral words."""
    when = telling.day_and_time(view.since_ms or 0, view.terms.zone, sheet.locale)
    state = "on" if view.step == "on" else "off"
    whose = "you" if view.by == "member" else "us"
    return say(sheet.locale, f"lock_{state}_since_{whose}", time=when, brand=view.terms.brand)
