"""One operation of the API: its name, who may call it, what goes in and out, and the code that does it.

The routes and the OpenAPI document are both made from these, so neither can say what the other does not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, inspect
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from app.access import Principal
from app.api.context import Api
from app.faults import Fault, Faults, point
from app.ports.lists import ListName
from app.problems import (
    FORBIDDEN,
    INVALID,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    UNSUPPORTED_MEDIA_TYPE,
    Problem,
    Refused,
    of_faults,
)
from app.shapes import REPEATED, REQUIRED, S, read_body, told, too_large, words_for

JSON: Final = "application/json"
BODY_BYTES: Final = 16_384
"""A body that is not an event: the largest, a list entry, is under 4 kB."""
PathId = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f/]+$")]
PATH_HINTS: Final[Mapping[str, Any]] = {
    "decision_id": PathId, "account_id": PathId, "token_id": PathId, "campaign_id": PathId,
    "authenticator_id": PathId, "challenge_id": PathId, "case_id": PathId, "list": ListName, "webhook_id": PathId,
    "other_id": PathId,
}  # fmt: skip
"""The path parameters of the API. A value that is none of these names nothing, which is 404."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter or a header: its msgspec type, and what stands for it where it is not sent (None: nothing)."""

    name: str
    hint: Any
    description: str
    default: object = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """
    A method on a path.

    scopes: the key needs one of these; empty: no key is asked for.
    limited_keys: whether keys limited to some stores may call it.
    headers: the headers it reads beside those of every request; it reads them itself.
    takes: the type of the body; None where there is none.
    media: the media types of the body.
    gives: the type of the body of `status`; None where it is empty or text.
    replays: whether it says so (`Idempotent-Replayed`) where it gives an answer again.
    refuses: the problems it can answer with beside those that follow from the rest.
    fresh: whether it waits until the record holds what was decided before the request.
    """

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    summary: str
    run: Callable[[Call], Awaitable[Response]]
    scopes: tuple[str, ...] = ()
    limited_keys: bool = False
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    takes: Any = None
    media: tuple[str, ...] = (JSON,)
    gives: Any = None
    gives_media: str | None = JSON
    status: int = 200
    replays: bool = False
    refuses: tuple[Problem, ...] = ()
    fresh: bool = False


class Call:
    """One request on its way through an operation."""

    __slots__ = ("_headers", "_receive", "api", "principal", "query", "scope")

    def __init__(self, api: Api, scope: Scope, receive: Receive) -> None:
        self.api = api
        self.scope = scope
        self._receive = receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.principal = NOBODY
        self.query: Mapping[str, Any] = {}

    def header(self, name: bytes) -> str | None:
        """A header by its lower-case name, None where it was not sent."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def address(self) -> str:
        """The caller's address, as the server in front of the application trusts it; empty where it has none."""
        client = self.scope.get("client")
        return client[0] if client else ""

    def path(self, name: str) -> Any:
        """A path parameter. Raises Refused (404) where it can name nothing."""
        try:
            return msgspec.convert(self.scope["path_params"][name], PATH_HINTS[name])
        except msgspec.ValidationError:
            raise Refused(NOT_FOUND) from None

    async def raw_body(self, most_bytes: int) -> bytes:
        """The body as received. Raises Refused (413) beyond `most_bytes`, without reading to the end."""
        length = self._headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > most_bytes:
            raise Refused(of_faults(too_large(most_bytes)))
        parts, size, more = [], 0, True
        while more:
            message: Message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > most_bytes:
                raise Refused(of_faults(too_large(most_bytes)))
        return b"".join(parts)

    async def body(self, shape: type[S]) -> S:
        """The JSON body as this type. Raises Refused with every fault of it."""
        read = read_body(await self.raw_body(BODY_BYTES), shape)
        if isinstance(read, Faults):
            raise Refused(of_faults(read))
        return read


NOBODY: Final = Principal("", "", frozenset(), "", frozenset())
"""Who calls an operation that asks for no key."""


class Endpoint:
    """All operations on one path, as an ASGI application: what every call must pass, then the operation."""

    def __init__(self, api: Api, operations: Sequence[Operation]) -> None:
        self._api = api
        self._operations: dict[str, Operation] = {operation.method: operation for operation in operations}
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]  # HEAD is GET without its body
        self._not_allowed = replace(METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(self._operations)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(scope, receive)
        if scope["method"] == "HEAD":
            response.body = b""
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        operation = self._operations.get(scope["method"])
        if operation is None:
            raise Refused(self._not_allowed)
        scope["earnest.path"] = operation.path
        call = Call(self._api, scope, receive)
        if operation.scopes:
            admitted = await self._api.gate.admit(call.header(b"authorization"), operation.scopes)
            if isinstance(admitted, Problem):
                raise Refused(admitted)
            if admitted.stores and not operation.limited_keys:
                raise Refused(FORBIDDEN.because("This key is limited to some stores; this concerns all."))
            call.principal = admitted
        if operation.fresh:
            await self._api.caught_up()
        if operation.takes is not None:
            _check_media(call, operation.media)
        if operation.query or scope["query_string"]:
            call.query = _read_query(scope["query_string"], operation.query)
        return await operation.run(call)


def reply(value: object, status: int = 200, *, replayed: bool = False) -> Response:
    """A JSON response; bytes are taken to be JSON already. Nothing here is for a shared cache to keep."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Response(body, status, REPLAYED if replayed else NO_STORE, JSON)


NO_STORE: Final = {"Cache-Control": "no-store"}
REPLAYED: Final = NO_STORE | {"Idempotent-Replayed": "true"}


def invalid(pointer: str, message: str) -> Refused:
    """A request with one fault, found in a route."""
    return Refused(INVALID.because(INVALID.detail, Fault(pointer, message)))


def _check_media(call: Call, media: tuple[str, ...]) -> None:
    sent, _, rest = (call.header(b"content-type") or "").partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip('"')
    encoding = call.header(b"content-encoding")
    if sent.strip().lower() in media and charset in {"", "utf-8"} and encoding in {None, "identity"}:
        return
    wanted = " or ".join(f"`{name}`" for name in media)
    raise Refused(UNSUPPORTED_MEDIA_TYPE.because(f"Send {wanted} in UTF-8, not compressed."))


def _read_query(raw: bytes, parameters: Sequence[Parameter]) -> Mapping[str, Any]:
    """Every declared parameter by name. Raises Refused (422) with each that is unknown, repeated or wrong."""
    values: dict[str, Any] = {parameter.name: parameter.default for parameter in parameters}
    known = {parameter.name: parameter for parameter in parameters}
    seen: set[str] = set()
    faults: list[Fault] = []
    for name, text in parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace"):
        here = point("/query", name)
        parameter = known.get(name)
        if parameter is None:
            faults.append(Fault(here, "is not a parameter of this operation"))
        elif name in seen:
            faults.append(Fault(here, REPEATED))
        else:
            seen.add(name)
            try:
                values[name] = msgspec.convert(text, parameter.hint, strict=False)
            except msgspec.ValidationError:
                faults.append(Fault(here, f"must be {words_for(inspect.type_info(parameter.hint))}"))
    faults += [
        Fault(f"/query/{name}", REQUIRED) for name, p in known.items() if p.required and name not in seen
    ]
    if faults:
        raise Refused(of_faults(told(faults)))
    return values
