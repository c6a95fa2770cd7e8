"""What people say, without a database: the same acts on lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from msgspec.structs import replace

from app.feedback.ports import ByTwo, ContextRow, Judged, PairRow, Pairs, Word
from app.ports.labels import Label
from app.ports.record import Page


@dataclass
class MemoryFeedback:
    """`app.feedback.ports.Feedback` and `app.api.context.Heard` over the record of the tests."""

    record: Any
    marked: list[ContextRow] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    pairs: dict[tuple[str, str, str], PairRow] = field(default_factory=dict)
    acts: int = 0
    by_two: set[tuple[str, str, str]] = field(default_factory=set)
    """List, kind and value of what two people closed."""

    def judged(self, program_id, account_id, event_id) -> Judged:
        whose = next(
            (
                r.account_id
                for r, _ in self.record.rows
                if (r.program_id, r.event_id) == (program_id, event_id)
            ),
            account_id,
        )
        return Judged(whose, ())

    def say(self, label: Label, word, who) -> None:  # noqa: ARG002
        self.record.add_label(label)
        self.words += [] if word is None else [word]

    def unsay(self, label, undone, who) -> bool:  # noqa: ARG002
        held = [word for word in self.words if word.label_id == undone]
        self.words = [word for word in self.words if word.label_id != undone]
        return bool(held)

    def mark(self, row, who) -> None:  # noqa: ARG002
        self.marked.append(row)

    def unmark(self, program_id, context_id, who, now_ms) -> bool:  # noqa: ARG002
        before = len(self.marked)
        self.marked = [
            row for row in self.marked if (row.program_id, row.context_id) != (program_id, context_id)
        ]
        return len(self.marked) < before

    def judge(self, pairs: Pairs, who, now_ms) -> int:  # noqa: ARG002
        self.acts += 1
        for (one, key), (other, other_key) in combinations(sorted(pairs.accounts), 2):
            self.pairs[pairs.program_id, one, other] = PairRow(
                pairs.program_id, one, other, key, other_key, pairs.verdict, pairs.author, now_ms, pairs.expires_ms,
                self.acts, pairs.reason,
            )  # fmt: skip
        return self.acts

    def withdraw(self, program_id, account_id, other_id, who, now_ms) -> bool:  # noqa: ARG002
        one, other = sorted((account_id, other_id))
        return self.pairs.pop((program_id, one, other), None) is not None

    def undo(self, program_id, version, who, now_ms) -> int:  # noqa: ARG002
        gone = [
            name for name, row in self.pairs.items() if (row.program_id, row.version) == (program_id, version)
        ]
        self.pairs = {name: row for name, row in self.pairs.items() if name not in gone}
        return len(gone)

    def enlist(self, entry, who) -> None:  # noqa: ARG002
        self.record.add_list_entry(entry)

    def delist(self, program_id, list_name, entry_id, who, now_ms) -> bool:  # noqa: ARG002
        entries = [one for one in self.record.entries if one.entry_id == entry_id]
        if any((list_name, one.kind, one.value) in self.by_two for one in entries):
            raise ByTwo
        return self.record.remove_list_entry(program_id, list_name, entry_id)

    def contexts(self, program_id, *, limit, cursor) -> Page[ContextRow]:
        start = 0 if cursor is None else int(cursor)
        newest = [row for row in reversed(self.marked) if row.program_id == program_id]
        following = start + limit
        return Page(newest[start:following], str(following) if following < len(newest) else None)

    def pair_verdicts(self, program_id, account_id) -> list[PairRow]:
        return [
            replace(row)
            for (program, one, other), row in self.pairs.items()
            if program == program_id and account_id in {one, other}
        ]
