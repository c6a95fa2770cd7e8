"""The page behind an enrolment link, `/k/…`: safe to fetch; what the browser made is posted, and works once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.pages.answering import client_of, page
from app.pages.assets import load_assets
from app.pages.door import Door
from app.pages.forms import PASSKEY_BYTES, our_form
from app.pages.headers import PASSKEY_CREATE, page_headers
from app.pages.languages import chosen
from app.pages.notices import PATIENCE_S
from app.pages.rendering import Renderer, Sheet
from app.redeeming.enrolling import Enroller, Enrolment, Stage
from tokens.token import Locale

STATUS: Final[Mapping[Stage, int]] = {"unknown": 404, "gone": 410, "taken": 409, "full": 409, "wait": 429}
"""Of a stage's page, where it is not 200."""
UNHELD: Final = 401
"""Where the browser's answer did not hold."""
AWAY: Final = 503


def enrolment_routes(enroller: Enroller, *, public_url: str) -> list[Route]:
    """
    The route, to be mounted beside the API.

    Args:
        enroller: the use cases.
        public_url: base of the links members get, from the settings.
    """
    pages = EnrolmentPages(enroller, public_url)
    door = Door(
        "/k/{link}",
        {"GET": pages.look, "POST": pages.enrol},
        headers=pages.headers,
        refused=pages.refused,
        away=pages.away,
    )
    return [Route("/k/{link}", door)]


class EnrolmentPages:
    """Each public method answers one gesture; `enroller` decides, this only says it in HTML."""

    def __init__(self, enroller: Enroller, public_url: str) -> None:
        self._enroller, self._public_url = enroller, public_url
        self._renderer = Renderer(public_url, load_assets())
        https = urlsplit(public_url).scheme == "https"
        self.headers = page_headers(https=https, features={PASSKEY_CREATE})
        self._page = partial(page, self.headers)

    async def look(self, request: Request) -> Response:
        """What the link is for, and the button."""
        return self._told(request, await self._enroller.look(request.path_params["link"], client_of(request)))

    async def enrol(self, request: Request) -> Response:
        """With the browser's answer."""
        form = await our_form(request, self._public_url, PASSKEY_BYTES)
        link, answer = request.path_params["link"], form.get("answer", "")
        return self._told(request, await self._enroller.enrol(link, answer, client_of(request)))

    def refused(self, request: Request, status: int) -> Response:
        """A form that did not come from our page: nothing was done."""
        return self._page(self._renderer.trouble("refused", _sheet(request, "en")), status)

    def away(self, request: Request) -> Response:
        """A store does not answer: nothing was done, and nothing is lost."""
        return self._page(self._renderer.trouble("away", _sheet(request, "en"), ""), AWAY, PATIENCE_S)

    def _told(self, request: Request, enrolment: Enrolment) -> Response:
        status = UNHELD if enrolment.mishap else STATUS.get(enrolment.stage, 200)
        html = self._renderer.enrolment(enrolment, _sheet(request, enrolment.locale))
        return self._page(html, status, enrolment.retry_after_s)


def _sheet(request: Request, usual: Locale) -> Sheet:
    locale = chosen(request.query_params.get("lang")) or usual
    return Sheet(locale=locale, other_href=f"?lang={'de' if locale == 'en' else 'en'}")
