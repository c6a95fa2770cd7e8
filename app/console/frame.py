"""The frame every page stands in: who is there, whether they may, whether the form is ours; then the page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.cases.terms import DEFAULT_CASES
from app.console.assets import console_assets
from app.console.cookies import Cookies
from app.console.errors import LEADS, TITLES
from app.console.forms import EMPTY, NUL, Form, read_form
from app.console.place import HOME, Place
from app.console.rendering import Renderer
from app.console.sealing import KEPT_FIELD, TOKEN_FIELD, Sealing
from app.console.visit import Gesture, Notice, Turned, Visit
from app.pages.door import Door
from app.pages.headers import PASSKEY_CREATE, PASSKEY_GET, POLICY, page_headers
from app.pages.origin import from_our_page
from app.ports.instants import Clock
from app.users.viewer import Viewer

SIGN_IN: Final = f"{HOME}/sign-in"
CSP: Final = f"{POLICY}; img-src 'self'"
"""The members' pages' policy, and the icon in the tab."""
FORBIDDEN, NOT_FOUND, AWAY = 403, 404, 503
UNPROVEN: Final = 401
RETRY_AFTER_S: Final = 5
"""Seconds after which a page that a store left unanswered is asked for again."""


class Sessions(Protocol):
    """Who is signed in."""

    def viewer(self, cookie: str, address: str, now_ms: int) -> Viewer | None:
        """Whose session this is, if it lives; that it was used is noted. Raises RecordAway."""
        ...


class Room(NamedTuple):
    """A place in the navigation, or none, and what can be done there."""

    place: Place | None
    gestures: Sequence[Gesture]


class Console:
    """
    Args:
        sessions: who is signed in.
        sealing: of form tokens, kept forms and notices.
        public_url: where the console is reached; a form of another site is refused.
        clock: milliseconds since 1970-01-01 UTC.
        came: called at each visit of somebody who is signed in, before the page is asked; must not take long.
        currency: programme → ISO 4217 code of the money its cases are told in.
    """

    def __init__(
        self,
        sessions: Sessions,
        sealing: Sealing,
        *,
        public_url: str,
        clock: Clock,
        came: Callable[[], None] = lambda: None,
        currency: Callable[[str], str] = lambda _: DEFAULT_CASES.currency,
    ) -> None:
        self.sessions, self.sealing, self.public_url, self.clock = sessions, sealing, public_url, clock
        self._came = came
        https = urlsplit(public_url).scheme == "https"
        self.cookies = Cookies(https=https)
        self.headers: Mapping[str, str] = page_headers(
            https=https, policy=CSP, features=(PASSKEY_GET, PASSKEY_CREATE)
        )
        self.currency = currency
        self.renderer = Renderer(console_assets(), currency)
        self.places: list[Place] = []

    def routes(self, rooms: Sequence[Room]) -> list[Route]:
        """All rooms' routes; each path answers exactly the methods that were declared, each with its right."""
        self.places = [room.place for room in rooms if room.place is not None]
        keys = [place.key for place in self.places if place.key]
        if len(keys) != len(set(keys)):
            raise ValueError(f"two places have one key: {', '.join(sorted(keys))}")
        by_path: dict[str, dict[str, Gesture]] = {}
        for gesture in (one for room in rooms for one in room.gestures):
            methods = by_path.setdefault(gesture.path, {})
            if gesture.method in methods:
                raise ValueError(f"{gesture.method} {gesture.path} is declared twice")
            methods[gesture.method] = gesture
        fixed_first = sorted(by_path, key=lambda path: "{" in path)
        return [
            Route(path, self.door(path, {name: partial(self._visited, one) for name, one in by_path[path].items()}))
            for path in fixed_first
        ]  # fmt: skip

    def door(self, path: str, gestures: Mapping[str, Callable[[Request], Awaitable[Response]]]) -> Door:
        """A path of ours: what is turned away there is told in our words."""
        return Door(path, gestures, headers=self.headers, refused=self.faulty, away=self._away)

    # ------------------------------------------------------------ a visit

    async def _visited(self, gesture: Gesture, request: Request) -> Response:
        now_ms = self.clock()
        if _has_nul(request):
            return self.faulty(request, NOT_FOUND)
        form = EMPTY
        if gesture.method == "POST":
            if not from_our_page(request, self.public_url):
                return self.faulty(request, FORBIDDEN)
            form = await read_form(request)
        viewer = await self.signed_in(request, now_ms)
        if viewer is None:
            return self._sign_in_first(request, form, now_ms)
        self._came()
        visit = Visit(self, request, viewer, form, self.cookies.looks(request), now_ms)
        if gesture.method == "POST" and not self.sealing.fits(form.exact(TOKEN_FIELD), viewer.session_hash):
            return self._foreign(visit)
        if not viewer.may(gesture.right):
            return self.error(visit, Turned(FORBIDDEN, "Your role does not include this."))
        try:
            return await gesture.handler(visit)
        except Turned as away:
            return self.error(visit, away)

    async def signed_in(self, request: Request, now_ms: int) -> Viewer | None:
        """Who asks."""
        cookie = self.cookies.read(request, "session")
        if cookie is None:
            return None
        address = request.client.host if request.client else ""
        return await to_thread.run_sync(self.sessions.viewer, cookie, address, now_ms)

    def _sign_in_first(self, request: Request, form: Form, now_ms: int) -> Response:
        """A page is come back to after signing in; what was typed into a form of ours is kept until then."""
        if request.method != "POST":
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            to = SIGN_IN if here == HOME else f"{SIGN_IN}?next={quote(here, safe='/')}"
            return Response(status_code=303, headers={**self.headers, "Location": to})
        made_by = self.sealing.form_of(form.exact(TOKEN_FIELD))
        if made_by is None:
            return self.faulty(request, FORBIDDEN)
        kept = self.sealing.keep(made_by[0], request.url.path, form.fields, now_ms)
        html = self.bare(
            request, "sign_in.html", "Sign in", ended=True, kept=kept, next=HOME, email="", mishap=""
        )
        headers = {**self.headers, "WWW-Authenticate": 'Form realm="console"'}
        return Response(html, UNPROVEN, headers, "text/html")

    def _foreign(self, visit: Visit) -> Response:
        """A form of this browser's former session, or of nobody's: shown again, to be sent knowingly."""
        made_by = self.sealing.form_of(visit.form.exact(TOKEN_FIELD))
        if made_by is None or made_by[0] != visit.viewer.user_id:
            return self.error(visit, Turned(FORBIDDEN, "This form was not made for your session."))
        kept = self.sealing.keep(made_by[0], visit.request.url.path, visit.form.fields, visit.now_ms)
        return self.again(visit, kept)

    def again(self, visit: Visit, kept: str) -> Response:
        """A kept form with what was typed, to look over and send; nothing of it has been done."""
        held = self.sealing.kept(kept, visit.now_ms)
        if held is None or held.user_id != visit.viewer.user_id:
            return visit.back(HOME)
        return visit.page("kept.html", "What you typed is still here", held=held)

    # ------------------------------------------------------------ answers

    def page(
        self, visit: Visit, template: str, title: str, status: int, given: Mapping[str, Any]
    ) -> Response:
        """A page inside the frame."""
        viewer = visit.viewer
        notice = self._notice(visit.request)
        html = self.renderer.render(
            template,
            title=title,
            visit=visit,
            viewer=viewer,
            may=viewer.may,
            looks=visit.looks,
            now_ms=visit.now_ms,
            places=[place for place in self.places if viewer.may(place.right)],
            place=next((one.name for one in self.places if one.holds(visit.request.url.path)), ""),
            form_token=self.sealing.form_token(viewer.user_id, viewer.session_hash),
            notice=notice,
            **given,
        )
        response = Response(html, status, dict(self.headers), "text/html")
        if notice is not None:
            self.cookies.take(response, "notice")
        return response

    def bare(self, request: Request, template: str, title: str, **given: Any) -> str:
        """A page before anybody is signed in."""
        return self.renderer.render(
            template, title=title, looks=self.cookies.looks(request), now_ms=self.clock(), form_token="", **given
        )  # fmt: skip

    def error(self, visit: Visit, away: Turned) -> Response:
        """An error page inside the frame."""
        lead = away.lead or LEADS.get(away.status, "")
        title = TITLES.get(away.status, "That did not work")
        return visit.page("error.html", title, away.status, code=away.status, lead=lead, again=away.again)

    def faulty(self, request: Request, status: int) -> Response:
        """An error page for whoever it is: nothing was done, and nothing is told of anybody."""
        html = self.bare(
            request, "error_bare.html", TITLES.get(status, "That did not work"), code=status, lead=LEADS.get(status, "")
        )  # fmt: skip
        return Response(html, status, dict(self.headers), "text/html")

    def _away(self, request: Request) -> Response:
        response = self.faulty(request, AWAY)
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    # ------------------------------------------------------------ notices

    def leave_notice(self, response: Response, notice: Notice) -> None:
        """For the next page this browser is shown."""
        self.cookies.give(response, "notice", self.sealing.to_text(tuple(notice), b"notice"))

    def _notice(self, request: Request) -> Notice | None:
        text = self.cookies.read(request, "notice")
        return None if text is None else self.sealing.of_text(text, b"notice", Notice)


def own_path(text: str) -> str:
    """A path of the console to go to after signing in; anything else leads home."""
    parts = urlsplit(text)
    fine = not parts.scheme and not parts.netloc and (text == HOME or text.startswith(HOME + "/"))
    return text if fine and "\\" not in text and text.isprintable() else HOME


__all__ = ["HOME", "KEPT_FIELD", "SIGN_IN", "Console", "Room", "Sessions", "own_path"]


def _has_nul(request: Request) -> bool:
    """Whether the address has a NUL, which no page is named by and no database keeps."""
    asked = (text for pair in request.query_params.multi_items() for text in pair)
    return NUL in request.url.path or any(NUL in text for text in asked)
