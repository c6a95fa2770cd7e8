"""One request of somebody who is signed in: who, what was sent, and every way to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from app.console.cookies import Looks
from app.console.forms import Form
from app.users.rights import Action
from app.users.viewer import Viewer

if TYPE_CHECKING:
    from app.console.frame import Console

Tone = Literal["good", "note", "warn", "bad"]
SEE_OTHER: Final = 303
_IN_ADDRESSES: Final = "/?#&=%:+,;@!$'()*[]~"
"""Left as it is in a `Location`: a header has no line ends and no letters beyond Latin-1, whatever an id holds."""


class Notice(NamedTuple):
    """
    A sentence shown on top of the next page.

    undo: where its "Undo" button posts; "" where there is nothing to take back.
    """

    tone: Tone
    text: str
    undo: str = ""


class Turned(Exception):
    """Ends the visit with an error page: `status`, and in the page's own words what to do."""

    def __init__(self, status: int, lead: str = "", again: str | None = None) -> None:
        super().__init__(f"turned away with {status}")
        self.status, self.lead, self.again = status, lead, again


def turned(status: int, lead: str = "", again: str | None = None) -> Turned:
    """
    What to raise.

    Args:
        status: 403, 404, 409 (somebody else was first), 413, 422, 503.
        lead: What happened, in a sentence; "" for the usual one of this status.
        again: Where a link "Look again" leads.
    """
    return Turned(status, lead, again)


@dataclass(frozen=True)
class Visit:
    """
    What a handler is given.

    form:   what was posted; empty with GET.
    now_ms: the instant of this request.
    """

    console: Console
    request: Request
    viewer: Viewer
    form: Form
    looks: Looks
    now_ms: int

    @property
    def path(self) -> Mapping[str, str]:
        """The path's parameters."""
        return self.request.path_params

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters; of one that comes twice, the last."""
        return self.request.query_params

    @property
    def here(self) -> str:
        """Path and query, to come back to."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    def page(self, template: str, title: str, status: int = 200, **given: Any) -> Response:
        """A page inside the frame. `given` is what the template is told beside `visit`, `may`, `parts` and `when`."""
        return self.console.page(self, template, title, status, given)

    def back(self, to: str, notice: str = "", tone: Tone = "good", undo: str = "") -> Response:
        """To another page of ours, 303, with a notice on top of it, see `Notice`."""
        headers = {**self.console.headers, "Location": location(to)}
        response = Response(status_code=SEE_OTHER, headers=headers)
        if notice:
            self.console.leave_notice(response, Notice(tone, notice, undo))
        return response


def location(path: str) -> str:
    """A path as a `Location` may say it."""
    return quote(path, safe=_IN_ADDRESSES)


Handler = Callable[[Visit], Awaitable[Response]]


class Gesture(NamedTuple):
    """What can be done at a path, and the right it needs. There is none without a right."""

    method: Literal["GET", "POST"]
    path: str
    right: Action
    handler: Handler


def Get(path: str, right: Action, handler: Handler) -> Gesture:  # noqa: N802 - reads as a kind of gesture
    """Look at a page. It changes nothing."""
    return Gesture("GET", path, right, handler)


def Post(path: str, right: Action, handler: Handler) -> Gesture:  # noqa: N802 - reads as a kind of gesture
    """Send a form of this session."""
    return Gesture("POST", path, right, handler)
