"""The page a backend sends its challenged member to, `/c/{challenge}`, and the visit behind it, `/check`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.pages import telling
from app.pages.answering import client_of
from app.pages.notices import Icon
from app.pages.proof_pages import Manner, ProofPages
from app.pages.proving import STATUS as MISHAP_STATUS
from app.pages.proving import proof_told
from app.pages.rendering import Sheet, say
from app.pages.visit import plain_sheet
from app.stepping_up.visiting import CheckView, Step, StepUpVisits
from detectors.policy import StepUpMethod
from tokens.token import Locale

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
MANNER: Final = Manner("/c/{challenge}", "/check", "cs", "check", ICONS)
KINDS: Final = frozenset({"redeem", "reward", "transfer", "purchase", "profile_change", "login", "close"})
"""Events told in words of their own."""


def check_routes(visits: StepUpVisits, *, public_url: str, csrf_key: bytes) -> list[Route]:
    """
    The routes, to be mounted beside the API.

    Args:
        visits: the use cases.
        public_url: base of the links members get, from the settings.
        csrf_key: 32 bytes, of forms' tokens.
    """
    return CheckPages(visits, public_url, csrf_key).routes()


class CheckPages(ProofPages[CheckView]):
    """Each public method answers one gesture; `visits` decides, this only says it in HTML."""

    def __init__(self, visits: StepUpVisits, public_url: str, csrf_key: bytes) -> None:
        super().__init__(visits, MANNER, public_url, csrf_key)
        self._visits = visits

    async def enter(self, request: Request) -> Response:
        """After "Continue": a session and its cookie, or the page that says why not."""
        await self._visit.entering(request)
        entered = await self._visits.enter(
            request.path_params["challenge"], request.query_params.get("return_to", ""), client_of(request)
        )
        if entered.cookie is None:
            return self._told(entered.view, self._outside(request, entered.view.locale))
        return self._visit.begin(request, entered.cookie)

    def _moved(self, request: Request, view: CheckView, by: StepUpMethod | None) -> Response:
        """A gesture that led on is answered by a redirect, so that a refresh repeats nothing."""
        if view.proving.mishap is None and view.step in {"prove", "passed"}:
            return self._visit.on(request, by if view.step == "prove" else None)
        return self._shown(request, view)

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
            path=MANNER.path,
            what=say(locale, f"check_for_{kind}", points=points, brand=view.terms.brand),
            back=view.back,
            **proof_told(proving, view.terms, locale),
        )
        status = MISHAP_STATUS[proving.mishap] if proving.mishap else 200
        return self._page(html, status, proving.retry_after_s)

    def _outside(self, request: Request, locale: Locale) -> Sheet:
        """With the address to return to, so that another language keeps it."""
        return plain_sheet(request, locale, return_to=request.query_params.get("return_to"))
