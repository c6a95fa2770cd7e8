"""What a form of the console sends: read strictly, a field as often as it comes; nothing is quoted back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from app.pages.forms import FormFaulty, read_fields

MOST_BYTES: Final = 131_072
"""Of a body: 500 ids of a bulk action and a note of 10,000 letters, each written as up to nine bytes."""
MOST_FIELDS: Final = 1_200
"""Of a form: twice the most that is ever marked in a list."""
NUL: Final = "\0"
"""PostgreSQL keeps none in a text, and nobody types it."""
MOST_DIGITS: Final = 18
"""Of a number: the longest that always fits 64 bits."""


class Form:
    """The fields as sent, in order. Text has its line ends made one and no blanks around it."""

    def __init__(self, fields: Mapping[str, tuple[str, ...]]) -> None:
        self._fields = fields

    def text(self, name: str) -> str:
        """A field's text; "" where it was not sent."""
        return _tidy(self._fields.get(name, ("",))[-1])

    def exact(self, name: str) -> str:
        """The same to the letter: a password, what a browser's authenticator answered."""
        return self._fields.get(name, ("",))[-1]

    def many(self, name: str) -> list[str]:
        """Every value of a field that can be marked more than once."""
        return [_tidy(value) for value in self._fields.get(name, ())]

    def marked(self, name: str) -> bool:
        """Whether a box was ticked."""
        return name in self._fields

    def number(self, name: str) -> int | None:
        """A whole number; None where it is none, or a longer one."""
        text = self.text(name)
        digits = text.removeprefix("-")
        is_one = digits.isascii() and digits.isdecimal() and len(digits) <= MOST_DIGITS
        return int(text) if is_one else None

    @property
    def fields(self) -> Mapping[str, tuple[str, ...]]:
        """All of it."""
        return self._fields


EMPTY: Final = Form({})


async def read_form(request: Request, most_bytes: int = MOST_BYTES) -> Form:
    """The form; an empty body is an empty form. Raises as `read_fields`, and 400 where a NUL is in it."""
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in await read_fields(request, most_bytes, MOST_FIELDS):
        if NUL in name or NUL in value:
            raise FormFaulty(400)
        fields[name] = (*fields.get(name, ()), value)
    return Form(fields)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
