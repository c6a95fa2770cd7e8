"""The floor to compare with: an ASGI application that reads the body and sends it back, in the same server."""

from __future__ import annotations

from typing import Any

from app.settings import Settings


def create_app(_settings: Settings) -> Any:
    """A raw ASGI echo."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                kind = message["type"].removeprefix("lifespan.")
                await send({"type": f"lifespan.{kind}.complete"})
                if kind == "shutdown":
                    return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def work(_settings: Settings) -> None:
    """In place of the background worker: nothing to do."""
    import signal  # noqa: PLC0415

    signal.pause()
