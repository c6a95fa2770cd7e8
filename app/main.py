"""The composition root: the only place that names concrete stores, the clock and the order of opening."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp

from app import metrics
from app.access import Gate
from app.api.context import Api
from app.api.http_app import http_app
from app.clock import system_clock
from app.composition.acting import acting_desk
from app.composition.cases import Cases
from app.composition.console import console_routes
from app.composition.feedback import Callers, feedback_desk
from app.composition.proving import Proving
from app.composition.reviewing import reviewing
from app.composition.tokens import Tokens
from app.data_dir import spool_dir
from app.explaining import Explainer
from app.ids import fresh_id
from app.journal import Journal
from app.keys import derive, master_key
from app.linking import Linker
from app.model_shelf import Shelf
from app.model_watch import ModelWatch
from app.outcomes import Outcomes
from app.policy.file import DEFAULT_FILE, parse
from app.policy.showing import shown
from app.ports.record import RecordAway
from app.problems import NOT_FOUND, Refused
from app.readiness import Readiness
from app.rulebook import Rulebook
from app.scoring import Scorer
from app.seal import Seal
from app.settings import Settings
from app.sighting import Sighter
from app.spool import Spool
from app.store.freshness import Freshness
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord, open_engine
from app.store.sql.webhooks import SqlEndpoints
from app.store.valkey import ValkeyHistory
from app.webhooks.endpoints import Webhooks
from app.webhooks.guarding import Guard, networks
from app.webhooks.posting import Poster

CONNECT_PATIENCE_S: Final = 5.0
"""For the first connection; without one the service starts all the same and answers by fallback."""


SPOOLING_MS: Final = 15
"""Of the deadline are kept for the disk, should the hot store not answer the second question."""


def _rest_of_the_deadline_s(settings: Settings) -> float:
    """Patience with the second round trip: what the first may have left of the deadline, 5 ms at least."""
    return max(settings.fallback_deadline_ms - settings.hot_timeout_ms - SPOOLING_MS, 5) / 1_000


class _Scorer:
    """`app.api.context.Scorer`: deciding, and hearing what became of it."""

    def __init__(self, scorer: Scorer, outcomes: Outcomes) -> None:
        self.decide, self.decide_many, self.tell_outcome = scorer.decide, scorer.decide_many, outcomes.tell


def create_app(settings: Settings) -> ASGIApp:
    """The ASGI application of one web worker."""
    master = master_key(settings)
    engine = open_engine(settings.record_url)
    record = SqlRecord(engine, Seal(derive(master, "record")))
    pipeline = Pipeline(settings.hot_url, timeout_s=settings.hot_timeout_ms / 1_000)
    history = ValkeyHistory(pipeline, _rest_of_the_deadline_s(settings))
    journal, sighter = Journal(master), Sighter(master, settings.home_country)
    text = (settings.policy_file or DEFAULT_FILE).read_text(encoding="utf-8")
    file = parse(text)
    rulebook = Rulebook(file, record, sighter, pages=(settings.public_url or "").rstrip("/"))
    shelf = Shelf(settings.shelf_dir)
    models = ModelWatch(shelf, rulebook.adopt)
    spool = Spool(spool_dir(settings.data_dir), journal)
    scorer = _Scorer(
        Scorer(history, record, sighter, rulebook, journal, spool, system_clock, time.perf_counter),
        Outcomes(history, record, sighter, journal, system_clock),
    )
    freshness = Freshness(pipeline, system_clock)
    tokens = Tokens(
        settings, master, engine, pipeline, record, file, history, sighter,
        journal=journal, decide=scorer.decide, caught_up=freshness.caught_up,
    )  # fmt: skip
    proving = Proving(
        settings, master, tokens, history, record, sighter, journal, file,
        decide=scorer.decide, caught_up=freshness.caught_up,
    )  # fmt: skip
    explain = Explainer(record, file).explain
    acting = acting_desk(
        master, engine, pipeline, record, file, history, sighter,
        journal=journal, switch=tokens.switch, issuer=tokens.issuer,
    )  # fmt: skip
    review = reviewing(master, engine, record, file, sighter, explain, shelf)
    cases, feedback = (
        Cases(master, engine, file),
        feedback_desk(master, engine, pipeline, record, sighter),
    )
    guard = Guard(networks(settings.webhook_networks), https_only=settings.env == "production")
    poster = Poster(guard)

    async def exposition() -> bytes:
        if not settings.metrics:
            raise Refused(NOT_FOUND)
        lag_s, entries = await freshness.journal_lag()
        metrics.journal(lag_s, entries)
        return metrics.render()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pipeline.open(patience_s=CONNECT_PATIENCE_S)
        await asyncio.to_thread(record.keep_policy, file.version, text, system_clock())
        await models.look()
        await rulebook.begin(system_clock())
        with contextlib.suppress(RecordAway):
            await tokens.rings.refresh()
        freshening = asyncio.create_task(tokens.rings.keep_fresh())
        looking = asyncio.create_task(models.keep_looking())
        try:
            yield
        finally:
            looking.cancel()
            freshening.cancel()
            await poster.close()
            await pipeline.close()
            review.room.close()
            engine.dispose()

    api = Api(
        scorer=scorer,
        record=record,
        gate=Gate(record.key, system_clock),
        clock=system_clock,
        explain=explain,
        links=Linker(record, record, sighter, system_clock).links,
        overview=review.overviews.of,
        entity_digest=sighter.digest,
        caught_up=freshness.caught_up,
        policy=lambda program_id: shown(file.programme(program_id)),
        unready=Readiness(freshness.complete, record.ping, lambda: models.is_missing).missing,
        metrics=exposition,
        new_id=fresh_id,
        desk=tokens.desk,
        webhooks=Webhooks(
            SqlEndpoints(engine, Seal(derive(master, "webhooks"))),
            guard,
            poster.post,
            clock=system_clock,
            stopwatch=time.perf_counter,
            new_id=fresh_id,
        ),
        step_ups=proving.desk,
        enroller=tokens.enroller,
        locks=tokens.locks,
        is_closed=acting.is_closed,
        cases=cases.desk,
        feedback=feedback,
        heard=record,
        who=Callers(tokens.secrets).who,
        measured=metrics.answered,
    )
    return http_app(
        api,
        extra=[
            *tokens.pages(settings),
            *proving.pages(),
            *console_routes(
                settings,
                master,
                engine,
                file,
                tokens.secrets.client_hash,
                review=review,
                cases=cases,
                feedback=feedback,
                switch=tokens.switch,
                acting=acting,
            ),
        ],
        lifespan=lifespan,
        hosts=settings.trusted_hosts,
    )
