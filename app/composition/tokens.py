"""One-time tokens, locks and what members see of both, put together."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine
from starlette.routing import Route

from app import data_dir as layout
from app import metrics
from app.clock import system_clock
from app.composition.cases import kept
from app.composition.checking import redemption_check
from app.ids import fresh_id
from app.journal import Journal
from app.keys import derive
from app.locking.desk import LockDesk
from app.locking.disputing import Disputes
from app.locking.links import Links
from app.locking.notifying import Notifier
from app.locking.switch import Switch
from app.mail.local import LocalBox
from app.pages.locking import lock_routes
from app.pages.origin import origin_of
from app.pages.passkeys import enrolment_routes
from app.pages.redeeming import member_routes
from app.policy.file import PolicyFile
from app.redeeming.contacts import contact_changed
from app.redeeming.counter import TokenDesk
from app.redeeming.deciding import Decide
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
from app.seal import Seal
from app.settings import Settings
from app.sighting import Sighter
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.cases import CaseOpener
from app.store.sql.locks import SqlLocks
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.tokens import SqlKeyStore, SqlLedger, SqlOpenings
from app.store.throttle import ValkeyThrottle
from app.store.valkey import ValkeyHistory
from tokens.passkeys import Site


class Tokens:
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
        *,
        journal: Journal,
        decide: Decide,
        caught_up: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        keys, audit = (
            AccountKeys(Seal(derive(master, "record"))),
            Audit(derive(master, "audit"), metrics.audited),
        )
        opener = CaseOpener(kept(master, file))
        ledger, challenges = SqlLedger(engine, keys, audit, opener), SqlChallenges(engine, keys, audit)
        known, base = Secrets.of(master), (settings.public_url or "").rstrip("/")
        host = urlsplit(base).netloc
        self.rings = Rings(SqlKeyStore(engine, Seal(derive(master, "tokens/keys")), audit), system_clock)

        def greeting(program_id: str | None) -> Terms:
            return file.usual_terms if program_id is None else file.terms(program_id)

        finder = Finder(self.rings, ledger.token, system_clock)
        prover = Prover(challenges, known, host, system_clock)
        notifier = Notifier(lock_links(master), known.outbox, file.terms, base, host)
        releaser = Releaser(ledger, finder, self.rings, system_clock, fresh_id, notifier.notice)
        passkeys, throttle = SqlPasskeys(engine, keys, audit), ValkeyThrottle(pipeline)
        site = Site(urlsplit(base).hostname or "localhost", origin_of(base))
        passkey_prover = PasskeyProver(passkeys, challenges, known, site, system_clock)
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
        check = redemption_check(
            decide=decide, caught_up=caught_up, engine=engine, ledger=ledger, challenges=challenges,
            passkeys=passkeys, history=history, record=record, journal=journal, sighter=sighter, file=file,
            region=settings.home_country,
        )  # fmt: skip
        self.desk = TokenDesk(
            finder, issuer, prover, releaser, ledger, challenges, known,
            terms=file.terms, clock=system_clock, new_id=fresh_id, check=check,
        )  # fmt: skip
        self.visits = MemberVisits(
            finder, prover, releaser, ledger, throttle, known, greeting, system_clock,
            passkeys=passkey_prover, check=check, openings=SqlOpenings(engine),
        )  # fmt: skip
        self.enroller = Enroller(
            passkeys, challenges, throttle, known,
            contact_changed=partial(contact_changed, record), terms=greeting, base=base, site=site,
            clock=system_clock, new_id=fresh_id,
        )  # fmt: skip
        locks, links = SqlLocks(engine, keys, audit, opener), lock_links(master)
        switch = Switch(locks, history, sighter.digest, system_clock)
        self.locks = LockDesk(switch, known, links, base, system_clock)
        self.disputes = Disputes(switch, links, throttle, known, greeting, system_clock)
        self.prover, self.challenges, self.secrets = prover, challenges, known
        self.passkeys, self.passkey_prover, self.throttle = passkeys, passkey_prover, throttle
        self.switch, self.lock_links, self.issuer = switch, links, issuer

    def pages(self, settings: Settings) -> list[Route]:
        """What members see."""
        base = settings.public_url or ""
        return [
            *member_routes(
                self.visits, public_url=base, csrf_key=self.secrets.forms, local_box=_local_box(settings)
            ),
            *enrolment_routes(self.enroller, public_url=base),
            *lock_routes(self.disputes, public_url=base),
        ]


def lock_links(master: bytes) -> Links:
    """The links by which members lock their account."""
    return Links(Seal(derive(master, "locks")))


def _local_box(settings: Settings) -> LocalBox | None:
    """Where a development installation keeps what it would send; None where everything leaves the house."""
    everything_leaves = settings.smtp_url is not None and settings.messenger_url is not None
    return (
        None
        if settings.env == "production" or everything_leaves
        else LocalBox(layout.outbox_dir(settings.data_dir), system_clock)
    )
