"""Tokens, codes, apps and messages to hold the stores of one-time codes to their laws."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import count
from threading import Barrier

import msgspec
from sqlalchemy import Engine, func, select

from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit, Whole
from app.store.sql.otp import SqlChallenges
from app.store.sql.outbox import SqlOutbox
from app.store.sql.token_tables import (
    audit,
    authenticators,
    otp_challenges,
    otp_counts,
    otp_subjects,
    outbox,
    tokens,
)
from app.store.sql.tokens import SqlLedger
from tokens.challenges import Authenticator, Counted, NewChallenge, Subject
from tokens.claims import token_id
from tokens.limits import CODE_LIFE_S, USUAL_LIFE_S
from tokens.outbox import Message
from tokens.token import Reward
from tokens.who import Who

NOW_MS = 1_794_000_000_123
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
MEMBER = Who("member", b"\x07" * 16)
SESSION, OTHER_SESSION = b"s" * 32, b"t" * 32
CLIENT, OTHER_CLIENT = b"c" * 16, b"d" * 16
PLENTY = 10**9


def race(contenders, task):
    """The answers of so many threads that do the task from the same moment on."""
    start = Barrier(contenders)

    def each(n):
        start.wait()
        return task(n)

    with ThreadPoolExecutor(contenders) as pool:
        return list(pool.map(each, range(contenders)))


class Codes:
    """The stores over one database, and the rows they need of others."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.audit = Audit(b"a" * 32)
        keys = AccountKeys(Seal(b"k" * 32))
        self.challenges = SqlChallenges(engine, keys, self.audit)
        self.ledger = SqlLedger(engine, keys, self.audit)
        self.outbox = SqlOutbox(engine, self.audit)
        self._numbers = count(1)

    def token(self, account_id="m-1", program_id="default", **given) -> Subject:
        """A token in the ledger, issued and live unless said otherwise."""
        token_hash = sha256(b"%d" % next(self._numbers)).digest()
        row = {
            "token_hash": token_hash,
            "token_id": token_id(token_hash),
            "program_id": program_id,
            "account_id": account_id,
            "purpose": "reward_link",
            "reward": msgspec.msgpack.encode(Reward(points=5)),
            "secret_hash": b"",
            "state": "issued",
            "issued_ms": NOW_MS,
            "not_before_ms": NOW_MS,
            "expires_ms": NOW_MS + USUAL_LIFE_S * 1_000,
            "vault_key": "2026-11-22",
            "wrapped_key": b"w",
            "ciphertext": b"x",
            "otp_method": "sms",
            "channel": "email",
            "personal": b"",
            "key_id": b"",
            "locale": "en",
            "delivery": "waiting",
            "policy_version": "p1",
        } | given
        with self.engine.begin() as connection:
            connection.execute(tokens.insert().values(row))
        return Subject("token", token_hash, program_id, account_id)

    def row(self, subject: Subject):
        """The token's row."""
        with self.engine.connect() as connection:
            return connection.execute(select(tokens).where(tokens.c.token_hash == subject.hash)).one()

    def change(self, subject: Subject, **values) -> None:
        """What another part of the service did to the token."""
        with self.engine.begin() as connection:
            connection.execute(tokens.update().where(tokens.c.token_hash == subject.hash).values(values))

    def send(self, subject, now_ms=NOW_MS, *, session=SESSION, to=b"r" * 32, most=PLENTY):
        """Ask for a code; what the store answers."""
        number = next(self._numbers)
        new = NewChallenge(
            challenge_id=f"chl_{number}",
            session_hash=session,
            method="sms",
            code_hash=b"h%031d" % number,
            digits=6,
            reference="K7",
            to_hash=to,
            sent_ms=now_ms,
            expires_ms=now_ms + CODE_LIFE_S * 1_000,
        )
        token_hash = subject.hash if subject.kind == "token" else None
        return self.challenges.send(
            subject, new, self.message(token_hash, kind="sms", now_ms=now_ms), most, MEMBER, now_ms
        )

    def message(self, token_hash=None, *, kind="mail", now_ms=NOW_MS, life_ms=HOUR_MS) -> Message:
        """A message, its content a canary."""
        return Message(
            message_id=f"<{next(self._numbers)}@mail.example>",
            kind=kind,
            program_id="default",
            token_hash=token_hash,
            sealed=b"canary",
            created_ms=now_ms,
            expires_ms=now_ms + life_ms,
        )

    def post(self, subject=None, *, kind="mail", now_ms=NOW_MS, life_ms=HOUR_MS) -> Message:
        """A message in the outbox, as issuing puts it there."""
        message = self.message(subject and subject.hash, kind=kind, now_ms=now_ms, life_ms=life_ms)
        row = {name: getattr(message, name) for name in Message.__struct_fields__}
        with self.engine.begin() as connection:
            connection.execute(
                outbox.insert().values(**row, state="waiting", next_ms=now_ms, attempts=0, why="")
            )
        return message

    def count(self, subject, challenge, now_ms=NOW_MS, *, session=SESSION, client=CLIENT):
        return self.challenges.count(subject, challenge.challenge_id, session, client, now_ms)

    def fail(self, subject, challenge, now_ms=NOW_MS, *, session=SESSION, client=CLIENT):
        """Type a wrong code: what counting it or failing led to."""
        counted = self.count(subject, challenge, now_ms, session=session, client=client)
        if not isinstance(counted, Counted):
            return counted
        return self.challenges.failed(subject, counted, client, MEMBER, now_ms)

    def spend(self, subject, tries, now_ms=NOW_MS, *, to=b"r" * 32):
        """Fail so often, each time as late as the limits of challenge and client want it; when the last one was."""
        made = 0
        while made < tries:
            challenge = self.send(subject, now_ms, to=to)
            assert isinstance(challenge, NewChallenge), challenge
            for n in range(min(5, tries - made)):
                now_ms += 17_000
                self.fail(subject, challenge, now_ms, client=b"client %d" % ((made + n) // 3))
            made += 5
            now_ms += 600_000
        return now_ms

    def app(self, app_id="app-1", account_id="m-1", *, step=1, now_ms=NOW_MS) -> Authenticator:
        """An app, enrolled and confirmed."""
        self.enrol(app_id, account_id, now_ms=now_ms)
        assert self.challenges.confirm(app_id, step, MEMBER, now_ms)
        app = self.challenges.authenticator("default", account_id)
        assert app is not None
        return app

    def enrol(self, app_id="app-1", account_id="m-1", *, now_ms=NOW_MS) -> Authenticator:
        """An app of which no code was seen yet."""
        app = Authenticator(
            authenticator_id=app_id,
            program_id="default",
            account_id=account_id,
            seed=b"canary seed of 20 by",
            made_ms=now_ms,
            confirmed_ms=None,
            replaced=False,
            last_step=0,
            fails=0,
            disabled_ms=None,
        )
        self.challenges.enrol(app, MEMBER)
        return app

    def events(self) -> list[str]:
        """What the audit heard, in order; the chain holds."""
        with self.engine.connect() as connection:
            events = list(connection.scalars(select(audit.c.event).order_by(audit.c.seq)))
        assert isinstance(self.audit.verify(self.engine), Whole)
        return events

    def everything(self) -> dict[str, list]:
        """Every row of every table a code touches."""
        with self.engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(select(table))))
                for table in (tokens, otp_subjects, otp_challenges, otp_counts, authenticators, outbox, audit)
            }

    def total(self, column, *where) -> int:
        """The sum of a column."""
        with self.engine.connect() as connection:
            return connection.scalar(select(func.coalesce(func.sum(column), 0)).where(*where))
