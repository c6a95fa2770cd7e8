"""Accounts into cases: each to its open case, to the ring it is linked with, or to a new one; cases that meet merge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, insert, select

from app.cases.flags import Figures, Flag, one_account, recommended
from app.cases.grouping import Group, OpenCase, groups
from app.cases.moving import merged
from app.cases.ports import Case, Cause, Scope
from app.cases.priority import deadlines
from app.cases.states import MoveName
from app.store.sql.case_tables import case_accounts, case_decisions, case_places, cases
from app.store.sql.cases.rows import MOVES, SUMMED, columns, figures_of
from app.store.sql.cases.writing import AT_ONCE, Writing
from app.store.sql.dialect import Insert, insert_new, insert_rows
from app.store.sql.tables import accounts, links

V = TypeVar("V", str, bytes)
LINKED_FROM: Final = 0.8
"""Probability from which a link joins cases: the line to a person's look, which this is (docs/decisions/0002)."""
LINKED_KEPT: Final = 200
"""Decisions linked to a case: what an account's page shows at once. Counts stay exact; older ones are in the record."""
TRIES: Final = 4
"""Looks at who is where before giving up; each time somebody else has moved a case in between."""
_OPENED: Final[MoveName] = "opened"
_encode: Final = msgspec.json.Encoder().encode


class Arrival(NamedTuple):
    """
    An account that belongs into a case, and what comes with it.

    cause:   why; `decision` where flags say so.
    figures: what they add.
    flags:   the decisions, in the order of their numbers.
    held_ms: until when points are held for it.
    """

    account_id: str
    cause: Cause
    figures: Figures
    flags: tuple[Flag, ...] = ()
    held_ms: int | None = None

    @property
    def why(self) -> str:
        """As the case's accounts say it."""
        return "flagged" if self.cause == "decision" else self.cause


