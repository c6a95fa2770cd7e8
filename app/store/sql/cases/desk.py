"""Moving cases: each move in one transaction that holds the case, so that of two people one is first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from msgspec import structs
from sqlalchemy import insert, select, update

from app.cases.letting_go import NOTHING
from app.cases.moving import DECIDING, UNDOABLE, Change, as_before, decide, is_held, lets_go
from app.cases.ports import NOTE_MOST, Case, Filter, Note, Refusal, Scope, Wish
from app.cases.states import MoveName
from app.store.sql.act_tables import case_acts
from app.store.sql.case_tables import case_accounts, case_moves, case_notes, cases
from app.store.sql.cases.joining import Joining
from app.store.sql.cases.letting_go import let_go_before, note_let_go, stand_to_let_go
from app.store.sql.cases.parts import outside
from app.store.sql.cases.reading import CaseReading
from app.store.sql.cases.rows import CASE, MOVES, case_of, chosen_by, columns, free, seen_by
from app.store.sql.cases.writing import Kept, Writing
from app.store.sql.reach import Joined, in_one, reading

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from tokens.who import Who

T = TypeVar("T")
_UNKNOWN: Final = Refusal("unknown", "There is no such case.")
_PROPOSED: Final = (
    "It was proposed in the console, with more than this case: another person approves it there."
)
_BY_ACT: Final = (
    "An act did this: where it can be taken back, that is done in the case's record, with all else it did."
)

_BY_AN_ACT: Final = (
    "On the case's page you decide the accounts you see; the others go on in a case of their own."
)


class SqlCases(CaseReading):
    """
    `app.cases.ports.Cases`. Every method raises RecordAway: nothing was done then.

    Args:
        engine: A database at this version's migration.
        kept: What changes of cases need.
    """

    def __init__(self, engine: Engine | Joined, kept: Kept) -> None:
        super().__init__(engine, kept.keys)
        self._kept = kept

    def claim(self, scope: Scope, case_id: str, who: Who, now_ms: int) -> Case | Refusal:
        """Take a case under a lease; one's own again renews the lease."""
        return self.move(scope, case_id, who, Wish(move="claim"), None, now_ms)

    def claim_next(self, scope: Scope, chosen: Filter, who: Who, now_ms: int) -> Case | None:
        """Take the highest ranked case that is free; None where there is none."""
        query = (
            select(*CASE)
            .where(seen_by(scope), *chosen_by(scope.program_id, chosen), free(now_ms, who.actor))
            .where(cases.c.state.in_(("open", "in_progress", "escalated")))
            .order_by(cases.c.rank.desc(), cases.c.seq.desc())
            .limit(1)
            .with_for_update(skip_locked=True, of=cases)
        )

        def take(writing: Writing) -> Case | None:
            row = writing.connection.execute(query).first()
            if row is None:
                return None
            taken = self._decided(writing, case_of(row), Wish(move="claim"))
            return taken if isinstance(taken, Case) else None

        return self._in_one(who, now_ms, take)

    def renew(self, scope: Scope, case_id: str, who: Who, now_ms: int) -> Case | Refusal:
        """Lengthen one's own lease. Notes nothing."""

        def renew(writing: Writing) -> Case | Refusal:
            case = writing.held(scope, [case_id]).get(case_id)
            if case is None:
                return _UNKNOWN
            if case.state != "in_progress" or case.assignee != who.actor:
                return Refusal("not_yours", "You do not have this case any more.", case=case)
            lease_ms = now_ms + self._kept.terms(case.program_id).lease_ms
            row = writing.connection.execute(
                update(cases).where(cases.c.case_id == case_id).values(lease_ms=lease_ms).returning(*CASE)
            ).one()
            return case_of(row)

        return self._in_one(who, now_ms, renew)

    def note(self, scope: Scope, case_id: str, who: Who, text: str, now_ms: int) -> Note | Refusal:
        """Add a note, sealed under the key of the case's account."""
        if not text.strip():
            return Refusal("incomplete", "Write something.", "text")
        if len(text) > NOTE_MOST:
            return Refusal("too_long", f"A note has at most {NOTE_MOST:,} characters.", "text")

        def note(writing: Writing) -> Note | Refusal:
            case = writing.held(scope, [case_id]).get(case_id)
            if case is None:
                return _UNKNOWN
            note = Note(self._kept.new_id("not"), case_id, now_ms, who.actor, text)
            sealed, key_id = writing.sealed(case, text, "case note", note.note_id)
            row = {
                "note_id": note.note_id, "case_id": case_id, "program_id": case.program_id,
                "account_id": case.account_id, "at_ms": now_ms, "actor": who.actor, "sealed": sealed, "key_id": key_id,
            }  # fmt: skip
            writing.connection.execute(insert(case_notes), row)
            return note

        return self._in_one(who, now_ms, note)

    def move(
        self,
        scope: Scope,
        case_id: str,
        who: Who,
        wish: Wish,
        version: int | None,
        now_ms: int,
        *,
        of_act: bool = False,
    ) -> Case | Refusal:
        """
        Move a case as wished, if it still stands at this version. See `app.cases.moving.decide`. `of_act`: of an act,
        which does all else that it says; what an act proposed is approved by no move alone.
        """

        def move(writing: Writing) -> Case | Refusal:
            both = [case_id, wish.into] if wish.move == "merge" and wish.into else [case_id]
            held = writing.held(scope, both)
            case = held.get(case_id)
            if case is None:
                return _UNKNOWN
            if version is not None and version != case.version:
                return self._stale(writing.connection, case, version)
            if not of_act and (refusal := _of_a_part(writing.connection, scope, case, wish)):
                return refusal
            if wish.move == "approve" and not of_act and _is_proposed(writing.connection, case):
                return Refusal("illegal", _PROPOSED, "move", case)
            if wish.move == "merge" and wish.into:
                return self._merge(writing, case, held.get(wish.into), wish)
            return self._decided(writing, case, wish, of_act=of_act)

        return self._in_one(who, now_ms, move)

    def undo(
        self, scope: Scope, case_id: str, who: Who, version: int, now_ms: int, *, of_act: bool = False
    ) -> Case | Refusal:
        """
        Take back one's own move, where it was the last and can be taken back. `of_act`: of an act, which takes back all
        else it did; by itself no such move is taken back.
        """

        def undo(writing: Writing) -> Case | Refusal:
            case = writing.held(scope, [case_id]).get(case_id)
            if case is None:
                return _UNKNOWN
            if version != case.version:
                return self._stale(writing.connection, case, version)
            if not of_act and _was_act(writing.connection, case):
                return Refusal("not_undoable", _BY_ACT, case=case)
            of = case_moves.c
            query = select(case_moves).where(of.case_id == case_id).order_by(of.seq.desc()).limit(1)
            last = writing.connection.execute(query).one()
            if last.actor != who.actor or last.move not in UNDOABLE or last.before is None:
                return Refusal("not_undoable", f"`{last.move}` by {last.actor} cannot be undone.", case=case)
            change = Change(as_before(json.loads(last.before)), {"undone": last.move})
            return self._written(writing, case, "undo", change, None)

        return self._in_one(who, now_ms, undo)

    def preview(self, scope: Scope, case_id: str, who: Who, wish: Wish, now_ms: int) -> Case | Refusal:
        """The case as a move would leave it; nothing is done."""
        found = self.some(scope, [case_id])
        if not found:
            return _UNKNOWN
        with reading(self._engine) as connection:
            before = let_go_before(connection, found[0], who.actor, now_ms)
            refusal = _of_a_part(connection, scope, found[0], wish)
        if refusal is not None:
            return refusal
        change = decide(found[0], wish, who.actor, now_ms, self._kept.terms(scope.program_id), before)
        return change if isinstance(change, Refusal) else structs.replace(found[0], **change.fields)

    def _decided(self, writing: Writing, case: Case, wish: Wish, *, of_act: bool = False) -> Case | Refusal:
        actor, now_ms, before = writing.who.actor, writing.now_ms, NOTHING
        if lets_go(case, wish):
            stand_to_let_go(writing.connection, case.program_id, actor)
            before = let_go_before(writing.connection, case, actor, now_ms)
        change = decide(case, wish, actor, now_ms, self._kept.terms(case.program_id), before)
        if isinstance(change, Refusal):
            return change
        if lets_go(case, wish) and not of_act:  # an act notes what it lets go itself
            note_let_go(writing.connection, case, actor, case.value_minor, now_ms)
        if wish.move == "split":
            return self._split(writing, case, change, wish)
        return self._written(writing, case, wish.move, change, wish.reason)

    def _written(
        self, writing: Writing, case: Case, move: MoveName, change: Change, reason: str | None
    ) -> Case | Refusal:
        reopens = case.state == "closed" and change.fields.get("state") != "closed"
        if reopens and (elsewhere := _open_elsewhere(writing.connection, case)):
            return Refusal("open_elsewhere", f"{elsewhere} is in another open case by now.", case=case)
        moved = writing.move(case, move, change.fields, change.detail, reason)
        if reopens:
            MOVES(writing.connection, "seat", case_id=case.case_id)
        return moved

    def _merge(self, writing: Writing, case: Case, into: Case | None, wish: Wish) -> Case | Refusal:
        """The case that goes on is answered."""
        change = decide(case, wish, writing.who.actor, writing.now_ms, self._kept.terms(case.program_id))
        if isinstance(change, Refusal):
            return change
        if into is None or into.state == "closed":
            return Refusal("unknown", "There is no such open case to merge into.", "into", case)
        if is_held(into, writing.who.actor, writing.now_ms):
            return Refusal("taken", f"{into.assignee} has that case.", "into", into)
        Joining(writing, case.program_id).swallow(into, case)
        after = writing.refigure([into])[into.case_id]
        return writing.move(after, "join", {}, {"case_id": case.case_id}, wish.reason)

    def _split(self, writing: Writing, case: Case, change: Change, wish: Wish) -> Case | Refusal:
        """The new case is answered."""
        names = sorted(set(wish.account_ids))
        of, connection = case_accounts.c, writing.connection
        there = connection.scalars(
            select(of.account_id).where(
                of.case_id == case.case_id, of.left_ms.is_(None), of.account_id.in_(names)
            )
        ).all()
        missing = sorted(set(names) - set(there))
        if missing:
            return Refusal("incomplete", f"{missing[0]} is not in this case.", "account_ids", case)
        news = {
            "case_id": self._kept.new_id("cas"), "account_id": names[0],
            "state": "escalated" if case.escalated else "open", "opened_ms": writing.now_ms,
            "version": 1, "assignee": None, "lease_ms": None, "hold_ms": case.hold_ms, "waiting_for": None,
            "wake_ms": None, "reopened": 0, "touched_ms": None,
        }  # fmt: skip
        fresh = Case(**{name: getattr(case, name) for name in Case.__struct_fields__} | news)
        row = {name: getattr(fresh, name) for name in Case.__struct_fields__}
        connection.execute(insert(cases), columns(row))
        its = {"case_id": case.case_id, "into": fresh.case_id, "account_ids": names}
        MOVES(connection, "split_accounts", now_ms=writing.now_ms, **its)
        MOVES(connection, "split_leave", now_ms=writing.now_ms, case_id=case.case_id, account_ids=names)
        MOVES(connection, "split_decisions", **its)
        MOVES(connection, "split_places", into=fresh.case_id)
        MOVES(connection, "seat", case_id=fresh.case_id)
        after = writing.refigure([case, fresh])
        left = after[case.case_id]
        writing.move(left, "split", change.fields, {**change.detail, "into": fresh.case_id}, wish.reason)
        writing.noted(
            [(fresh, after[fresh.case_id], "opened", {"from": case.case_id, "typology": fresh.typology})]
        )
        return after[fresh.case_id]

    def _stale(self, connection: Connection, case: Case, version: int) -> Refusal:
        since = self.moves(connection, case.case_id, version)
        told = ", ".join(f"{one.move} by {one.by}" for one in since[-3:]) or "it was never at that version"
        return Refusal("stale", f"The case was changed meanwhile: {told}.", "version", case, since)

    def _in_one(self, who: Who, now_ms: int, do: Callable[[Writing], T]) -> T:
        def whole(connection: Connection) -> T:
            writing = Writing(connection, self._kept, who, now_ms)
            done = do(writing)
            writing.end()
            return done

        return in_one(self._engine, whole)


