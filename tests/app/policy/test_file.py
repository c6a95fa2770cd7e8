"""A policy file: what it says holds, what it does not say stays, and what is wrong is named by its key."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.policy.file import DEFAULT_FILE, PolicyRefused, check, load, parse
from app.redeeming.terms import Terms
from detectors.policy import DEFAULT, EVENT_TYPES

HEAD = 'name = "spring"\n'


def test_the_shipped_file_spells_out_the_defaults():
    """The file people copy from and the defaults of the code are the same policy."""
    shipped = load(DEFAULT_FILE).usual
    assert replace(shipped, version=DEFAULT.version) == DEFAULT
    assert load(DEFAULT_FILE).usual_terms == Terms()
    text = DEFAULT_FILE.read_text(encoding="utf-8")
    assert all(f"[limits.{limit.code}]" in text for limit in DEFAULT.limits)
    assert all(re.search(rf"^{name} = ", text, re.MULTILINE) for name in EVENT_TYPES)


def test_a_file_that_says_nothing_changes_nothing():
    assert replace(parse(HEAD).usual, version=DEFAULT.version) == DEFAULT


def test_the_version_is_the_name_and_the_hash_of_the_meaning():
    """Comments and layout do not change it; every number does."""
    one = parse(HEAD + "hold_hours = 48\n")
    same = parse("# a comment\nhold_hours   =  48\n" + HEAD)
    other = parse(HEAD + "hold_hours = 47\n")
    assert re.fullmatch(r"spring-[0-9a-f]{12}", one.version)
    assert one.version == same.version != other.version
    assert one.usual.version == one.version


def test_a_programme_overrides_the_file_and_the_file_the_defaults():
    file = parse(
        HEAD
        + """
        locale = "de"
        [segment]
        month_points = 800
        [cutoffs]
        redeem = { review = 0.6 }
        [limits.VELOCITY_REDEEM_ACCOUNT_1H]
        max = 8
        [programs.miles]
        mode = "shadow"
        [programs.miles.limits.VELOCITY_REDEEM_ACCOUNT_1H]
        action = "review"
        [programs.miles.weights]
        anomaly = 0.2
        [[programs.miles.contexts]]
        kind = "ip"
        value = "192.0.2.0"
        context = "office_nat"
        """
    )
    usual, miles = file.programme("anything"), file.programme("miles")
    assert (usual.mode, miles.mode) == ("enforce", "shadow")
    assert usual.locale == miles.locale == "de"
    assert miles.segment.month_points == 800
    assert miles.segment.burn_per_earn == DEFAULT.segment.burn_per_earn
    assert [(one.cutoffs["redeem"].challenge, one.cutoffs["redeem"].review) for one in (usual, miles)] == [
        (None, 0.6)
    ] * 2
    limits = [
        next(one for one in policy.limits if one.code.endswith("REDEEM_ACCOUNT_1H"))
        for policy in (usual, miles)
    ]
    assert [(limit.max, limit.action) for limit in limits] == [(8, "challenge"), (8, "review")]
    assert (usual.weights["anomaly"], miles.weights["anomaly"]) == (DEFAULT.weights["anomaly"], 0.2)
    assert [shared.context for shared in miles.contexts] == ["office_nat"]
    assert usual.contexts == ()


NEW_LIMIT = """
[limits.GIFT_CARDS_24H]
role = 'account'
measure = 'count'
kinds = ['redeem']
window_s = 86400
max = 2
applies_to = ['redeem']
action = 'review'
weight = 0.6
"""


def test_limits_can_be_added_and_dropped():
    file = parse(HEAD + NEW_LIMIT + "[limits.VELOCITY_EARN_ACCOUNT_1H]\nenabled = false\n")
    codes = [limit.code for limit in file.usual.limits]
    assert codes[-1] == "GIFT_CARDS_24H"
    assert "VELOCITY_EARN_ACCOUNT_1H" not in codes
    assert file.usual.limits_by_type["redeem"][-1].max == 2


RULE = "[[rules]]\ncode = 'A'\nwhen = 'true'\napplies_to = ['earn']\neffect = 'review'\nmessage = 'm'\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("nmae = 1", "nmae"),
        ("hold_hours = '3'", "hold_hours"),
        ("mode = 'loud'", "mode"),
        ("[segment]\nmonth_pionts = 3", "month_pionts"),
        ("[segment]\nburn_per_earn = 0", "burn_per_earn"),
        ("[cutoffs]\nredemm = { block = 0.9 }", "cutoffs.redemm"),
        ("[cutoffs]\nredeem = { challenge = 0.9, block = 0.5 }", "cutoffs.redeem"),
        ("[cutoffs]\nredeem = { challenge = 0.0 }", "cutoffs.redeem"),
        ("[weights]\ntelepathy = 0.5", "weights.telepathy"),
        ("[weights]\nvelocity = 1.5", "weights"),
        ("[fallback]\nburn = 'allow'", "fallback.burn"),
        ("[risk_levels]\nmedium = 0.9", "risk_levels"),
        ("[limits.VELOCITY_REDEEM_ACCOUNT_1H]\nmax = 64", "limits.VELOCITY_REDEEM_ACCOUNT_1H"),
        ("[limits.VELOCITY_SIGNUP_IP_24H]\nmax = 32", "limits.VELOCITY_SIGNUP_IP_24H"),
        ("[limits.VELOCITY_REDEEM_ACCOUNT_1H]\napplies_to = ['burn']", "limits.VELOCITY_REDEEM_ACCOUNT_1H"),
        ("[limits.NEW_ONE]\nmax = 3", "limits.NEW_ONE"),
        (NEW_LIMIT.replace("['redeem']", "['reedem']", 1), "limits.GIFT_CARDS_24H.kinds.reedem"),
        (NEW_LIMIT.replace("['redeem']", "['reedem']", 1), "did you mean redeem?"),
        (NEW_LIMIT.replace("account", "device").replace("['redeem']", "['burn']", 1), "kinds.burn: is none"),
        (NEW_LIMIT.replace("'count'", "'points'").replace("['redeem']", "['login']", 1), "kinds.login"),
        (NEW_LIMIT.replace("'count'", "'distinct'").replace("['redeem']", "['ip']", 1), "kinds.ip"),
        (NEW_LIMIT.replace("'count'", "'distinct'").replace("['redeem']", "['device', 'reedem']", 1), "reedem"),
        (NEW_LIMIT + "exempt_channels = ['kiosc']", "exempt_channels.kiosc"),
        (NEW_LIMIT + "exempt_channels = ['kiosc']", "did you mean kiosk?"),
        ("[[contexts]]\nkind = 'ip'\nvalue = 'x'\ncontext = 'pub'", "contexts"),
        ("[programs.miles]\nhold_hours = 0", "programs"),
        ("[programs.miles.weights]\nluck = 1.0", "programs.miles.weights.luck"),
        (RULE.replace("true", "event.pionts > 3"), "A.when"),
        (RULE.replace("earn", "burn"), "A.applies_to"),
        ("[[rules]]\ncode = 'A'\n", "when"),
        ("= 3", "line"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_its_key(text, key):
    with pytest.raises(PolicyRefused, match=re.escape(key)):
        parse(HEAD + text)


def test_every_problem_is_told_at_once():
    with pytest.raises(PolicyRefused) as refused:
        parse(HEAD + "[weights]\nluck = 1.0\n[fallback]\nburn = 'allow'\n[limits.NEW]\nmax = 99\n")
    assert len(refused.value.problems) == 3


def test_a_rule_code_is_used_once():
    with pytest.raises(PolicyRefused, match="A is used twice"):
        parse(HEAD + RULE + RULE)


def test_check_lists_problems_and_never_raises(tmp_path):
    sound, wrong = tmp_path / "sound.toml", tmp_path / "wrong.toml"
    sound.write_text(HEAD)
    wrong.write_text("hold_hours = 3\n")
    assert check(sound) == []
    assert "name" in check(wrong)[0]
    assert "cannot be read" in check(tmp_path / "absent.toml")[0]


@pytest.mark.parametrize(
    ("value", "fine"), [("10.9.0.0/16", True), ("192.0.2.7", True), ("2001:db8::/48", True), ("nope", False)]
)
def test_a_shared_address_is_an_address_or_a_network(value, fine):
    text = f'name = "t"\n[[contexts]]\nkind = "ip"\nvalue = "{value}"\ncontext = "office_nat"\n'
    if fine:
        assert parse(text).programme("default").contexts[0].value == value
    else:
        with pytest.raises(PolicyRefused, match="no network"):
            parse(text)


def test_one_device_is_not_registered_as_two_things():
    entry = '[[contexts]]\nkind = "device"\nvalue = "d-1"\ncontext = "{}"\n'
    with pytest.raises(PolicyRefused, match="both"):
        parse('name = "t"\n' + entry.format("kiosk") + entry.format("household"))
