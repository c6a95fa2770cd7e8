"""The daily figures are a brute-force count over the record, whatever comes in whichever order."""

from collections import Counter
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.ports.journal import StepUpPassed
from app.ports.labels import Label
from app.reviewing.figures import dashboard
from app.seal import Seal
from app.store.sql import SqlRecord, migrate, open_engine
from app.store.sql.reviewing.counting import SqlCounting
from app.store.sql.reviewing.figures import SqlFigures
from app.users.rights import EVERYTHING, Scope
from detectors.event import instant_ms

DAY_MS = 86_400_000
DAY = 20_513
"""2026-03-01, when the decisions of `decided` begin."""
SAID = {"fraud": "abuse", "policy_abuse": "abuse", "legitimate": "honest", "undetermined": "open"}
FIGURES = (
    "decided", "handed_in", "reason", "alert_verdict", "detector_verdict", "reason_verdict", "passed", "abuse_points",
)  # fmt: skip

REASONS = st.lists(st.sampled_from([("A", "velocity"), ("B", "velocity"), ("C", "anomaly")]), max_size=3)
DECISION = st.tuples(
    st.just("decision"), st.sampled_from(["allow", "challenge", "review", "block"]),
    st.sampled_from(["redeem", "earn"]), st.sampled_from(["m-1", "m-2"]), st.sampled_from([None, "p-1"]),
    st.sampled_from([None, "s-1", "s-2"]), st.integers(0, 2), REASONS, st.sampled_from(["decision", "event"]),
)  # fmt: skip
LABEL = st.tuples(
    st.just("label"), st.sampled_from(sorted(SAID)), st.sampled_from(["event", "account"]), st.integers(0, 9)
)
TOLD = st.tuples(st.just("told"), st.integers(0, 9), st.sampled_from(["completed", "cancelled"]))
PASSED = st.tuples(st.just("passed"), st.integers(0, 9))
COUNT = st.tuples(st.just("count"), st.integers(1, 5))
STORY = st.lists(st.one_of(DECISION, DECISION, LABEL, TOLD, PASSED, COUNT), max_size=24)


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def engine(request, tmp_path_factory):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('figures') / 'record.db'}"
    else:
        url = f"{request.getfixturevalue('postgres_server')}&options=-csearch_path%3Dfigures"
        import psycopg  # noqa: PLC0415 - only here

        with psycopg.connect(request.getfixturevalue("postgres_server"), autocommit=True) as connection:
            connection.execute("CREATE SCHEMA figures")
    migrate(url)
    engine = open_engine(url)
    yield engine
    engine.dispose()


