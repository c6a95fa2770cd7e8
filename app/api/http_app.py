"""The HTTP application: every operation behind its route, every error a problem document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from app.api import accounts, batches, decisions, labels, lists, service
from app.api.context import Api
from app.api.edge import Edge
from app.api.openapi import describing
from app.api.operation import Endpoint, Operation
from app.problems import HANDLERS

_STATED: Final = (
    *decisions.OPERATIONS,
    *batches.OPERATIONS,
    *accounts.OPERATIONS,
    *labels.OPERATIONS,
    *lists.OPERATIONS,
    *service.OPERATIONS,
)
OPERATIONS: Final[tuple[Operation, ...]] = (*_STATED, describing(_STATED))


def http_app(api: Api, *, extra: Sequence[BaseRoute] = (), lifespan: Lifespan[Any] | None = None) -> Edge:
    """
    The application to serve.

    Args:
        api: use cases and ports.
        extra: routes beside the API (console, token pages); tried after the API's own.
        lifespan: what to open before the first request and close after the last.
    """
    app = Starlette(
        routes=[*routes(api), *extra],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return Edge(app, api.measured)


def routes(api: Api) -> list[Route]:
    """A route for each path: fixed paths first, as stated, so that the hot one is the first to be tried."""
    by_path: dict[str, list[Operation]] = {}
    for operation in sorted(OPERATIONS, key=lambda operation: "{" in operation.path):
        by_path.setdefault(operation.path, []).append(operation)
    return [Route(path, Endpoint(api, operations)) for path, operations in by_path.items()]
