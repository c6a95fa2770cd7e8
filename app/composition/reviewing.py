"""What the console's pages read, put together."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from app import metrics
from app.charts.drawing import DrawingRoom
from app.keys import derive
from app.model_shelf import Shelf
from app.policy.file import PolicyFile
from app.reviewing.asking_why import Asker, Explain
from app.reviewing.contexts import contexts
from app.reviewing.overview import Overviews, Sources
from app.reviewing.panels import ContextOf
from app.seal import Seal
from app.sighting import Sighter
from app.store.sql import SqlRecord
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.audit_rows import SqlNoting
from app.store.sql.cases.reading import CaseReading
from app.store.sql.reviewing.auditing import SqlAudits
from app.store.sql.reviewing.balance import SqlMoves
from app.store.sql.reviewing.figures import SqlFigures
from app.store.sql.reviewing.finding import SqlFinding
from app.store.sql.reviewing.listed import SqlListed
from app.store.sql.reviewing.overview import SqlFacts
from app.store.sql.reviewing.shown import SqlShown
from app.store.sql.reviewing.timeline import SqlMoments
from app.store.sql.reviewing.uses import SqlUses


@dataclass(frozen=True, slots=True)
class Reviewing:
    """
    The ports of `app.reviewing`, for its functions.

    moments: `timeline`. moves: `balances`. uses: `panels`, `around`. shown: `who`, `earning`, `reveal_…`.
    figures: `dashboard`. asker: why a decision came out as it did. room: draws charts; close it at the end.
    explain: what analysts and members are told. finding: accounts by an id. listed: lists and contexts.
    audits: the audit by page. noting: writes into it. overviews: an account from all sides.
    """

    moments: SqlMoments
    moves: SqlMoves
    uses: SqlUses
    shown: SqlShown
    figures: SqlFigures
    asker: Asker
    room: DrawingRoom
    record: SqlRecord
    file: PolicyFile
    sighter: Sighter
    explain: Explain
    finding: SqlFinding
    listed: SqlListed
    audits: SqlAudits
    noting: SqlNoting
    facts: SqlFacts
    cases: CaseReading

    @property
    def overviews(self) -> Overviews:
        """An account from all sides."""
        sources = Sources(
            self.facts, self.shown, self.moments, self.moves, self.uses, self.record, self.cases
        )
        return Overviews(sources, self.contexts, lambda program_id: self.file.programme(program_id).segment)

    def contexts(self, program_id: str, now_ms: int) -> ContextOf:
        """Which things of a programme are marked as shared. Synchronous. Raises RecordAway."""
        policy = self.file.programme
        return contexts(
            self.record, lambda name: policy(name).contexts, self.sighter.digest, program_id, now_ms
        )


def reviewing(
    master: bytes,
    engine: Engine,
    record: SqlRecord,
    file: PolicyFile,
    sighter: Sighter,
    explain: Explain,
    shelf: Shelf,
) -> Reviewing:
    """Over this database; `explain` is the Explainer's, `shelf` where the models are."""
    seal, audit = Seal(derive(master, "record")), Audit(derive(master, "audit"), metrics.audited)
    keys = AccountKeys(seal)
    shown = SqlShown(engine, keys, audit)
    return Reviewing(
        SqlMoments(engine, keys), SqlMoves(engine, keys), SqlUses(engine), shown, SqlFigures(engine),
        Asker(shown, explain, shelf), DrawingRoom(), record, file, sighter, explain, SqlFinding(engine),
        SqlListed(engine, seal), SqlAudits(engine, audit), SqlNoting(engine, audit), SqlFacts(engine),
        CaseReading(engine, keys),
    )  # fmt: skip
