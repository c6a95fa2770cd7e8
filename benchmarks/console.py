"""
Milliseconds of each read model of the console, over a record filled by `benchmarks.console_fill`.

    python -m benchmarks.console DATABASE_URL [rounds]

Reads what the worker has not read yet first, and says how fast that was. Then medians and 95th percentiles, each asked of
members picked at random. Charts are drawn in this process, to be measured alone.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from app.charts import graph as graph_picture
from app.charts import specs
from app.charts.rendering import render
from app.keys import derive
from app.reviewing.account import earning, who
from app.reviewing.balance import MOVES_SHOWN, balances
from app.reviewing.figures import dashboard, day_of
from app.reviewing.graph import around
from app.reviewing.panels import panels
from app.reviewing.timeline import timeline
from app.seal import Seal
from app.sighting import Sighter
from app.store.sql import open_engine
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.reviewing.balance import SqlMoves
from app.store.sql.reviewing.counting import SqlCounting
from app.store.sql.reviewing.figures import SqlFigures
from app.store.sql.reviewing.gathering import SqlGathering
from app.store.sql.reviewing.shown import SqlShown
from app.store.sql.reviewing.timeline import SqlMoments
from app.store.sql.reviewing.uses import SqlUses
from app.store.sql.tables import decisions
from app.users.rights import EVERYTHING, Scope
from app.worker.reviewing import COUNT_AT_ONCE, GATHER_AT_ONCE
from benchmarks.console_fill import CODES, MASTER, PROGRAM, account
from detectors.policy import DEFAULT_SEGMENT

FRANCHISE = Scope(stores=frozenset({"s-1", "s-2", "s-3"}))
MEMBERS = 100_000
PERIOD_DAYS = 90


def measured(name: str, rounds: int, ask: Callable[[], Any]) -> None:
    """Print the median and the 95th percentile."""
    ask()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        ask()
        took.append(1_000 * (time.perf_counter() - began))
    worst = statistics.quantiles(took, n=20)[-1]
    print(f"{name:<38}{statistics.median(took):9.1f} ms {worst:9.1f} ms", flush=True)


def caught_up(name: str, step: Callable[[int], int], at_once: int) -> None:
    """Let the worker's chore read to the end."""
    began, done = time.perf_counter(), 0
    while more := step(at_once):
        done += more
    took = time.perf_counter() - began
    if done:
        print(f"{name:<38}{done:,} numbers in {took:.1f} s, {done / took:,.0f}/s", flush=True)


def main(url: str, rounds: int = 40) -> None:
    """Measure everything."""
    engine, chance = open_engine(url), random.Random(3)
    keys = AccountKeys(Seal(derive(MASTER, "record")))
    caught_up("counting", SqlCounting(engine).step, COUNT_AT_ONCE)
    caught_up("gathering", SqlGathering(engine, keys, Sighter(MASTER, "DE")).step, GATHER_AT_ONCE)
    moments, moves, uses = SqlMoments(engine, keys), SqlMoves(engine, keys), SqlUses(engine)
    shown, figures = SqlShown(engine, keys, Audit(derive(MASTER, "audit"))), SqlFigures(engine)
    with engine.connect() as connection:
        now_ms = connection.execute(select(func.max(decisions.c.occurred_ms))).scalar_one()
    today = day_of(now_ms)
    first = today - PERIOD_DAYS

    def member() -> str:
        return account(int(MEMBERS * chance.random() ** 1.5))

    def no_context(*_: object) -> None:
        return None

    busiest = account(0)
    print(f"{'':<38}{'median':>12}{'95 %':>13}")
    for name, ask in {
        "timeline, 50": lambda: timeline(moments, PROGRAM, member(), limit=50, scope=EVERYTHING),
        "timeline, 50, the busiest": lambda: timeline(moments, PROGRAM, busiest, limit=50, scope=EVERYTHING),
        "timeline, 50, of three stores": lambda: timeline(
            moments, PROGRAM, member(), limit=50, scope=FRANCHISE
        ),
        "balance, the busiest": lambda: balances(moves.moved(PROGRAM, busiest, MOVES_SHOWN)),
        "panels": lambda: panels(uses, no_context, PROGRAM, member(), EVERYTHING),
        "graph": lambda: around(uses, no_context, PROGRAM, member(), EVERYTHING),
        "graph, of three stores": lambda: around(uses, no_context, PROGRAM, member(), FRANCHISE),
        "who": lambda: who(shown, PROGRAM, member()),
        "earned and burned": lambda: earning(shown, DEFAULT_SEGMENT, PROGRAM, member(), now_ms),
        "earned and burned, the busiest": lambda: earning(shown, DEFAULT_SEGMENT, PROGRAM, busiest, now_ms),
        "decision": lambda: shown.shown(PROGRAM, f"dec_{chance.randrange(1, 10**6):024x}", EVERYTHING),
        "dashboard, 90 days": lambda: dashboard(
            figures, PROGRAM, EVERYTHING, first, today, now_ms, CODES.__getitem__
        ),
        "dashboard, 90 days, of three stores": lambda: dashboard(
            figures, PROGRAM, FRANCHISE, first, today, now_ms, CODES.__getitem__
        ),
        "queue health": lambda: figures.queue(PROGRAM, EVERYTHING, first, today, now_ms),
    }.items():
        measured(name, rounds, ask)
    whole = dashboard(figures, PROGRAM, EVERYTHING, first, today, now_ms, CODES.__getitem__)
    largest = max(
        (around(uses, no_context, PROGRAM, member(), EVERYTHING) for _ in range(200)),
        key=lambda one: len(one.nodes),
    )
    measured(f"graph drawn, {len(largest.nodes)} nodes", rounds, lambda: graph_picture.draw(largest))
    doors = {(day, name): "/console/queue" for day, counts in whole.days.items() for name in counts}
    over = specs.over_time("Decisions", whole.days, today - 30, today, doors)
    bars = specs.bars("Reasons", [(one.name, one.times, one.href) for one in whole.reasons[:10]], "alerts")
    measured("chart, 30 days", rounds, lambda: render(over))
    measured("chart, ten bars", rounds, lambda: render(bars))
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
