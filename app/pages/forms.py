"""What a form sends, read strictly; a value is never quoted back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from app.pages.origin import from_our_page

FORBIDDEN: Final = 403
FORM: Final = "application/x-www-form-urlencoded"
MOST_BYTES: Final = 4096
"""Of a body: a link (1,024 at most) and the session's fields need less than half of it."""
PASSKEY_BYTES: Final = 16_384
"""Of a body with a passkey's answer: 12 kB of it at most, and its quotes written as `%22`."""
MOST_FIELDS: Final = 8
"""Of a form: the longest has three."""


class FormFaulty(Exception):
    """No form of ours: `status` says in which way."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


async def our_form(request: Request, public_url: str, most_bytes: int = MOST_BYTES) -> Mapping[str, str]:
    """The fields of a form of a page of ours. Raises FormFaulty: 403 where another site sent it; and as `read_form`."""
    if not from_our_page(request, public_url):
        raise FormFaulty(FORBIDDEN)
    return await read_form(request, most_bytes)


async def read_form(request: Request, most_bytes: int = MOST_BYTES) -> Mapping[str, str]:
    """The fields by name, none if the body is empty. Raises as `read_fields`, and 400 for a field that comes twice."""
    pairs = await read_fields(request, most_bytes, MOST_FIELDS)
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise FormFaulty(400)
    return fields


async def read_fields(request: Request, most_bytes: int, most_fields: int) -> Sequence[tuple[str, str]]:
    """
    The fields in the order sent.

    Raises:
        FormFaulty: 413 beyond `most_bytes`, 415 of another media type, 400 not readable, or too many fields.
        ClientDisconnect: the client hung up.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise FormFaulty(413)
    if not body:
        return ()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise FormFaulty(415)
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=most_fields,
        )
    except ValueError:
        raise FormFaulty(400) from None


def token_in(pasted: str) -> str:
    """The token's text in a whole link of either form, or in what is a bare token already."""
    text = pasted.strip()
    if "#" in text:
        return text.rpartition("#")[2]
    if "/r/" in text:
        return text.rpartition("/r/")[2].partition("?")[0]
    return text
