"""The steps of an act, each done in the act's transaction; what takes it back is the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from app.acting.seen import Seen
from app.acting.steps import (
    Closing,
    Delist,
    Enlist,
    Judge,
    LetGo,
    Mark,
    Replace,
    Revoke,
    SayLabel,
    SetHold,
    Step,
    Switch,
    Unjudge,
    Unmark,
    Unsay,
)
from app.feedback.desk import withdrawal, word_of
from app.feedback.ports import ContextRow, Pairs
from app.locking.switch import Wish
from app.ports.labels import Label
from app.ports.lists import ListEntry
from app.redeeming.issuing import Made
from app.store.sql.account_keys import AccountKeys
from app.store.sql.act_tables import case_act_accounts
from app.store.sql.audit import Audit
from app.store.sql.feedback import SqlFeedback
from app.store.sql.locks import SqlLocks
from app.store.sql.moves import Moves
from app.store.sql.tables import holds
from app.store.sql.token_tables import tokens
from app.store.sql.tokens import ending, holding, issuing
from app.store.sql.tokens.rows import SELECT_TOKENS, read_metadata
from tokens.who import Who

MOVES: Final = Moves("app.store.sql.acting", "moves")
SOURCE: Final = "analyst"
"""Of labels said by acts."""


class NotDone(Exception):
    """A step cannot be done any more: the whole act is not. Carries why, for people."""


class Doing(NamedTuple):
    """The act whose steps these are. seen: what stood before; None where an act is taken back."""

    program_id: str
    act_id: str
    who: Who
    reason: str
    now_ms: int
    seen: Seen | None = None
    made: Made | None = None


class Stores(NamedTuple):
    """
    Stores that have joined the act's transaction.

    digest: (programme, kind, value) → entity key. new_id: prefix → a fresh id.
    """

    feedback: SqlFeedback
    locks: SqlLocks
    keys: AccountKeys
    audit: Audit
    digest: Callable[[str, str, str], bytes]
    new_id: Callable[[str], str]


class Stepper:
    """Does the steps of one act, in its transaction."""

    def __init__(self, connection: Connection, stores: Stores, doing: Doing) -> None:
        self._connection, self._doing = connection, doing
        self._feedback, self._locks, self._keys, self._audit, self._digest, self._new_id = stores
        self._program_id, self._who, self._now_ms = doing.program_id, doing.who, doing.now_ms
        self._how: Mapping[type, Callable[[Any], Step | None]] = {
            SayLabel: self._say, Unsay: self._unsay, Switch: self._switch, Enlist: self._enlist,
            Delist: self._delist, Revoke: self._revoke, LetGo: self._let_go, Replace: self._replace,
            SetHold: self._set_hold, Judge: self._judge, Unjudge: self._unjudge, Mark: self._mark,
            Unmark: self._unmark, Closing: self._close,
        }  # fmt: skip

    def run(self, step: Step) -> Step | None:
        """What takes it back; None where nothing does, or nothing changed. Raises NotDone, ValueError."""
        return self._how[type(step)](step)

    def _unsay(self, step: Unsay) -> None:
        label = withdrawal(self._new_id("lbl"), self._program_id, self._who, self._now_ms)
        self._feedback.unsay(label, step.label_id, self._who)

    def _revoke(self, step: Revoke) -> None:
        its = (self._program_id, step.token_id, self._who, self._now_ms)
        ending.revoke(self._connection, self._audit, *its)

    def _let_go(self, step: LetGo) -> None:
        its = (self._program_id, step.token_id, self._who, self._now_ms)
        holding.release(self._connection, self._audit, *its)

    def _judge(self, step: Judge) -> Step:
        names = [(name, self._digest(self._program_id, "account", name)) for name in step.account_ids]
        said = (step.verdict, self._doing.reason, self._who.actor, step.expires_ms)
        return Unjudge(self._feedback.judge(Pairs(self._program_id, names, *said), self._who, self._now_ms))

    def _unjudge(self, step: Unjudge) -> None:
        self._feedback.undo(self._program_id, step.version, self._who, self._now_ms)

    def _unmark(self, step: Unmark) -> None:
        self._feedback.unmark(self._program_id, step.context_id, self._who, self._now_ms)

    def _say(self, step: SayLabel) -> Step:
        label = Label(
            self._new_id("lbl"), self._program_id, step.account_id, None, step.label, step.typology, SOURCE, self._now_ms,
            self._who.actor,
        )  # fmt: skip
        self._feedback.say(label, word_of(label, self._feedback, self._digest), self._who)
        return Unsay(label.label_id)

    def _switch(self, step: Switch) -> Step | None:
        wish = Wish(
            self._program_id, step.account_id, step.locked, step.by, self._who, note=self._doing.reason
        )
        before = self._locks.standing(self._connection, self._program_id, step.account_id)
        row = self._locks.switch(self._connection, wish, self._now_ms, step.version)
        if row.locked != step.locked or (before is not None and before.version == row.version):
            return None
        by = before.asked_by if before is not None and not step.locked else "analyst"
        return Switch(step.account_id, not step.locked, by, row.version)

    def _enlist(self, step: Enlist) -> Step:
        entry = ListEntry(
            self._new_id("lst"), self._program_id, step.list_name, step.kind, step.value,
            self._digest(self._program_id, step.kind, step.value), self._doing.reason, self._who.actor,
            self._now_ms, step.expires_ms,
        )  # fmt: skip
        self._feedback.enlist(entry, self._who)
        return Delist(step.list_name, entry.entry_id, step.value if step.kind == "account" else None)

    def _delist(self, step: Delist) -> Step | None:
        seen = self._doing.seen
        gone = self._feedback.delist(self._program_id, step.list_name, step.entry_id, self._who, self._now_ms)
        listed = None if seen is None or step.account_id is None else seen.listed.get(step.account_id)
        if not gone or listed is None or step.account_id is None:
            return None
        return Enlist(step.list_name, "account", step.account_id, listed.expires_ms)

    def _replace(self, step: Replace) -> None:
        made = self._doing.made
        its = (tokens.c.program_id == self._program_id) & (tokens.c.token_id == step.token_id)
        old: Any = self._connection.execute(SELECT_TOKENS.where(its)).one()
        metadata = read_metadata(self._keys, old)
        state = ending.revoke(
            self._connection, self._audit, self._program_id, step.token_id, self._who, self._now_ms
        )
        if made is None or state != "revoked":
            raise NotDone("The token changed this very moment. Ask again.")
        wanted = [(replace(made.token, metadata=metadata), made.message, None)]
        (answer,) = issuing.issue(self._connection, self._keys, self._audit, wanted, self._who)
        if answer != "issued":
            raise NotDone("The campaign's budget has no room for another.")

    def _set_hold(self, step: SetHold) -> Step | None:
        its = {"program_id": self._program_id, "decision_id": step.decision_id}
        of = holds.c
        query = select(of.due_ms, of.planned).where(
            of.program_id == self._program_id, of.decision_id == step.decision_id
        )
        before = self._connection.execute(query.with_for_update()).one()
        if (
            MOVES(self._connection, "set_hold", due_ms=step.due_ms, planned=step.planned, **its).first()
            is None
        ):
            return None
        released = step.planned == "released" and before.due_ms > step.due_ms
        return None if released else SetHold(step.decision_id, before.due_ms, before.planned)

    def _mark(self, step: Mark) -> Step:
        is_network = step.kind == "ip" and "/" in step.value
        row = ContextRow(
            self._new_id("ctx"), self._program_id, step.kind,
            str(ip_network(step.value, strict=False)) if is_network else step.value,
            b"" if is_network else self._digest(self._program_id, step.kind, step.value),
            step.context, self._doing.reason, self._who.actor, self._now_ms, step.expires_ms,
        )  # fmt: skip
        self._feedback.mark(row, self._who)
        return Unmark(row.context_id)

    def _close(self, step: Closing) -> Step:
        of = case_act_accounts.c
        its = (of.program_id == self._program_id) & of.account_id.in_(step.account_ids)
        if step.closes:
            its &= of.act_id == self._doing.act_id
        self._connection.execute(update(case_act_accounts).where(its).values(closes=int(step.closes)))
        return Closing(step.account_ids, not step.closes)
