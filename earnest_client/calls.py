"""One call: what is sent, what is heard, and what that means. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

import msgspec

from earnest_client.errors import Away, Fault, Problem, refusal

T = TypeVar("T")
FIRST_FAILURE: Final = 400
FIRST_FAULT_OF_THEIRS: Final = 500
SECONDS: Final = re.compile(r"[0-9]{1,9}")
"""Of `Retry-After`. A date is not waited for: there is no clock here to hold it against."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """
    A call to be made.

    gives:      the type of its answer.
    patience_s: seconds it may take, a second try included.
    repeatable: whether Earnest may get it twice: its event or its Idempotency-Key makes it happen once.
    secrets:    texts that no error may repeat.
    """

    method: str
    path: str
    gives: type[T]
    patience_s: float
    body: bytes = field(default=b"", repr=False)
    idempotency_key: str | None = field(default=None, repr=False)
    repeatable: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Send:
    """To be sent, and answered within so many seconds."""

    call: Call[Any]
    within_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds to wait before going on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Broken:
    """
    There was no answer, or none to its end.

    unsent: nothing can have arrived.
    late:   the time was up.
    """

    why: str
    unsent: bool = False
    late: bool = False


Step = Send | Pause
Heard = Answer | Broken | None


def segment(text: str) -> str:
    """An id as one segment of a path. Raises ValueError where it cannot be one."""
    if text in {"", ".", ".."}:
        raise ValueError("An id is missing.")
    return quote(text, safe="")


def retry_after_s(answer: Answer) -> int | None:
    """What `Retry-After` asks for, in seconds."""
    told = answer.headers.get("retry-after", "").strip()
    return int(told) if SECONDS.fullmatch(told) else None


def read(call: Call[T], answer: Answer) -> T:
    """The answer as what the call gives. Raises Refused, and Away where it makes no sense."""
    if answer.status >= FIRST_FAULT_OF_THEIRS:
        raise Away(f"it answered {answer.status}", call.idempotency_key)
    if answer.status >= FIRST_FAILURE:
        problem = _problem(answer, call.secrets)
        raise refusal(problem, retry_after_s(answer), answer.headers.get("x-request-id"))
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise Away(f"it answered {answer.status}", call.idempotency_key)
    return read_body(answer.body, call.gives, call.idempotency_key)


def read_body(body: bytes | msgspec.Raw, shape: type[T], idempotency_key: str | None = None) -> T:
    """What the answer holds, or a part of it. Raises Away where it is not of that shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass  # its text may quote the answer
    raise Away("its answer cannot be read", idempotency_key)


def _problem(answer: Answer, secrets: tuple[str, ...]) -> Problem:
    """The problem told; one of our own where something in between answered. The status is the one that was sent."""
    try:
        told = msgspec.json.decode(answer.body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        told = Problem(title="Refused, without a word from Earnest")

    def clean(text: str) -> str:
        for secret in filter(None, secrets):
            text = text.replace(secret, "…")
        return text

    return Problem(
        clean(told.type),
        clean(told.title),
        answer.status,
        clean(told.detail),
        tuple(Fault(clean(fault.pointer), clean(fault.message)) for fault in told.errors),
    )
