"""The console's cookies: session, second step, known browser, notice, looks, practice, programme and queue seen last."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from app.users.limits import DEVICE_LIFE_MS

SESSION_LIFE_S: Final = 86_400
"""How long a browser keeps it, in seconds: longer than any session (12 hours), which the server ends by itself."""
TICKET_LIFE_S: Final = 300
"""Between the password and the second factor, in seconds."""
NOTICE_LIFE_S: Final = 60
LOOKS_LIFE_S: Final = 31_536_000
"""A year, in seconds."""
ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9_-]{1,2048}")
Theme = Literal["auto", "light", "dark"]
THEMES: Final[tuple[Theme, ...]] = ("auto", "light", "dark")
PRACTICE_LIFE_S: Final = 43_200
"""Answers to practice cases, in seconds: as long as a session can live; they are bound to it."""
QUEUE_LIFE_S: Final = 43_200
"""The filter of the queue, in seconds: a working day, as long as a session can live."""
CookieName = Literal["session", "ticket", "notice", "looks", "practice", "programme", "queue", "device"]
LIVES_S: Final[dict[CookieName, int]] = {
    "session": SESSION_LIFE_S,
    "ticket": TICKET_LIFE_S,
    "notice": NOTICE_LIFE_S,
    "looks": LOOKS_LIFE_S,
    "practice": PRACTICE_LIFE_S,
    "programme": LOOKS_LIFE_S,
    "queue": QUEUE_LIFE_S,
    "device": DEVICE_LIFE_MS // 1_000,
}


class Looks(NamedTuple):
    """How somebody wants the console: the theme, and whether single keys are commands (WCAG 2.2, 2.1.4)."""

    theme: Theme = "auto"
    keys: bool = True


class Cookies:
    """
    Args:
        https: over https they are `__Host-…` and Secure, which no neighbouring host can set; over plain http, in
            development, browsers would drop such cookies.
    """

    def __init__(self, *, https: bool) -> None:
        self._https = https

    def name(self, cookie: CookieName) -> str:
        """As the browser knows it."""
        return f"{'__Host-' if self._https else ''}earnest-{cookie}"

    def read(self, request: Request, cookie: CookieName) -> str | None:
        """Its value, None where there is none that could be ours."""
        value = request.cookies.get(self.name(cookie), "")
        return value if ACCEPTABLE.fullmatch(value) else None

    def give(self, response: Response, cookie: CookieName, value: str) -> None:
        """Set it. Lax, not Strict: a link to a case in a chat leads to the case."""
        response.set_cookie(
            self.name(cookie), value, max_age=LIVES_S[cookie], path="/", secure=self._https,
            httponly=True, samesite="lax",
        )  # fmt: skip

    def take(self, response: Response, cookie: CookieName) -> None:
        """Have the browser forget it."""
        response.delete_cookie(self.name(cookie), path="/", secure=self._https, httponly=True, samesite="lax")

    def looks(self, request: Request) -> Looks:
        """As chosen before, or as the system has it."""
        theme, _, keys = (self.read(request, "looks") or "").partition("-")
        return Looks(next((one for one in THEMES if one == theme), "auto"), keys != "nokeys")

    def give_looks(self, response: Response, looks: Looks) -> None:
        """Remember them in this browser."""
        self.give(response, "looks", f"{looks.theme}-{'keys' if looks.keys else 'nokeys'}")
