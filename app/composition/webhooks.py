"""Webhooks, put together: the use cases, and the poster that tries an endpoint out."""

from __future__ import annotations

import time

from app.clock import system_clock
from app.composition.ground import Ground
from app.ids import fresh_id
from app.keys import derive
from app.seal import Seal
from app.store.sql.webhooks import SqlEndpoints
from app.webhooks.endpoints import Webhooks
from app.webhooks.guarding import Guard, networks
from app.webhooks.posting import Poster


def webhooks(ground: Ground) -> tuple[Webhooks, Poster]:
    """The use cases, over this database; the poster is to be closed at the end."""
    settings = ground.settings
    guard = Guard(networks(settings.webhook_networks), https_only=settings.env == "production")
    poster = Poster(guard)
    endpoints = SqlEndpoints(ground.engine, Seal(derive(ground.master, "webhooks")))
    return Webhooks(
        endpoints, guard, poster.post,
        clock=system_clock, stopwatch=time.perf_counter, new_id=fresh_id,
    ), poster  # fmt: skip
