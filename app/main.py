"""The composition root: the only place that names concrete stores, the clock and the order of opening."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.types import ASGIApp

from app import data_dir as layout
from app import metrics
from app.access import Gate
from app.api.context import Api
from app.api.http_app import http_app
from app.clock import system_clock
from app.data_dir import spool_dir
from app.explaining import Explainer
from app.journal import Journal
from app.keys import derive, master_key
from app.linking import Linker
from app.locking.desk import LockDesk
from app.locking.disputing import Disputes
from app.locking.links import Links
from app.locking.notifying import Notifier
from app.locking.switch import Switch
from app.mail.local import LocalBox
from app.model_shelf import Shelf
from app.model_watch import ModelWatch
from app.outcomes import Outcomes
from app.pages.locking import lock_routes
from app.pages.origin import origin_of
from app.pages.passkeys import enrolment_routes
from app.pages.redeeming import member_routes
from app.policy.file import DEFAULT_FILE, PolicyFile, parse
from app.policy.showing import shown
from app.ports import RecordAway
from app.problems import NOT_FOUND, Refused
from app.readiness import Readiness
from app.redeeming.contacts import contact_changed
from app.redeeming.counter import TokenDesk
from app.redeeming.enrolling import Enroller
from app.redeeming.finding import Finder
from app.redeeming.issuing import Issuer
from app.redeeming.passkeys import PasskeyProver
from app.redeeming.proving import Prover
from app.redeeming.releasing import Releaser
from app.redeeming.rings import Rings
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.redeeming.visits import MemberVisits
from app.rulebook import Rulebook
from app.scoring import Scorer
from app.seal import Seal
from app.settings import Settings
from app.sighting import Sighter
from app.spool import Spool
from app.stepping_up.failing import Failures
from app.stepping_up.stepping import Stepping
from app.store.freshness import Freshness
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord, open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.locks import SqlLocks
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.tokens import SqlKeyStore, SqlLedger
from app.store.sql.webhooks import SqlEndpoints
from app.store.throttle import ValkeyThrottle
from app.store.valkey import ValkeyHistory
from app.webhooks.endpoints import Webhooks
from app.webhooks.guarding import Guard, networks
from app.webhooks.posting import Poster
from tokens.passkeys import Site

CONNECT_PATIENCE_S: Final = 5.0
"""For the first connection; without one the service starts all the same and answers by fallback."""


SPOOLING_MS: Final = 15
"""Of the deadline are kept for the disk, should the hot store not answer the second question."""


def _rest_of_the_deadline_s(settings: Settings) -> float:
    """Patience with the second round trip: what the first may have left of the deadline, 5 ms at least."""
    return max(settings.fallback_deadline_ms - settings.hot_timeout_ms - SPOOLING_MS, 5) / 1_000


def _fresh_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class _Tokens:
    """One-time tokens: what a backend and a member's browser can ask, and the keys behind both."""

    def __init__(
        self,
        settings: Settings,
        master: bytes,
        engine: Engine,
        pipeline: Pipeline,
        record: SqlRecord,
        file: PolicyFile,
        history: ValkeyHistory,
        sighter: Sighter,
    ) -> None:
        keys, audit = (
            AccountKeys(Seal(derive(master, "record"))),
            Audit(derive(master, "audit"), metrics.audited),
        )
        ledger, challenges = SqlLedger(engine, keys, audit), SqlChallenges(engine, keys, audit)
        known, base = Secrets.of(master), (settings.public_url or "").rstrip("/")
        host = urlsplit(base).netloc
        self.rings = Rings(SqlKeyStore(engine, Seal(derive(master, "tokens/keys")), audit), system_clock)

        def greeting(program_id: str | None) -> Terms:
            return file.usual_terms if program_id is None else file.terms(program_id)

        finder = Finder(self.rings, ledger.token, system_clock)
        prover = Prover(challenges, known, host, system_clock)
        notifier = Notifier(lock_links(master), known.outbox, file.terms, base, host)
        releaser = Releaser(ledger, finder, self.rings, system_clock, _fresh_id, notifier.notice)
        passkeys, throttle = SqlPasskeys(engine, keys, audit), ValkeyThrottle(pipeline)
        site = Site(urlsplit(base).hostname or "localhost", origin_of(base))
        issuer = Issuer(
            ledger,
            finder,
            self.rings,
            known,
            terms=lambda program_id: (file.terms(program_id), file.version),
            decision=record.decision,
            authenticator=challenges.authenticator,
            passkeys=passkeys.passkeys,
            link=lambda text: f"{base}/r{'/' if settings.link_form == 'path' else '#'}{text}",
            host=host,
            reached=settings.reaches,
            clock=system_clock,
        )
        self.desk = TokenDesk(
            finder, issuer, prover, releaser, ledger, challenges, known,
            terms=file.terms, clock=system_clock, new_id=_fresh_id,
        )  # fmt: skip
        self.visits = MemberVisits(
            finder, prover, releaser, ledger, throttle, known, greeting, system_clock,
            passkeys=PasskeyProver(passkeys, challenges, known, site, system_clock),
        )  # fmt: skip
        self.enroller = Enroller(
            passkeys, challenges, throttle, known,
            contact_changed=partial(contact_changed, record), terms=greeting, base=base, site=site,
            clock=system_clock, new_id=_fresh_id,
        )  # fmt: skip
        locks, links = SqlLocks(engine, keys, audit), lock_links(master)
        switch = Switch(locks, history, sighter.digest, system_clock)
        self.locks = LockDesk(switch, known)
        self.disputes = Disputes(switch, links, throttle, known, greeting, system_clock)
        self.csrf_key = known.forms
        self.prover, self.challenges, self.secrets = prover, challenges, known


