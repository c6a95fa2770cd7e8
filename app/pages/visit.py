"""One kind of visit in the browser: its path, its cookie, its forms, and the way taken, which stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from app.pages.cookies import SessionCookie
from app.pages.forms import FORBIDDEN, MOST_BYTES, FormFaulty, our_form
from app.pages.languages import chosen
from app.pages.origin import FormTokens
from app.pages.rendering import Sheet
from detectors.policy import StepUpMethod
from tokens.token import Locale

SEE_OTHER: Final = 303
WAYS: Final[Mapping[str, StepUpMethod]] = {"passkey": "passkey", "totp": "totp", "sms_otp": "sms_otp"}


class Posted(NamedTuple):
    """A gesture of a page of ours, in this browser's visit."""

    cookie: str | None
    form: Mapping[str, str]


class Visit:
    """
    Args:
        path: where the visit stands, such as `/check`.
        cookie: the cookie's name.
        public_url: base of the links members get.
        csrf_key: 32 bytes, of forms' tokens.
        headers: of every response.
    """

    def __init__(
        self, path: str, cookie: str, public_url: str, csrf_key: bytes, headers: Mapping[str, str]
    ) -> None:
        self.path, self._public_url, self._headers = path, public_url, headers
        self._cookie = SessionCookie(https=urlsplit(public_url).scheme == "https", name=cookie)
        self._tokens = FormTokens(csrf_key)

    def cookie(self, request: Request) -> str | None:
        """The visit's cookie, where the browser sent one that could be ours."""
        return self._cookie.read(request)

    async def entering(self, request: Request) -> None:
        """A "Continue" of our own page. Raises FormFaulty."""
        await our_form(request, self._public_url)

    async def posted(self, request: Request, most_bytes: int = MOST_BYTES) -> Posted:
        """A form of this visit. Raises FormFaulty where another site sent it, or another session's page."""
        form, cookie = await our_form(request, self._public_url, most_bytes), self.cookie(request)
        if cookie is not None and not self._tokens.fits(cookie, form.get("form_token", "")):
            raise FormFaulty(FORBIDDEN)
        return Posted(cookie, form)

    def way(self, request: Request) -> StepUpMethod | None:
        """The way the member takes, by the address."""
        return WAYS.get(request.query_params.get("by", ""))

    def begin(self, request: Request, cookie: str) -> Response:
        """On to the visit, with its cookie."""
        response = self.on(request)
        self._cookie.give(response, cookie)
        return response

    def on(self, request: Request, by: StepUpMethod | None = None) -> Response:
        """On to where the visit stands, so that a refresh repeats nothing."""
        location = self.path + _query(by=by, lang=_picked(request))
        return Response(status_code=SEE_OTHER, headers={**self._headers, "Location": location})

    def sheet(self, request: Request, locale: Locale, by: StepUpMethod | None = None) -> Sheet:
        """What a page of the visit needs beside its view."""
        picked, cookie = _picked(request), self.cookie(request)
        shown = picked or locale
        return Sheet(
            locale=shown,
            other_href=self.path + _query(by=by, lang="de" if shown == "en" else "en"),
            query=_query(lang=picked),
            form_token=self._tokens.of(cookie) if cookie else "",
            here=self.path + _query(by=by, lang=picked),
        )


def plain_sheet(request: Request, locale: Locale, **kept: str | None) -> Sheet:
    """Of a page outside the visit; `kept`: what its address carries beside the language."""
    shown = _picked(request) or locale
    return Sheet(locale=shown, other_href=_query(**kept, lang="de" if shown == "en" else "en"))


def _picked(request: Request) -> Locale | None:
    return chosen(request.query_params.get("lang"))


def _query(**said: str | None) -> str:
    told = {name: value for name, value in said.items() if value}
    return f"?{urlencode(told)}" if told else ""
