"""The cookie that holds a visit together: sent to this host alone, out of reach of scripts, gone after 25 minutes."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

LIFE_S: Final = 1_500
"""How long a browser keeps it, in seconds: the 15 minutes a session lives (R6), and 10 in which a reward released in the
last of them can still be read."""
ACCEPTABLE: Final = re.compile(r"[A-Za-z0-9._~=-]{1,2048}")
"""What a session's cookie is made of; anything else never came from here."""


class SessionCookie:
    """
    Args:
        https: over https it is `__Host-rs` and Secure, which no neighbouring host can set; over plain http, in
            development, browsers and clients would drop such a cookie, so it is `rs`.
        name: `rs` of a redemption, `cs` of a check, `ls` of a lock: one browser may be at all three.
    """

    def __init__(self, *, https: bool, name: str = "rs") -> None:
        self._https = https
        self.name: Final = f"__Host-{name}" if https else name

    def read(self, request: Request) -> str | None:
        """The cookie as sent, None where there is none that could be ours."""
        value = request.cookies.get(self.name, "")
        return value if ACCEPTABLE.fullmatch(value) else None

    def give(self, response: Response, value: str) -> None:
        """Set it. Lax, not Strict: the member comes from a mail, on another site."""
        response.set_cookie(
            self.name, value, max_age=LIFE_S, path="/", secure=self._https, httponly=True, samesite="lax"
        )
