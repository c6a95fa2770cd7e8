"""A move that dies on its way leaves nothing of itself; content that was destroyed is nowhere in the files."""

from hashlib import sha256
from pathlib import Path

import pytest

from app.ports.record import RecordAway
from app.store.sql import open_engine
from app.store.sql.audit import Audit
from app.store.sql.emptying import empty_log
from tests.app.store.ledger_samples import (
    CAMPAIGN,
    KEY,
    NOW_MS,
    PROGRAM,
    WHO,
    call,
    everything,
    issue,
    mail,
    new_token,
    open_ledger,
    pass_challenge,
    redemption,
)
from tokens.budget import Budget
from tokens.redemption import Redeemed
from tokens.token import Shut


class PulledPlug(Exception):
    pass


class DyingAudit(Audit):
    """The last step before every commit: the process dies after it."""

    def append(self, connection, entries):
        super().append(connection, entries)
        raise PulledPlug


@pytest.fixture
def ledger(engine):
    return open_ledger(engine)


MOVES = {
    "issue": lambda ledger, *_: ledger.issue([(new_token(9), mail(new_token(9)), call("i"))], WHO),
    "redeem": lambda ledger, token, proof: ledger.redeem(redemption(token), proof, call("r"), WHO),
    "revoke": lambda ledger, token, _: ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS),
    "freeze": lambda ledger, token, _: ledger.freeze(token.token_hash, "", WHO, NOW_MS),
    "sweep": lambda ledger, token, _: ledger.sweep(token.expires_ms, 100),
    "budget": lambda ledger, *_: ledger.set_budget(Budget(PROGRAM, CAMPAIGN, 1, 1, None, None), WHO, NOW_MS),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_move_that_dies_before_its_commit_was_never_made_and_can_be_made_again(ledger, engine, move):
    token = new_token(1, otp_method="sms")
    issue(ledger, token)
    proof = pass_challenge(engine, token)
    before = everything(engine)
    with pytest.raises(PulledPlug):
        MOVES[move](open_ledger(engine, DyingAudit(KEY)), token, proof)
    assert everything(engine) == before
    MOVES[move](ledger, token, proof)
    assert everything(engine) != before


def test_a_store_that_is_away_is_said_to_be(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    away = open_ledger(engine)
    token = new_token(1)
    for call_it in (
        lambda: away.issue([(token, None, None)], WHO),
        lambda: away.redeem(redemption(token), None, None, WHO),
        lambda: away.token(token.token_hash),
        lambda: away.sweep(NOW_MS, 1),
    ):
        with pytest.raises(RecordAway):
            call_it()
    engine.dispose()


def canary(n, what):
    return b"".join(sha256(b"%s %d %d" % (what, n, k)).digest() for k in range(8))


def test_destroyed_content_is_nowhere_in_the_files(sqlite_url, tmp_path):
    """Neither payload nor wrapped key nor answer, of tokens redeemed, revoked and expired, among many others."""
    engine = open_engine(sqlite_url)
    ledger = open_ledger(engine)
    wanted = [
        new_token(
            n,
            shut=Shut(canary(n, b"key")[:60], canary(n, b"payload")),
            expires_ms=NOW_MS + (300_000 if n % 5 == 2 else 10**9),
        )
        for n in range(400)
    ]
    for start in range(0, 400, 50):
        issue(ledger, *wanted[start : start + 50])
    assert all(canary(n, b"payload") in stored(engine, tmp_path) for n in (0, 1, 2, 399))
    for n, token in enumerate(wanted):
        if n % 5 == 0:
            answer = ledger.redeem(redemption(token, sealed_answer=canary(n, b"answer")), None, None, WHO)
            assert isinstance(answer, Redeemed)
        elif n % 5 == 1:
            ledger.revoke(PROGRAM, token.token_id, WHO, NOW_MS)
    assert canary(395, b"answer") in stored(engine, tmp_path)
    ledger.sweep(NOW_MS + 300_000 + 600_000, 10_000)
    left = stored(engine, tmp_path)
    engine.dispose()
    for n in range(400):
        for what in (b"key", b"payload"):
            kept = canary(n, what)[:60] in left
            assert kept == (n % 5 > 2), (n, what)
        for at in range(0, 256, 32):
            assert n % 5 > 2 or canary(n, b"payload")[at : at + 32] not in left
        assert canary(n, b"answer")[:32] not in left


def stored(engine, folder: Path) -> bytes:
    """Every byte of the database's files, after what was written ahead is in its place."""
    assert empty_log(engine)
    assert (folder / "record.db-wal").stat().st_size == 0
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.name.startswith("record.db"))


def test_a_log_that_somebody_reads_is_emptied_another_time(sqlite_url):
    engine = open_engine(sqlite_url)
    with engine.connect() as reader:
        reader.exec_driver_sql("SELECT * FROM audit_head").all()
        with engine.begin() as writer:
            writer.exec_driver_sql("UPDATE audit_head SET seq = seq + 1")
        assert not empty_log(engine)
    assert empty_log(engine)
    engine.dispose()
