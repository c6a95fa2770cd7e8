"""The OpenAPI 3.1 document, made from the operations and the very types that read and write their bodies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.responses import Response

from app.api.operation import PATH_HINTS, Call, Operation, reply
from app.api.token_wire import IssuedRow, RefusedRow, TokenRow
from app.api.wire import BadRow
from app.problems import (
    BAD_REQUEST,
    FORBIDDEN,
    INVALID,
    MALFORMED,
    MEDIA_TYPE,
    NOT_FOUND,
    TOO_LARGE,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    Problem,
    ProblemBody,
)
from detectors.event import POINTS_REQUIRED, SYNONYMS

PATH: Final = "/openapi.json"
REF: Final = "#/components/schemas/{name}"
OF_A_KEY: Final = (UNAUTHORIZED, FORBIDDEN, UNAVAILABLE)
OF_A_BODY: Final = (MALFORMED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID)

REPLAYED: Final = "Idempotent-Replayed"
BY_NAME: Final = (IssuedRow, RefusedRow, TokenRow)
"""Types that are only referred to by name."""
_TRUE: Final = {"type": "string", "const": "true"}

Json = dict[str, Any]


def describing(others: Sequence[Operation]) -> Operation:
    """The operation that serves the document of the others and of itself."""

    async def run(_: Call) -> Response:
        """GET /openapi.json."""
        return reply(written())

    @cache
    def written() -> bytes:
        return msgspec.json.encode(document([*others, itself]))

    itself = Operation("GET", PATH, "This document", run, gives=dict[str, Any])
    return itself


def document(operations: Iterable[Operation]) -> Json:
    """The whole document of these operations."""
    stated = list(operations)
    schemas, components = _schemas(stated)
    paths: Json = {}
    for operation in stated:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    _point_laws(components["Event"])
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Earnest", "version": version("earnest"), "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": _KEY}},
        },
    }


_DESCRIPTION: Final = (
    "Fraud and abuse decisions for loyalty programmes. Errors are RFC 9457 problems; docs/problems.md "
    "explains each type. Beside its schema, an event keeps a few laws: see the Event schema."
)
_KEY: Final = "An API key, `ek_…`. `x-scopes` of an operation lists the scopes of which the key needs one."
_LAWS: Final = (
    "Beside this schema: names are not repeated; ids hold no control characters and are not blank; "
    "`occurred_at` is not before 2000 nor, at the API, more than 5 minutes ahead; `ip` parses; "
    "`date_of_birth` exists; `lat` comes with `lon`; `payment_instrument_id` is no card number; `points` and "
    "money are integer literals; whole numbers in `metadata` stay within ±(2^53 - 1)."
)


_EXAMPLE: Final[Json] = {
    "event_id": "evt-1001",
    "type": "redeem",
    "occurred_at": "2026-01-31T12:00:00+01:00",
    "account_id": "m-1",
    "points": 500,
    "channel": "app",
    "device": {"id": "d-1"},
    "ip": "203.0.113.7",
}


def _schemas(operations: Sequence[Operation]) -> tuple[Mapping[str, Json], Json]:
    """Schema of each type by its own repr, and the components they refer to."""
    types: dict[str, Any] = {repr(hint): hint for hint in (ProblemBody, BadRow, *BY_NAME)}
    for operation in operations:
        parameters = (*operation.query, *operation.headers)
        hints = [operation.takes, operation.gives, *(parameter.hint for parameter in parameters)]
        types |= {repr(hint): hint for hint in hints if hint is not None}
    types |= {repr(hint): hint for hint in PATH_HINTS.values()}
    written, components = msgspec.json.schema_components(types.values(), ref_template=REF)
    return dict(zip(types, written, strict=True)), components


def _operation(operation: Operation, schemas: Mapping[str, Json]) -> Json:
    described: Json = {
        "operationId": operation.run.__name__,
        "summary": operation.summary,
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation, schemas),
        "security": [{"key": []}] if operation.scopes else [],
    }
    if operation.scopes:
        described["x-scopes"] = list(operation.scopes)
    if operation.takes is not None:
        schema = schemas[repr(operation.takes)]
        described["requestBody"] = {
            "required": True,
            "content": {media: {"schema": _row_by_row(media, schema)} for media in operation.media},
        }
    return described


def _row_by_row(media: str, schema: Json) -> Json:
    """NDJSON is text to JSON Schema: each line is one item of the array."""
    if "ndjson" not in media:
        return schema
    return {"type": "string", "description": "One event on a line, as in the array."}


def _parameters(operation: Operation, schemas: Mapping[str, Json]) -> list[Json]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": schemas[repr(PATH_HINTS[name])]}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    in_query = [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.description,
            "schema": schemas[repr(parameter.hint)]
            | ({} if parameter.default is None else {"default": parameter.default}),
        }
        for parameter in operation.query
    ]
    in_header = [
        {
            "name": parameter.name,
            "in": "header",
            "required": parameter.required,
            "description": parameter.description,
            "schema": schemas[repr(parameter.hint)],
        }
        for parameter in operation.headers
    ]
    return in_path + in_query + in_header


def _responses(operation: Operation, schemas: Mapping[str, Json]) -> Json:
    good: Json = {"description": "Done.", "headers": _headers()}
    if operation.gives_media is not None:
        schema = {"type": "string"} if operation.gives is None else schemas[repr(operation.gives)]
        good["content"] = {operation.gives_media: {"schema": schema}}
    if operation.replays:
        good["headers"] |= {REPLAYED: {"description": "The answer was given before.", "schema": _TRUE}}
    described = {str(operation.status): good}
    for problem in _problems_of(operation):
        stated = described.setdefault(
            str(problem.status),
            {
                "description": problem.title,
                "headers": {},
                "content": {MEDIA_TYPE: {"schema": schemas[repr(ProblemBody)]}},
            },
        )
        stated["headers"] |= _headers(problem)
        if problem.title not in stated["description"]:
            stated["description"] += f", or: {problem.title}"
    return described


def _problems_of(operation: Operation) -> Iterable[Problem]:
    """The problems it states, and those that follow from its key, its body and its parameters."""
    yield BAD_REQUEST  # a host that is not its own
    yield INVALID  # a parameter that is not declared
    yield from operation.refuses
    if operation.scopes:
        yield from OF_A_KEY
    if operation.takes is not None:
        yield from OF_A_BODY
    if "{" in operation.path:
        yield NOT_FOUND


def _headers(problem: Problem | None = None) -> Json:
    headers: Json = {
        "X-Request-Id": {
            "description": "Yours, or one made here.",
            "required": True,
            "schema": {"type": "string"},
        }
    }
    if problem is not None and problem.retry_after_s is not None:
        headers["Retry-After"] = {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}
    if problem is not None and "WWW-Authenticate" in problem.headers:
        headers["WWW-Authenticate"] = {"schema": {"type": "string"}}
    return headers


def _point_laws(event: Json) -> None:
    """Which types need points, and that only adjustments may be negative, said in JSON Schema."""
    needing = sorted(POINTS_REQUIRED | {name for name, kind in SYNONYMS.items() if kind in POINTS_REQUIRED})
    whole = {"points": {"type": "integer", "minimum": 0}}
    event["description"] = f"{event['description']} {_LAWS}"
    event["examples"] = [_EXAMPLE]
    event["allOf"] = [
        {
            "if": {"properties": {"type": {"enum": needing}}, "required": ["type"]},
            "then": {"required": ["points"], "properties": whole},
        },
        {
            "if": {"properties": {"type": {"const": "adjust"}}, "required": ["type"]},
            "else": {
                "properties": {"points": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}}
            },
        },
    ]
