"""The doors of the console: sign-in in two steps, enrolment, sign-out, the looks, and what is nowhere."""

from __future__ import annotations

import binascii
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Final

import segno
from anyio import to_thread
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.console.assets import PREFIX, console_assets
from app.console.cookies import THEMES, Cookies, Looks
from app.console.forms import EMPTY, MOST_BYTES, Form, read_form
from app.console.frame import FORBIDDEN, NOT_FOUND, SIGN_IN, Console, own_path
from app.console.place import HOME
from app.console.sealing import KEPT_FIELD
from app.console.visit import Gesture, Get, Notice, Post, Visit, location, turned
from app.pages.assets import Asset
from app.pages.forms import FormFaulty
from app.pages.headers import asset_headers
from app.pages.origin import from_our_page
from app.users.enrolling import Enrolled, Enrolment, Sheet
from app.users.entering import Asker, Entered, SignIn, Wait
from app.users.limits import SHORTEST_PASSWORD

SECOND: Final = f"{SIGN_IN}/second"
UNPROVEN, TOO_MANY = 401, 429
WRONG: Final = "E-mail, password or both are not right."
WRONG_CODE: Final = "That was not right, or it was used before. Wait for the next code of your app."
ENDED: Final = "That took too long, or your account changed meanwhile. Please begin again."
MOST_KEPT_BYTES: Final = 2 * MOST_BYTES
"""Of a form of signing in: another one may be kept in it, sealed, a third longer."""
QR_BORDER: Final = 4
"""Modules of quiet around the code, as its standard asks (ISO/IEC 18004)."""


