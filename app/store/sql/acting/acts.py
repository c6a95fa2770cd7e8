"""Acts in SQL: one transaction holds the case, looks, does every step and writes the story; or nothing of it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Engine, insert, select, update

from app.acting.keeping import Acts, Kept, Order
from app.acting.ports import Act, ActName, ActRow, Effect, Refused
from app.acting.seen import Plan, Seen, refused
from app.acting.steps import Step, Switch
from app.cases.ports import Case, CaseFile, Refusal, Scope, Wish
from app.feedback.ports import ByTwo
from app.seal import Seal, place
from app.store.sql.account_keys import AccountKeys
from app.store.sql.act_tables import case_act_accounts, case_acts, closed_of
from app.store.sql.acting.gathering import Gathering
from app.store.sql.acting.seeing import Eyes, read_steps, see
from app.store.sql.acting.stepping import Doing, NotDone, Stepper, Stores
from app.store.sql.audit import Entry
from app.store.sql.cases import Kept as CasesKept
from app.store.sql.cases import SqlCases
from app.store.sql.cases.letting_go import note_let_go, stand_to_let_go
from app.store.sql.cases.parts import beyond_of
from app.store.sql.cases.writing import Writing
from app.store.sql.feedback import SqlFeedback
from app.store.sql.locks import SqlLocks
from app.store.sql.reach import Joined, in_one, reading
from app.store.sql.tables import account_keys
from tokens.who import Who

UNKNOWN: Final = Refused("unknown", "There is no such case.")
RELEASING: Final = frozenset[ActName]({"release", "release_token"})
"""Acts by which one person lets something go."""
CLOSED_SINCE: Final = "Two people closed the account since: it is not unlocked by one."
_encode: Final = msgspec.json.Encoder().encode
_effects: Final = msgspec.json.Decoder(tuple[Effect, ...]).decode


class _TurnedDown(Exception):
    """Nothing is to be written."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class _Work:
    """One transaction of an act: everything joined to it, and the audit at its end."""

    def __init__(self, connection: Connection, acts: SqlActs, who: Who, now_ms: int) -> None:
        self.connection, self.now_ms, self.who = connection, now_ms, who
        self.audit = Gathering(acts.kept.audit)
        kept = acts.kept._replace(audit=self.audit)
        self.cases = SqlCases(Joined(connection), kept)
        self.writing = Writing(connection, kept, who, now_ms)
        feedback = SqlFeedback(Joined(connection), acts.seal, kept.keys, self.audit)
        locks = SqlLocks(acts.engine, kept.keys, self.audit)
        self.stores = Stores(feedback, locks, kept.keys, self.audit, acts.eyes.digest, kept.new_id)

    def held(self, scope: Scope, case_id: str) -> Case:
        """The case, held until the commit. Raises _TurnedDown."""
        case = self.writing.held(scope, [case_id]).get(case_id)
        if case is None:
            raise _TurnedDown(UNKNOWN)
        return case

    def since(self, case: Case, version: int) -> Refused:
        """That the case is not as it was seen."""
        moves = self.cases.moves(self.connection, case.case_id, version)
        told = ", ".join(f"{one.move} by {one.by}" for one in moves[-3:]) or "it was never at that version"
        message = f"The case was changed meanwhile: {told}."
        return Refused("stale", message, "version", moves, case.version)

    def marked(self, case: Case, detail: dict[str, Any], reason: str | None) -> Case:
        """The case after a mark that something was done."""
        return self.writing.move(case, "act", {"state": case.state}, detail, reason)

    def end(self, program_id: str, event: str, act_id: str, case_id: str) -> None:
        """The audit, last."""
        self.writing.end()
        self.audit.append(
            self.connection, [Entry(self.now_ms, program_id, event, act_id, *self.who, case_id)]
        )
        self.audit.write(self.connection)


