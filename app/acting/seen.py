"""What stands now of a case and its accounts, as far as acts ask; and what an act comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from msgspec import Struct

from app.acting.ports import Act, Consequence, Effect, Refused, TellsIn
from app.acting.steps import Step
from app.cases.letting_go import NOTHING, LetGoBefore
from app.cases.moving import DECIDING, decide
from app.cases.ports import Case, CaseFile, Refusal, Wish
from app.cases.terms import CaseTerms
from app.ports.instants import LAST_MS
from app.ports.locks import LockRow
from app.users.rights import Action
from detectors.holds import HoldEnd
from tokens.token import Token


class HeldPoints(NamedTuple):
    """Points a decision holds: until when, and how that ends if nobody decides."""

    decision_id: str
    account_id: str
    points: int
    due_ms: int
    planned: HoldEnd


class Listed(NamedTuple):
    """An account's live entry in the block list."""

    entry_id: str
    expires_ms: int | None


class Proposed(NamedTuple):
    """An act that waits for a second person."""

    act: Act
    actor: str


class Seen(Struct, frozen=True, kw_only=True):
    """
    All of it as of one instant.

    locks, words, listed: by account; the last change of the lock, the last label, the longest entry.
    tokens:   of its accounts, those that are live or frozen, newest first; one more than an act revokes at most.
    token:    the one the act names, whatever its state, if it is one of these accounts'.
    pairs:    (lesser id, greater id) → the last verdict.
    own:      what would take back what was done from this case before and still stands.
    closed:   accounts that are closed.
    beyond:   accounts none of whose flagged decisions touched what the viewer is limited to: not theirs to act on.
    before:   what the actor let go in the last 24 hours.
    renewed:  the member's contacts changed within 72 h.
    """

    file: CaseFile
    terms: CaseTerms
    now_ms: int
    actor: str
    locks: Mapping[str, LockRow] = {}
    words: Mapping[str, str] = {}
    listed: Mapping[str, Listed] = {}
    tokens: Sequence[Token] = ()
    token: Token | None = None
    held: Sequence[HeldPoints] = ()
    pairs: Mapping[tuple[str, str], str] = {}
    own: Sequence[Step] = ()
    proposed: Proposed | None = None
    closed: frozenset[str] = frozenset()
    beyond: frozenset[str] = frozenset()
    before: LetGoBefore = NOTHING
    renewed: bool = False

    @property
    def case(self) -> Case:
        """The case."""
        return self.file.case

    def is_locked(self, account_id: str) -> bool:
        """Whether redeeming is off."""
        return account_id in self.locks and self.locks[account_id].locked


class Plan(Struct, frozen=True, kw_only=True):
    """
    What an act comes to. `wish`: the case's own move; None: it stays as it is, with a mark that something was done.

    whom: the accounts it is about. `shown`: what the analyst is told, without what follows from the effects.
    let_go_minor: what goes out by one person's word, which counts for the next 24 hours.
    """

    whom: tuple[str, ...]
    effects: tuple[Effect, ...] = ()
    steps: tuple[Step, ...] = ()
    wish: Wish | None = None
    shown: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    told: Mapping[TellsIn, str] = {}
    right: Action = "work_case"
    points: int = 0
    value_minor: int = 0
    let_go_minor: int = 0
    needs_second: bool = False
    can_undo: bool = True

    @property
    def decides(self) -> bool:
        """Whether the case is decided by it, or proposed to be."""
        return self.wish is not None and self.wish.move in DECIDING


Planned = Plan | Refused
Outcome = Consequence | Refused


def moved(seen: Seen, wish: Wish) -> Effect | Refused:
    """What the case's move does to the case, by the law of moves, or why it may not be made."""
    change = decide(seen.case, wish, seen.actor, seen.now_ms, seen.terms, seen.before)
    if isinstance(change, Refusal):
        return refused(change)
    names = Case.__struct_fields__
    after = Case(**{name: change.fields.get(name, getattr(seen.case, name)) for name in names})
    return Effect("case", after.case_id, case_word(seen.case), case_word(after))


def refused(refusal: Refusal) -> Refused:
    """A case's refusal as an act's."""
    version = 0 if refusal.case is None else refusal.case.version
    return Refused(refusal.why, refusal.message, refusal.field, refusal.since, version)


def case_word(case: Case) -> str:
    """How a case stands, in a few words."""
    if case.state == "closed":
        return f"closed as {case.resolution}"
    if case.state == "approval":
        return f"proposed: {case.proposal} as {case.proposed}"
    held = "" if case.hold_ms is None else f", held until {at(case.hold_ms)}"
    return f"{case.state}{held}"


def whom_of(act: Act, seen: Seen) -> tuple[str, ...] | Refused:
    """The accounts an act is about, each once, in order; where it names none, all of the case that are the viewer's."""
    there = sorted({one.account_id for one in seen.file.accounts})
    if not act.account_ids:
        mine = tuple([name for name in there if name not in seen.beyond])
        return mine or Refused("forbidden", "None of these accounts is within what you see.", "account_ids")
    wanted = sorted(set(act.account_ids))
    foreign = [name for name in wanted if name not in there]
    if foreign:
        return Refused("unknown", f"{foreign[0][:80]} is not in this case.", "account_ids")
    others = [name for name in wanted if name in seen.beyond]
    if others:
        return Refused("forbidden", f"{others[0][:80]} is outside what you see.", "account_ids")
    return tuple(wanted)


def held_word(due_ms: int) -> str:
    """How held points stand."""
    return f"held until {at(due_ms)}"


def lock_word(row: LockRow | None) -> str:
    """How redeeming stands."""
    return f"off, by {row.asked_by}" if row is not None and row.locked else "on"


def end_word(end_ms: int | None) -> str:
    """Until when an entry lasts."""
    return "without end" if end_ms is None else f"until {at(end_ms)}"


def at(ms: int) -> str:
    """An instant for people, to the minute, UTC."""
    return f"{datetime.fromtimestamp(min(ms, LAST_MS) // 1_000, UTC):%Y-%m-%d %H:%M} UTC"


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Two accounts, the lesser id first."""
    return (one, other) if one < other else (other, one)
