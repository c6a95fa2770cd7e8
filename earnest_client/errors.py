"""Everything that can go wrong.

EarnestError ▸ Away(why, idempotency_key)
             ▸ Refused(problem, retry_after_s, request_id)
                 ▸ Unauthorized · Unproven · NotFound · Conflict · Invalid · Locked · TooMany

Other refusals (403, 425) are plain `Refused`. No text of an error holds the key, a token or a code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Fault(Struct, frozen=True):
    """One thing wrong with what was sent. `pointer` is a JSON pointer into the body."""

    pointer: str
    message: str


class Problem(Struct, frozen=True):
    """An RFC 9457 document. `type` is what a program should look at; docs/problems.md explains each."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    errors: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        faults = "; ".join(f"{fault.pointer or 'the body'} {fault.message}" for fault in self.errors)
        return f"{self.status} {self.title}: {faults or self.detail}".removesuffix(": ")


class EarnestError(Exception):
    """The call had no result."""


class Away(EarnestError):
    """
    Earnest gave no answer in time, or none that can be used. Whether it acted is unknown.

    why:             what happened, in words.
    idempotency_key: of a token call that has one: the same call with it is safe, and done at most once.
    """

    def __init__(self, why: str, idempotency_key: str | None = None) -> None:
        super().__init__(why, idempotency_key)
        self.why, self.idempotency_key = why, idempotency_key

    def __str__(self) -> str:
        return f"Earnest is away: {self.why}"

    def __repr__(
        self,
    ) -> str:  # the arguments hold the idempotency key, under which an answer can be had again
        return f"{type(self).__name__}({self.why!r})"


class Refused(EarnestError):
    """
    Earnest answered no.

    retry_after_s: seconds until the call makes sense again; None where Earnest named none.
    request_id:    finds the call in Earnest's logs.
    """

    def __init__(
        self, problem: Problem, retry_after_s: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(problem, retry_after_s, request_id)
        self.problem, self.retry_after_s, self.request_id = problem, retry_after_s, request_id

    def __str__(self) -> str:
        return str(self.problem)


class Unauthorized(Refused):
    """401: the API key is missing, unknown, expired or revoked. For whoever runs the backend."""


class Unproven(Refused):
    """401: the key is good, but the member's code is missing, wrong or over. Ask the member again."""


class NotFound(Refused):
    """404: there is nothing of that id; of tokens: unknown, tampered, revoked, expired or of another member."""


class Conflict(Refused):
    """409: it contradicts what is recorded."""


class Invalid(Refused):
    """400, 413, 415, 422: what was sent has faults, each in `problem.errors`."""


class Locked(Refused):
    """423: too many wrong codes; without `retry_after_s` for good."""


class TooMany(Refused):
    """429: asked for too often; wait for `retry_after_s`."""


BY_STATUS: Final[Mapping[int, type[Refused]]] = {
    400: Invalid,
    401: Unauthorized,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    423: Locked,
    429: TooMany,
}
UNPROVEN: Final = "/problems/unproven"


def refusal(problem: Problem, retry_after_s: int | None, request_id: str | None) -> Refused:
    """The error of a problem."""
    kind = Unproven if problem.type == UNPROVEN else BY_STATUS.get(problem.status, Refused)
    return kind(problem, retry_after_s, request_id)