class Told:
    """A small record, and everything that was ever told to it."""

    def __init__(self, engine, decided, told):
        self.engine, self.make, self.make_told = engine, decided, told
        self.program, self.record = uuid4().hex, SqlRecord(engine, Seal(bytes(32)))
        self.entries, self.labels, self.counting = [], [], SqlCounting(engine)

    def tell(self, step):
        getattr(self, step[0])(*step[1:])

    def decision(self, action, kind, who, partner, store, day, reasons, origin):
        n = len(self.entries)
        answer = msgspec.json.encode({"reasons": [{"code": c, "detector": d} for c, d in reasons]})
        taken = kind == "redeem" and (action == "allow" or origin == "event")
        entry = self.make(
            day * 86_400 + n, program_id=self.program, event_id=f"e-{n}", decision_id=f"{self.program}-{n}",
            type=kind, account_id=who, partner_id=partner, store_id=store, decision=action, answer=answer,
            origin=origin, points=10 + n, burned=10 + n if taken else None,
        )  # fmt: skip
        self.entries.append(entry)
        self.record.append([entry])

    def label(self, said, what, n):
        event = f"e-{n}" if what == "event" else None
        who = None if event else f"m-{1 + n % 2}"
        at = len(self.labels)
        one = Label(f"{self.program}-l{at}", self.program, who, event, said, None, "test", 1_000 - n, "t")
        self.labels.append(one)
        self.record.add_label(one)

    def told(self, n, outcome):
        if n < len(self.entries):
            self.record.append([self.make_told(self.entries[n], outcome, told_ms=n)])

    def passed(self, n):
        if n < len(self.entries) and self.entries[n].decision == "challenge":
            entry = self.entries[n]
            event = entry.event
            effect = "burn" if event.type == "redeem" else ""
            self.record.append([
                StepUpPassed(entry.decision_id, self.program, event.account_id, event.event_id, "totp", 5, "k",
                             instant_ms(event), event.points, effect)
            ])  # fmt: skip

    def count(self, limit):
        self.counting.step(limit)

    def verdict(self, event):
        newest = sorted(enumerate(self.labels), key=lambda one: (one[1].labelled_ms, one[0]))
        of_event = [one.label for _, one in newest if one.event_id == event.event_id]
        of_account = [one.label for _, one in newest if one.account_id == event.account_id]
        return SAID[(of_event or of_account)[-1]] if of_event or of_account else ""

    def brute(self, scope):
        """Every figure, straight from the rows of the record."""
        found = Counter()
        for entry in self.entries:
            event, row = entry.event, self.record.decision(self.program, entry.decision_id)
            places = [one for one in (event.partner_id, event.store_id) if one]
            if not scope.admits(self.program, places, places):
                continue
            day, verdict = row.occurred_ms // DAY_MS, self.verdict(event)
            found["handed_in" if entry.origin == "event" else "decided", day, entry.decision] += 1
            found["passed", day, ""] += row.passed_ms is not None
            if verdict == "abuse" and event.type == "redeem":
                found["abuse_points", day, "stopped" if row.burned is None else "lost"] += event.points
            if entry.decision == "allow":
                continue
            reasons = msgspec.json.decode(entry.answer)["reasons"]
            for code in {one["code"] for one in reasons}:
                found["reason", day, code] += 1
                found["reason_verdict", day, f"{code}:{verdict}"] += bool(verdict)
            for detector in {one["detector"] for one in reasons}:
                found["detector_verdict", day, f"{detector}:{verdict}"] += bool(verdict)
            found["alert_verdict", day, f"{entry.decision}:{verdict}"] += bool(verdict)
        return {key: count for key, count in found.items() if count}

    def kept(self, scope):
        found = SqlFigures(self.engine).counts(self.program, scope, FIGURES, DAY, DAY + 5)
        return {(figure, one.day, one.name): one.times for figure, counts in found.items() for one in counts}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORY)
def test_figures_equal_a_count_over_the_record_for_every_scope(engine, decided, told, story):
    """Labels, outcomes and passed challenges come before or after a decision was counted: the sums are the same."""
    record = Told(engine, decided, told)
    for step in story:
        record.tell(step)
    while record.counting.step(7):
        pass
    assert SqlFigures(engine).left() == 0
    for scope in (
        EVERYTHING, Scope(partners=frozenset({"p-1"})), Scope(stores=frozenset({"s-1", "s-2"})),
        Scope(partners=frozenset({"p-1"}), stores=frozenset({"s-1"})), Scope(stores=frozenset()),
    ):  # fmt: skip
        assert record.kept(scope) == record.brute(scope)


def test_a_step_that_is_cut_off_counts_nothing_and_the_next_one_counts_all(
    engine, decided, told, monkeypatch
):
    record = Told(engine, decided, told)
    record.decision("block", "redeem", "m-1", None, "s-1", 0, [("A", "velocity")], "decision")
    with monkeypatch.context() as patch:
        patch.setattr("app.store.sql.reviewing.counting._write", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            record.counting.step(100)
    assert record.kept(EVERYTHING) == {}
    assert SqlFigures(engine).left() > 0
    while record.counting.step(100):
        pass
    assert record.kept(EVERYTHING) == record.brute(EVERYTHING) != {}


def test_a_label_moves_the_precision_of_what_was_counted_before_and_a_later_one_takes_it_back(
    engine, decided, told
):
    record = Told(engine, decided, told)
    record.decision("block", "redeem", "m-1", None, None, 0, [("A", "velocity")], "decision")

    def precision():
        while record.counting.step(100):
            pass
        shown = dashboard(
            SqlFigures(engine), record.program, EVERYTHING, DAY, DAY, (DAY + 1) * DAY_MS, str.lower
        )
        return [(one.name, one.precision.part, one.precision.whole) for one in shown.reasons]

    assert precision() == [("A", 0, 0)]
    record.label("fraud", "event", 0)
    assert precision() == [("A", 1, 1)]
    record.labels[0] = msgspec.structs.replace(record.labels[0], labelled_ms=1)
    newer = Label(f"{record.program}-x", record.program, None, "e-0", "legitimate", None, "t", 2_000, "t")
    record.labels.append(newer)
    record.record.add_label(newer)
    assert precision() == [("A", 0, 1)]
