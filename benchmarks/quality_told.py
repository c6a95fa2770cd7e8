"""The figures of the invented programmes and of loyaltygen, as compact text."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from app.offline.figures import Figures, figures
from app.offline.ranking import Ranking
from benchmarks.quality_goals import (
    BASELINES,
    HONEST_EVENTS,
    HONEST_MEMBERS,
    INCIDENT_RECALL,
    LOYALTYGEN,
    UNSEEN,
    verdict,
)
from benchmarks.quality_run import SCORED_DAYS, Run

FEW = 8
"""Incidents below which one more or less moves the recall by more than the goal leaves room for."""
INVOLVED = ("touched", "fraudster")
"""Traits of accounts that an incident used: what else they do is neither fraud nor a stranger's honest life."""


def together(runs: Sequence[Run]) -> Run:
    """Several invented programmes as one: no two share an id."""
    members = [run.members for run in runs if run.members is not None]
    return Run(
        pl.concat(run.rows for run in runs), pl.concat(run.labels for run in runs), pl.concat(members), {}
    )


def involved(run: Run) -> pl.DataFrame:
    """The unlabelled events of accounts that an incident used."""
    assert run.members is not None
    theirs = run.members.filter(pl.col("traits").list.eval(pl.element().is_in(INVOLVED)).list.any())
    return run.rows.join(theirs, on="account_id", how="semi").join(run.labels, on="event_id", how="anti")


def figures_of(run: Run) -> Figures:
    """Every unlabelled event is honest, except those of accounts that an incident used: they are left out."""
    unsure = involved(run).select("event_id", "account_id", label=pl.lit("undetermined"))
    labels = pl.concat([run.labels, unsure], how="diagonal")
    return figures(run.rows, labels, unlabelled="honest", members=run.members)


def in_brief(run: Run) -> str:
    """What differs from seed to seed, and what it took."""
    found = figures_of(run)
    best = next(one for one in found.rankings if one.score == "risk_score")
    spent = ", ".join(f"{what} {seconds:.0f} s" for what, seconds in run.took.items())
    return (
        f"AUC {best.auc:.4f}, AP {best.average_precision:.4f}, recall at 1 % {best.recall_at_1_percent:.3f}, "
        f"honest events touched {found.decided.honest_events_touched:.3%}; {spent}"
    )


def tell_invented(run: Run, found: Figures, seeds: int) -> None:
    """Ranking, recall by typology, and whom it troubled."""
    fraud = run.labels.height / run.rows.height
    print(
        f"{run.rows.height:,} events scored, {run.labels.height:,} of them of incidents ({fraud:.2%}), "
        f"{sum(one.incidents for one in found.typologies)} incidents"
    )
    print()
    tell_rankings(found.rankings)
    _typologies(found)
    _troubled(run, found, seeds)


def tell_rankings(rankings: Sequence[Ranking]) -> None:
    """A line for each score that spoke."""
    print(f"{'score':<14}{'AUC':>8}{'AP':>8}{'recall at 1 % FPR':>20}{'spoke':>8}")
    for one in rankings:
        if one.auc is not None:
            name = "verdict" if one.score == "risk_score" else one.score
            print(
                f"{name:<14}{one.auc:>8.4f}{one.average_precision:>8.4f}{one.recall_at_1_percent:>20.3f}"
                f"{one.spoke:>8.1%}"
            )