class Joining:
    """
    Takes arrivals of one programme into cases, in a transaction that writes.

    Args:
        writing: Under which to write.
        program_id: The programme.
    """

    def __init__(self, writing: Writing, program_id: str) -> None:
        self._writing, self._scope = writing, Scope(program_id)
        self._connection: Connection = writing.connection

    def take(self, arrivals: Mapping[str, Arrival]) -> dict[str, str]:
        """
        Take these in; account → its case.

        Raises:
            IntegrityError: Another has just opened a case of one of them: do it all again.
        """
        found, held = self._plan(arrivals)
        into: dict[str, Case] = {}
        opened = [self._new(group, arrivals) for group in found if group.into is None]
        if opened:
            self._connection.execute(insert(cases), [columns(_row(case)) for case in opened])
        fresh = iter(opened)
        homes: list[tuple[Group, Case]] = []
        for group in found:
            case = next(fresh) if group.into is None else held[group.into.case_id]
            homes.append((group, case))
            for other in group.merged:
                self.swallow(case, held[other.case_id])
            into[case.case_id] = case
        home = {name: case.case_id for group, case in homes for name in group.newcomers}
        home |= {name: where.case_id for name, where in self._at(arrivals).items() if name not in home}
        self._seat(arrivals, home)
        self._link(arrivals, home)
        joined = {
            case.case_id: group.newcomers
            for group, case in homes
            if group.into and (group.newcomers or group.merged)
        }
        after = self._writing.refigure(list(into.values()), _ends(arrivals, home))
        self._tell(opened, after, joined, arrivals)
        return home

    def swallow(self, case: Case, other: Case) -> None:
        """Let a held case end in another held one: its accounts, decisions and places go there."""
        change = merged(case.case_id, self._writing.who.actor, self._writing.now_ms)
        self._writing.move(other, "merge", change.fields, change.detail)
        its = {"into": case.case_id, "case_id": other.case_id, "now_ms": self._writing.now_ms}
        for name in ("swallow_accounts", "leave", "swallow_decisions", "swallow_places", "swallow_merged"):
            MOVES(self._connection, name, **its)
        MOVES(self._connection, "seat", case_id=case.case_id)

    def _plan(self, arrivals: Mapping[str, Arrival]) -> tuple[Sequence[Group], dict[str, Case]]:
        """Who belongs with whom, the cases concerned held; looked at again once they are."""
        linked = list(self._linked(arrivals))
        everybody = set(arrivals) | {other for _, other in linked}
        held: dict[str, Case] = {}
        for _ in range(TRIES):
            at = self._at(everybody)
            found = groups(arrivals, at, linked)
            wanted = {case.case_id for group in found for case in (group.into, *group.merged) if case}
            if wanted <= held.keys():
                break
            held |= self._writing.held(self._scope, wanted - held.keys())
        return found, held

    def _at(self, names: Collection[str]) -> dict[str, OpenCase]:
        at = {}
        query = select(case_accounts.c.account_id, cases.c.seq, cases.c.case_id, cases.c.accounts).join_from(
            case_accounts, cases, cases.c.case_id == case_accounts.c.case_id
        )
        of = case_accounts.c
        for part in _parts(names):
            its = query.where(
                of.program_id == self._scope.program_id, of.account_id.in_(part), of.is_open == 1
            )
            for row in self._connection.execute(its):
                at[row.account_id] = OpenCase(row.seq, row.case_id, row.accounts)
        return at

    def _linked(self, names: Iterable[str]) -> Iterable[tuple[str, str]]:
        """Pairs of accounts held to be one hand's. Three plain questions: a join of the three is planned badly."""
        keys = {key: name for name, key in self._named(accounts.c.account_id, names)}
        pairs, of = [], links.c
        for part in _parts(keys):
            its = select(of.account_key, of.other_key).where(
                of.program_id == self._scope.program_id,
                of.account_key.in_(part),
                of.probability >= LINKED_FROM,
            )
            pairs += [(row.account_key, row.other_key) for row in self._connection.execute(its)]
        others = {
            key: name for name, key in self._named(accounts.c.account_key, {other for _, other in pairs})
        }
        return [(keys[one], others[other]) for one, other in pairs if other in others]

    def _named(self, column: Any, values: Iterable[Any]) -> Iterable[tuple[str, bytes]]:
        """Accounts and their entity keys."""
        of = accounts.c
        for part in _parts(values):
            its = select(of.account_id, of.account_key).where(
                of.program_id == self._scope.program_id, column.in_(part)
            )
            for row in self._connection.execute(its):
                yield row.account_id, row.account_key

    def _new(self, group: Group, arrivals: Mapping[str, Arrival]) -> Case:
        first = max((arrivals[name] for name in group.newcomers), key=lambda one: one.figures.risk_score)
        now_ms, terms = self._writing.now_ms, self._writing.kept.terms(self._scope.program_id)
        touch_ms, due_ms = deadlines(3, now_ms, terms)
        return Case(
            case_id=self._writing.kept.new_id("cas"), program_id=self._scope.program_id, kind="account",
            state="open", account_id=first.account_id, cause=first.cause, typology=first.figures.typology, priority=3,
            risk_score=0.0, points=0, value_minor=0, loss_minor=0, decisions=0, challenged=0, reviewed=0, blocked=0,
            accounts=0, reasons=(), recommendation=recommended(first.figures.typology), rank=0, opened_ms=now_ms,
            changed_ms=now_ms, touch_ms=touch_ms, due_ms=due_ms, touched_ms=None, escalated=False, assignee=None,
            lease_ms=None, waiting_for=None, wake_ms=None, hold_ms=None, proposal=None, proposed=None,
            proposed_by=None, resolution=None, merged_into=None, closed_ms=None, closed_by=None, overridden=None,
            spent_ms=None, reopened=0, version=1,
        )  # fmt: skip

    def _seat(self, arrivals: Mapping[str, Arrival], home: Mapping[str, str]) -> None:
        """Write what is known of each account into its case's row of it."""
        known: dict[str, Any] = {}
        of = case_accounts.c
        for part in _parts(arrivals):
            its = select(case_accounts).where(
                of.program_id == self._scope.program_id, of.account_id.in_(part), of.is_open == 1
            )
            known |= {row.account_id: row for row in self._connection.execute(its)}
        rows = []
        for name in sorted(arrivals):
            arrival, row = arrivals[name], known.get(name)
            figures = arrival.figures if row is None else one_account(figures_of(row), arrival.figures)
            keeps_why = row is not None and arrival.cause != "dispute"
            rows.append(
                {
                    "case_id": home[name], "account_id": name, "program_id": self._scope.program_id, "is_open": 1,
                    "left_ms": None, "why": row.why if row is not None and keeps_why else arrival.why,
                    "joined_ms": self._writing.now_ms if row is None else row.joined_ms,
                    "risk_score": figures.risk_score, **{one: getattr(figures, one) for one in SUMMED},
                    "typology": figures.typology, "reasons": _encode(figures.reasons).decode(),
                }
            )  # fmt: skip
        insert_rows(self._connection, case_accounts, rows, _the_new)

    def _link(self, arrivals: Mapping[str, Arrival], home: Mapping[str, str]) -> None:
        """Link the decisions: the first of a case and the newest; and where they touched the programme."""
        of_case: dict[str, list[Flag]] = {}
        for name in sorted(arrivals):
            of_case.setdefault(home[name], []).extend(arrivals[name].flags)
        rows, places, trimmed = [], set(), []
        for case_id, flags in of_case.items():
            ordered = sorted(flags)
            kept = ordered if len(ordered) <= LINKED_KEPT else [ordered[0], *ordered[-LINKED_KEPT:]]
            rows += [{"case_id": case_id, **_linked_row(flag)} for flag in kept]
            places |= {(case_id, "partner", flag.partner_id) for flag in flags if flag.partner_id}
            places |= {(case_id, "store", flag.store_id) for flag in flags if flag.store_id}
            trimmed += [{"case_id": case_id, "kept": LINKED_KEPT - 1}] if flags else []
        insert_new(self._connection, case_decisions, rows)
        names, program = ("case_id", "kind", "value"), {"program_id": self._scope.program_id}
        insert_new(
            self._connection,
            case_places,
            [dict(zip(names, one, strict=True)) | program for one in sorted(places)],
        )
        MOVES["trim_decisions"].run_many(self._connection, trimmed)

    def _tell(
        self,
        opened: Sequence[Case],
        after: Mapping[str, Case],
        joined: Mapping[str, tuple[str, ...]],
        arrivals: Mapping[str, Arrival],
    ) -> None:
        """Note what was opened, and who joined what: that counts as a move."""
        made = []
        for case in opened:
            arrival, moved = arrivals[case.account_id], after[case.case_id]
            first = {"decision_id": arrival.flags[0].decision_id} if arrival.flags else {}
            detail = {"cause": case.cause, "typology": moved.typology, **first}
            made.append((case, moved, _OPENED, detail))
        self._writing.noted(made)
        for case_id, names in joined.items():
            self._writing.move(after[case_id], "join", {}, {"account_ids": list(names)})


def _the_new(insert: Insert) -> Insert:
    news = {one.name: insert.excluded[one.name] for one in case_accounts.c if not one.primary_key}
    return insert.on_conflict_do_update(index_elements=["case_id", "account_id"], set_=news)


def _linked_row(flag: Flag) -> dict[str, Any]:
    names = (
        "seq",
        "decision_id",
        "program_id",
        "account_id",
        "type",
        "occurred_ms",
        "decision",
        "risk_score",
    )
    return {name: getattr(flag, name) for name in names}


def _ends(arrivals: Mapping[str, Arrival], home: Mapping[str, str]) -> dict[str, int]:
    """Case → when the first hold ends that came with an arrival."""
    ends: dict[str, int] = {}
    for name, arrival in arrivals.items():
        if arrival.held_ms is not None:
            ends[home[name]] = min(arrival.held_ms, ends.get(home[name], arrival.held_ms))
    return ends


def _row(case: Case) -> dict[str, Any]:
    return {name: getattr(case, name) for name in Case.__struct_fields__}


def _parts(names: Iterable[V]) -> Iterable[list[V]]:
    ordered = sorted(names)  # in one order, so that two who lock them wait and do not embrace
    return (ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE))
