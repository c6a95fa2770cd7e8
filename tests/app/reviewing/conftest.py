"""A record over each engine with what the console reads of it, and a worker that has read it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.seal import Seal
from app.sighting import Sighter
from app.store.sql import SqlRecord, open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.reviewing.balance import SqlMoves
from app.store.sql.reviewing.gathering import SqlGathering
from app.store.sql.reviewing.shown import SqlShown
from app.store.sql.reviewing.timeline import SqlMoments
from app.store.sql.reviewing.uses import SqlUses

MASTER = bytes(range(32))


@pytest.fixture
def kept(database_url):
    engine = open_engine(database_url)
    seal, sighter = Seal(MASTER), Sighter(MASTER, "DE")
    keys = AccountKeys(seal)
    gathering = SqlGathering(engine, keys, sighter)

    def read_on():
        while gathering.step(3):
            pass

    yield SimpleNamespace(
        engine=engine, record=SqlRecord(engine, seal, Audit(MASTER)), moments=SqlMoments(engine, keys),
        moves=SqlMoves(engine, keys), uses=SqlUses(engine), shown=SqlShown(engine, keys, Audit(MASTER)),
        sighter=sighter, gathering=gathering, read_on=read_on,
    )  # fmt: skip
    engine.dispose()
