"""`Idempotency-Key`: the caller's name for a call, under which a repeat is given the first answer again."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Final

from msgspec import Meta

from app.api.operation import Call, Parameter, invalid
from app.shapes import REPEATED, REQUIRED
from tokens.limits import CALL_KEPT_S, REPLAY_S

VISIBLE_ASCII: Final = r"^[!-~]{1,128}$"
NAME: Final = "Idempotency-Key"
POINTER: Final = f"/headers/{NAME}"
CallKey = Annotated[str, Meta(pattern=VISIBLE_ASCII)]
OPTIONAL: Final = Parameter(
    NAME, CallKey,
    "Your own, unguessable name for this call: a repeat with the same body is given the same answer, for "
    f"{CALL_KEPT_S // 3_600} h; with another body it is 409.",
)  # fmt: skip
REQUIRED_KEY: Final = replace(
    OPTIONAL, required=True,
    description="Your own, unguessable name for this call: a repeat with the same body is given the same answer, "
    f"for {REPLAY_S // 60} minutes; any other call for the same token is 409.",
)  # fmt: skip
_fits: Final = re.compile(VISIBLE_ASCII.removeprefix("^").removesuffix("$")).fullmatch


def call_key(call: Call) -> str | None:
    """The key of this call, None where it has none. Raises Refused (422) where it is none that could be kept."""
    sent = [value for name, value in call.scope["headers"] if name == NAME.lower().encode()]
    if not sent:
        return None
    if len(sent) > 1:
        raise invalid(POINTER, REPEATED)
    text: str = sent[0].decode("latin-1")
    if _fits(text) is None:
        raise invalid(POINTER, "must be 1 to 128 visible ASCII characters, without blanks")
    return text


def required_call_key(call: Call) -> str:
    """The key of a call that must have one. Raises Refused (422)."""
    key = call_key(call)
    if key is None:
        raise invalid(POINTER, REQUIRED)
    return key
