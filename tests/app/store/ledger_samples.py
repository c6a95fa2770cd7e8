"""Tokens, redemptions and passed challenges to fill a ledger with."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, select

from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.token_tables import audit as audit_rows
from app.store.sql.token_tables import otp_challenges, outbox, tokens
from app.store.sql.tokens import SqlLedger
from tokens.ledger import Call
from tokens.outbox import Message
from tokens.redemption import Proof, Redemption
from tokens.token import NewToken, Reward, Shut
from tokens.who import Who

NOW_MS = 1_763_000_000_000
DAY_MS = 86_400_000
KEY = bytes(range(32))
WHO = Who("key:shop", b"\x01" * 16)
PROGRAM = "default"
CAMPAIGN = "spring"


def open_ledger(engine: Engine, audit: Audit | None = None) -> SqlLedger:
    return SqlLedger(engine, AccountKeys(Seal(KEY)), audit or Audit(KEY))


def new_token(n: int, **other: Any) -> NewToken:
    digest = sha256(f"token {n}".encode()).digest()
    usual: dict[str, Any] = {
        "token_hash": digest,
        "token_id": f"tok_{n:06}",
        "program_id": PROGRAM,
        "account_id": f"m-{n}",
        "purpose": "reward_link",
        "campaign_id": CAMPAIGN,
        "reward": Reward(title="Ten euros", points=500, face_value_minor=1_000, currency="EUR"),
        "decision_id": None,
        "secret_hash": sha256(digest).digest(),
        "issued_ms": NOW_MS,
        "not_before_ms": NOW_MS,
        "expires_ms": NOW_MS + 3 * DAY_MS,
        "vault_key": "2025-11-13",
        "shut": Shut(b"wrapped key %d" % n, b"ciphertext %d" % n),
        "otp_method": "none",
        "otp_to": None,
        "authenticator_id": None,
        "channel": "email",
        "recipient": f"member{n}@example.org",
        "recipient_hash": sha256(b"to %d" % n).digest(),
        "locale": "de",
        "policy_version": "pol_1",
    }
    return NewToken(**(usual | other))


def mail(token: NewToken) -> Message:
    return Message(
        message_id=f"<{token.token_id}@example.org>",
        kind="mail",
        program_id=token.program_id,
        token_hash=token.token_hash,
        sealed=b"letter",
        created_ms=token.issued_ms,
        expires_ms=token.expires_ms,
    )


def call(name: str, body: str = "body", answer: bytes = b"answer") -> Call:
    return Call(sha256(name.encode()).digest(), sha256(body.encode()).digest(), answer)


def redemption(token: NewToken, n: int = 0, at_ms: int = NOW_MS + 1_000, **other: Any) -> Redemption:
    usual: dict[str, Any] = {
        "redemption_id": f"red_{token.token_id}_{n}",
        "token_hash": token.token_hash,
        "program_id": token.program_id,
        "account_id": token.account_id,
        "at_ms": at_ms,
        "call_hash": sha256(b"caller %d" % n).digest(),
        "sealed_answer": b"sealed answer",
        "replay_until_ms": at_ms + 600_000,
    }
    return Redemption(**(usual | other))


def issue(ledger: SqlLedger, *wanted: NewToken) -> None:
    """Issue these, each with its mail; every one must succeed."""
    answers = ledger.issue([(token, mail(token), None) for token in wanted], WHO)
    assert list(answers) == ["issued"] * len(wanted)


def put_in_state(engine: Engine, token: NewToken, state: str) -> None:
    """Put a token in a state as if it had come there."""
    with engine.begin() as connection:
        connection.execute(tokens.update().where(tokens.c.token_hash == token.token_hash).values(state=state))


def pass_challenge(engine: Engine, token: NewToken, **other: Any) -> Proof:
    """Write the passed challenge of a token, and move it to verified."""
    usual: dict[str, Any] = {
        "challenge_id": f"otp_{token.token_id}",
        "kind": "token",
        "hash": token.token_hash,
        "session_hash": b"session",
        "method": "sms",
        "code_hash": b"code",
        "digits": 6,
        "reference": "K7",
        "sent_ms": NOW_MS,
        "expires_ms": NOW_MS + 300_000,
        "tries": 1,
        "fails": 0,
        "next_try_ms": 0,
        "void": 0,
        "verified_ms": NOW_MS,
        "used_ms": None,
    }
    with engine.begin() as connection:
        connection.execute(otp_challenges.insert().values(**(usual | other)))
    put_in_state(engine, token, "verified")
    return Proof(f"otp_{token.token_id}", b"session")


def content_of(engine: Engine, token: NewToken) -> tuple[bytes | None, bytes | None]:
    with engine.connect() as connection:
        row = connection.execute(
            select(tokens.c.wrapped_key, tokens.c.ciphertext).where(tokens.c.token_hash == token.token_hash)
        ).one()
    return tuple(row)


def messages_of(engine: Engine, token: NewToken) -> list[tuple[str, bytes]]:
    with engine.connect() as connection:
        rows = connection.execute(
            select(outbox.c.state, outbox.c.sealed).where(outbox.c.token_hash == token.token_hash)
        ).all()
    return [tuple(row) for row in rows]


def events(engine: Engine) -> list[tuple[str, str]]:
    """What the audit says happened, and to what."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(audit_rows.c.event, audit_rows.c.subject).order_by(audit_rows.c.seq)
        ).all()
    return [tuple(row) for row in rows]


def everything(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table: to see that nothing changed."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table)).all()), key=repr)
            for table in tokens.metadata.sorted_tables
        }
