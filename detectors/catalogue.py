"""The detectors that judge every event. One line registers one; a test finds the forgotten ones."""

from __future__ import annotations

from typing import Final

from detectors.anomaly import Anomaly, Model
from detectors.base import Detector
from detectors.duplicates import Duplicates
from detectors.earn_burn import EarnBurn
from detectors.links import Links
from detectors.policy import DEFAULT, Policy
from detectors.takeover import Takeover
from detectors.velocity import Velocity


def catalogue(policy: Policy, model: Model | None = None) -> tuple[Detector, ...]:
    """The detectors of one programme: with its limits, and with a model if one is loaded."""
    return (Velocity(policy.limits), EarnBurn(), Duplicates(), Takeover(), Links(), Anomaly(model))


CATALOGUE: Final = catalogue(DEFAULT)
"""The detectors as a programme gets them that has said nothing."""
