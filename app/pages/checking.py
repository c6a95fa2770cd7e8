"""The page a backend sends its challenged member to, `/c/{challenge}`, and the visit behind it, `/check`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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
from app.stepping_up.visiting import CheckView, Step, StepUpVisits
from detectors.policy import StepUpMethod
from tokens.token import Locale

PATH: Final = "/check"
STATUS: Final[Mapping[Step, int]] = {
    "unknown": 404,
    "gone": 410,
    "expired": 410,
    "settled": 409,
    "foreign": 400,
    "nothing": 409,
    "spent": 423,
    "locked": 423,
    "soon": 503,
    "wait": 429,
}
"""Of a step's page, where it is not 200."""
ICONS: Final[Mapping[str, Icon]] = {
    "passed": "done", "spent": "pause", "locked": "pause", "expired": "clock", "soon": "clock", "wait": "clock",
    "away": "clock",
}  # fmt: skip
"""The rest has `note`."""
KINDS: Final = frozenset({"redeem", "reward", "transfer", "purchase", "profile_change", "login", "close"})
"""Events told in words of their own."""
AWAY: Final = 503
TOO_OFTEN: Final = 429


def check_routes(visits: StepUpVisits, *, public_url: str, csrf_key: bytes) -> list[Route]:
    """
    The routes, to be mounted beside the API.

    Args:
        visits: the use cases.
        public_url: base of the links members get, from the settings.
        csrf_key: 32 bytes, of forms' tokens.
    """
    pages = CheckPages(visits, public_url, csrf_key)
    door = partial(Door, headers=pages.headers, refused=pages.refused, away=pages.away)
    doors = {
        "/c/{challenge:any_text}": door("/c/{challenge}", {"GET": pages.greet, "POST": pages.enter}),
        PATH: door(PATH, {"GET": pages.look}),
        f"{PATH}/way": door(f"{PATH}/way", {"GET": pages.back, "POST": pages.take}),
        f"{PATH}/verify": door(f"{PATH}/verify", {"GET": pages.back, "POST": pages.verify}),
        f"{PATH}/passkey": door(f"{PATH}/passkey", {"GET": pages.back, "POST": pages.confirm}),
    }
    return [Route(path, app) for path, app in doors.items()]


class CheckPages(ProofSteps[CheckView]):
    """Each public method answers one gesture; `visits` decides, this only says it in HTML."""

    def __init__(self, visits: StepUpVisits, public_url: str, csrf_key: bytes) -> None:
        self._visits = visits
        self._renderer = Renderer(public_url, load_assets())
        https = urlsplit(public_url).scheme == "https"
        self.headers = page_headers(https=https, features={PASSKEY_GET})
        super().__init__(visits, Visit(PATH, "cs", public_url, csrf_key, self.headers))
        self._page = partial(page, self.headers)

    async def greet(self, request: Request) -> Response:
        """The same bytes whatever the challenge is, which is not even looked at."""
        client = client_of(request)
        terms = await self._visits.landing(client)
        if terms is None:
            return self._notice("wait", None, _outside(request, client.locale or "en"), TOO_OFTEN, PATIENCE_S)
        sheet = _outside(request, client.locale or terms.locale)
        return self._page(self._renderer.page("check_landing.html", "check_landing", sheet, terms))

    async def enter(self, request: Request) -> Response:
        """After "Continue": a session and its cookie, or the page that says why not."""
        await self._visit.entering(request)
        entered = await self._visits.enter(
            request.path_params["challenge"], request.query_params.get("return_to", ""), client_of(request)
        )
        if entered.cookie is None:
            return self._told(entered.view, _outside(request, entered.view.locale))
        return self._visit.begin(request, entered.cookie)

    def refused(self, request: Request, status: int) -> Response:
        """A form that did not come from our page: nothing was done."""
        return self._notice("refused", None, _outside(request, client_of(request).locale or "en"), status)

    def away(self, request: Request) -> Response:
        """A store does not answer: nothing was done, or it can be done again."""
        sheet = _outside(request, client_of(request).locale or "en")
        return self._notice("away", None, sheet, AWAY, PATIENCE_S, again=PATH + sheet.query)

    def _moved(self, request: Request, view: CheckView, by: StepUpMethod | None) -> Response:
        """A gesture that led on is answered by a redirect, so that a refresh repeats nothing."""
        if view.proving.mishap is None and view.step in {"prove", "passed"}:
            return self._visit.on(request, by if view.step == "prove" else None)
        return self._shown(request, view)

    def _shown(self, request: Request, view: CheckView) -> Response:
        return self._told(view, self._visit.sheet(request, view.locale, view.proving.by))

    def _told(self, view: CheckView, sheet: Sheet) -> Response:
        if view.step != "prove":
            return self._notice(
                view.step, view.terms, sheet, STATUS.get(view.step, 200), view.retry_after_s,
                back=view.back,
            )  # fmt: skip
        proving, locale = view.proving, sheet.locale
        kind = view.kind if view.kind in KINDS else "other"
        points = telling.number(view.points or 0, locale)
        html = self._renderer.page(
            "check.html",
            "check_prove",
            sheet,
            view.terms,
            path=PATH,
            what=say(locale, f"check_for_{kind}", points=points, brand=view.terms.brand),
            back=view.back,
            **proof_told(proving, view.terms, locale),
        )
        status = MISHAP_STATUS[proving.mishap] if proving.mishap else 200
        return self._page(html, status, proving.retry_after_s)

    def _notice(
        self,
        step: Step | str,
        terms: Terms | None,
        sheet: Sheet,
        status: int,
        retry_after_s: int | None = None,
        *,
        back: str = "",
        again: str = "",
    ) -> Response:
        told = partial(say, sheet.locale)
        places = {
            "left": telling.duration(retry_after_s or PATIENCE_S, sheet.locale),
            "brand": terms.brand if terms else "",
        }
        host = urlsplit(back).netloc
        html = self._renderer.page(
            "check_notice.html",
            f"check_{step}",
            sheet,
            terms,
            icon=ICONS.get(step, "note"),
            lines=[told(f"check_{step}_lead", **places), told(f"check_{step}_next", **places)],
            back=back,
            back_label=told("back_to", host=host) if host else told("back_to_reward"),
            again=again,
        )
        return self._page(html, status, retry_after_s)


def _outside(request: Request, locale: Locale) -> Sheet:
    """Of a page at the link's own address."""
    return plain_sheet(request, locale, return_to=request.query_params.get("return_to"))