class SqlActs(Acts):
    """
    `app.acting.keeping.Acts`. Every method raises RecordAway: nothing was done then.

    Args:
        engine: A database at this version's migration.
        seal: The service's own, as of feedback.
        kept: What changes of cases need.
        digest: (programme, kind, value) → the key an entity is known by; ValueError where the value is none.
        renewed: (programme, account, instant) → whether its contacts changed within 72 h.
    """

    def __init__(
        self,
        engine: Engine,
        seal: Seal,
        kept: CasesKept,
        digest: Callable[[str, str, str], bytes],
        renewed: Callable[[str, str, int], bool],
    ) -> None:
        self.engine, self.seal, self.kept = engine, seal, kept
        self.eyes = Eyes(kept.keys, digest, renewed)

    def see(self, scope: Scope, case_id: str, act: Act, who: Who, now_ms: int) -> Seen | None:
        """What stands now; None where there is no such case in the scope."""
        with reading(self.engine) as connection:
            file = SqlCases(Joined(connection), self.kept).file(scope, case_id)
            return None if file is None else self._seen(connection, scope, file, act, who, now_ms)

    def do(self, scope: Scope, case_id: str, order: Order, now_ms: int) -> Kept | Refused:
        """Do it, or nothing of it. By an `act_id` that was done, the same again."""

        def do(connection: Connection) -> Kept:
            return self._done(_Work(connection, self, order.who, now_ms), scope, case_id, order)

        return self._or_refused(do)

    def undo(
        self,
        scope: Scope,
        case_id: str,
        act_id: str,
        who: Who,
        why_not: Callable[[ActRow], Refused | None],
        now_ms: int,
    ) -> Kept | Refused:
        """Take an act back, as far as nobody has said otherwise since."""

        def undo(connection: Connection) -> Kept:
            work = _Work(connection, self, who, now_ms)
            return self._undone(work, scope, work.held(scope, case_id), act_id, why_not)

        return self._or_refused(undo)

    def acts(self, scope: Scope, case_id: str) -> Sequence[ActRow]:
        """What was done from a case, oldest first."""
        with reading(self.engine) as connection:
            cases = SqlCases(Joined(connection), self.kept)
            return self._rows(connection, case_id) if cases.some(scope, [case_id]) else []

    def is_closed(self, program_id: str, account_id: str) -> bool:
        """Whether an account is closed."""
        of = case_act_accounts.c
        its = (of.program_id == program_id) & (of.account_id == account_id) & (of.closes == 1)
        with reading(self.engine) as connection:
            return connection.execute(select(of.act_id).where(its).limit(1)).first() is not None

    def _or_refused(self, move: Callable[[Connection], Kept]) -> Kept | Refused:
        try:
            return in_one(self.engine, move)
        except _TurnedDown as turned_down:
            return turned_down.refusal
        except ByTwo:
            return Refused("not_undoable", CLOSED_SINCE, "handle")
        except NotDone as not_done:
            return Refused("impossible", str(not_done))
        except ValueError as wrong:
            return Refused("incomplete", f"That is no such value: {wrong}.", "value")

    def _seen(
        self, connection: Connection, scope: Scope, file: CaseFile, act: Act, who: Who, now_ms: int
    ) -> Seen:
        terms = self.kept.terms(file.case.program_id)
        return see(connection, self.eyes, scope, file, terms, act, who.actor, now_ms)

    def _done(self, work: _Work, scope: Scope, case_id: str, order: Order) -> Kept:
        case, act = work.held(scope, case_id), order.act
        before = self._rows(work.connection, case_id, act.act_id)
        if before:
            return Kept(
                before[0], self._undoing(work.connection, act.act_id), before[0].version, repeated=True
            )
        if self._taken(work.connection, act.act_id):
            raise _TurnedDown(Refused("illegal", "That id is another act's.", "act_id"))
        if order.version != case.version:
            raise _TurnedDown(work.since(case, order.version))
        file = work.cases.file(scope, case_id)
        if file is None:
            raise _TurnedDown(UNKNOWN)
        if act.name in RELEASING:
            stand_to_let_go(work.connection, case.program_id, order.who.actor)
        seen = self._seen(work.connection, scope, file, act, order.who, work.now_ms)
        plan = order.plan(seen)
        if isinstance(plan, Refused):
            raise _TurnedDown(plan)
        case = self._parted(work, scope, case, plan, seen)
        after = self._moved(work, scope, case, plan, order)
        row = self._row(case, after, order, plan, work.now_ms)
        # who sees only a part proposes only that, whoever approves it
        asked = replace(act, account_ids=row.account_ids) if seen.beyond else act
        self._write(work, row, after, order, asked)
        doing = Doing(case.program_id, act.act_id, order.who, order.reason, work.now_ms, seen, order.made)
        stepper = Stepper(work.connection, work.stores, doing)
        undoing = [back for step in plan.steps if (back := stepper.run(step)) is not None]
        its = case_acts.c.act_id == act.act_id
        text = _encode(tuple(reversed(undoing))).decode()
        work.connection.execute(update(case_acts).where(its).values(undoing=text))
        if plan.let_go_minor:
            note_let_go(work.connection, case, order.who.actor, plan.let_go_minor, work.now_ms)
        work.end(case.program_id, f"act.{act.name}", act.act_id, case_id)
        return Kept(row, plan.steps, after.version)

    def _parted(self, work: _Work, scope: Scope, case: Case, plan: Plan, seen: Seen) -> Case:
        """The case that is decided, the accounts outside what is seen having gone on in one of their own."""
        if not (seen.beyond and plan.decides):
            return case
        wish = Wish(move="split", account_ids=tuple(sorted(seen.beyond)))
        whole = Scope(case.program_id)
        parted = work.cases.move(whole, case.case_id, work.who, wish, case.version, work.now_ms, of_act=True)
        if isinstance(parted, Refusal):
            raise _TurnedDown(refused(parted))
        return work.held(scope, case.case_id)

    def _moved(self, work: _Work, scope: Scope, case: Case, plan: Plan, order: Order) -> Case:
        if plan.wish is None:
            detail = {"act": order.act.name, "act_id": order.act.act_id}
            return work.marked(case, detail, order.reason)
        after = work.cases.move(
            scope, case.case_id, order.who, plan.wish, case.version, work.now_ms, of_act=True
        )
        if isinstance(after, Refusal):
            raise _TurnedDown(refused(after))
        if plan.wish.move in {"approve", "reject"}:
            of, state = case_acts.c, "done" if plan.wish.move == "approve" else "rejected"
            its = (of.case_id == case.case_id) & (of.state == "proposed")
            work.connection.execute(update(case_acts).where(its).values(state=state, undoable=0))
        return after

    def _row(self, case: Case, after: Case, order: Order, plan: Plan, now_ms: int) -> ActRow:
        return ActRow(
            act_id=order.act.act_id, case_id=case.case_id, program_id=case.program_id, name=order.act.name,
            state="proposed" if plan.needs_second else "done", actor=order.who.actor, at_ms=now_ms,
            version=after.version, reason=order.reason, account_ids=plan.whom,
            effects=tuple([_nameless(effect) for effect in plan.effects]),
            can_undo=plan.can_undo and not (plan.needs_second),
        )  # fmt: skip

    def _write(self, work: _Work, row: ActRow, case: Case, order: Order, act: Act) -> None:
        sealed, key_id = work.writing.sealed(case, order.reason, "case act", row.act_id)
        asked = replace(act, value=None, evidence=())
        values = {
            "act_id": row.act_id, "case_id": row.case_id, "program_id": row.program_id,
            "account_id": case.account_id, "name": row.name, "state": row.state, "actor": row.actor,
            "at_ms": row.at_ms, "version": row.version, "asked": _encode(asked).decode(),
            "effects": _encode(row.effects).decode(), "undoing": "[]", "undoable": int(row.can_undo),
            "sealed": sealed, "key_id": key_id,
        }  # fmt: skip
        work.connection.execute(insert(case_acts), values)
        whom = [
            {"act_id": row.act_id, "account_id": name, "program_id": row.program_id, "closes": 0}
            for name in row.account_ids
        ]
        work.connection.execute(insert(case_act_accounts), whom)

    def _undone(
        self, work: _Work, scope: Scope, case: Case, act_id: str, why_not: Callable[[ActRow], Refused | None]
    ) -> Kept:
        found = self._rows(work.connection, case.case_id, act_id)
        if not found:
            raise _TurnedDown(Refused("unknown", "There is no such act in this case.", "handle"))
        row, steps = found[0], self._undoing(work.connection, act_id)
        if row.state == "undone":
            return Kept(row, steps, case.version, repeated=True)
        refusal = why_not(row)
        if refusal is not None:
            raise _TurnedDown(refusal)
        beyond = beyond_of(work.connection, scope, case.case_id, row.account_ids)
        if beyond:
            message = f"{min(beyond)[:80]} is outside what you see."
            raise _TurnedDown(Refused("forbidden", message, "handle"))
        if any(self._opens(work.connection, case.program_id, step) for step in steps):
            raise _TurnedDown(Refused("not_undoable", CLOSED_SINCE, "handle"))
        after = self._moved_back(work, case, row)
        doing = Doing(case.program_id, act_id, work.who, row.reason or "taken back", work.now_ms)
        stepper = Stepper(work.connection, work.stores, doing)
        for step in steps:
            stepper.run(step)
        values = {"state": "undone", "undone_by": work.who.actor, "undone_ms": work.now_ms, "undoable": 0}
        work.connection.execute(update(case_acts).where(case_acts.c.act_id == act_id).values(**values))
        work.end(case.program_id, "act.undone", act_id, case.case_id)
        undone = self._rows(work.connection, case.case_id, act_id)[0]
        return Kept(undone, steps, after.version)

    def _moved_back(self, work: _Work, case: Case, row: ActRow) -> Case:
        if not any(effect.kind == "case" for effect in row.effects):
            return work.marked(case, {"act": "undo", "act_id": row.act_id}, None)
        if case.version != row.version:
            raise _TurnedDown(work.since(case, row.version))
        scope = Scope(case.program_id)
        after = work.cases.undo(scope, case.case_id, work.who, case.version, work.now_ms, of_act=True)
        if isinstance(after, Refusal):
            raise _TurnedDown(refused(after))
        return after

    def _undoing(self, connection: Connection, act_id: str) -> Sequence[Step]:
        text: str | None = connection.scalar(select(case_acts.c.undoing).where(case_acts.c.act_id == act_id))
        return read_steps(text or "[]")

    def _opens(self, connection: Connection, program_id: str, step: Step) -> bool:
        """Whether a step unlocks an account that two people closed."""
        if not isinstance(step, Switch) or step.locked:
            return False
        return bool(closed_of(connection, program_id, [step.account_id]))

    def _taken(self, connection: Connection, act_id: str) -> bool:
        query = select(case_acts.c.seq).where(case_acts.c.act_id == act_id)
        return connection.execute(query).first() is not None

    def _rows(self, connection: Connection, case_id: str, act_id: str | None = None) -> Sequence[ActRow]:
        of, key = case_acts.c, account_keys.c
        its = (
            (key.program_id == of.program_id) & (key.account_id == of.account_id) & (key.key_id == of.key_id)
        )
        query = select(case_acts, key.wrapped_key).outerjoin(account_keys, its).where(of.case_id == case_id)
        if act_id is not None:
            query = query.where(of.act_id == act_id)
        rows = connection.execute(query.order_by(of.seq)).all()
        whom: dict[str, list[str]] = {row.act_id: [] for row in rows}
        about = case_act_accounts.c
        named = select(about.act_id, about.account_id).where(about.act_id.in_(list(whom)))
        for one in connection.execute(named.order_by(about.account_id)):
            whom[one.act_id].append(one.account_id)
        return [self._read(row, whom[row.act_id]) for row in rows]

    def _read(self, row: Any, whom: Sequence[str]) -> ActRow:
        return ActRow(
            act_id=row.act_id, case_id=row.case_id, program_id=row.program_id, name=row.name, state=row.state,
            actor=row.actor, at_ms=row.at_ms, version=row.version, reason=_reason(self.kept.keys, row),
            account_ids=whom, effects=_effects(row.effects), can_undo=bool(row.undoable),
            undone_by=row.undone_by, undone_ms=row.undone_ms,
        )  # fmt: skip


def _reason(keys: AccountKeys, row: Any) -> str | None:
    if row.sealed is None or row.wrapped_key is None:
        return None
    seal = keys.unwrap((row.program_id, row.account_id), row.wrapped_key)
    return seal.open(row.sealed, place("case act", row.act_id, row.case_id)).decode()


def _nameless(effect: Effect) -> Effect:
    """As it is kept: a value on a list or of a context, unless it is an account, stays with its own entry."""
    of_list = effect.kind == "list" and effect.what.split(":")[1] != "account"
    if not of_list and effect.kind != "context":
        return effect
    parts = effect.what.split(":")
    return replace(effect, what=":".join(parts[:2] if of_list else parts[:1]))
