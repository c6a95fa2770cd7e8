"""
Cases: how fast the worker reads decisions for them, and how long a page and the counts of a full queue take.

    python -m benchmarks.cases [--url sqlite:///FILE] [--cases 100000] [--decisions 20000]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import insert, text

from app.cases.ports import ALL, LIVE, Filter, Scope
from app.cases.priority import rank
from app.cases.terms import CaseTerms
from app.ids import fresh_id
from app.ports.journal import Decided
from app.seal import Seal
from app.store.sql import SqlRecord, migrate, open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.case_tables import cases
from app.store.sql.cases import Kept, SqlCases, SqlCasing
from detectors.event import Event
from detectors.holds import Holds
from detectors.typologies import TYPOLOGIES
from tokens.who import Who

NOW_MS = 1_795_262_400_000
KEY = bytes(range(32))
STEP = 200
"""As in the worker."""


def decision(n: int, action: Any) -> Decided:
    """A redemption of one of many members."""
    event = Event(
        event_id=f"{action}-{n}", type="redeem", occurred_at=datetime.fromtimestamp(NOW_MS / 1_000, UTC),
        account_id=f"{action}-{n % 5_000}", points=500,
    )  # fmt: skip
    answer = b'{"reasons":[{"code":"BURN_SHARE_HIGH"}],"actions":[],"padding":"' + b"x" * 1_200 + b'"}'
    return Decided(
        f"dec_{action}{n}", event, n.to_bytes(16, "big"), answer, "decision", NOW_MS, action, None, 60.0, "detectors",
        "p1", "m1", None, event.account_id.encode().ljust(16)[:8],
    )  # fmt: skip


def fill(engine: Any, number: int) -> None:
    """So many cases, a tenth of them closed, as rows: how they came about is measured elsewhere."""
    rows = []
    for n in range(number):
        closed, due_ms, points = n % 10 == 0, NOW_MS + n * 977 % 259_200_000, n * 7_919 % 50_000
        rows.append(
            {
                "case_id": f"cas_{n}", "program_id": "default", "kind": "account", "account_id": f"q-{n}",
                "state": "closed" if closed else ("open", "in_progress", "waiting", "escalated")[n % 4],
                "cause": "decision", "typology": TYPOLOGIES[n % len(TYPOLOGIES)], "priority": 1 + n % 3,
                "risk_score": 60.0, "points": points, "value_minor": points, "loss_minor": points * 6 // 10,
                "decisions": 1, "challenged": 0, "reviewed": 1, "blocked": 0, "accounts": 1, "reasons": "[]",
                "recommendation": "fraud", "rank": rank(points * 6 // 10, due_ms), "opened_ms": NOW_MS - n,
                "changed_ms": NOW_MS, "due_ms": due_ms, "escalated": 0, "reopened": 0, "version": 1,
            }
        )  # fmt: skip
    with engine.begin() as connection:
        for start in range(0, number, 10_000):
            connection.execute(insert(cases), rows[start : start + 10_000])
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def timed(name: str, do: Callable[[], Any], times: int = 9) -> None:
    """The median, milliseconds."""
    took = []
    for _ in range(times):
        begun = perf_counter()
        do()
        took.append((perf_counter() - begun) * 1_000)
    print(f"{name:<44} {median(took):8.1f} ms   most {max(took):.1f}")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url")
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--decisions", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        engine = open_engine(given.url or f"sqlite:///{Path(directory) / 'record.db'}")
        migrate(engine)
        record = SqlRecord(engine, Seal(KEY))
        kept = Kept(AccountKeys(Seal(KEY)), Audit(KEY), lambda _: CaseTerms(), lambda _: Holds(), fresh_id)
        for action in ("allow", "review"):
            for start in range(0, given.decisions, 1_000):
                record.append([decision(n, action) for n in range(start, start + 1_000)])
            casing, steps = SqlCasing(engine, kept), []
            begun = perf_counter()
            left = given.decisions
            while left:
                before = perf_counter()
                left = casing.step(NOW_MS, STEP)
                steps.append((perf_counter() - before) * 1_000)
            rate = given.decisions / (perf_counter() - begun)
            print(
                f"read for cases, all {action:<24} {rate:8,.0f} decisions/s   a step {median(steps):.1f} ms"
            )
        fill(engine, given.cases)
        desk, here = SqlCases(engine, kept), Scope("default")
        queue = Filter(states=("open", "in_progress"))
        for name, chosen in (("queue", queue), ("live", Filter(states=LIVE)), ("all", ALL)):
            page = partial(desk.page, here, chosen, "rank", limit=50, cursor=None)
            timed(f"page of 50 by rank, {name}", page)
            timed(f"counts, {name}", partial(desk.counts, here, chosen))
        one = Filter(states=("open",), typologies=("gamify",), priorities=(2,))
        timed(
            "page of 50 by value, one typology", lambda: desk.page(here, one, "value", limit=50, cursor=None)
        )
        timed(
            "page of 50 of a store with none",
            lambda: desk.page(here, Filter(store_id="s"), "rank", limit=50, cursor=None),
        )
        timed("claim the next", lambda: desk.claim_next(here, queue, Who("user:a"), NOW_MS))
        engine.dispose()


if __name__ == "__main__":
    main()