def _of_a_part(connection: Connection, scope: Scope, case: Case, wish: Wish) -> Refusal | None:
    """A move decides all of a case: who sees some of its accounts decides these by an act, which parts them."""
    if wish.move not in DECIDING | {"approve"}:
        return None
    beyond = outside(connection, scope, case)
    if not beyond:
        return None
    return Refusal("illegal", f"{min(beyond)[:80]} is outside what you see. {_BY_AN_ACT}", "move", case)


def _is_proposed(connection: Connection, case: Case) -> bool:
    """Whether what waits for approval is an act."""
    of = case_acts.c
    its = (of.case_id == case.case_id) & (of.state == "proposed") & (of.actor == case.proposed_by)
    return connection.execute(select(of.seq).where(its).limit(1)).first() is not None


def _was_act(connection: Connection, case: Case) -> bool:
    """Whether an act led to this version, and not a move alone."""
    of = case_acts.c
    query = select(of.seq).where(of.case_id == case.case_id, of.version == case.version, of.state == "done")
    return connection.execute(query.limit(1)).first() is not None


def _open_elsewhere(connection: Connection, case: Case) -> str | None:
    """An account of this closed case that is in another open one."""
    mine, other = case_accounts.alias("mine"), case_accounts.alias("other")
    query = (
        select(mine.c.account_id)
        .join(other, (other.c.program_id == mine.c.program_id) & (other.c.account_id == mine.c.account_id))
        .where(mine.c.case_id == case.case_id, mine.c.left_ms.is_(None), other.c.is_open == 1)
        .limit(1)
    )
    found: str | None = connection.scalar(query)
    return found
