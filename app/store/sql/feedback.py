"""What people say, written down: each act in one transaction with its audit, under the version that workers compare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Final

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Connection, Engine, delete, select

from app.feedback.ports import ByTwo, ContextRow, Feedback, Judged, Pairs, Word
from app.ports.labels import Label
from app.ports.lists import ListEntry, ListName
from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.act_tables import closed_of
from app.store.sql.audit import Audit, Entry
from app.store.sql.dialect import insert_new
from app.store.sql.feedback_tables import account_words, shared_contexts
from app.store.sql.heard import context_place, pair_place
from app.store.sql.listed import list_row, value_of
from app.store.sql.moves import Moves
from app.store.sql.reach import Joined, in_one, reading
from app.store.sql.tables import decisions, labels, list_entries
from tokens.who import Who

LOOKED_BACK: Final = 100
"""An account's newest decisions that were more than a plain yes: a season of a member who is asked every day."""
_MOVES: Final = Moves("app.store.sql", "feedback_moves")
_pack: Final = msgspec.msgpack.Encoder().encode
_NO_CODES: Final = _pack({})
Note = tuple[str, str, str]
"""Of the audit: event, subject, detail."""


class SqlFeedback(Feedback):
    """
    `app.feedback.ports.Feedback`. Every method raises RecordAway: nothing was done then.

    Args:
        engine: A database at this version's migration.
        seal: The service's own: it seals the values of list entries and shared contexts.
        keys: The accounts' data keys: under them lie the reasons of verdicts.
        audit: Where every act is noted.
    """

    def __init__(self, engine: Engine | Joined, seal: Seal, keys: AccountKeys, audit: Audit) -> None:
        self._engine, self._seal, self._keys, self._audit = engine, seal, keys, audit

    def judged(self, program_id: str, account_id: str | None, event_id: str | None) -> Judged:
        """What decisions found: at the event where one is named, otherwise at the account's newest."""
        its = decisions.c.program_id == program_id
        query = select(decisions.c.account_id, decisions.c.found)
        if event_id is not None:
            query = query.where(its, decisions.c.event_id == event_id)
        else:
            query = query.where(its, decisions.c.account_id == account_id, decisions.c.found != b"")
            query = query.order_by(decisions.c.occurred_ms.desc(), decisions.c.seq.desc()).limit(LOOKED_BACK)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        whose = rows[0].account_id if rows else account_id
        if account_id is not None and whose != account_id:  # an event of somebody else
            return Judged(account_id, ())
        return Judged(whose, [row.found for row in rows if row.found])

    def say(self, label: Label, word: Word | None, who: Who) -> None:
        """Keep a label; `word`: where it is one that decisions mind."""

        def say(connection: Connection, version: int) -> list[Note]:
            insert_new(connection, labels, [asdict(label)])
            if word is not None:
                values = asdict(word) | {"codes": _pack(word.codes), "version": version}
                _MOVES(connection, "say", **values)
            return [_labelled(label)]

        self._act(label.program_id, who, label.labelled_ms, say)

    def unsay(self, label: Label, undone: str, who: Who) -> bool:
        """Keep a label that takes back the one with this id, if that is still the last word; whether it was."""

        def unsay(connection: Connection, version: int) -> list[Note]:
            last = account_words.c
            its = (last.program_id == label.program_id) & (last.label_id == undone)
            held = connection.execute(select(last.account_id, last.subject).where(its)).first()
            if held is None:
                return []
            named = {
                "account_id": None if held.subject else held.account_id,
                "event_id": held.subject or None,
            }
            insert_new(connection, labels, [asdict(label) | named])
            _MOVES(
                connection, "unsay", program_id=label.program_id, account_id=held.account_id, undone=undone,
                label_id=label.label_id, said_ms=label.labelled_ms, codes=_NO_CODES, version=version,
            )  # fmt: skip
            return [("label.recorded", label.label_id, f"undetermined, in place of {undone}")]

        return bool(self._act(label.program_id, who, label.labelled_ms, unsay)[1])

    def mark(self, row: ContextRow, who: Who) -> None:
        """Keep a shared context."""

        def mark(connection: Connection, _version: int) -> list[Note]:
            values = asdict(row)
            value = values.pop("value").encode()
            values["sealed_value"] = self._seal.seal(value, context_place(row.program_id, row.context_id))
            insert_new(connection, shared_contexts, [values])
            return [("context.marked", row.context_id, f"{row.kind} {row.context}")]

        self._act(row.program_id, who, row.created_ms, mark)

    def unmark(self, program_id: str, context_id: str, who: Who, now_ms: int) -> bool:
        """Take one out; False where it is not there."""

        def unmark(connection: Connection, _version: int) -> list[Note]:
            its = (shared_contexts.c.program_id == program_id) & (shared_contexts.c.context_id == context_id)
            gone = connection.execute(delete(shared_contexts).where(its)).rowcount
            return [("context.removed", context_id, "")] * gone

        return bool(self._act(program_id, who, now_ms, unmark)[1])

    def judge(self, pairs: Pairs, who: Who, now_ms: int) -> int:
        """Say this of every two of them, whatever was said before; the act's version."""
        accounts = dict(sorted(pairs.accounts))
        names = list(accounts)

        def judge(connection: Connection, version: int) -> list[Note]:
            keys = self._keys.of(connection, [(pairs.program_id, name) for name in names])
            for one, other in combinations(names, 2):
                mine, theirs = keys[pairs.program_id, one], keys[pairs.program_id, other]
                where = pair_place(pairs.program_id, one, other)
                _MOVES(
                    connection, "judge", program_id=pairs.program_id, account_id=one, other_id=other,
                    account_key=accounts[one], other_key=accounts[other], verdict=pairs.verdict,
                    author=pairs.author, judged_ms=now_ms, expires_ms=pairs.expires_ms,
                    sealed_reason=theirs.seal.seal(mine.seal.seal(pairs.reason.encode(), where), where),
                    key_id=mine.key_id, other_key_id=theirs.key_id, version=version,
                )  # fmt: skip
            said = f"{pairs.verdict}, {len(names)} accounts, act {version}"
            return [("pair.judged", name, said) for name in names]

        return self._act(pairs.program_id, who, now_ms, judge)[0]

    def withdraw(self, program_id: str, account_id: str, other_id: str, who: Who, now_ms: int) -> bool:
        """Take the last word on two back; False where there is none."""
        one, other = sorted((account_id, other_id))
        return self._taken_back(program_id, who, now_ms, "withdraw", account_id=one, other_id=other) > 0

    def undo(self, program_id: str, version: int, who: Who, now_ms: int) -> int:
        """Take back what an act said of pairs, where it is still the last word; of how many."""
        return self._taken_back(program_id, who, now_ms, "undo", undone=version)

    def enlist(self, entry: ListEntry, who: Who) -> None:
        """Keep a list entry."""

        def keep(connection: Connection, _version: int) -> list[Note]:
            insert_new(connection, list_entries, [list_row(entry, self._seal)])
            return [("list.added", entry.entry_id, f"{entry.list} {entry.kind}")]

        self._act(entry.program_id, who, entry.created_ms, keep)

    def delist(self, program_id: str, list_name: ListName, entry_id: str, who: Who, now_ms: int) -> bool:
        """Take one out; False where it is not in that list. Raises ByTwo."""

        def take(connection: Connection, _version: int) -> list[Note]:
            entry = list_entries.c
            its = (entry.entry_id == entry_id) & (entry.program_id == program_id) & (entry.list == list_name)
            whose = select(entry.sealed_value).where(its, entry.list == "block", entry.kind == "account")
            sealed = connection.scalar(whose)
            if sealed is not None and closed_of(
                connection, program_id, [value_of(sealed, program_id, entry_id, self._seal)]
            ):
                raise ByTwo
            gone = connection.execute(delete(list_entries).where(its)).rowcount
            return [("list.removed", entry_id, list_name)] * gone

        return bool(self._act(program_id, who, now_ms, take)[1])

    def _taken_back(self, program_id: str, who: Who, now_ms: int, move: str, **which: str | int) -> int:
        values = {"program_id": program_id, "author": who.actor, "now_ms": now_ms, **which}

        def take_back(connection: Connection, version: int) -> list[Note]:
            gone = _MOVES(connection, move, version=version, **values).all()
            return [("pair.withdrawn", one, other) for one, other in sorted(map(tuple, gone))]

        return len(self._act(program_id, who, now_ms, take_back)[1])

    def _act(
        self, program_id: str, who: Who, now_ms: int, move: Callable[[Connection, int], Sequence[Note]]
    ) -> tuple[int, Sequence[Note]]:
        """One act: its version, and what was noted of it."""

        def act(connection: Connection) -> tuple[int, Sequence[Note]]:
            version: int = _MOVES(connection, "advance").scalar_one()
            notes = move(connection, version)
            self._audit.append(connection, list(_entries(program_id, who, now_ms, notes)))
            return version, notes

        return in_one(self._engine, act)


def _entries(program_id: str, who: Who, now_ms: int, notes: Iterable[Note]) -> Iterable[Entry]:
    for event, subject, detail in notes:
        yield Entry(now_ms, program_id, event, subject, *who, detail)


def _labelled(label: Label) -> Note:
    return "label.recorded", label.label_id, label.label
