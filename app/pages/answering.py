"""What every room of the member's pages does alike: who asks, and how a page goes out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from app.pages.languages import accepted, chosen
from app.redeeming.visiting import Client


def client_of(request: Request) -> Client:
    """The address as the edge trusts it, and the language picked on the page or, else, asked for by the browser."""
    locale = chosen(request.query_params.get("lang")) or accepted(request.headers.get("accept-language", ""))
    address = request.client.host if request.client else ""
    return Client(address, locale, request.headers.get("user-agent", ""))


def page(
    headers: Mapping[str, str], html: str, status: int = 200, retry_after_s: int | None = None
) -> Response:
    """A page with its room's headers, and when to come back where waiting helps."""
    retry = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return Response(html, status, {**headers, **retry}, "text/html")
