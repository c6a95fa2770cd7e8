"""The page behind "this was not me", `/w/{link}`: GET changes nothing and looks at nothing, POST confirms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.locking.disputing import Disputes, Step
from app.pages import telling
from app.pages.answering import client_of, page
from app.pages.assets import load_assets
from app.pages.door import Door
from app.pages.forms import our_form
from app.pages.headers import page_headers
from app.pages.notices import PATIENCE_S, Icon
from app.pages.rendering import Renderer, Sheet, say
from app.redeeming.terms import Terms
from tokens.token import Locale

NOT_ME: Final = "/w/{link:path}"
STATUS: Final[Mapping[Step, int]] = {
    "disputed": 200,
    "disputed_before": 410,
    "dispute_expired": 410,
    "dispute_unknown": 404,
    "dispute_wait": 429,
}
ICONS: Final[Mapping[str, Icon]] = {"disputed": "done", "dispute_wait": "clock", "dispute_away": "clock"}
"""The rest has `note`."""
TOO_OFTEN: Final = 429
AWAY: Final = 503


def lock_routes(disputes: Disputes, *, public_url: str) -> list[Route]:
    """
    The routes, to be mounted beside the API.

    Args:
        disputes: the use cases.
        public_url: base of the links members get, from the settings.
    """
    pages = LockPages(disputes, public_url)
    door = Door(
        "/w/{link}",
        {"GET": pages.ask, "POST": pages.confirm},
        headers=pages.headers,
        refused=pages.refused,
        away=pages.away,
    )
    return [Route(NOT_ME, door)]


class LockPages:
    """Each public method answers one gesture; `disputes` decides, this only says it in HTML."""

    def __init__(self, disputes: Disputes, public_url: str) -> None:
        self._disputes, self._public_url = disputes, public_url
        self._renderer = Renderer(public_url, load_assets())
        self.headers = page_headers(https=urlsplit(public_url).scheme == "https")
        self._page = partial(page, self.headers)

    async def ask(self, request: Request) -> Response:
        """The same bytes whatever the link is, which is not even looked at."""
        client = client_of(request)
        terms = await self._disputes.landing(client)
        if terms is None:
            return self._notice("dispute_wait", None, client.locale or "en", TOO_OFTEN, PATIENCE_S)
        sheet = _sheet(client.locale or terms.locale)
        return self._page(self._renderer.page("dispute.html", "dispute", sheet, terms))

    async def confirm(self, request: Request) -> Response:
        """After "It was not me". The link is all it takes; a form of another site is refused."""
        await our_form(request, self._public_url)
        client = client_of(request)
        told = await self._disputes.confirm(request.path_params["link"], client)
        locale = client.locale or told.terms.locale
        return self._notice(told.step, told.terms, locale, STATUS[told.step], told.wait_s)

    def refused(self, request: Request, status: int) -> Response:
        """A form that did not come from our page: nothing was done."""
        return self._notice("dispute_refused", None, client_of(request).locale or "en", status)

    def away(self, request: Request) -> Response:
        """A store does not answer: perhaps it is done, certainly it can be asked for again."""
        return self._notice("dispute_away", None, client_of(request).locale or "en", AWAY, PATIENCE_S)

    def _notice(
        self, step: str, terms: Terms | None, locale: Locale, status: int, retry_after_s: int | None = None
    ) -> Response:
        left = telling.duration(retry_after_s or PATIENCE_S, locale)
        told = partial(say, locale)
        html = self._renderer.page(
            "notice.html",
            step,
            _sheet(locale),
            terms,
            icon=ICONS.get(step, "note"),
            lines=[told(f"{step}_lead", left=left), told(f"{step}_next")],
            receipt=[],
            again=None,
        )
        return self._page(html, status, retry_after_s)


def _sheet(locale: Locale) -> Sheet:
    return Sheet(locale=locale, other_href=f"?lang={'de' if locale == 'en' else 'en'}")
