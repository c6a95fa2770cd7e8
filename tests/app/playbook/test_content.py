"""Nothing an analyst can meet is missing from the playbook, and nothing in it speaks of what is not there."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from msgspec import structs

from app.demo.typologies import CATALOGUE
from app.playbook.entries import MONTHS, entry_for, every_code
from app.playbook.finding import families, for_typology, reasons_of, search
from app.playbook.loading import FOLDER, PlaybookFaulty, absences, load, needs_two
from app.playbook.numbers import NUMBERS
from app.policy.file import DEFAULT_FILE
from app.policy.file import load as load_policy
from detectors.caps import Cap
from detectors.deciding import PAIRS
from detectors.default_limits import DEFAULT_LIMITS
from detectors.policy import DEFAULT, Rule
from detectors.texts import TEXTS
from detectors.typologies import POINTS_TO, TYPOLOGIES

ATO = "typologies/ato_drain.toml"


def test_every_code_and_every_typology_has_an_entry():
    """Add what is named to `app/playbook/reasons.toml`, or a file to `app/playbook/typologies`."""
    assert absences(load()) == []


def test_every_typology_the_demo_plays_is_known_and_can_be_practised():
    assert set(CATALOGUE) <= set(TYPOLOGIES)
    assert set(CATALOGUE) == {name for name, one in load().typologies.items() if one.practice}
    for name, (verdict, _) in CATALOGUE.items():
        assert for_typology(name).label == verdict


def test_every_reason_points_to_typologies_that_exist_and_no_other_code_does():
    """Say in `detectors/typologies.py` what a new code is a sign of, or that it is of nothing in particular."""
    assert set(POINTS_TO) == set(TEXTS)
    assert {name for names in POINTS_TO.values() for name in names} <= set(TYPOLOGIES)


def test_every_reason_of_a_detector_shows_its_own_numbers():
    """Name the thresholds of a new code in `app/playbook/numbers.py`."""
    assert set(NUMBERS) >= set(PAIRS)
    assert set(NUMBERS) <= set(TEXTS)


def test_every_code_the_default_policy_can_give_has_a_complete_entry():
    policy = load_policy(DEFAULT_FILE).usual
    for code in every_code(policy):
        entry = entry_for(code, policy)
        assert entry.title, code
        assert entry.check, code
        assert entry.mistaken_for, code
        assert entry.in_force, code


def test_a_limit_shows_the_number_in_force_and_not_the_one_shipped():
    usual = DEFAULT_LIMITS[0]
    stricter = replace(DEFAULT, limits=(replace(usual, max=2),))
    assert entry_for(usual.code, DEFAULT).in_force == "at most 5 redemptions in 60 min"
    assert entry_for(usual.code, stricter).in_force == "at most 2 redemptions in 60 min"
    assert entry_for(usual.code, replace(DEFAULT, limits=())).in_force == "switched off in this programme"


def test_a_number_in_months_of_points_is_told_in_this_programmes_points():
    double = replace(DEFAULT, segment=structs.replace(DEFAULT.segment, month_points=1_000))
    told = next(one.value for one in entry_for("NEW_DEVICE_SPENDS", double).numbers if MONTHS in one.value)
    assert told == "0.5 months of points (500 points here)"


def test_a_programmes_own_rules_and_caps_have_entries_too():
    rule = Rule("MY_RULE", "event.points > 9000", ("redeem",), "review", "more than anybody saves")
    cap = Cap("MY_CAP", ("redeem",), "member", 3, reason="three a day")
    own = replace(DEFAULT, rules=(rule,), caps=(cap,))
    assert {"MY_RULE", "MY_CAP"} <= set(every_code(own))
    assert entry_for("MY_RULE", own).in_force == "event.points > 9000"
    assert entry_for("MY_CAP", own).in_force == "at most 3 per member in a day"
    assert entry_for("MY_RULE", DEFAULT) is None


def test_every_family_is_shown_and_every_typology_once():
    shown = [name for _, items in families() for name, _ in items]
    assert sorted(shown) == sorted(TYPOLOGIES)
    assert all(items for _, items in families())


def test_the_reasons_of_a_typology_begin_with_those_that_point_to_it_first():
    ranks = [POINTS_TO[entry.code].index("signup_farm") for entry in reasons_of("signup_farm")]
    assert ranks == sorted(ranks)
    assert ranks[0] == 0


def test_search_wants_every_word_and_puts_names_first():
    assert search("gift card").typologies[0] == "giftcard_drain"
    assert "EARNED_ON_EMULATOR" in search("emulated").reasons
    assert search("new_device").reasons[0] == "NEW_DEVICE_SPENDS"
    assert search("gift zebra") == search("  ") == ((), ())


def test_closing_an_account_needs_two():
    assert needs_two("close")
    assert not needs_two("hold")


def _broken(tmp_path, name, before, after):
    folder = tmp_path / "playbook"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    file = folder / name
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after, 1))
    with pytest.raises(PlaybookFaulty) as fault:
        load(folder)
    return fault.value.problems


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        (ATO, 'label = "fraud"', 'label = "crime"', "ato_drain.toml: Invalid enum value 'crime' - at `$.label`"),
        (ATO, "number = 1", "numbr = 1", "ato_drain.toml: Object contains unknown field `numbr`"),
        (ATO, "number = 1", "number = 2", "probe_drain.toml: number 2 is also ato_drain"),
        (ATO, "`NEW_DEVICE_SPENDS`", "`NEW_GADGET`", "ato_drain.toml: NEW_GADGET is no reason code"),
        (ATO, 'move = "hold"', 'move = "close"', "ato_drain.toml: actions must go from the mildest"),
        ("reasons.toml", "[LIST_WATCH]", "[LIST_WITCH]", "reasons.toml: LIST_WITCH is no reason code"),
        ("moves.toml", "undo = ", "redo = ", "moves.toml: Object"),
    ],
)  # fmt: skip
def test_a_slip_is_refused_by_file_and_field(tmp_path, file, before, after, told):
    assert any(problem.startswith(told) for problem in _broken(tmp_path, file, before, after))
