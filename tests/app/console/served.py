"""Routes of the console at a real address, for a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.console.assets import console_assets

PATIENCE_S = 30


@contextmanager
def served(routes: Sequence[BaseRoute]) -> Iterator[str]:
    """The address at which they answer, with the console's styles and scripts, until the block ends."""
    by_address = {one.address: one for one in console_assets().values()}

    async def asset(request: Request) -> Response:
        one = by_address[request.url.path]
        return Response(one.body, media_type=one.media_type)

    application = Starlette(routes=[Route("/{folder:path}/static/{name}", asset), *routes])
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None, lifespan="off"))
    ready, begin = threading.Event(), server.startup

    async def told(*given: object, **named: object) -> None:
        await begin(*given, **named)  # type: ignore[arg-type]
        ready.set()

    server.startup = told  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
