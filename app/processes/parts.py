"""What the processes run, by name: a child imports only its own part."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True)
class Parts:
    """Each as "module:name"; tests put small ones in their place."""

    app: str = "app.main:create_app"
    """`(Settings) -> ASGI application`"""
    worker: str = "app.worker:run"
    """`(Settings) -> None`, returns after SIGTERM"""
    migrate: str = "app.store.sql:migrate"
    """`(url: str) -> None`"""


SHIPPED = Parts()


def named(spelled: str) -> Any:
    """What "module:name" names. Raises ImportError or AttributeError."""
    module, _, name = spelled.partition(":")
    return getattr(import_module(module), name)
