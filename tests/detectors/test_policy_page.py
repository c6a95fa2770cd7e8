"""`docs/policy.md` is the list of defaults: it names every code, limit and number, as they are."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import detectors
from detectors.phrases import span
from detectors.policy import DEFAULT, DETECTORS, EVENT_TYPES
from detectors.texts import TEXTS
from detectors.thresholds import Threshold

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
TABLES = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:3] == "| `"
]
ROWS = {row[0].strip("`"): row for row in TABLES}


@pytest.mark.parametrize("limit", DEFAULT.limits, ids=lambda limit: limit.code)
def test_every_limit_has_its_row(limit):
    row = ROWS[limit.code]
    assert row[1].replace(" ", "").startswith(f"{limit.max:,}".replace(",", ""))
    assert row[2] == span(limit.window_s)
    assert row[4:6] == [limit.action, str(limit.weight)]
    assert limit.reason in row[6]


def test_every_code_has_a_row():
    assert set(TEXTS) <= set(ROWS)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_has_its_cutoffs_and_fallback(event_type):
    cutoffs = DEFAULT.cutoffs[event_type]
    said = [
        str(risk) if risk is not None else "–" for risk in (cutoffs.challenge, cutoffs.review, cutoffs.block)
    ]
    assert ROWS[event_type][1:5] == [*said, DEFAULT.fallback[event_type]]


@pytest.mark.parametrize("name", DETECTORS)
def test_every_weight_has_its_row(name):
    assert ROWS[name][1] == str(DEFAULT.weights[name])


LAWS = {
    "velocity", "links", "earn_burn", "earning", "returning", "findings", "duplicates", "takeover", "anomaly", "released",
    "verdict",
}  # fmt: skip


def own_thresholds():
    for module in pkgutil.iter_modules(detectors.__path__, "detectors."):
        short = module.name.removeprefix("detectors.")
        if short in LAWS:
            own = importlib.import_module(module.name)
            written_here = inspect.getsource(own)
            for name, one in vars(own).items():
                if isinstance(one, Threshold) and f"\n{name}: Final" in written_here:
                    yield f"{short}.{name}", one


@pytest.mark.parametrize(("name", "threshold"), list(own_thresholds()))
def test_every_number_has_its_row(name, threshold):
    assert ROWS[name][1:4] == [f"{threshold.value:g}", threshold.unit, threshold.reason]


def test_the_names_of_rules_are_told():
    for name in (
        "event.points",
        "account.age_days",
        "_count_",
        "_points_",
        "accounts_",
        "1m, 10m, 1h, 24h, 7d, 30d",
    ):
        assert re.search(re.escape(name), PAGE)
