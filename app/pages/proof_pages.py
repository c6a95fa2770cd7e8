"""The pages of a visit that asks for a proof, alike behind every link: its landing, its gestures, its notices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import partial
from typing import Final, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.pages import telling
from app.pages.answering import client_of, page
from app.pages.assets import load_assets
from app.pages.door import Door, Gesture
from app.pages.forms import PASSKEY_BYTES
from app.pages.headers import PASSKEY_GET, page_headers
from app.pages.notices import PATIENCE_S, Icon
from app.pages.rendering import Renderer, Sheet, say
from app.pages.visit import WAYS, Visit, plain_sheet
from app.redeeming.terms import Terms
from app.redeeming.visiting import Client
from app.stepping_up.showing import Proving
from detectors.policy import StepUpMethod
from tokens.token import Locale

AWAY: Final = 503
TOO_OFTEN: Final = 429


class ProofView(Protocol):
    """How a visit stands, as far as its proof goes."""

    @property
    def locale(self) -> Locale: ...
    @property
    def proving(self) -> Proving: ...


View = TypeVar("View", bound=ProofView)
Shown_co = TypeVar("Shown_co", covariant=True)


class Manner(NamedTuple):
    """
    How one kind of visit differs from another.

    entrance: the path of its link, which ends in one parameter.
    path:     where the visit itself stands.
    cookie:   the name of its cookie.
    words:    what the names of its texts begin with.
    icons:    of its notices; the rest has `note`.
    """

    entrance: str
    path: str
    cookie: str
    words: str
    icons: Mapping[str, Icon]


class ProofVisits(Protocol[Shown_co]):
    """The use cases behind the gestures; each tells how the visit stands then."""

    async def landing(self, client: Client) -> Terms | None: ...
    async def look(self, cookie: str | None, by: StepUpMethod | None, client: Client) -> Shown_co: ...
    async def send_code(self, cookie: str | None, client: Client) -> Shown_co: ...
    async def answer(
        self, cookie: str | None, method: StepUpMethod, answer: str, client: Client
    ) -> Shown_co: ...


class ProofPages(ABC, Generic[View]):
    """
    Each public method answers one gesture. Who inherits says how a visit begins, what is shown of a view, and where a
    gesture that led on goes.
    """

    def __init__(self, visits: ProofVisits[View], manner: Manner, public_url: str, csrf_key: bytes) -> None:
        self._proofs, self._manner = visits, manner
        self._renderer = Renderer(public_url, load_assets())
        https = urlsplit(public_url).scheme == "https"
        self._headers = page_headers(https=https, features={PASSKEY_GET})
        self._visit = Visit(manner.path, manner.cookie, public_url, csrf_key, self._headers)
        self._page = partial(page, self._headers)

    def routes(self, **more: Gesture) -> list[Route]:
        """The link's page and the visit behind it; `more`: what is posted there beside the proof, by name."""
        entrance, path = self._manner.entrance, self._manner.path
        door = partial(Door, headers=self._headers, refused=self.refused, away=self.away)
        posts = {"way": self.take, "verify": self.verify, "passkey": self.confirm, **more}
        doors = {
            entrance.replace("}", ":any_text}"): door(entrance, {"GET": self.greet, "POST": self.enter}),
            path: door(path, {"GET": self.look}),
        } | {
            f"{path}/{name}": door(f"{path}/{name}", {"GET": self.back, "POST": gesture})
            for name, gesture in posts.items()
        }
        return [Route(at, app) for at, app in doors.items()]

    async def greet(self, request: Request) -> Response:
        """The same bytes whatever the link is, which is not even looked at."""
        client = client_of(request)
        terms = await self._proofs.landing(client)
        if terms is None:
            sheet = self._outside(request, client.locale or "en")
            return self._notice("wait", None, sheet, TOO_OFTEN, PATIENCE_S)
        sheet = self._outside(request, client.locale or terms.locale)
        return self._page(
            self._renderer.page("check_landing.html", f"{self._manner.words}_landing", sheet, terms)
        )

    @abstractmethod
    async def enter(self, request: Request) -> Response:
        """After "Continue": a session and its cookie, or the page that says why not."""

    async def look(self, request: Request) -> Response:
        """Where the visit stands."""
        by = self._visit.way(request)
        return self._shown(
            request, await self._proofs.look(self._visit.cookie(request), by, client_of(request))
        )

    async def back(self, request: Request) -> Response:
        """The address of a gesture, opened like a page."""
        return self._visit.on(request)

    async def take(self, request: Request) -> Response:
        """A way is taken: for a text message, by sending it."""
        posted = await self._visit.posted(request)
        by = WAYS.get(posted.form.get("by", ""))
        if by != "sms_otp":
            return self._visit.on(request, by)
        return self._moved(request, await self._proofs.send_code(posted.cookie, client_of(request)), by)

    async def verify(self, request: Request) -> Response:
        """A code was typed."""
        posted = await self._visit.posted(request)
        by: StepUpMethod = "totp" if posted.form.get("by") == "totp" else "sms_otp"
        code = posted.form.get("code", "")
        return self._moved(
            request, await self._proofs.answer(posted.cookie, by, code, client_of(request)), by
        )

    async def confirm(self, request: Request) -> Response:
        """The browser answered for a passkey."""
        posted = await self._visit.posted(request, PASSKEY_BYTES)
        answer = posted.form.get("answer", "")
        view = await self._proofs.answer(posted.cookie, "passkey", answer, client_of(request))
        return self._moved(request, view, "passkey")

    def refused(self, request: Request, status: int) -> Response:
        """A form that did not come from our page: nothing was done."""
        return self._notice(
            "refused", None, self._outside(request, client_of(request).locale or "en"), status
        )

    def away(self, request: Request) -> Response:
        """A store does not answer: perhaps it is done, certainly it can be asked for again."""
        sheet = self._outside(request, client_of(request).locale or "en")
        return self._notice("away", None, sheet, AWAY, PATIENCE_S, again=self._manner.path + sheet.query)

    def _shown(self, request: Request, view: View) -> Response:
        """The page of a view, in the visit."""
        return self._told(view, self._visit.sheet(request, view.locale, view.proving.by))

    def _outside(self, request: Request, locale: Locale) -> Sheet:
        """Of a page at the link's own address."""
        return plain_sheet(request, locale)

    @abstractmethod
    def _told(self, view: View, sheet: Sheet) -> Response:
        """The page of a view."""

    @abstractmethod
    def _moved(self, request: Request, view: View, by: StepUpMethod | None) -> Response:
        """After a gesture that led on: a redirect, so that a refresh repeats nothing."""

    def _notice(
        self,
        step: str,
        terms: Terms | None,
        sheet: Sheet,
        status: int,
        retry_after_s: int | None = None,
        *,
        back: str = "",
        again: str = "",
    ) -> Response:
        """A page that asks nothing; `back` leads to where the member came from, `again` to another try."""
        name, told = f"{self._manner.words}_{step}", partial(say, sheet.locale)
        places = {
            "left": telling.duration(retry_after_s or PATIENCE_S, sheet.locale),
            "brand": terms.brand if terms else "",
        }
        host = urlsplit(back).netloc
        html = self._renderer.page(
            "check_notice.html",
            name,
            sheet,
            terms,
            icon=self._manner.icons.get(step, "note"),
            lines=[told(f"{name}_lead", **places), told(f"{name}_next", **places)],
            back=back,
            back_label=told("back_to", host=host) if host else told("back_to_reward"),
            again=again,
        )
        return self._page(html, status, retry_after_s)
