"""What every change of a case has in common: its row held, the move noted, the audit told at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from app.cases.flags import recommended, together
from app.cases.moving import RESTORED, UNDOABLE
from app.cases.ports import Case, Scope
from app.cases.priority import assess, deadlines, rank
from app.cases.states import MoveName, State
from app.cases.terms import CaseTerms
from app.seal import place
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit, Entry
from app.store.sql.case_tables import case_accounts, case_moves, cases
from app.store.sql.cases.rows import CASE, case_of, columns, figures_of, seen_by
from detectors.holds import Holds
from tokens.who import Who

AT_ONCE: Final = 500
"""Cases or accounts in one question: SQLite before 3.32 takes 999 parameters."""
_FIGURES: Final = (
    "kind", "typology", "priority", "risk_score", "points", "value_minor", "loss_minor", "decisions", "challenged",
    "reviewed", "blocked", "accounts", "reasons", "recommendation", "rank", "touch_ms", "due_ms", "hold_ms", "changed_ms",
)  # fmt: skip
_REFIGURE: Final = (
    update(cases)
    .where(cases.c.case_id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in _FIGURES})
)
_EVENTS: Final[Mapping[MoveName, str]] = {"opened": "case.opened", "reopen": "case.opened"}


class Kept(NamedTuple):
    """What changes of cases need: the accounts' keys, the audit, the terms of each programme and how its holds end, and
    fresh ids.
    """

    keys: AccountKeys
    audit: Audit
    terms: Callable[[str], CaseTerms]
    holds: Callable[[str], Holds]
    new_id: Callable[[str], str]


class Writing:
    """
    Changes of cases in one transaction, by one actor at one instant. `end` it: the audit is written last.

    Args:
        connection: In a transaction that writes.
        kept: The rest.
        who: Who does it.
        now_ms: When.
    """

    def __init__(self, connection: Connection, kept: Kept, who: Who, now_ms: int) -> None:
        self.connection, self.kept, self.who, self.now_ms = connection, kept, who, now_ms
        self._entries: list[Entry] = []

    def held(self, scope: Scope, case_ids: Iterable[str]) -> dict[str, Case]:
        """These cases, as far as they are in the scope, held until the commit, the oldest first."""
        wanted, found = sorted(set(case_ids)), {}
        for start in range(0, len(wanted), AT_ONCE):
            query = select(*CASE).where(seen_by(scope), cases.c.case_id.in_(wanted[start : start + AT_ONCE]))
            for row in self.connection.execute(query.order_by(cases.c.seq).with_for_update()):
                found[row.case_id] = case_of(row)
        return found

    def move(
        self,
        case: Case,
        move: MoveName,
        fields: Mapping[str, Any],
        detail: Mapping[str, Any],
        reason: str | None = None,
    ) -> Case:
        """Write a move of a case that is held; the case after it."""
        change = {**fields, "version": case.version + 1, "changed_ms": self.now_ms}
        row = self.connection.execute(
            update(cases).where(cases.c.case_id == case.case_id).values(**columns(change)).returning(*CASE)
        ).one()
        moved = case_of(row)
        self.noted([(case, moved, move, detail)], reason)
        if moved.state == "closed" != case.state:
            self.shut(case.case_id)
        return moved

    def noted(
        self, made: Sequence[tuple[Case, Case, MoveName, Mapping[str, Any]]], reason: str | None = None
    ) -> None:
        """Note moves: each as the case before, the case after, what it was, and its details."""
        rows = [self._noted(*one, reason) for one in made]
        if rows:
            self.connection.execute(insert(case_moves), rows)
        for before, moved, move, detail in made:
            event = _EVENTS.get(move) or (
                "case.closed" if moved.state == "closed" != before.state else f"case.{move}"
            )
            if move == "undo" and before.state == "closed":
                event = "case.opened"
            said = moved.resolution if event == "case.closed" else detail.get("typology", "")
            self._entries.append(
                Entry(self.now_ms, moved.program_id, event, moved.case_id, *self.who, str(said))
            )

    def _noted(
        self, before: Case, moved: Case, move: MoveName, detail: Mapping[str, Any], reason: str | None
    ) -> dict[str, Any]:
        sealed = key_id = None
        if reason:
            sealed, key_id = self.sealed(moved, reason, "case move", str(moved.version))
        kept = {name: getattr(before, name) for name in RESTORED} if move in UNDOABLE else None
        from_state: State = before.state
        return {
            "case_id": moved.case_id, "program_id": moved.program_id, "at_ms": self.now_ms, "actor": self.who.actor,
            "move": move, "from_state": from_state, "to_state": moved.state, "version": moved.version,
            "detail": json.dumps(detail), "before": None if kept is None else json.dumps(kept),
            "account_id": moved.account_id, "sealed": sealed, "key_id": key_id,
        }  # fmt: skip

    def sealed(self, case: Case, said: str, *where: str) -> tuple[bytes, bytes]:
        """Text under the key of the case's account, and the key's id."""
        account = (case.program_id, case.account_id)
        key = self.kept.keys.of(self.connection, [account])[account]
        return key.seal.seal(said.encode(), place(*where, case.case_id)), key.key_id

    def shut(self, case_id: str) -> None:
        """The accounts of a case belong to no open case any more."""
        of = case_accounts.c
        self.connection.execute(
            update(case_accounts).where(of.case_id == case_id, of.is_open == 1).values(is_open=0)
        )

    def refigure(self, held: Sequence[Case], until_ms: Mapping[str, int] | None = None) -> dict[str, Case]:
        """
        Sum up anew what the accounts of these held cases make of them; the cases after it.

        Args:
            held: The cases.
            until_ms: Case id → until when points are held for it now, where that is news. The first end counts.
        """
        after = {}
        for start in range(0, len(held), AT_ONCE):
            part = held[start : start + AT_ONCE]
            of = case_accounts.c
            query = select(case_accounts).where(
                of.case_id.in_([case.case_id for case in part]), of.left_ms.is_(None)
            )
            rows: dict[str, list[Any]] = {}
            for row in self.connection.execute(query):
                rows.setdefault(row.case_id, []).append(row)
            for case in part:
                fields = self._figured(case, rows.get(case.case_id, []), (until_ms or {}).get(case.case_id))
                after[case.case_id] = (case, fields)
        if after:
            given = [
                {"which": which, **{f"new_{name}": value for name, value in columns(fields).items()}}
                for which, (_, fields) in after.items()
            ]
            self.connection.execute(_REFIGURE, given)
        return {which: _with(case, fields) for which, (case, fields) in after.items()}

    def _figured(self, case: Case, rows: Sequence[Any], until_ms: int | None) -> dict[str, Any]:
        sums, terms = together(map(figures_of, rows)), self.kept.terms(case.program_id)
        ends = [end for end in (case.hold_ms, until_ms) if end is not None]
        hold_ms = min(ends) if ends and case.state != "closed" else case.hold_ms
        disputed = any(row.why == "dispute" for row in rows)
        found = assess(sums.points, sums.risk_score, terms, held=hold_ms is not None, disputed=disputed)
        touch_ms, due_ms, priority = case.touch_ms, case.due_ms, case.priority
        if found.priority < priority:
            priority, news = found.priority, deadlines(found.priority, self.now_ms, terms)
            due_ms, touch_ms = (
                min(due_ms, news.due_ms),
                news.touch_ms if case.touched_ms is None else touch_ms,
            )
        return {
            "kind": "ring" if len(rows) > 1 else "account",
            "typology": sums.typology,
            "priority": priority,
            "points": sums.points,
            **{name: getattr(sums, name) for name in ("decisions", "challenged", "reviewed", "blocked")},
            "risk_score": sums.risk_score,
            "value_minor": found.value_minor,
            "loss_minor": found.loss_minor,
            "accounts": len(rows),
            "reasons": sums.reasons,
            "recommendation": recommended(sums.typology),
            "rank": rank(found.loss_minor, due_ms),
            "touch_ms": touch_ms,
            "due_ms": due_ms,
            "hold_ms": hold_ms,
            "changed_ms": self.now_ms,
        }

    def end(self) -> None:
        """Write the audit: the last thing before the commit."""
        self.kept.audit.append(self.connection, self._entries)
        self._entries = []


def _with(case: Case, fields: Mapping[str, Any]) -> Case:
    return Case(**{name: fields.get(name, getattr(case, name)) for name in Case.__struct_fields__})
