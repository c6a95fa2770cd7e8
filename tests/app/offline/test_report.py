"""The report of a replay: one page, complete, readable offline, and deaf to whatever the data say."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from app.faults import Fault
from app.offline.definitions import DEFINITIONS, TERMS
from app.offline.figures import figures
from app.offline.report import Meta, OtherReplay, write_report
from app.offline.report.changes import Change, changes
from app.offline.report.plots import alerts_over_time
from app.offline.report.tallies import (
    WEEKS_DRAWN,
    alerts_by_day,
    by_type,
    drawn_days,
    overview,
    risk_bins,
    suspects,
    top_reasons,
)
from app.offline.row_faults import RowFault
from detectors.default_limits import DEFAULT_LIMITS
from detectors.forest.card import Card, Learned, LeftOut, Window
from detectors.forest.drift import Drift
from detectors.meanings import OWN, meaning
from detectors.texts import TEXTS

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "br", "link", "img", "input", "hr"}
DECISIONS = ("allow", "challenge", "review", "block")


def replayed(events=400, days=30, seed=7, accounts=60):
    """A made-up replay: most is allowed, the more so the lower its risk."""
    chance = np.random.default_rng(seed)
    risk = (100 * chance.beta(1, 5, events)).round(2)
    decision = np.array(DECISIONS)[np.digitize(risk, [40, 55, 75])]
    seconds = np.sort(chance.integers(0, days * 86_400, events)).tolist()
    reason = np.array(["VELOCITY_REDEEM_ACCOUNT_1H", "BURN_SHARE_HIGH", "OUR_OWN"])[
        chance.integers(0, 3, events)
    ]
    return pl.DataFrame(
        {
            "event_id": [f"e{one}" for one in range(events)],
            "account_id": [f"m-{one}" for one in chance.integers(0, accounts, events)],
            "occurred_at": [START + timedelta(seconds=one) for one in seconds],
            "type": chance.choice(["earn", "redeem", "login"], events),
            "decision": decision,
            "risk_score": risk,
            "velocity": (risk / 100).round(4),
            "anomaly": chance.random(events),
            "reasons": [
                [] if one == "allow" else [code] for one, code in zip(decision, reason.tolist(), strict=True)
            ],
            "points": chance.integers(0, 1_000, events),
        }
    )


def truth(rows):
    return rows.select(
        "event_id",
        label=pl.when(pl.col("risk_score") > 35).then(pl.lit("fraud")).otherwise(pl.lit("legitimate")),
        typology=pl.when(pl.col("risk_score") > 35).then(pl.lit("ATO_DRAIN")),
    )


class Faults:
    faults = (RowFault("march.csv", 17, HOSTILE, (Fault("/points", "is required"),)),)
    fault_counts = {"/points is required": 412}  # noqa: RUF012 - never changed
    faulty_rows = 412
    duplicates = 9


CARD = Card(
    version="mdl_0123456789ab", features_version=1, features=("size", "burn share"),
    window=Window(int(START.timestamp() * 1_000), int(START.timestamp() * 1_000) + 86_400_000),
    seed=7, rows=900, trees=100, samples=256, depth=8, min_rows=50,
    segments=(Learned(("", "redeem", ""), (("", "redeem", ""),), 860, 800, {}),),
    left_out=(LeftOut(("", "close", ""), 40),), checks={}, libraries={}, notes={}, arrays_sha256="0" * 64,
)  # fmt: skip
DRIFT = (Drift(0, 5_000, np.array([0.01, 0.4]), 0.31),)


class Page(HTMLParser):
    """The elements of a page as a browser would see them; complains of what is left open."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text, self._open = [], [], []
        self.source = path.read_text()
        self.feed(self.source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if not self._open or self._open[-1] != "style":
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A report of everything a report can be of, by hostile data."""
    rows = replayed()
    worst = rows.row(rows.get_column("risk_score").arg_max(), named=True)
    rows = rows.with_columns(
        account_id=pl.when(pl.col("account_id") == worst["account_id"])
        .then(pl.lit(HOSTILE))
        .otherwise("account_id"),
        type=pl.when(pl.col("type") == "login").then(pl.lit("<b onclick=x>")).otherwise("type"),
        reasons=pl.when(pl.col("event_id") == worst["event_id"])
        .then(pl.lit([HOSTILE, "{{ 7 * 7 }}"]))
        .otherwise("reasons"),
    )
    labels = truth(rows).with_columns(typology=pl.lit("'\"></svg><img src=x onerror=y>"))
    members = rows.select(pl.col("account_id").unique()).with_columns(traits=pl.lit(["<i>saver</i>"]))
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(
        path,
        rows=rows,
        meta=Meta(f"Replay {HOSTILE}", policy="p-1", model=CARD.version, sources=[HOSTILE], made_at=START),
        figures=figures(rows, labels, members=members),
        faults=Faults(),
        compare=OtherReplay(
            HOSTILE, replayed(seed=7).with_columns(decision=pl.lit("block")), figures(rows, labels)
        ),
        card=CARD,
        drift=DRIFT,
    )
    return Page(path)


def test_whatever_the_data_hold_is_shown_as_text(full):
    """No element or attribute comes from an id, a type, a reason, a label, a trait, a file or a policy's name."""
    assert not {"script", "img", "b", "iframe", "object", "form", "link"} & {tag for tag, _ in full.elements}
    assert not [attrs for _, attrs in full.elements if any(name.startswith("on") for name in attrs)]
    for told in (HOSTILE, "<b onclick=x>", "<img src=x onerror=y>", "<i>saver</i>", "{{ 7 * 7 }}"):
        assert told in full.words
    assert len(full.all("i")) == full.source.count('<i class="')  # only the colours of a key or a bar


def test_nothing_is_fetched_and_nothing_runs(full):
    """A strict policy stands in the head, and no address is named that a browser would go to."""
    [policy] = [
        one["content"] for one in full.all("meta") if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert not [attrs for _, attrs in full.elements if {"src", "xlink:href", "srcset", "action"} & set(attrs)]
    assert all(attrs["href"].startswith("#") for attrs in full.all("a"))
    assert not re.search(r"url\((?!#)|@import|javascript:", full.source)
    names = {
        address for address in re.findall(r"https?://[^\"'\s<]+", full.source) if "w3.org" not in address
    }
    assert names == set()


def test_every_link_of_the_contents_leads_somewhere(full):
    targets = {attrs["id"] for _, attrs in full.elements if "id" in attrs}
    assert {attrs["href"][1:] for attrs in full.all("a")} <= targets


def test_tables_and_pictures_say_what_they_are(full):
    """Each table has a caption and scoped heads, each picture a name; nobody needs to see colours."""
    assert len(full.all("caption")) == len(full.all("table")) == 14
    assert all(attrs["scope"] in {"col", "row"} for attrs in full.all("th"))
    assert len(full.all("svg")) == len(full.all("figure")) == 4
    assert all(attrs["role"] == "img" and len(attrs["aria-label"]) > 20 for attrs in full.all("svg"))
    assert full.all("html")[0]["lang"] == "en"


def test_axes_have_titles(full):
    for title in (
        "risk score (0 to 100)", "events", "accounts a day", "day (UTC)", "recall: share of abuse caught",
        "precision: share of alerts that are abuse", "honest transactions above the cut-off (log scale)",
    ):  # fmt: skip
        assert f">{title}</text>" in full.source


def test_every_figure_is_explained_and_its_limits_are_told(full):
    for title, text in [*TERMS.items(), *((one.title, one.text) for one in DEFINITIONS.values())]:
        assert title in full.words
        assert text in full.words
    assert "Abuse nobody noticed is labelled by nobody" in full.words


def test_faults_model_and_drift_are_told(full):
    for told in (
        "412 rows were no usable event", "9 rows said again", "/points is required", "mdl_0123456789ab learned from 900",
        "nothing of 40 events in 1 segment, too few", "burn share (0.40, act)", "any programme · close · any tenure",
    ):  # fmt: skip
        assert told in full.words


def test_a_replay_without_labels_needs_nothing_else(tmp_path):
    """No labels, no points, no reasons, no detectors: a page all the same, without figures nobody can know."""
    rows = replayed().select("event_id", "account_id", "occurred_at", "type", "decision", "risk_score")
    write_report(tmp_path / "new" / "r.html", rows=rows, meta=Meta())
    page = Page(tmp_path / "new" / "r.html")
    assert "Precision" not in page.words
    assert (tmp_path / "new" / "r.html").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("keep", [0, 1])
def test_a_replay_of_nothing_or_of_one_event_is_still_a_page(tmp_path, keep):
    rows = replayed().head(keep)
    write_report(
        tmp_path / "r.html", rows=rows, meta=Meta(), figures=figures(rows, truth(replayed())), faults=Faults()
    )
    assert ("No events were decided" in Page(tmp_path / "r.html").words) == (keep == 0)


def test_a_report_that_cannot_be_made_leaves_the_old_one(tmp_path):
    """The name holds all of a report or what it held before, and no half is left beside it."""
    path = tmp_path / "r.html"
    path.write_text("old")
    with pytest.raises(pl.exceptions.PolarsError):
        write_report(path, rows=replayed().drop("account_id"), meta=Meta())
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_report(path, rows=replayed().head(1), meta=Meta())
    assert [one.name for one in tmp_path.iterdir()] == ["r.html"]


def test_a_hundred_thousand_events_make_a_small_file(tmp_path):
    """What is drawn is counted first: the size hangs on the tables, not on the events."""
    rows = replayed(events=120_000, days=400, accounts=5_000)
    write_report(tmp_path / "r.html", rows=rows, meta=Meta(), figures=figures(rows, truth(rows)))
    assert (tmp_path / "r.html").stat().st_size < 300_000


def test_a_policy_in_shadow_is_told_to_have_enforced_nothing(tmp_path):
    rows = replayed().with_columns(would_have="decision", decision=pl.lit("allow"))
    write_report(tmp_path / "r.html", rows=rows, meta=Meta())
    page = Page(tmp_path / "r.html")
    assert "runs in shadow" in page.words
    assert "All of them would have been allowed" not in page.words


def three_days():
    """Ann is challenged twice and blocked once on the first day, bob reviewed on the third."""
    at = [START, START, START + timedelta(hours=1), START + timedelta(days=2), START + timedelta(days=2)]
    return pl.DataFrame(
        {
            "event_id": ["e1", "e2", "e3", "e4", "e5"], "account_id": ["ann", "ann", "ann", "bob", "cat"],
            "occurred_at": at, "type": ["redeem", "redeem", "earn", "earn", "earn"],
            "decision": ["challenge", "challenge", "block", "review", "allow"],
            "risk_score": [50.0, 50.0, 100.0, 60.0, 0.0], "points": [10, 20, 40, 80, 160],
            "reasons": [["A", "B"], ["A"], ["B", "C", "D", "E"], ["BURN_SHARE_HIGH"], []],
        }
    )  # fmt: skip


def test_an_account_counts_once_a_day_at_its_sternest_decision():
    """And a day without any alert is a day all the same."""
    daily = alerts_by_day(three_days())
    assert daily.filter(pl.col("accounts") > 0).select("day", "decision", "accounts").rows() == [
        (date(2026, 3, 1), "block", 1), (date(2026, 3, 3), "review", 1),
    ]  # fmt: skip
    assert daily.get_column("day").n_unique() == 3
    head = overview(three_days(), capacity=1)
    assert (head.days.days, head.days.median, head.days.busiest, head.days.over) == (3, 1.0, 1, 0)
    assert (head.events, head.members, head.alerts) == (5, 3, 4)


def test_one_event_of_the_year_9999_leaves_a_picture_of_few_bars():
    rows = replayed(events=30, days=3)
    far = rows.head(1).with_columns(occurred_at=pl.lit(datetime(9999, 12, 31, tzinfo=UTC)))
    bars, each = drawn_days(alerts_by_day(pl.concat([rows, far.cast(rows.schema)])))
    assert bars.get_column("day").n_unique() <= WEEKS_DRAWN + 1
    assert each.endswith("weeks")
    assert alerts_over_time(bars, each, capacity=100).startswith("<svg")


def test_a_long_period_is_drawn_by_its_weeks_mean_day():
    rows = replayed(events=3_000, days=300)
    daily = alerts_by_day(rows)
    weekly, each = drawn_days(daily)
    assert each == "week"
    assert weekly.get_column("day").n_unique() <= 44
    days = daily.group_by(pl.col("day").dt.truncate("1w")).agg(pl.col("day").n_unique().alias("days"))
    told = weekly.join(days, on="day").select((pl.col("accounts") * pl.col("days")).sum()).item()
    assert told == pytest.approx(daily.get_column("accounts").sum())


def test_the_highest_risk_is_in_the_last_bar():
    bins = risk_bins(three_days())
    assert bins.filter(pl.col("decision") == "block").select("from", "to", "events").rows() == [
        (95.0, 100.0, 1)
    ]
    assert bins.get_column("events").sum() == 5


def test_reasons_count_alerts_and_accounts():
    told = {one.code: (one.alerts, one.accounts) for one in top_reasons(three_days())}
    assert told == {
        "A": (2, 1),
        "B": (2, 1),
        "C": (1, 1),
        "D": (1, 1),
        "E": (1, 1),
        "BURN_SHARE_HIGH": (1, 1),
    }
    as_text = three_days().with_columns(pl.col("reasons").list.join(";"))  # as a CSV has them
    assert {one.code: (one.alerts, one.accounts) for one in top_reasons(as_text)} == told


def test_the_most_suspicious_account_stands_first_with_its_worst_events_reasons():
    first, second = suspects(three_days())
    assert (first.account_id, first.risk, first.alerts, first.points) == ("ann", 100.0, 3, 70)
    assert first.reasons == (f"B: {OWN}", f"C: {OWN}", f"D: {OWN}")
    assert second.reasons == ("one large redemption took most of the balance",)
    told = suspects(three_days().with_columns(messages=pl.lit(["6 redemptions in 60 min (limit 5)"])))
    assert told[0].reasons == ("6 redemptions in 60 min (limit 5)",)


def test_decisions_by_type_add_up():
    rows = replayed()
    told = by_type(rows)
    assert sum(one.events for one in told) == rows.height
    assert all(sum(one.actions.values()) == one.events for one in told)


def test_what_another_policy_changes_is_counted_by_old_and_new_decision():
    other = (
        three_days()
        .with_columns(decision=pl.Series(["allow", "challenge", "allow", "block", "allow"]))
        .head(4)
    )
    found = changes(three_days(), other)
    assert (found.both, found.changed, found.members, found.only_here, found.only_there) == (4, 3, 2, 1, 0)
    assert found.rows == [
        Change("challenge", "allow", 1, 1, 10),
        Change("review", "block", 1, 1, 80),
        Change("block", "allow", 1, 1, 40),
    ]
    assert [one.sterner for one in found.rows] == [False, True, False]


@pytest.mark.parametrize("code", sorted({*TEXTS, *(limit.code for limit in DEFAULT_LIMITS)}))
def test_every_reason_we_give_has_plain_words(code):
    assert meaning(code) != OWN
    assert code not in unescape(meaning(code))
