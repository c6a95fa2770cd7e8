"""What each figure of the dashboard means, in one sentence that stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

DEFINITIONS: Final[Mapping[str, str]] = {
    "open": "Cases that are not closed, by priority.",
    "overdue": "Open cases past the instant by which they should be decided.",
    "oldest": "The age of the case that has been open longest.",
    "sla_compliance": "Cases closed by the instant they were due, of those closed in the period. The goal is above 95 %.",
    "first_touch": "Mean time from opening to the first claim, of cases opened in the period and claimed since.",
    "time_to_close": "Mean time from opening to closing, of cases closed in the period. The goal is below 48 h.",
    "decided": "Answers given, by result; a challenge counts as a challenge, passed or not.",
    "handed_in": "Events told after they had happened, by what would have been answered.",
    "reason": "Alerts (answers other than allow) that a reason was given for; an alert may have several.",
    "alert_precision": "Alerts called fraud or policy abuse, of those called that or legitimate: by the newest label of "
                       "the event, else of the account; undetermined ones count on neither side. At least 30 %.",
    "detector_precision": "The same, of alerts to which the detector gave a reason.",
    "reason_precision": "The same, of alerts with this reason.",
    "challenge_rate": "Challenges, of all answers.",
    "pass_rate": "Challenges that were passed, of all challenges of the period.",
    "review_rate": "Reviews, of all answers. Usual are 2 to 5 %; a mature programme has less than 1 %.",
    "insult_rate": "Challenges and blocks later called legitimate, of all answers that were not called abuse. Counted in "
                   "answers, not in members, so that days add up; what nobody labelled is held for right. At most 0.5 %.",
    "value_detection": "Points of redemptions called abuse that were stopped, of all points of redemptions called abuse. "
                       "A redemption is lost where its points were taken.",
}  # fmt: skip
"""Domain: metrics table. Days are UTC, by when the event happened."""
