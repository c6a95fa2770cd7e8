"""What pages say of a case."""

from __future__ import annotations

import pytest

from app.console.case_words import measured


@pytest.mark.parametrize(
    ("unit", "said"),
    [
        ("speed_kmh", ("speed", " km/h")), ("device_hours", ("device", " h")), ("share_percent", ("share", " %")),
        ("accounts", ("accounts", "")), ("new_country", ("new country", "")), (None, ("observed", "")),
    ],
)  # fmt: skip
def test_a_number_is_shown_with_its_unit(unit, said):
    assert measured(unit) == said
