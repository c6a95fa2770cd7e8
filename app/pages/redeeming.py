"""The routes a member goes along: `/r/{token}` or `/r#token`, then `/redeem`. GET changes nothing; steps are POSTs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.pages.answering import client_of, page
from app.pages.assets import PREFIX, Asset, load_assets
from app.pages.cookies import SessionCookie
from app.pages.device import DeviceCookie
from app.pages.door import Door
from app.pages.forms import FORBIDDEN, MOST_BYTES, PASSKEY_BYTES, FormFaulty, our_form, token_in
from app.pages.headers import PASSKEY_GET, asset_headers, page_headers
from app.pages.languages import chosen
from app.pages.notices import PATIENCE_S
from app.pages.origin import FormTokens
from app.pages.outbox import LocalBox, Outbox
from app.pages.rendering import Renderer, Sheet
from app.redeeming.views import Mishap, Step, View
from app.redeeming.visiting import Client, Visits
from tokens.token import Locale

Form = Mapping[str, str]
VISIT: Final = "/redeem"
STATUS: Final[Mapping[Step, int]] = {
    "unknown": 404,
    "gone": 410,
    "expired": 410,
    "revoked": 410,
    "redeemed": 410,
    "frozen": 423,
    "locked": 423,
    "delayed": 423,
    "early": 425,
    "wait": 429,
}
"""Of a step's page, where it is not 200."""
MISHAP_STATUS: Final[Mapping[Mishap, int]] = {
    "wrong_code": 401,
    "wrong_passkey": 401,
    "not_a_code": 401,
    "code_gone": 401,
    "changed": 409,
    "held": 423,
    "wait": 429,
    "tries_spent": 429,
    "sends_spent": 429,
}
"""Of the page that answers a gesture that failed; it outranks the step's."""
ON_THE_WAY: Final[frozenset[Step]] = frozenset(
    {"ask", "type", "passkey", "confirm", "release", "reward", "receipt"}
)
"""Steps `look` tells again: a POST that leads there is answered by a redirect, so that a refresh repeats nothing."""
TOO_OFTEN: Final = 429
AWAY: Final = 503
SEE_OTHER: Final = 303


