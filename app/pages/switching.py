"""The member's own page of their lock: `/l/{link}`, and the visit behind it, `/lock`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.locking.visiting import LockView, LockVisits, Step
from app.pages import telling
from app.pages.answering import client_of, page
from app.pages.assets import load_assets
from app.pages.door import Door
from app.pages.headers import PASSKEY_GET, page_headers
from app.pages.notices import PATIENCE_S, Icon
from app.pages.proof_steps import ProofSteps
from app.pages.proving import STATUS as MISHAP_STATUS
from app.pages.proving import proof_told
from app.pages.rendering import Renderer, Sheet, say
from app.pages.visit import Visit, plain_sheet
from app.redeeming.terms import Terms
from detectors.policy import StepUpMethod

PATH: Final = "/lock"
STATUS: Final[Mapping[Step, int]] = {"unknown": 404, "expired": 410, "gone": 410, "spent": 423, "wait": 429}
"""Of a step's page, where it is not 200."""
ICONS: Final[Mapping[str, Icon]] = {
    "on": "done", "off": "pause", "kept": "pause", "nothing": "pause", "spent": "pause", "expired": "clock",
    "wait": "clock", "away": "clock",
}  # fmt: skip
"""The rest has `note`."""
STANDINGS: Final[frozenset[Step]] = frozenset({"on", "off", "kept", "nothing", "spent"})
"""Steps that say how redeeming stands."""
AWAY: Final = 503
TOO_OFTEN: Final = 429


def switch_routes(visits: LockVisits, *, public_url: str, csrf_key: bytes) -> list[Route]:
    """
    The routes, to be mounted beside the API.

    Args:
        visits: the use cases.
        public_url: base of the links members get, from the settings.
        csrf_key: 32 bytes, of forms' tokens.
    """
    pages = SwitchPages(visits, public_url, csrf_key)
    door = partial(Door, headers=pages.headers, refused=pages.refused, away=pages.away)
    doors = {
        "/l/{link:any_text}": door("/l/{link}", {"GET": pages.greet, "POST": pages.enter}),
        PATH: door(PATH, {"GET": pages.look}),
        f"{PATH}/off": door(f"{PATH}/off", {"GET": pages.back, "POST": pages.lock}),
        f"{PATH}/way": door(f"{PATH}/way", {"GET": pages.back, "POST": pages.take}),
        f"{PATH}/verify": door(f"{PATH}/verify", {"GET": pages.back, "POST": pages.verify}),
        f"{PATH}/passkey": door(f"{PATH}/passkey", {"GET": pages.back, "POST": pages.confirm}),
    }
    return [Route(path, app) for path, app in doors.items()]


class SwitchPages(ProofSteps[LockView]):
    """Each public method answers one gesture; `visits` decides, this only says it in HTML."""

    def __init__(self, visits: LockVisits, public_url: str, csrf_key: bytes) -> None:
        self._visits = visits
        self._renderer = Renderer(public_url, load_assets())
        https = urlsplit(public_url).scheme == "https"
        self.headers = page_headers(https=https, features={PASSKEY_GET})
        super().__init__(visits, Visit(PATH, "ls", public_url, csrf_key, self.headers))
        self._page = partial(page, self.headers)

    async def greet(self, request: Request) -> Response:
        """The same bytes whatever the link is, which is not even looked at."""
        client = client_of(request)
        terms = await self._visits.landing(client)
        if terms is None:
            sheet = plain_sheet(request, client.locale or "en")
            return self._notice("wait", None, sheet, TOO_OFTEN, PATIENCE_S)
        sheet = plain_sheet(request, client.locale or terms.locale)
        return self._page(self._renderer.page("check_landing.html", "lock_landing", sheet, terms))

    async def enter(self, request: Request) -> Response:
        """After "Continue": a session and its cookie, or the page that says why not."""
        await self._visit.entering(request)
        entered = await self._visits.enter(request.path_params["link"], client_of(request))
        if entered.cookie is None:
            return self._told(entered.view, plain_sheet(request, entered.view.locale))
        return self._visit.begin(request, entered.cookie)

    async def lock(self, request: Request) -> Response:
        """Redeeming is switched off."""
        posted = await self._visit.posted(request)
        view = await self._visits.lock(posted.cookie, client_of(request))
        return self._moved(request, view, None)

    def refused(self, request: Request, status: int) -> Response:
        """A form that did not come from our page: nothing was done."""
        return self._notice("refused", None, plain_sheet(request, client_of(request).locale or "en"), status)

    def away(self, request: Request) -> Response:
        """A store does not answer: perhaps it is done, certainly it can be asked for again."""
        sheet = plain_sheet(request, client_of(request).locale or "en")
        return self._notice("away", None, sheet, AWAY, PATIENCE_S, again=PATH + sheet.query)

    def _moved(self, request: Request, view: LockView, by: StepUpMethod | None) -> Response:
        """A gesture that led on is answered by a redirect, so that a refresh repeats nothing."""
        if view.proving.mishap is None and view.step in {"on", "off", "kept"}:
            return self._visit.on(request, by if view.step == "off" else None)
        return self._shown(request, view)

    def _shown(self, request: Request, view: LockView) -> Response:
        return self._told(view, self._visit.sheet(request, view.locale, view.proving.by))

    def _told(self, view: LockView, sheet: Sheet) -> Response:
        status, locale = STATUS.get(view.step, 200), sheet.locale
        if view.step not in STANDINGS:
            return self._notice(view.step, view.terms, sheet, status, view.retry_after_s)
        told: dict[str, Any] = {
            "since": None if view.since_ms is None else _since(view, sheet),
            "icon": ICONS[view.step],
            "path": PATH,
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

    def _notice(
        self,
        step: str,
        terms: Terms | None,
        sheet: Sheet,
        status: int,
        retry_after_s: int | None = None,
        *,
        again: str = "",
    ) -> Response:
        left = telling.duration(retry_after_s or PATIENCE_S, sheet.locale)
        html = self._renderer.page(
            "check_notice.html",
            f"lock_{step}",
            sheet,
            terms,
            icon=ICONS.get(step, "note"),
            lines=[say(sheet.locale, f"lock_{step}_lead", left=left), say(sheet.locale, f"lock_{step}_next")],
            back="",
            back_label="",
            again=again,
        )
        return self._page(html, status, retry_after_s)


def _since(view: LockView, sheet: Sheet) -> object:
    """Since when, and by whom, in neutral words."""
    when = telling.day_and_time(view.since_ms or 0, view.terms.zone, sheet.locale)
    state = "on" if view.step == "on" else "off"
    whose = "you" if view.by == "member" else "us"
    return say(sheet.locale, f"lock_{state}_since_{whose}", time=when, brand=view.terms.brand)
