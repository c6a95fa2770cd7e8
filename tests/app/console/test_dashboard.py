"""The dashboard says what was counted, leads to the cases behind it, and stands when nothing draws its pictures."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from html import unescape
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.charts.drawing import DrawingRoom
from app.console.dashboard import page as dashboard
from app.console.dashboard.page import DashboardPage
from app.console.dashboard.period import MOST_DAYS, read_period
from app.console.dashboard.shown import percent
from app.console.frame import Room
from app.console.programmes import Programmes
from app.console.queue_query import read
from app.console.taking_out import TakingOut
from app.seal import Seal
from app.store.sql import SqlRecord, open_engine
from app.store.sql.audit import Audit
from app.store.sql.audit_rows import SqlNoting
from app.store.sql.reviewing.counting import SqlCounting
from app.store.sql.reviewing.figures import SqlFigures
from app.users.rights import Scope
from detectors.policy import DEFAULT
from tests.app.console.window import Window, a_console, a_viewer, words

DAY_MS = 86_400_000
DAY = 20_513
"""2026-03-01, when the decisions of `decided` begin."""
NOW_MS = (DAY + 5) * DAY_MS
PATIENCE_S = 20.0
ALERTS = ("NEW_DEVICE_SPENDS", "takeover"), ("IMPOSSIBLE_TRAVEL", "takeover")
ASKED = "/console/dashboard?program=default&period=7"


@dataclass
class Counted:
    """A programme of seven decisions, counted; and windows at its dashboard."""

    engine: Any
    room: DrawingRoom

    def window(self, role: Any = "senior", scope: Scope | None = None) -> Window:
        """For somebody of that role."""
        page = DashboardPage(
            SqlFigures(self.engine),
            self.room,
            Programmes(lambda: ["default"]),
            lambda _: DEFAULT,
            TakingOut(SqlNoting(self.engine, Audit(bytes(32)))),
        )
        viewer = a_viewer(role, **({} if scope is None else {"scope": scope}))
        return Window([Room(dashboard.PLACE, page.gestures())], viewer, a_console(viewer, NOW_MS))


@pytest.fixture
def counted(database_url: str, decided: Any) -> Iterator[Counted]:
    engine = open_engine(database_url)
    record = SqlRecord(engine, Seal(bytes(32)), Audit(bytes(32)))
    reasons = "".join(f',{{"code":"{code}","detector":"{name}"}}' for code, name in ALERTS)[1:]
    for n, result in enumerate(("allow", "allow", "allow", "review", "block", "challenge", "review")):
        said = reasons if result != "allow" else ""
        record.append([
            decided(n, program_id="default", event_id=f"e-{n}", decision_id=f"dec-{n}", account_id="m-1",
                    decision=result, answer=f'{{"reasons":[{said}]}}'.encode(), store_id="s-1" if n < 4 else "s-2")
        ])  # fmt: skip
    counting = SqlCounting(engine)
    while counting.step(100):
        pass
    with ThreadPoolExecutor(1) as pool:
        yield Counted(engine, DrawingRoom(pool, PATIENCE_S))
    engine.dispose()


def leads(html: str) -> list[dict[str, list[str]]]:
    """Every way into the queue, as it is asked of."""
    found = []
    for href in re.findall(r'href="(/console/queue\?[^"]*)"', html):
        asked = read(parse_qsl(urlsplit(unescape(href)).query))
        assert asked.faults == ()
        found.append({name: list(value) for name, value in asked.values.items()})
    return found


async def test_every_figure_stands_with_its_meaning_and_leads_to_cases_the_queue_can_show(counted):
    told = await counted.window().get(ASKED)
    assert told.status_code == 200
    seen = words(told.text)
    assert "Review rate: the cases 2 of 7" in seen.replace("29 % ", "")
    assert "Alert precision – nothing to tell it from yet" in seen
    assert seen.count("What it means") == told.text.count('class="stat"') + 3
    assert told.text.count("<svg") > 2  # the two charts that have something to show, and icons
    asked = leads(told.text)
    period = {"from_ms": [str(NOW_MS - 6 * DAY_MS)], "to_ms": [str(NOW_MS + DAY_MS)]}
    assert {"program": ["default"], "state": ["all"], "reason": ["NEW_DEVICE_SPENDS"], **period} in asked
    day = {"from_ms": [str(DAY * DAY_MS)], "to_ms": [str((DAY + 1) * DAY_MS)]}
    assert {"program": ["default"], "state": ["all"], "decision": ["block"], **day} in asked


async def test_figures_that_are_behind_say_so(counted, monkeypatch):
    assert "not in these figures yet" not in words((await counted.window().get(ASKED)).text)
    monkeypatch.setattr("app.console.dashboard.page.LEFT_TOLD", -1)
    assert "0 of the newest decisions" in words((await counted.window().get(ASKED)).text)


async def test_without_pictures_the_tables_stand_open_and_say_the_same(counted):
    with ThreadPoolExecutor(1) as pool:
        counted.room = DrawingRoom(pool, patience_s=0.0)
        told = await counted.window().get(ASKED)
    assert told.status_code == 200
    assert "The picture follows" in words(told.text)
    assert told.text.count('<details class="numbers" open>') == 2


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("reasons", [["IMPOSSIBLE_TRAVEL", "4", "0", "0"], ["NEW_DEVICE_SPENDS", "4", "0", "0"]]),
        ("decisions", [["2026-03-06", "0", "0", "0"], ["2026-03-05", "0", "0", "0"]]),
        ("detectors", []),
        ("rates", [["alert_precision", "0", "0", ""], ["challenge_rate", "1", "7", "0.14285714285714285"]]),
        ("queue", [["open_critical", "0", "cases"], ["open_high", "0", "cases"]]),
    ],
)
async def test_each_table_can_be_taken_out_as_it_is_shown(counted, name, rows):
    told = await counted.window().get(f"/console/dashboard/{name}.csv?program=default&period=7")
    assert told.headers["content-type"].startswith("text/csv")
    head, *found = csv.reader(StringIO(told.text))
    assert len({len(row) for row in [head, *found]}) == 1
    assert [row[:4] for row in found[:2]] == rows


async def test_taking_out_needs_the_right_and_what_is_asked_for_must_be_understood(counted):
    path = "/console/dashboard/reasons.csv?program=default&period=7"
    assert (await counted.window("analyst").get(path)).status_code == 403
    assert ".csv" not in (await counted.window("analyst").get(ASKED)).text
    assert (await counted.window("security_admin").get(ASKED)).status_code == 403
    senior = counted.window()
    assert (await senior.get(path.replace("reasons", "secrets"))).status_code == 404
    assert (await senior.get(path.replace("default", "another"))).status_code == 404
    assert (await senior.get(path.replace("=7", "=8"))).status_code == 422


async def test_a_franchise_is_told_of_its_own_stores_alone(counted):
    told = await counted.window(scope=Scope(stores=frozenset({"s-2"}))).get(ASKED)
    assert "1 of 3" in words(told.text)
    assert "of your partners and stores" in words(told.text)


@pytest.mark.parametrize(
    ("query", "first", "last", "chosen"),
    [
        ({}, -29, 0, "30"),
        ({"period": "90"}, -89, 0, "90"),
        ({"period": "custom", "from": "2026-03-01", "to": "2026-03-02"}, -5, -4, "custom"),
        ({"period": "custom", "from": "2026-03-01", "to": "2099-01-01"}, -5, 0, "custom"),
    ],
)
def test_a_period_is_the_days_asked_for_and_never_ahead_of_today(query, first, last, chosen):
    today = date(2026, 3, 6).toordinal() - date(1970, 1, 1).toordinal()
    period = read_period(query, today)
    assert (period.first_day - today, period.last_day - today, period.chosen) == (first, last, chosen)
    assert period.fault == ""
    again = read_period(dict(parse_qsl(period.query("p"))), today)
    assert again == period


@pytest.mark.parametrize(
    "query",
    [
        {"period": "8"}, {"period": "custom"}, {"period": "custom", "from": "soon", "to": "2026-03-02"},
        {"period": "custom", "from": "2026-03-03", "to": "2026-03-02"},
        {"period": "custom", "from": "0001-01-01", "to": "2026-03-02"},
    ],
)  # fmt: skip
def test_a_period_that_is_not_understood_is_told_and_never_endless(query):
    period = read_period(query, DAY)
    assert period.fault
    assert 0 <= period.last_day - period.first_day < MOST_DAYS


@pytest.mark.parametrize(
    ("share", "told"), [(0.0, "0 %"), (1.0, "100 %"), (0.0996, "10 %"), (0.0432, "4.3 %"), (0.00029, "0.03 %")]
)  # fmt: skip
def test_a_share_is_told_with_two_digits_that_matter(share, told):
    assert percent(share) == told