class AnyText(Convertor[str]):
    """A path's rest, whatever it holds: a token's text may be nonsense, with slashes and line ends."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("any_text", AnyText())


def member_routes(
    visits: Visits, *, public_url: str, csrf_key: bytes, local_box: LocalBox | None = None
) -> list[Route]:
    """
    The routes, to be mounted beside the API.

    Args:
        visits: the use cases.
        public_url: base of the links members get, from the settings; https means that cookies are Secure.
        csrf_key: 32 bytes, used for nothing else.
        local_box: mails a development installation kept; None: there is no `/outbox`.
    """
    pages = MemberPages(visits, public_url, csrf_key)
    door = partial(Door, headers=pages.headers, refused=pages.refused, away=pages.away)
    doors: dict[str, Door] = {
        "/r": door("/r", {"GET": pages.greet, "POST": pages.enter}),
        "/r/{token:any_text}": door("/r/{token}", {"GET": pages.greet, "POST": pages.enter}),
        VISIT: door(VISIT, {"GET": pages.look}),
        f"{PREFIX}{{name}}": door(f"{PREFIX}{{name}}", {"GET": pages.asset}),
    }
    for name, gesture in pages.gestures.items():
        doors[f"{VISIT}/{name}"] = door(f"{VISIT}/{name}", {"GET": pages.back, "POST": gesture})
    if local_box is not None:
        outbox = Outbox(local_box, pages.renderer)
        doors["/outbox"] = door("/outbox", {"GET": outbox.listing})
        doors["/outbox/{name}"] = door("/outbox/{name}", {"GET": outbox.message})
    return [Route(path, app) for path, app in doors.items()]


class MemberPages:
    """Each public method answers one gesture; `visits` decides, this only says it in HTML."""

    def __init__(self, visits: Visits, public_url: str, csrf_key: bytes) -> None:
        https = urlsplit(public_url).scheme == "https"
        assets = load_assets()
        self._visits = visits
        self._public_url = public_url
        self._cookie, self._device = SessionCookie(https=https), DeviceCookie(https=https)
        self._tokens = FormTokens(csrf_key)
        self._assets: dict[str, Asset] = {asset.address: asset for asset in assets.values()}
        self.renderer = Renderer(public_url, assets)
        self.headers = page_headers(https=https, features={PASSKEY_GET})
        self._page = partial(page, self.headers)
        self.gestures: Mapping[str, Callable[[Request], Awaitable[Response]]] = {
            "code": partial(self._gesture, act=self._send_code),
            "verify": partial(self._gesture, act=self._verify),
            "passkey": partial(self._gesture, act=self._confirm, most_bytes=PASSKEY_BYTES),
            "release": partial(self._gesture, act=self._release),
            "ack": partial(self._gesture, act=self._acknowledge),
        }

    async def greet(self, request: Request) -> Response:
        """The landing page: the same bytes whatever the token's text is, which is not even looked at."""
        client = client_of(request)
        view = await self._visits.landing(client)
        if view is None:
            sheet = self._sheet(request, client.locale or "en")
            return self._page(self.renderer.trouble("wait", sheet), TOO_OFTEN, PATIENCE_S)
        sheet = self._sheet(request, client.locale or view.locale)
        paste = "token" not in request.path_params
        return self._page(self.renderer.landing(view.terms, sheet, paste=paste))

    async def enter(self, request: Request) -> Response:
        """After "Continue": a session and its cookie, or the page that says why not."""
        form = await our_form(request, self._public_url)
        text = request.path_params.get("token")
        entered = await self._visits.enter(
            token_in(form.get("link", "")) if text is None else text, self._client(request)
        )
        if entered.cookie is None:
            return self._told(request, entered.view)
        response = self._to_visit(request, fragment="#" if text is None else "")
        self._cookie.give(response, entered.cookie)
        if entered.device is not None:
            self._device.give(response, entered.device)
        return response

    async def look(self, request: Request) -> Response:
        """Where the visit stands."""
        view = await self._visits.look(self._cookie.read(request), client_of(request))
        return self._told(request, view)

    async def back(self, request: Request) -> Response:
        """The address of a gesture, opened like a page: by the back button, or from the history."""
        return self._to_visit(request)

    async def asset(self, request: Request) -> Response:
        """The style sheet or the script."""
        asset = self._assets.get(f"{PREFIX}{request.path_params['name']}")
        if asset is None:
            return Response(status_code=404, headers=dict(self.headers))
        return Response(asset.body, 200, dict(asset_headers()), asset.media_type)

    def refused(self, request: Request, status: int) -> Response:
        """A form that did not come from our page: nothing was done."""
        sheet = self._sheet(request, client_of(request).locale or "en")
        return self._page(self.renderer.trouble("refused", sheet), status)

    def away(self, request: Request) -> Response:
        """A store does not answer: nothing was done, and nothing is lost."""
        sheet = self._sheet(request, client_of(request).locale or "en")
        again = f"{VISIT}{sheet.query}" if _in_visit(request) else sheet.query or "?"
        return self._page(self.renderer.trouble("away", sheet, again), AWAY, PATIENCE_S)

    async def _gesture(
        self,
        request: Request,
        *,
        act: Callable[[str | None, Form, Client], Awaitable[View]],
        most_bytes: int = MOST_BYTES,
    ) -> Response:
        form = await our_form(request, self._public_url, most_bytes)
        cookie = self._cookie.read(request)
        if cookie is not None and not self._tokens.fits(cookie, form.get("form_token", "")):
            raise FormFaulty(FORBIDDEN)
        view = await act(cookie, form, self._client(request))
        if view.mishap is None and view.step in ON_THE_WAY:
            return self._to_visit(request)
        return self._told(request, view)

    async def _send_code(self, cookie: str | None, _: Form, client: Client) -> View:
        return await self._visits.send_code(cookie, client)

    async def _verify(self, cookie: str | None, form: Form, client: Client) -> View:
        return await self._visits.verify(cookie, form.get("code", ""), form.get("echo", ""), client)

    async def _confirm(self, cookie: str | None, form: Form, client: Client) -> View:
        return await self._visits.confirm(cookie, form.get("answer", ""), form.get("echo", ""), client)

    async def _release(self, cookie: str | None, form: Form, client: Client) -> View:
        return await self._visits.release(cookie, form.get("echo", ""), client)

    async def _acknowledge(self, cookie: str | None, _: Form, client: Client) -> View:
        return await self._visits.acknowledge(cookie, client)

    def _client(self, request: Request) -> Client:
        return client_of(request)._replace(device=self._device.read(request))

    def _told(self, request: Request, view: View) -> Response:
        status = MISHAP_STATUS[view.mishap] if view.mishap else STATUS.get(view.step, 200)
        retry_s = view.retry_after_s or (PATIENCE_S if status == TOO_OFTEN else None)
        sheet = self._sheet(request, chosen(request.query_params.get("lang")) or view.locale)
        return self._page(self.renderer.step(view, sheet), status, retry_s)

    def _sheet(self, request: Request, locale: Locale) -> Sheet:
        in_visit = _in_visit(request)
        picked = chosen(request.query_params.get("lang"))
        query = f"?lang={picked}" if picked else ""
        cookie = self._cookie.read(request)
        return Sheet(
            locale=locale,
            other_href=f"{VISIT if in_visit else ''}?lang={'de' if locale == 'en' else 'en'}",
            query=query,
            form_token=self._tokens.of(cookie) if in_visit and cookie else "",
            here=f"{VISIT}{query}" if in_visit else "",
        )

    def _to_visit(self, request: Request, fragment: str = "") -> Response:
        """On to the visit. `#`: an empty fragment, or a browser would carry `/r#token`'s along to the next page."""
        picked = chosen(request.query_params.get("lang"))
        location = f"{VISIT}?lang={picked}" if picked else VISIT
        return Response(status_code=SEE_OTHER, headers={**self.headers, "Location": location + fragment})


def _in_visit(request: Request) -> bool:
    """By the path alone: `request.url` is made of the Host header, which anybody writes."""
    path: str = request.scope["path"]
    return path.startswith(VISIT)