def lock_links(master: bytes) -> Links:
    """The links by which members lock their account."""
    return Links(Seal(derive(master, "locks")))


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
    rulebook = Rulebook(file, record, sighter)
    models = ModelWatch(Shelf(settings.shelf_dir), rulebook.adopt)
    spool = Spool(spool_dir(settings.data_dir), journal)
    scorer = _Scorer(
        Scorer(history, record, sighter, rulebook, journal, spool, system_clock, time.perf_counter),
        Outcomes(history, record, sighter, journal, system_clock),
    )
    tokens = _Tokens(settings, master, engine, pipeline, record, file, history, sighter)
    stepping = Stepping(
        history, record, sighter, journal,
        prover=tokens.prover, challenges=tokens.challenges, secrets=tokens.secrets, file=file,
        region=settings.home_country, failed=Failures(record, scorer.decide, system_clock).tell,
        clock=system_clock,
    )  # fmt: skip
    freshness = Freshness(pipeline, system_clock)
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
            engine.dispose()

    api = Api(
        scorer=scorer,
        record=record,
        gate=Gate(record.key, system_clock),
        clock=system_clock,
        explain=Explainer(record, file).explain,
        links=Linker(record, sighter).links,
        entity_digest=sighter.digest,
        lists_changed=history.bump_config,
        caught_up=freshness.caught_up,
        policy=lambda program_id: shown(file.programme(program_id)),
        unready=Readiness(freshness.complete, record.ping, lambda: models.is_missing).missing,
        metrics=exposition,
        new_id=_fresh_id,
        desk=tokens.desk,
        webhooks=Webhooks(
            SqlEndpoints(engine, Seal(derive(master, "webhooks"))),
            guard,
            poster.post,
            clock=system_clock,
            stopwatch=time.perf_counter,
            new_id=_fresh_id,
        ),
        step_ups=stepping,
        enroller=tokens.enroller,
        locks=tokens.locks,
        measured=metrics.answered,
    )
    pages = member_routes(
        tokens.visits,
        public_url=settings.public_url or "",
        csrf_key=tokens.csrf_key,
        local_box=_local_box(settings),
    )
    pages += enrolment_routes(tokens.enroller, public_url=settings.public_url or "")
    pages += lock_routes(tokens.disputes, public_url=settings.public_url or "")
    return http_app(api, extra=pages, lifespan=lifespan, hosts=settings.trusted_hosts)


def _local_box(settings: Settings) -> LocalBox | None:
    """Where a development installation keeps what it would send; None where everything leaves the house."""
    everything_leaves = settings.smtp_url is not None and settings.messenger_url is not None
    return (
        None
        if settings.env == "production" or everything_leaves
        else LocalBox(layout.outbox_dir(settings.data_dir), system_clock)
    )