def _typologies(found: Figures) -> None:
    print(
        f"\n{'typology':<20}{'incidents':>10}{'incident recall':>17}{'event recall':>14}{'value':>8}   "
        f"goal {INCIDENT_RECALL:.0%} of incidents"
    )
    for one in sorted(found.typologies, key=lambda one: (one.typology in UNSEEN, one.typology)):
        value = "-" if one.value_detection_rate is None else f"{one.value_detection_rate:.0%}"
        met = verdict(met=one.incident_recall >= INCIDENT_RECALL)
        if one.incidents < FEW:
            met += ", on few"
        print(
            f"{one.typology:<20}{one.incidents:>10}{one.incident_recall:>17.0%}{one.event_recall:>14.0%}{value:>8}   "
            f"{UNSEEN.get(one.typology) or met}"
        )
    seen = [one for one in found.typologies if one.typology not in UNSEEN]
    reached = sum(one.incident_recall >= INCIDENT_RECALL for one in seen)
    caught = sum(one.incident_recall * one.incidents for one in seen)
    total = sum(one.incidents for one in seen)
    print(
        f"{reached} of {len(seen)} typologies that can be seen reach the goal; "
        f"of all their incidents {caught / total:.1%}"
    )


def _troubled(run: Run, found: Figures, seeds: int) -> None:
    decided = found.decided
    events, members = decided.honest_events_touched, decided.honest_members_touched
    assert events is not None
    assert members is not None
    print(
        f"\nhonest events touched  {events:.3%}, goal {HONEST_EVENTS:.1%}: {verdict(met=events <= HONEST_EVENTS)}"
    )
    print(
        f"honest members touched {members:.2%} in {SCORED_DAYS} days, goal {HONEST_MEMBERS:.0%}: "
        f"{verdict(met=members <= HONEST_MEMBERS)}; challenged or blocked {decided.insult_rate:.2%}"
    )
    others = involved(run)
    touched = others.filter(pl.col("decision") != "allow").height / max(1, others.height)
    print(
        f"other events of accounts that an incident used, in none of these: {others.height:,}, touched {touched:.1%}"
    )
    print(f"{'group':<16}{'members':>9}{'touched':>9}{'events':>10}{'touched':>9}")
    for one in sorted(found.groups, key=lambda one: -one.members_touched):
        if one.trait not in INVOLVED:
            print(
                f"{one.trait:<16}{one.members:>9,}{one.members_touched:>9.2%}{one.events:>10,}{one.events_touched:>9.3%}"
            )
    alerts = run.rows.filter(pl.col("decision") != "allow")
    days = seeds * SCORED_DAYS
    accounts = alerts.group_by(pl.col("occurred_at").dt.date(), "account_id").len().height
    print(
        f"alerts a day and programme: {alerts.height / days:.1f} events, {accounts / days:.1f} accounts; "
        f"precision {decided.precision:.1%}"
    )


def tell_loyaltygen(run: Run) -> Figures:
    """The same ranking beside what others reach."""
    found = figures(run.rows, run.labels)
    print(
        f"{found.coverage.events:,} events, {found.coverage.transactions:,} transactions labelled. Another's generator: "
        "no real loyalty-fraud labels, no device ids,\nrandom IPs, no balances. Learned from all events without "
        "labels; a transaction has the highest score of its events."
    )
    print()
    tell_rankings(found.rankings)
    best = next(one for one in found.rankings if one.score == "risk_score")
    reached = [
        f"{name} {getattr(best, name):.4f}, goal {goal}: {verdict(met=getattr(best, name) >= goal)}"
        for name, goal in LOYALTYGEN.items()
    ]
    print("verdict: " + "; ".join(reached))
    print(f"{'baseline':<46}{'AUC':>11}{'AP':>10}{'recall at 1 %':>15}")
    for name, auc, precision, recall in BASELINES:
        print(f"{name:<46}{auc:>11}{precision:>10}{recall:>15}")
    print("source of the baselines: README.md beside the data, library defaults, untuned")
    print(f"\n{'typology':<20}{'events':>8}{'event recall':>14}{'value':>8}")
    for one in found.typologies:
        value = "-" if one.value_detection_rate is None else f"{one.value_detection_rate:.0%}"
        print(f"{one.typology:<20}{one.events:>8,}{one.event_recall:>14.0%}{value:>8}")
    print(f"honest transactions touched {found.decided.honest_events_touched:.3%}")
    return found
