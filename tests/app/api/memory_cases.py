"""Cases without a store: the real desk and the real law of moves over a dictionary."""

from __future__ import annotations

from msgspec import structs

from app.cases.moving import decide
from app.cases.ports import Case, CaseFile, Counts, MoveRow, Note, Refusal
from app.cases.terms import DEFAULT_CASES
from app.ports.record import Page

OPENED_MS = 1_795_262_400_000
UNKNOWN = Refusal("unknown", "There is no such case.")


def case_of(case_id="cas_1", program_id="default", **other):
    usual = {
        "case_id": case_id, "program_id": program_id, "kind": "account", "state": "open", "account_id": "m-1",
        "cause": "decision", "typology": "ato_drain", "priority": 2, "risk_score": 87.5, "points": 900,
        "value_minor": 900, "loss_minor": 788, "decisions": 1, "challenged": 0, "reviewed": 1, "blocked": 0,
        "accounts": 1, "reasons": ("BURN_SHARE_HIGH",), "recommendation": "fraud", "rank": -60_000,
        "opened_ms": OPENED_MS, "changed_ms": OPENED_MS, "touch_ms": None, "due_ms": OPENED_MS + 86_400_000,
        "touched_ms": None, "escalated": False, "assignee": None, "lease_ms": None, "waiting_for": None,
        "wake_ms": None, "hold_ms": None, "proposal": None, "proposed": None, "proposed_by": None, "resolution": None,
        "merged_into": None, "closed_ms": None, "closed_by": None, "overridden": None, "spent_ms": None,
        "reopened": 0, "version": 1,
    }  # fmt: skip
    return Case(**(usual | other))


class MemoryCases:
    """`app.cases.ports.Cases`, as far as routes ask."""

    def __init__(self):
        self.kept: dict[str, Case] = {}
        self.notes: list[Note] = []
        self.moves: list[MoveRow] = []

    def _of(self, scope, case_id):
        case = self.kept.get(case_id)
        return case if case is not None and case.program_id == scope.program_id else None

    def file(self, scope, case_id):
        case = self._of(scope, case_id)
        return None if case is None else CaseFile(case, [], [], self.notes, self.moves, ["p-1"], [])

    def page(self, scope, chosen, _order, *, limit, cursor):
        start = 0 if cursor is None else int(cursor)
        mine = [case for case in self.kept.values() if case.program_id == scope.program_id]
        if chosen.states:
            mine = [case for case in mine if case.state in chosen.states]
        rest = mine[start + limit :]
        return Page(mine[start : start + limit], str(start + limit) if rest else None)

    def counts(self, _scope, _chosen):
        return Counts(len(self.kept), {}, {}, {})

    def open_case(self, program_id, account_id):
        names = [c for c in self.kept.values() if c.state != "closed" and c.account_id == account_id]
        return next((c.case_id for c in names if c.program_id == program_id), None)

    def note(self, scope, case_id, who, text, now_ms):
        if self._of(scope, case_id) is None:
            return UNKNOWN
        if not text.strip():
            return Refusal("incomplete", "Write something.", "text")
        note = Note(f"not_{len(self.notes)}", case_id, now_ms, who.actor, text)
        self.notes.append(note)
        return note

    def preview(self, scope, case_id, who, wish, now_ms):
        case = self._of(scope, case_id)
        if case is None:
            return UNKNOWN
        change = decide(case, wish, who.actor, now_ms, DEFAULT_CASES)
        if isinstance(change, Refusal):
            return change
        return structs.replace(case, **change.fields, version=case.version + 1)

    def move(self, scope, case_id, who, wish, version, now_ms):
        case = self._of(scope, case_id)
        if case is not None and version not in {None, case.version}:
            return Refusal("stale", "The case was changed meanwhile.", "version", case)
        moved = self.preview(scope, case_id, who, wish, now_ms)
        if not isinstance(moved, Refusal):
            self.kept[case_id] = moved
        return moved

    def undo(self, scope, case_id, _who, _version, _now_ms):
        case = self._of(scope, case_id)
        return UNKNOWN if case is None else Refusal("not_undoable", "It cannot be undone.", case=case)
