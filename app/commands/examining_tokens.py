"""What `earnest doctor` looks at of one-time tokens: who sends, where links lead, keys, the outbox, the audit's end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from app import data_dir as layout
from app import keys
from app.clock import system_clock
from app.commands.findings import Finding, clocks
from app.mail.messenger import Messenger
from app.mail.outcomes import Accepted, Later
from app.mail.smtp import SmtpRelay
from app.ports.record import RecordAway
from app.seal import Seal, SealBroken
from app.settings import Settings, SettingsFaulty
from app.store.sql import is_current, open_engine
from app.store.sql.audit import Audit, Broken
from app.store.sql.outbox import SqlOutbox
from app.store.sql.reach import reading
from app.store.sql.tokens import SqlKeyStore
from tokens.limits import SIGNING_KEY_LIFE_S

REACH_S: Final = 3.0
"""Patience with a connection to the messenger: it is asked for nothing."""
HTTPS_PORT: Final = 443
HTTP_PORT: Final = 80
BACKLOG: Final = 1_000
"""Messages waiting from which the relay is slower than the campaigns: some minutes of a small one's work."""
FAILED_SHARE: Final = 0.05
"""Of messages that ended: beyond it something is wrong with the lists or the relay, not with single mailboxes. Large
mail providers block senders whose mails bounce that often."""
DAY_MS: Final = 86_400_000
KEY_OLD_MS: Final = SIGNING_KEY_LIFE_S * 1_000 + DAY_MS
"""A day after its turn a signing key has not been replaced: the worker does not run."""


def mail(settings: Settings) -> Iterator[Finding]:
    """Whether the relay is there, speaks TLS and lets us in; nothing is sent."""
    if settings.smtp_url is None or settings.mail_from is None:
        yield _stays("mail", settings, "EARNEST_SMTP_URL and EARNEST_MAIL_FROM")
        return
    in_development = settings.env == "development"
    try:
        relay = SmtpRelay(settings.smtp_url, settings.mail_from, clear_on_loopback=in_development)
    except ValueError as error:
        yield Finding("mail", "fail", str(error), "Correct EARNEST_SMTP_URL or EARNEST_MAIL_FROM.")
        return
    match asyncio.run(relay.greet()):
        case Accepted():
            yield Finding("mail", "ok", "the relay answers and lets us in")
        case Later(why):
            yield Finding("mail", "fail", why, "Check EARNEST_SMTP_URL and the relay's certificate.")


def messenger(settings: Settings) -> Iterator[Finding]:
    """Whether the messenger can be connected to; nothing is posted."""
    if settings.messenger_url is None or settings.messenger_secret is None:
        yield _stays("messenger", settings, "EARNEST_MESSENGER_URL and EARNEST_MESSENGER_SECRET")
        return
    parts = urlsplit(settings.messenger_url)
    port = parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)
    try:
        Messenger(settings.messenger_url, settings.messenger_secret)
        socket.create_connection((parts.hostname or "", port), REACH_S).close()
    except OSError as error:
        told = error.strerror or "no connection"
        yield Finding("messenger", "fail", f"{parts.hostname}:{port}: {told}", "Check EARNEST_MESSENGER_URL.")
    except ValueError as error:
        yield Finding("messenger", "fail", str(error), "Correct EARNEST_MESSENGER_SECRET.")
    else:
        yield Finding("messenger", "ok", f"{parts.hostname}:{port} answers")


def links(settings: Settings) -> Iterator[Finding]:
    """Where the links lead that members get."""
    base = settings.public_url
    if base is None:
        yield Finding("links", "ok", "lead to the address that `earnest serve` listens on")
        return
    parts = urlsplit(base)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        yield Finding(
            "links", "fail", base, "EARNEST_PUBLIC_URL is a scheme and a host, https://brand.example."
        )
    elif parts.scheme == "http":
        yield Finding("links", "warn", f"{base} is plain http", "Use https wherever members come.")
    else:
        yield Finding("links", "ok", base)


def ledger(settings: Settings) -> Iterator[Finding]:
    """Of the database, where there is one at this version: clock, keys, outbox, the end of the audit."""
    try:
        with opened(settings) as found:
            if found is None:
                return
            engine, master = found
            audit = Audit(keys.derive(master, "audit"))
            yield from _clock(engine)
            yield _signing(SqlKeyStore(engine, Seal(keys.derive(master, "tokens/keys")), audit))
            yield _outbox(SqlOutbox(engine, audit))
            yield _audit(audit, engine)
    except RecordAway:
        return  # `record` says so


TOKENS: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (mail, messenger, links, ledger)


@contextmanager
def opened(settings: Settings) -> Iterator[tuple[Engine, bytes] | None]:
    """The database and the key, neither made nor migrated; None where another examination complains of them."""
    no_record = settings.database_url is None and not layout.record_path(settings.data_dir).exists()
    no_key = settings.secret_key is None and not layout.secret_key_path(settings.data_dir).exists()
    if no_record or no_key:
        yield None
        return
    try:
        engine, master = open_engine(settings.record_url), keys.master_key(settings)
    except (ValueError, SettingsFaulty):
        yield None
        return
    try:
        yield (engine, master) if is_current(engine) else None
    finally:
        engine.dispose()


def _stays(name: str, settings: Settings, names: str) -> Finding:
    where = layout.outbox_dir(settings.data_dir)
    if settings.env == "production":
        return Finding(name, "warn", f"stays in {where}: nobody gets it", f"Set {names}.")
    return Finding(name, "ok", f"stays in {where}")


def _clock(engine: Engine) -> Iterator[Finding]:
    if engine.dialect.name != "postgresql":
        return
    with reading(engine) as connection:
        told = connection.execute(text("SELECT extract(epoch FROM clock_timestamp()) * 1000")).scalar_one()
    yield clocks("the database's", abs(int(told) - system_clock()))


def _signing(store: SqlKeyStore) -> Finding:
    now_ms = system_clock()
    try:
        active = [key for key in store.keys("sign") if key.active_ms <= now_ms < key.until_ms]
    except SealBroken:
        return Finding(
            "token keys",
            "fail",
            "cannot be opened",
            "EARNEST_SECRET_KEY is another than they were made under.",
        )
    if not active:
        return Finding("token keys", "warn", "none signs yet", "The worker makes one; see that it runs.")
    age_ms = now_ms - max(key.active_ms for key in active)
    told = f"the signing key is {age_ms // DAY_MS} days old"
    if age_ms > KEY_OLD_MS:
        return Finding("token keys", "warn", told, "See that the worker runs, or: earnest tokens rotate")
    return Finding("token keys", "ok", told)


def _outbox(outbox: SqlOutbox) -> Finding:
    states = outbox.overview()
    waiting, sent = states.get("waiting", 0), states.get("sent", 0)
    lost = states.get("failed", 0) + states.get("bounced", 0)
    told = f"{waiting} waiting, {sent} sent, {lost} failed or bounced"
    if waiting > BACKLOG:
        return Finding("outbox", "warn", told, "See that the worker runs and the relay keeps up.")
    if lost > FAILED_SHARE * (sent + lost):
        return Finding("outbox", "warn", told, "Why each failed: column `why` of table `outbox`.")
    return Finding("outbox", "ok", told)


def _audit(audit: Audit, engine: Engine) -> Finding:
    end = audit.end(engine)
    if isinstance(end, Broken):
        return Finding("audit", "fail", end.why, "earnest audit verify, and compare with a backup.")
    return Finding("audit", "ok", f"{end.rows} rows, its end as written; all of it: earnest audit verify")
