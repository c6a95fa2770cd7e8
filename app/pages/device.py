"""The cookie by which the redemption pages know a browser again: one random name, sealed, and nothing else.

It is a security cookie, strictly necessary (ePrivacy directive, article 5(3)): by it alone a member with one phone is
told from whoever collects other people's rewards. It goes to this host only and is read nowhere but at a redemption.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from app.pages.cookies import ACCEPTABLE

LIFE_S: Final = 2_592_000
"""How long a browser keeps it, in seconds: 30 days, the longest window in which rewards on one device are counted."""


class DeviceCookie:
    """
    Args:
        https: over https it is `__Host-rd` and Secure, over plain http, in development, `rd`.
    """

    def __init__(self, *, https: bool) -> None:
        self._https = https
        self.name: Final = "__Host-rd" if https else "rd"

    def read(self, request: Request) -> str | None:
        """The cookie as sent, None where there is none that could be ours."""
        value = request.cookies.get(self.name, "")
        return value if ACCEPTABLE.fullmatch(value) else None

    def give(self, response: Response, value: str) -> None:
        """Set it; its 30 days begin anew."""
        response.set_cookie(
            self.name, value, max_age=LIFE_S, path="/", secure=self._https, httponly=True, samesite="lax"
        )
