"""The service itself: whether it lives, whether it can take traffic, what it measures, its policy."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from app.api.operation import Call, Operation, reply
from app.api.wire import Alive, Policy, Ready
from app.problems import UNAVAILABLE, Refused

PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


async def alive(_: Call) -> Response:
    """GET /healthz."""
    return reply(Alive())


async def ready(call: Call) -> Response:
    """GET /readyz."""
    missing = await call.api.unready()
    if missing:
        raise Refused(UNAVAILABLE.because(f"Not ready: {'; '.join(missing)}."))
    return reply(Ready())


async def metrics(call: Call) -> Response:
    """GET /metrics."""
    return Response(await call.api.metrics(), headers={"Content-Type": PROMETHEUS})


async def policy(call: Call) -> Response:
    """GET /v1/policy."""
    return reply(call.api.policy(call.principal.program_id))


OPERATIONS: Final = (
    Operation("GET", "/healthz", "Is it alive", alive, gives=Alive),
    Operation("GET", "/readyz", "Can it take traffic", ready, gives=Ready, refuses=(UNAVAILABLE,)),
    Operation(
        "GET", "/metrics", "Prometheus metrics", metrics, gives_media="text/plain", refuses=(UNAVAILABLE,)
    ),
    Operation("GET", "/v1/policy", "Read the active policy", policy, ("read", "admin"), gives=Policy),
)
