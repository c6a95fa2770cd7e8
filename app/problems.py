"""Everything that can go wrong at the edge, as RFC 9457 problem documents.

The tree:
400 bad-request, malformed · 401 unauthorized, unproven · 403 forbidden · 404 not-found · 405 method-not-allowed
409 conflict · 413 too-large · 415 unsupported-media-type · 422 invalid · 423 locked · 425 too-early
429 too-many-requests · 500 internal · 503 unavailable
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from app.faults import Fault, Faults
from app.ports.history import HotStoreAway
from app.ports.record import RecordAway

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
"""Seconds a caller is asked to wait for a store: one call a second costs nothing."""


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One problem. `type` is a stable relative URI explained in docs/problems.md.

    errors:  the faults of the request, where it had a shape to be wrong in.
    headers: what the status demands beside the body: `Allow`, `WWW-Authenticate`.
    challenge_id, methods: what the member must pass first, and by what.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Fault, ...] = ()
    retry_after_s: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    challenge_id: str = ""
    methods: tuple[str, ...] = ()

    def because(self, detail: str, *errors: Fault) -> Problem:
        """The same problem with its own sentence."""
        return replace(self, detail=detail, errors=errors)

    def after(self, retry_after_s: int) -> Problem:
        """The same problem, to be retried after so many seconds."""
        return replace(self, retry_after_s=retry_after_s)

    def challenging(self, challenge_id: str, methods: tuple[str, ...]) -> Problem:
        """The same problem, to be met by passing this challenge."""
        return replace(self, challenge_id=challenge_id, methods=methods)


class ProblemBody(Struct, frozen=True, omit_defaults=True):
    """A problem as sent, RFC 9457."""

    type: str
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
    errors: tuple[Fault, ...] = ()
    challenge_id: str = ""
    methods: tuple[str, ...] = ()


MALFORMED: Final = Problem("/problems/malformed", "Not JSON", 400, "The body is not a JSON document.")
UNAUTHORIZED: Final = Problem(
    "/problems/unauthorized", "Not authenticated", 401,
    "Send a valid API key as `Authorization: Bearer …`. It may be missing, unknown, expired or revoked.",
    headers={"WWW-Authenticate": 'Bearer realm="earnest"'},
)  # fmt: skip
FORBIDDEN: Final = Problem("/problems/forbidden", "Not permitted", 403, "This key may not do that.")
NOT_FOUND: Final = Problem("/problems/not-found", "Not found", 404, "There is nothing here.")
METHOD_NOT_ALLOWED: Final = Problem(
    "/problems/method-not-allowed", "Method not allowed", 405, "This path does not take that method."
)
CONFLICT: Final = Problem("/problems/conflict", "Conflict", 409, "That contradicts what is already recorded.")
TOO_LARGE: Final = Problem(
    "/problems/too-large", "Too large", 413, "The body is larger than this endpoint takes."
)
UNSUPPORTED_MEDIA_TYPE: Final = Problem(
    "/problems/unsupported-media-type", "Unsupported media type", 415, "Send `application/json` in UTF-8."
)
INVALID: Final = Problem("/problems/invalid", "Invalid request", 422, "The request has faults; see `errors`.")
UNPROVEN: Final = Problem(
    "/problems/unproven", "Not proven", 401, "The member's code is missing or wrong.",
    headers={"WWW-Authenticate": 'OTP realm="earnest"'},
)  # fmt: skip
"""The key is good; the member has not proven themselves. RFC 9110 wants a challenge with every 401."""
LOCKED: Final = Problem("/problems/locked", "Locked", 423, "Too many wrong codes were tried.")
TOO_EARLY: Final = Problem("/problems/too-early", "Too early", 425, "The token cannot be redeemed yet.")
TOO_MANY_REQUESTS: Final = Problem(
    "/problems/too-many-requests", "Too many requests", 429, "That was asked for too often. Wait a while.",
    retry_after_s=RETRY_AFTER_S,
)  # fmt: skip
BAD_REQUEST: Final = Problem("/problems/bad-request", "Bad request", 400, "The request cannot be read.")
INTERNAL: Final = Problem(
    "/problems/internal",
    "Internal error",
    500,
    "Something failed here. Repeat the call; the X-Request-Id finds it.",
)
UNAVAILABLE: Final = Problem(
    "/problems/unavailable", "Unavailable", 503, "A store does not answer. Repeat the call.",
    retry_after_s=RETRY_AFTER_S,
)  # fmt: skip

ALL: Final = (
    BAD_REQUEST, MALFORMED, UNAUTHORIZED, UNPROVEN, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, CONFLICT,
    TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID, LOCKED, TOO_EARLY, TOO_MANY_REQUESTS, INTERNAL, UNAVAILABLE,
)  # fmt: skip
BY_STATUS: Final[Mapping[int, Problem]] = {problem.status: problem for problem in reversed(ALL)}
"""Of two with one status, the first in `ALL`."""
BY_KIND: Final = {"malformed": MALFORMED, "too_large": TOO_LARGE, "invalid": INVALID}


class Refused(Exception):
    """Raised inside a route to end the request with this problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


def of_faults(faults: Faults) -> Problem:
    """The problem that tells of these faults."""
    return replace(BY_KIND[faults.kind], errors=faults.items)


def body_of(problem: Problem) -> ProblemBody:
    """The document to send, alone or in a batch row's place."""
    return ProblemBody(
        problem.type, problem.title, problem.status, problem.detail, problem.errors,
        problem.challenge_id, problem.methods,
    )  # fmt: skip


def respond(problem: Problem) -> Response:
    """The problem as an HTTP response."""
    headers = {"Cache-Control": "no-store", **problem.headers}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    return Response(msgspec.json.encode(body_of(problem)), problem.status, headers, MEDIA_TYPE)


async def on_gone(_: Request, __: Exception) -> Response:
    """The client hung up before its body was whole: nobody reads this."""
    return respond(BAD_REQUEST)


async def on_refused(_: Request, error: Exception) -> Response:
    """Starlette's handler of `Refused`."""
    return respond(error.problem if isinstance(error, Refused) else INTERNAL)


async def on_http_exception(_: Request, error: Exception) -> Response:
    """Starlette's own 404, 405 and the like. Its `detail` is dropped: it may quote the request."""
    if not isinstance(error, HTTPException):
        return respond(INTERNAL)
    problem = BY_STATUS.get(
        error.status_code, BAD_REQUEST if error.status_code < INTERNAL.status else INTERNAL
    )
    return respond(replace(problem, headers={**problem.headers, **(error.headers or {})}))


async def on_store_away(_: Request, __: Exception) -> Response:
    """A store that does not answer is the caller's cue to try again."""
    return respond(UNAVAILABLE)


async def on_bug(_: Request, __: Exception) -> Response:
    """Anything not foreseen. The server logs the traceback; the caller learns nothing of it."""
    return respond(INTERNAL)


HANDLERS: Final[Mapping[Any, ExceptionHandler]] = {
    Refused: on_refused,
    HTTPException: on_http_exception,
    RecordAway: on_store_away,
    HotStoreAway: on_store_away,
    ClientDisconnect: on_gone,
    Exception: on_bug,
}
"""What Starlette is given, so that whatever is raised leaves as a problem."""