class Access:
    """
    Args:
        console: the frame.
        sign_in: the use cases.
        enrolment: the use cases.
        by_link: whether a link may sign in: a demo alone.
    """

    def __init__(self, console: Console, sign_in: SignIn, enrolment: Enrolment, *, by_link: bool) -> None:
        self._console, self._sign_in, self._enrolment, self._by_link = console, sign_in, enrolment, by_link
        self._assets: Mapping[str, Asset] = {one.address: one for one in console_assets().values()}

    def gestures(self) -> list[Gesture]:
        """For whoever is signed in."""
        return [
            Get(HOME, "own_profile", self.home),
            Post(f"{HOME}/looks", "own_profile", self.looks),
            Post(f"{HOME}/sign-out", "own_profile", self.sign_out),
        ]

    def open_routes(self) -> list[Route]:
        """For everybody."""
        door = self._console.door
        paths = {
            SIGN_IN: {"GET": self.ask, "POST": self.password},
            SECOND: {"GET": self.ask_second, "POST": self.second},
            f"{HOME}/enrol/{{link}}": {"GET": self.ask_enrolment, "POST": self.enrol},
            f"{PREFIX}{{name}}": {"GET": self.asset},
        }
        if self._by_link:
            paths[f"{HOME}/enter/{{link}}"] = {"GET": self.ask_enter, "POST": self.enter}
        return [Route(path, door(path, gestures)) for path, gestures in paths.items()]

    def last_routes(self) -> list[Route]:
        """What no other route takes."""
        rest = f"{HOME}/{{rest:path}}"
        return [Route(rest, self._console.door(rest, {"GET": self.nowhere, "POST": self.nowhere}))]

    # ------------------------------------------------------------ signing in

    async def ask(self, request: Request) -> Response:
        """The form for e-mail and password."""
        return self._asked(request, own_path(request.query_params.get("next", HOME)), "", "")

    async def password(self, request: Request) -> Response:
        """On to the second step; what is kept goes along."""
        form = await self._form(request)
        to, kept = own_path(form.text("next") or HOME), form.exact(KEPT_FIELD)
        email = form.text("email")
        now_ms = self._console.clock()
        done = await self._sign_in.password(email, form.exact("password"), self._asker(request), now_ms)
        if isinstance(done, bytes):
            response = await self._second_page(request, done, to, kept, "")
            self._console.cookies.give(response, "ticket", urlsafe_b64encode(done).decode().rstrip("="))
            return response
        if isinstance(done, Wait):
            return self._waiting(self._asked(request, to, kept, patience(done), email, TOO_MANY), done)
        return self._asked(request, to, kept, WRONG, email, UNPROVEN)

    async def ask_second(self, request: Request) -> Response:
        """The second step looked at again; it begins anew where it is over."""
        ticket = self._ticket(request)
        if ticket is None:
            return self._to(SIGN_IN)
        return await self._second_page(request, ticket, HOME, "", "")

    async def second(self, request: Request) -> Response:
        """Signed in, with a cookie; to where they wanted, or to the form that was kept."""
        form = await self._form(request)
        to, kept = own_path(form.text("next") or HOME), form.exact(KEPT_FIELD)
        ticket = self._ticket(request)
        if ticket is None:
            return self._asked(request, to, kept, ENDED, "", UNPROVEN)
        now_ms = self._console.clock()
        done = await self._sign_in.second(
            ticket, form.text("code"), form.exact("answer"), self._asker(request), now_ms
        )
        if isinstance(done, Entered):
            return await self._entered(request, done, to, kept)
        if isinstance(done, Wait):
            page = await self._second_page(request, ticket, to, kept, patience(done), TOO_MANY)
            return self._waiting(page, done)
        if done == "over":
            return self._asked(request, to, kept, ENDED, "", UNPROVEN)
        return await self._second_page(request, ticket, to, kept, WRONG_CODE, UNPROVEN)

    async def _entered(self, request: Request, entered: Entered, to: str, kept: str) -> Response:
        console, asker, now_ms = self._console, self._asker(request), self._console.clock()
        viewer = None
        if kept:
            viewer = await to_thread.run_sync(self._sign_in.viewer, entered.cookie, asker.address, now_ms)
        if viewer is None:
            response = self._to(to)
        else:
            visit = Visit(console, request, viewer, EMPTY, console.cookies.looks(request), now_ms)
            response = console.again(visit, kept)
        console.cookies.give(response, "session", entered.cookie)
        console.cookies.give(response, "device", entered.device)
        console.cookies.take(response, "ticket")
        if entered.codes_left is not None:
            told = (
                f"That recovery code is used up; {entered.codes_left} are left. New ones are in your profile."
            )
            console.leave_notice(response, Notice("warn", told))
        return response

    # ------------------------------------------------------------ enrolment

    async def ask_enrolment(self, request: Request) -> Response:
        """The page of a link; looking changes nothing."""
        sheet = await self._enrolment.look(request.path_params["link"], self._console.clock())
        return self._enrolment_page(request, sheet)

    async def enrol(self, request: Request) -> Response:
        """Enrolled and signed in, the recovery codes shown once; or the page again."""
        form = await self._form(request)
        done = await self._enrolment.enrol(
            request.path_params["link"],
            form.exact("password"),
            form.exact("password_again"),
            form.text("code"),
            form.text("draft"),
            self._asker(request),
            self._console.clock(),
        )
        if not isinstance(done, Enrolled):
            return self._enrolment_page(request, done, 200 if done is None else 422)
        response = self._bare(request, "codes.html", "Your recovery codes", codes=done.codes)
        self._console.cookies.give(response, "session", done.cookie)
        self._console.cookies.give(response, "device", done.device)
        return response

    def _enrolment_page(self, request: Request, sheet: Sheet | None, status: int = 200) -> Response:
        if sheet is None:
            return self._bare(request, "link_gone.html", "This link works no more", 410)
        return self._bare(
            request,
            "enrol.html",
            "Welcome to the console",
            status,
            sheet=sheet,
            qr=qr(sheet.uri),
            least=SHORTEST_PASSWORD,
            here=request.url.path,
        )

    async def ask_enter(self, request: Request) -> Response:
        """A demo's link: one button."""
        return self._bare(request, "enter.html", "Earnest demo", here=request.url.path)

    async def enter(self, request: Request) -> Response:
        """Signed in by it, once."""
        await self._form(request)
        cookie = await self._sign_in.enter(
            request.path_params["link"], self._asker(request), self._console.clock()
        )
        if cookie is None:
            return self._bare(request, "link_gone.html", "This link works no more", 410)
        response = self._to(HOME)
        self._console.cookies.give(response, "session", cookie)
        return response

    # ------------------------------------------------------------ inside

    async def home(self, visit: Visit) -> Response:
        """To the first place that is theirs."""
        first = next(
            (one.href for one in self._console.places if visit.viewer.may(one.right)), f"{HOME}/profile"
        )
        return visit.back(first)

    async def looks(self, visit: Visit) -> Response:
        """Another theme, or keys on and off."""
        theme = next((one for one in THEMES if one == visit.form.text("theme")), visit.looks.theme)
        keys = {"on": True, "off": False}.get(visit.form.text("keys"), visit.looks.keys)
        response = visit.back(own_path(visit.form.text("next") or HOME))
        self._console.cookies.give_looks(response, Looks(theme, keys))
        return response

    async def sign_out(self, visit: Visit) -> Response:
        """This session ends, here and in the store."""
        await to_thread.run_sync(self._sign_in.leave, visit.viewer, visit.now_ms)
        response = visit.back(SIGN_IN)
        self._console.cookies.take(response, "session")
        return response

    async def asset(self, request: Request) -> Response:
        """A style sheet or script."""
        found = self._assets.get(f"{PREFIX}{request.path_params['name']}")
        if found is None:
            return self._console.faulty(request, NOT_FOUND)
        return Response(found.body, 200, dict(asset_headers()), found.media_type)

    async def nowhere(self, request: Request) -> Response:
        """Inside the frame for whoever is signed in; to sign in first for the others."""
        now_ms = self._console.clock()
        viewer = await self._console.signed_in(request, now_ms)
        if viewer is None:
            return self._console.faulty(request, NOT_FOUND)
        visit = Visit(self._console, request, viewer, EMPTY, self._console.cookies.looks(request), now_ms)
        return self._console.error(visit, turned(NOT_FOUND))

    # ------------------------------------------------------------ pages

    def _asked(
        self, request: Request, to: str, kept: str, mishap: str, email: str = "", status: int = 200
    ) -> Response:
        return self._bare(
            request, "sign_in.html", "Sign in", status,
            next=to, kept=kept, mishap=mishap, email=email, ended=bool(kept) and not mishap,
        )  # fmt: skip

    async def _second_page(
        self, request: Request, ticket: bytes, to: str, kept: str, mishap: str, status: int = 200
    ) -> Response:
        asked = await self._sign_in.asks(ticket, self._console.clock())
        if asked is None:
            return self._asked(request, to, kept, ENDED, "", UNPROVEN)
        person, options = asked
        return self._bare(
            request, "second.html", "Second step", status,
            next=to, kept=kept, mishap=mishap, email=person.email, options=options,
        )  # fmt: skip

    def _bare(
        self, request: Request, template: str, title: str, status: int = 200, **given: object
    ) -> Response:
        html = self._console.bare(request, template, title, **given)
        headers = dict(self._console.headers)
        if status == UNPROVEN:
            headers["WWW-Authenticate"] = 'Form realm="console"'
        return Response(html, status, headers, "text/html")

    def _waiting(self, response: Response, wait: Wait) -> Response:
        response.headers["Retry-After"] = str(wait.seconds)
        return response

    def _to(self, path: str) -> Response:
        return Response(status_code=303, headers={**self._console.headers, "Location": location(path)})

    def _asker(self, request: Request) -> Asker:
        return asker_of(request, self._console.cookies)

    def _ticket(self, request: Request) -> bytes | None:
        text = self._console.cookies.read(request, "ticket")
        if text is None:
            return None
        try:
            return urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except binascii.Error:
            return None

    async def _form(self, request: Request) -> Form:
        """Before a session there is no token: what the browser says of the form's page, and Lax cookies, stand for it."""
        if not from_our_page(request, self._console.public_url):
            raise FormFaulty(FORBIDDEN)
        return await read_form(request, MOST_KEPT_BYTES)


def asker_of(request: Request, cookies: Cookies) -> Asker:
    """Where a request comes from."""
    address = request.client.host if request.client else ""
    return Asker(address, request.headers.get("user-agent", ""), cookies.read(request, "device") or "")


def patience(wait: Wait) -> str:
    """When to try again, in words."""
    minutes = -(-wait.seconds // 60)
    told = f"{wait.seconds} seconds" if wait.seconds <= 90 else f"{minutes} minutes"  # noqa: PLR2004 - as people say it
    return f"Too many tries. Wait {told}, then try again."


def qr(text: str) -> Markup:
    """The code as inline SVG, dark on light in both themes."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=True,
        border=QR_BORDER, title="QR code for your authenticator app",
    )  # fmt: skip
    return Markup(drawn.getvalue().decode("utf-8"))  # noqa: S704 - drawn by segno, whose title is ours
