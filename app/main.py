"""The composition root: what one web worker is made of, and the order of opening and closing it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Lifespan

from app import metrics
from app.access import Gate
from app.api.context import Api
from app.api.http_app import http_app
from app.charts.drawing import DrawingRoom
from app.clock import system_clock
from app.composition.acting import acting_desk
from app.composition.cases import Cases
from app.composition.console import console_routes
from app.composition.deciding import Deciding
from app.composition.feedback import Callers, feedback_desk
from app.composition.ground import Ground
from app.composition.proving import Proving
from app.composition.reviewing import reviewing
from app.composition.tokens import Tokens
from app.composition.webhooks import webhooks
from app.ids import fresh_id
from app.policy.file import DEFAULT_FILE, parse
from app.policy.showing import shown
from app.ports.record import RecordAway
from app.redeeming.rings import Rings
from app.settings import Settings
from app.webhooks.posting import Poster

CONNECT_PATIENCE_S: Final = 5.0
"""For the first connection; without one the service starts all the same and answers by fallback."""


def create_app(settings: Settings) -> ASGIApp:
    """The ASGI application of one web worker."""
    text = (settings.policy_file or DEFAULT_FILE).read_text(encoding="utf-8")
    file = parse(text)
    ground = Ground.of(settings, file)
    deciding = Deciding(ground)
    decide, caught_up = deciding.decisions.decide, deciding.caught_up
    tokens = Tokens(ground, decide=decide, caught_up=caught_up)
    proving = Proving(ground, tokens, decide=decide, caught_up=caught_up)
    master, engine, record, sighter = ground.master, ground.engine, ground.record, ground.sighter
    cases, feedback = Cases(master, engine, file), feedback_desk(ground)
    acting = acting_desk(ground, tokens.locking.switch, tokens.issuer)
    review = reviewing(master, engine, record, file, sighter, deciding.explain, deciding.shelf)
    calls, poster = webhooks(ground)
    api = Api(
        scorer=deciding.decisions,
        record=record,
        gate=Gate(record.key, system_clock),
        clock=system_clock,
        explain=deciding.explain,
        links=deciding.links,
        overview=review.overviews.of,
        entity_digest=sighter.digest,
        caught_up=caught_up,
        policy=lambda program_id: shown(file.programme(program_id)),
        unready=deciding.unready,
        metrics=deciding.exposition,
        new_id=fresh_id,
        desk=tokens.desk,
        webhooks=calls,
        step_ups=proving.desk,
        enroller=tokens.enroller,
        locks=tokens.locking.desk,
        is_closed=acting.is_closed,
        cases=cases.desk,
        feedback=feedback,
        heard=record,
        who=Callers(tokens.secrets).who,
        measured=metrics.answered,
    )
    console = console_routes(
        settings, master, engine, file, tokens.secrets.client_hash,
        review=review, cases=cases, feedback=feedback, switch=tokens.locking.switch, acting=acting,
    )  # fmt: skip
    return http_app(
        api,
        extra=[*tokens.pages(), *proving.pages(), *console],
        lifespan=_lifespan(ground, text, deciding, tokens.rings, poster, review.room),
        hosts=settings.trusted_hosts,
    )


def _lifespan(
    ground: Ground, policy: str, deciding: Deciding, rings: Rings, poster: Poster, room: DrawingRoom
) -> Lifespan[Starlette]:
    """What is opened before the first request and closed after the last; `policy` is the text of the file in force."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await ground.pipeline.open(patience_s=CONNECT_PATIENCE_S)
        await asyncio.to_thread(ground.record.keep_policy, ground.file.version, policy, system_clock())
        async with deciding.up_to_date():
            with contextlib.suppress(RecordAway):
                await rings.refresh()
            freshening = asyncio.create_task(rings.keep_fresh())
            try:
                yield
            finally:
                freshening.cancel()
                await poster.close()
                await ground.pipeline.close()
                room.close()
                ground.engine.dispose()

    return lifespan
