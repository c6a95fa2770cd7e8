"""Cases, put together: the desk that people use, and what others open a case with."""

from __future__ import annotations

from sqlalchemy import Engine

from app import metrics
from app.cases.desk import CaseDesk
from app.clock import system_clock
from app.ids import fresh_id
from app.keys import derive
from app.policy.file import PolicyFile
from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.cases import CaseOpener, Kept, SqlCases


def kept(master: bytes, file: PolicyFile) -> Kept:
    """What every change of cases needs, of an installation's master key and its policy."""
    audit = Audit(derive(master, "audit"), metrics.audited)
    return Kept(
        AccountKeys(Seal(derive(master, "record"))),
        audit,
        file.cases,
        lambda program_id: file.programme(program_id).holds,
        fresh_id,
    )


class Cases:
    """
    Cases of one web worker.

    desk:   the use cases, for the API and the console.
    opener: opens a case in another's transaction.
    """

    def __init__(self, master: bytes, engine: Engine, file: PolicyFile) -> None:
        needed = kept(master, file)
        self.desk = CaseDesk(SqlCases(engine, needed), system_clock)
        self.opener = CaseOpener(needed)
