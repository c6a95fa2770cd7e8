"""The HTTP application: every operation behind its route, every error a problem document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan

from app.api import (
    account_overview,
    accounts,
    authenticators,
    batches,
    campaigns,
    cases,
    challenges,
    contexts,
    decision_tokens,
    decisions,
    labels,
    lists,
    locks,
    pairs,
    passkeys,
    redemptions,
    service,
    token_bulk,
    tokens,
    webhooks,
)
from app.api.context import Api
from app.api.edge import Edge
from app.api.hosts import TrustedHosts
from app.api.openapi import describing
from app.api.operation import Endpoint, Operation
from app.api.shortcut import Shortcut
from app.problems import HANDLERS

_STATED: Final = (
    *decisions.OPERATIONS,
    *decision_tokens.OPERATIONS,
    *batches.OPERATIONS,
    *challenges.OPERATIONS,
    *accounts.OPERATIONS,
    *account_overview.OPERATIONS,
    *locks.OPERATIONS,
    *pairs.OPERATIONS,
    *labels.OPERATIONS,
    *cases.OPERATIONS,
    *lists.OPERATIONS,
    *contexts.OPERATIONS,
    *tokens.OPERATIONS,
    *token_bulk.OPERATIONS,
    *redemptions.OPERATIONS,
    *campaigns.OPERATIONS,
    *authenticators.OPERATIONS,
    *passkeys.OPERATIONS,
    *webhooks.OPERATIONS,
    *service.OPERATIONS,
)
OPERATIONS: Final[tuple[Operation, ...]] = (*_STATED, describing(_STATED))


HOT_PATHS: Final = frozenset({"/v1/decisions"})


def http_app(
    api: Api,
    *,
    extra: Sequence[BaseRoute] = (),
    lifespan: Lifespan[Any] | None = None,
    hosts: Sequence[str] = (),
) -> Edge:
    """
    The application to serve.

    Args:
        api: use cases and ports.
        extra: routes beside the API (console, token pages); tried after the API's own.
        lifespan: what to open before the first request and close after the last.
        hosts: the host names answered to; empty: any.
    """
    stated = routes(api)
    app = Starlette(routes=[*stated, *extra], exception_handlers=HANDLERS, lifespan=lifespan)
    app.router.redirect_slashes = False
    hot = {route.path: route.app for route in stated if route.path in HOT_PATHS}
    inner: ASGIApp = Shortcut(app, hot)
    return Edge(TrustedHosts(inner, hosts) if hosts else inner, api.measured)


def routes(api: Api) -> list[Route]:
    """A route for each path: fixed paths first, as stated."""
    by_path: dict[str, list[Operation]] = {}
    for operation in sorted(OPERATIONS, key=lambda operation: "{" in operation.path):
        by_path.setdefault(operation.path, []).append(operation)
    return [Route(path, Endpoint(api, operations)) for path, operations in by_path.items()]
