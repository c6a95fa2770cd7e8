"""The OpenAPI document against the service: every operation called with made-up requests, good and bad."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from app.api.http_app import OPERATIONS
from app.api.openapi import document

DOCUMENT: dict[str, Any] = document(OPERATIONS)
EXAMPLES = 12
"""Requests for each operation and mode: half a thousand in all, well under half a minute."""
HELD_TO = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
"""Not `positive_data_acceptance`: an event keeps laws beyond its schema, which the document says in words."""


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document, to be used on its own."""
    return schema | {"components": DOCUMENT["components"]}


@pytest.fixture
def schema(service):
    """The document as the service serves it, loaded through ASGI."""
    return schemathesis.openapi.from_asgi("/openapi.json", service.app)


VIOLABLE = [
    operation for operation in OPERATIONS if operation.query or operation.takes or "{" in operation.path
]
"""What takes nothing cannot be sent anything wrong."""
CALLS = [(operation, GenerationMode.POSITIVE) for operation in OPERATIONS]
CALLS += [(operation, GenerationMode.NEGATIVE) for operation in VIOLABLE]


@pytest.mark.parametrize(
    ("operation", "mode"), CALLS, ids=lambda one: getattr(one, "path", getattr(one, "value", ""))
)
def test_the_service_does_what_the_document_says(service, schema, operation, mode):
    """No 500; every status, media type, header and body as documented; what breaks the schema is refused."""
    key = service.add_key("score", "events", "tokens", "read", "admin")
    cases = schema[operation.path][operation.method].as_strategy(generation_mode=mode)

    @given(st.data())
    @seed(20261121)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(data):
        case = data.draw(cases)
        header = case.meta.components.get(ParameterLocation.HEADER)
        wronged = header is not None and header.mode == GenerationMode.NEGATIVE
        case.call_and_validate(checks=HELD_TO, headers={} if wronged else {"Authorization": f"Bearer {key}"})

    holds()


def test_the_document_is_served_as_it_was_made(schema):
    assert schema.raw_schema == json.loads(json.dumps(DOCUMENT))
    assert DOCUMENT["openapi"].startswith("3.1")


async def test_the_example_of_an_event_is_an_event(service):
    """Whoever copies the example gets a decision, from both ways in."""
    (example,) = DOCUMENT["components"]["schemas"]["Event"]["examples"]
    body = json.dumps(example).encode()
    assert (await service.post("/v1/decisions", "score", body)).status_code == 200
    assert (await service.post("/v1/events", "events", body, "application/x-ndjson")).json()[
        "duplicates"
    ] == 1


def test_every_schema_of_the_document_is_a_schema():
    """Against the meta-schema of JSON Schema 2020-12, and without a reference into nowhere."""
    text = json.dumps(DOCUMENT)
    for name, described in DOCUMENT["components"]["schemas"].items():
        jsonschema_rs.meta.validate(described | {"$schema": DOCUMENT["jsonSchemaDialect"]})
        jsonschema_rs.validator_for(resolved(described))
        assert f"#/components/schemas/{name}" in text
