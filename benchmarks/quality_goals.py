"""What is hoped for, who can be seen at all, and what others measured."""

from __future__ import annotations

from typing import Final

INCIDENT_RECALL: Final = 0.85
"""For each typology that a detector can see."""
HONEST_EVENTS: Final = 0.005
HONEST_MEMBERS: Final = 0.03
"""Shares touched in 120 days, at most."""
LOYALTYGEN: Final = {"auc": 0.96, "average_precision": 0.75, "recall_at_1_percent": 0.69}
"""Reached without tuning on its labels."""
UNSEEN: Final = {
    "cashier_self": "an insider: that detector is not there yet",
    "agent_credit": "an insider: that detector is not there yet",
    "partner_collusion": "an insider: that detector is not there yet",
    "fake_receipt": "needs a registry of receipts",
    "promo_stack": "the promotion engine's to refuse",
}
"""Typology → why no detector of today can see it."""
BASELINES: Final = (
    ("PyOD IForest, 11 plain features, 3 seeds", ".915-.931", ".58-.60", ".53"),
    ("PyOD ECOD, same", ".944", ".658", ".607"),
    ("ECOD + points per money unit + account age", ".960", ".746", ".688"),
    ("four fixed rules counted", ".732", ".460", ".469"),
)
"""On loyaltygen, with library defaults, untuned, no labels seen. Source: README.md beside the data."""


def verdict(*, met: bool) -> str:
    """One word beside a figure."""
    return "met" if met else "MISSED"
