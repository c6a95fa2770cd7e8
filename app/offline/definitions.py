"""What each figure means: the words under a report and beside a table, so that nobody has to guess a denominator."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Unit = Literal["share", "number", "seconds"]
PERCENT: Final = "\N{NO-BREAK SPACE}%"
SMALL_SHARE: Final = 0.1
"""Below it a share is shown with two decimals: 0.31 % and 0.34 % of honest members are different things."""


class Definition(NamedTuple):
    """A figure's name for people, how it is reckoned, and its unit."""

    title: str
    text: str
    unit: Unit = "share"


TERMS: Final[dict[str, str]] = {
    "Abuse": "an event labelled fraud or policy_abuse. Events labelled undetermined are left out everywhere.",
    "Alert": "an event that was not allowed: challenged, sent to review or blocked.",
    "Transaction": "an event; several events with one source_event are one transaction, with their highest score "
    "and their sternest decision.",
    "Honest member": "an account with events labelled legitimate and none labelled otherwise; only those events count.",
    "Incident": "the events of one incident_id; where labels name none, the abuse of one account.",
}
"""Words the definitions below rest on."""

DEFINITIONS: Final[dict[str, Definition]] = {
    "auc": Definition(
        "AUC",
        "chance that a random abusive transaction has a higher score than a random honest one, ties counting half. "
        "Where a detector abstained, its score ranks as 0.",
        "number",
    ),
    "average_precision": Definition(
        "Average precision",
        "precision at each cut-off, weighted by the recall gained there. A score that knows nothing gets the share "
        "of abuse among labelled transactions.",
        "number",
    ),
    "recall_at_1_percent": Definition(
        "Recall at 1 % false positives",
        "share of abusive transactions at or above the lowest cut-off that at most 1 % of honest transactions reach.",
    ),
    "spoke": Definition("Spoke", "share of labelled transactions the detector gave a score for."),
    "alert_rate": Definition("Alert rate", "alerts of all events, labelled or not."),
    "challenge_rate": Definition("Challenge rate", "challenged events of all events."),
    "review_rate": Definition(
        "Review rate", "events sent to review of all events; 2 to 5 % is typical of the field."
    ),
    "block_rate": Definition("Block rate", "blocked events of all events."),
    "precision": Definition(
        "Precision", "abusive transactions of all labelled transactions that raised an alert."
    ),
    "recall": Definition("Recall", "abusive transactions that raised an alert, of all abusive transactions."),
    "account_precision": Definition(
        "Account precision@k a day",
        "each day (UTC), abusive accounts among the k with the highest risk above 0, of k; accounts already found on "
        "an earlier day are left out. Mean over days. k is the number of accounts analysts look at in a day.",
    ),
    "account_precision_ceiling": Definition(
        "… a perfect ranking", "what the same figure would be if every abusive account of a day stood first."
    ),
    "capacity": Definition("Analysts' capacity (k)", "accounts looked at in a day.", "number"),
    "value_detection_rate": Definition(
        "Value detection rate",
        "points of abusive events that were not allowed, of the points of all abusive events; a challenge counts as "
        "stopped. Points at stake are the label's where it has any, else the event's.",
    ),
    "incident_recall": Definition(
        "Incident recall", "incidents of which at least one event was not allowed, of all incidents."
    ),
    "event_recall": Definition(
        "Transaction recall", "abusive transactions that raised an alert, of all of this kind."
    ),
    "first_alert_median_s": Definition(
        "Time to first alert, median",
        "from an incident's first abusive event to its first alert, over incidents that raised one.",
        "seconds",
    ),
    "first_alert_p90_s": Definition(
        "Time to first alert, 90th percentile", "the same, at its slow end.", "seconds"
    ),
    "honest_events_touched": Definition(
        "Honest transactions touched",
        "legitimate transactions that were not allowed, of all legitimate ones.",
    ),
    "honest_members_touched": Definition(
        "Honest members touched", "honest members with at least one event not allowed, of all honest members."
    ),
    "insult_rate": Definition(
        "Insult rate",
        "honest members challenged or blocked at least once, of all honest members; the field aims at 0.5 % or less.",
    ),
}


def shown(value: float | None, unit: Unit) -> str:
    """A figure as a person reads it: 12.3 %, 0.957, 4.2 h; an en dash where there is none."""
    if value is None:
        return "–"
    if unit == "share":
        return f"{100 * value:.{2 if 0 < value < SMALL_SHARE else 1}f}{PERCENT}"
    if unit == "number":
        return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
    return _length(value)


def _length(seconds: float) -> str:
    for most, each, name in ((120, 1, "s"), (7_200, 60, "min"), (172_800, 3_600, "h")):
        if seconds < most:
            return f"{seconds / each:.3g} {name}"
    return f"{seconds / 86_400:.3g} d"
