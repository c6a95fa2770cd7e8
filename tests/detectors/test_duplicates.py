"""The `duplicates` detector: one person, many accounts; households and tills told apart."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from detectors.base import Abstained, Clear, Signal, noisy_or
from detectors.duplicates import AUTO_CLUSTER, LINK_FLOOR, REASON_FLOOR, REVIEW, Duplicates, linked
from detectors.event import Event
from detectors.policy import DEFAULT_WEIGHTS
from detectors.said import Said
from detectors.snapshot import DAY_S, HOUR_S, MINUTE_S, Entity, Link, Peer, Segment, Series, Snapshot, Traits

NOW_MS = 1_760_000_000_000
ME = "ffffffffffffffff"
UNKNOWN = Traits()
MARY = Traits(given_name=1, family_name=2, date_of_birth=3, address=4)
PETER = Traits(given_name=5, family_name=2, date_of_birth=6, address=4)
SHARED = ("device", "payment", "ip", "phone", "address")


def peer(number, ago_s=0, traits=UNKNOWN):
    return Peer(f"{number:016x}", NOW_MS - ago_s * 1_000, NOW_MS - ago_s * 1_000, traits)


def at(*others, traits=UNKNOWN):
    """An entity where this account and these others were seen."""
    return Entity(peers={"account": (Peer(ME, NOW_MS, NOW_MS, traits), *others)})


def event(kind="signup", **more):
    points = 10 if kind in {"earn", "redeem"} else None
    when = datetime.fromtimestamp(NOW_MS / 1_000, UTC)
    return Event(event_id="e-1", type=kind, occurred_at=when, account_id="m-1", points=points, **more)


def seen(entities, *, kind="signup", traits=UNKNOWN, channel="web", store_id=None, **more):
    """A snapshot with these entities by role, the account itself not counted."""
    roles = {role: entities[role] for role in ("device", "ip", "payment") if role in entities}
    return Snapshot(
        event=event(kind, channel=channel, store_id=store_id),
        as_of_ms=NOW_MS,
        account=more.pop("account", Entity()),
        segment=Segment(burn_per_earn=0.5, month_points=500),
        self_key=ME,
        traits=traits,
        identifiers={role: each for role, each in entities.items() if role not in roles},
        **roles,
        **more,
    )


def judge(snapshot):
    return Duplicates().judge(snapshot)


def score(snapshot):
    judgement = judge(snapshot)
    assert not isinstance(judgement, Abstained)
    return judgement.score


def codes(judgement):
    return [reason.code for reason in judgement.reasons] if isinstance(judgement, Signal) else []


def family(size, apart_s):
    """`size - 1` relatives of Mary: same address and family name, own given names and birth dates."""
    return [peer(n, n * apart_s, Traits(100 + n, 2, 300 + n, 4)) for n in range(1, size)]


def farm(size, apart_s=7 * MINUTE_S):
    """`size - 1` invented people who came before, one every `apart_s` seconds."""
    return [peer(n, n * apart_s, Traits(100 + n, 200 + n, 300 + n, 400 + n)) for n in range(1, size)]


INVENTED = Traits(100, 200, 300, 400)


def stranger(number):
    return Traits(100 + number, 200 + number, 300 + number, 400 + number)


def relative(number):
    return Traits(100 + number, 2, 300 + number, 4)


def flatmate(number):
    return Traits(100 + number, 200 + number, 300 + number, 4)


def nobody(_):
    return UNKNOWN


def arriving(size, apart_s, person, roles=("device", "ip")):
    """Entities where `size - 1` came before this account, one every `apart_s`, with the IP's sign-ups."""
    met = [peer(n, n * apart_s, person(n)) for n in range(1, size)]
    instants = tuple(NOW_MS - n * apart_s * 1_000 for n in reversed(range(size)))
    signed_up = {"signup": Series(instants_ms=instants)}
    return {role: replace(at(*met), series=signed_up if role == "ip" else {}) for role in roles}


def ladder(size, apart_s, person, roles=("device", "ip"), **more):
    """The scores of `size` people who sign up one after another, the first to the last."""
    return [
        score(seen(arriving(n, apart_s, person, roles), traits=person(0), **more)) for n in range(1, size + 1)
    ]


# ---------------------------------------------------------------- one person


def test_one_person_with_two_spellings_of_a_mailbox_is_found():
    """Gmail dots fold to one mailbox; the telephone and the birth date are the same: above 0.9."""
    me = Traits(date_of_birth=3)
    other = peer(1, 90 * DAY_S, me)
    found = seen({"email": at(other), "phone": at(other)}, traits=me)
    judgement = judge(found)
    assert codes(judgement) == ["DUPLICATE_PERSON"]
    assert judgement.score > 0.9
    (link,) = linked(found)
    assert link.key == other.key
    assert link.probability >= AUTO_CLUSTER.value
    assert {each.identifier for each in link.evidence} == {"email", "phone", "date_of_birth"}


def test_a_second_account_with_another_mailbox_is_found_by_telephone_and_birth_date():
    me = Traits(date_of_birth=3)
    found = seen({"email": at(), "phone": at(peer(1, 90 * DAY_S, me))}, traits=me)
    assert linked(found)[0].probability > 0.9


def test_a_name_and_a_birth_date_alone_are_reviewed_at_most():
    """A namesake is no crime: a review where no address is known, less where the addresses differ."""
    namesake = peer(1, 90 * DAY_S, MARY._replace(address=0))
    fresh = {role: at() for role in ("email", "phone", "address", "device", "ip")}
    unknown = score(seen(fresh | {"name_dob": at(namesake)}, traits=MARY))
    elsewhere = score(
        seen(fresh | {"name_dob": at(peer(1, 90 * DAY_S, MARY._replace(address=9)))}, traits=MARY)
    )
    assert 0.5 < unknown <= 0.7
    assert 0.2 < elsewhere < unknown - 0.1


@pytest.mark.parametrize("role", ["email", "phone", "payment", "device", "name_dob", "address"])
def test_one_shared_identifier_never_blocks(role):
    """Law: one agreeing identifier, whatever else differs, weighs 0.7 at most."""
    for other in (UNKNOWN, PETER, PETER._replace(family_name=9, address=9)):
        assert score(seen({role: at(peer(1, 90 * DAY_S, other))}, traits=MARY._replace(address=8))) <= 0.7


def test_an_account_is_never_its_own_duplicate():
    """Law: whatever is shared with oneself proves nothing."""
    alone = seen({role: at(traits=MARY) for role in (*SHARED, "email", "name_dob")}, traits=MARY)
    assert linked(alone) == ()
    assert judge(alone) == Clear("duplicates", 0.0)
    assert linked(seen({}, account=Entity(links=(Link(ME, 0.99),)))) == ()


def test_a_device_or_an_ip_alone_links_nobody():
    assert linked(seen({"device": at(peer(1, 90 * DAY_S))})) == ()
    assert linked(seen({"device": at(), "ip": at(*(peer(n) for n in range(1, 9)))})) == ()


def test_without_a_profile_the_traits_left_at_the_device_are_compared():
    """A redemption carries no profile; the sign-up left both people's traits at the shared device."""
    known = at(peer(1, 90 * DAY_S, MARY._replace(address=0)), traits=MARY)
    same = seen({"device": known}, kind="redeem")
    other = seen({"device": at(peer(1, 90 * DAY_S, PETER), traits=MARY)}, kind="redeem")
    assert linked(same)[0].probability > AUTO_CLUSTER.value
    assert linked(other) == ()


def member(*links, days=10):
    """An account of so many days with these earlier links."""
    return Entity(first_seen_ms=NOW_MS - days * DAY_S * 1_000, links=links)


def test_an_earlier_link_is_carried():
    """A link found at sign-up holds at a later event, with its probability."""
    later = seen({}, kind="redeem", account=member(Link("0" * 16, 0.93)))
    (link,) = linked(later)
    assert (link.probability, link.evidence[0].agreement) == (0.93, "carried")
    assert "earlier decision" in judge(later).reasons[0].message


@pytest.mark.parametrize(
    ("kind", "days", "told"),
    [("redeem", 89, True), ("redeem", 90, False), ("profile_change", 5, True), ("earn", 5, False)],
)
def test_an_earlier_link_rests_after_a_season_and_where_nothing_is_gained(kind, days, told):
    """It was told when it was found; whom it links is known all the same."""
    later = seen({}, kind=kind, account=member(Link("0" * 16, 0.99), days=days))
    assert codes(judge(later)) == (["DUPLICATE_PERSON"] if told else [])
    assert [link.probability for link in linked(later)] == [0.99]


def test_a_resting_link_is_told_again_with_new_evidence():
    """What is compared now does not rest, however old the account."""
    other = peer(1, 90 * DAY_S, MARY._replace(address=0))
    again = seen(
        {"device": at(other, traits=MARY)}, kind="redeem", account=member(Link(other.key, 0.6), days=400)
    )
    assert codes(judge(again)) == ["DUPLICATE_PERSON"]
    assert "earlier decision" not in judge(again).reasons[0].message


@pytest.mark.parametrize("attribute", ["given_name", "family_name", "date_of_birth"])
def test_an_earlier_link_is_dropped_where_a_comparison_contradicts_it(attribute):
    """Linked when little was known; the profile sent since says that they are two people."""
    other = peer(1, 90 * DAY_S, MARY)
    history = member(Link(other.key, 0.93))
    unknown = seen({"device": at(other)}, kind="profile_change", account=history)
    assert linked(unknown)[0].evidence[0].agreement == "carried"
    assert isinstance(judge(unknown), Signal)
    differing = Traits(**{attribute: 9})
    assert linked(replace(unknown, traits=differing)) == ()
    assert isinstance(judge(replace(unknown, traits=differing)), Clear)
    elsewhere = replace(unknown, traits=Traits(address=9))
    assert linked(elsewhere)[0].probability == 0.93, "people move"


@given(st.floats(0, LINK_FLOOR.value, exclude_max=True), st.booleans())
def test_what_is_unlikely_is_no_reason(chance, disposable):
    """Law: below LINK_FLOOR one person is the less likely reading, and is not told beside other reasons."""
    unlikely = member(Link("0" * 16, chance))
    judgement = judge(seen({}, kind="redeem", account=unlikely, disposable_email=disposable))
    assert codes(judgement) == (["DISPOSABLE_EMAIL"] if disposable else [])


def test_a_reason_is_in_plain_words():
    namesake = seen({"name_dob": at(peer(1, 90 * DAY_S, MARY._replace(address=9)))}, traits=MARY)
    (reason,) = judge(namesake).reasons
    assert "same name and date of birth; different address" in reason.message
    known = at(peer(1, 90 * DAY_S, MARY._replace(address=0)), traits=MARY)
    (reason,) = judge(seen({"device": known}, kind="redeem")).reasons
    assert "same date of birth, given name, device and family name" in reason.message
    assert "_" not in reason.message


def test_a_declared_household_drops_earlier_links_but_not_new_evidence():
    other = peer(1, 90 * DAY_S, MARY)
    history = Entity(links=(Link(other.key, 0.93), Link("a" * 16, 0.85)))
    declared = seen({"device": at(other)}, kind="redeem", account=history, contexts={"device": "household"})
    assert [link.key for link in linked(declared)] == ["a" * 16]
    assert linked(replace(declared, contexts={"account": "household"})) == ()
    twice = seen(
        {"device": at(other), "name_dob": at(other)},
        traits=MARY,
        account=history,
        contexts={"device": "household"},
    )
    assert linked(twice)[0].key == other.key


def test_an_idle_event_weighs_half():
    """A second account that only shops has gained nothing yet; the same at a redemption weighs twice."""
    known = at(peer(1, 90 * DAY_S, MARY._replace(address=0)), traits=MARY)
    shopping, redeeming = (seen({"device": known}, kind=kind) for kind in ("earn", "redeem"))
    assert score(shopping) == pytest.approx(score(redeeming) / 2)
    assert score(redeeming) > 0.5
    bonus = replace(shopping, event=event("earn", reason="welcome_bonus"))
    assert score(bonus) == score(redeeming)


# ---------------------------------------------------------------- referrals


def referral(own, other, **more):
    """One account refers another; each has used these, by role."""
    used = [
        Entity(first_seen_ms=NOW_MS, peers={role: [peer(n) for n in met] for role, met in each.items()})
        for each in (own, other)
    ]
    return seen({}, kind="referral", account=used[0], counterparty=used[1], **more)


def test_who_refers_oneself_is_seen_by_what_both_have_used():
    """One device for both is looked at; a card as well is surer; something else to each is nothing."""
    device = judge(referral({"device": [1, 2]}, {"device": [2]}))
    both = judge(referral({"device": [1], "payment": [7]}, {"device": [1], "payment": [7]}))
    assert codes(device) == codes(both) == ["REFERRED_ONESELF"]
    assert 0.5 < device.score * DEFAULT_WEIGHTS["duplicates"] < both.score < 1
    assert both.reasons[0].evidence["shared"] == "device, payment"
    assert "same device and payment instrument" in both.reasons[0].message
    assert codes(judge(referral({"device": [1], "payment": [7]}, {"device": [3], "payment": [8]}))) == []


def test_a_friend_who_joins_in_the_store_has_not_referred_oneself():
    """The store's tablet, registered as one, has served both; so has nobody's device in common."""
    tablet = referral({"device": [1]}, {"device": [1]}, contexts={"device": "store_tablet"})
    assert codes(judge(tablet)) == []
    assert codes(judge(referral({}, {}))) == []
    earning = replace(referral({"device": [1]}, {"device": [1]}), event=event("earn"))
    assert codes(judge(replace(earning, device=at()))) == []


# ---------------------------------------------------------------- farms


def test_a_farm_on_a_device_is_caught_by_the_fourth_account():
    """Eight invented people with throw-away mail on a device in an hour: above 0.5 from the third."""
    scores = [
        score(seen({"device": at(*farm(n)), "email": at()}, traits=INVENTED, disposable_email=True))
        for n in range(1, 9)
    ]
    assert scores == sorted(scores)
    assert scores[1] < 0.5 < scores[2]
    assert scores[3] > 0.75
    assert scores[7] > 0.9


def test_a_farm_without_throw_away_mail_is_caught_by_the_fourth_account():
    snapshot = seen({"device": at(*farm(4)), "email": at()}, traits=INVENTED)
    judgement = judge(snapshot)
    assert judgement.score > 0.5
    (reason,) = judgement.reasons
    assert reason.code == "SIGNUP_FARM_DEVICE"
    assert reason.evidence["accounts"] == 4
    assert reason.message.startswith("4 accounts on this device, 4 of them")


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("device", "SIGNUP_FARM_DEVICE"),
        ("payment", "SIGNUP_FARM_PAYMENT"),
        ("phone", "SIGNUP_FARM_PHONE"),
        ("email", "SIGNUP_FARM_EMAIL"),
    ],
)
def test_a_farm_shows_at_any_entity_it_shares(role, code):
    judgement = judge(seen({role: at(*farm(6))}, traits=INVENTED))
    assert code in codes(judgement)
    assert judgement.score > 0.8


def test_the_members_of_a_farm_are_linked():
    """A ring is one case: accounts that arrived together are tied, those of last year are not."""
    found = linked(seen({"device": at(*farm(8), peer(99, 365 * DAY_S))}, traits=INVENTED))
    assert len(found) == 7
    assert all(link.probability >= REVIEW.value for link in found)
    assert found[0].evidence[0].identifier == "sign_ups"


def test_sign_ups_from_one_ip_are_weak_evidence():
    """Many sign-ups a day from one IP support, and alone stay below any action, however many."""
    instants = tuple(NOW_MS - n * 60_000 for n in reversed(range(40)))
    busy = replace(at(*farm(31)), series={"signup": Series(instants_ms=instants)})
    judgement = judge(seen({"ip": busy}, traits=INVENTED))
    assert codes(judgement) == ["SIGNUP_FARM_IP"]
    assert judgement.score < 0.5
    assert judgement.reasons[0].evidence["sign_ups_24h"] == 40
    assert judge(seen({"ip": busy, "device": at()}, kind="earn")) == Clear("duplicates", 0.0)


def test_a_standing_member_on_a_new_device_is_not_farmed():
    """Three members of years who log in on one new tablet within the hour did not sign up there."""
    standing = Entity(first_seen_ms=NOW_MS - 900 * DAY_S * 1_000)
    fresh, old = (
        seen({"device": at(*farm(3))}, traits=INVENTED, account=known) for known in (Entity(), standing)
    )
    assert score(old) < score(fresh) / 2


def test_throw_away_mail_alone_supports_and_does_not_act():
    judgement = judge(seen({"email": at()}, disposable_email=True))
    assert codes(judgement) == ["DISPOSABLE_EMAIL"]
    assert judgement.score == pytest.approx(0.25)


# ---------------------------------------------------------------- told apart


@pytest.mark.parametrize("family_name", [2, 7])
def test_a_couple_sharing_everything_stays_clear(family_name):
    """Device, card, telephone, IP and address, both signed up within the hour, one family name or two."""
    partner = peer(1, HOUR_S // 2, PETER._replace(family_name=family_name))
    both = seen({role: at(partner) for role in SHARED} | {"email": at(), "name_dob": at()}, traits=MARY)
    assert isinstance(judge(both), Clear)
    assert linked(both) == ()
    assert isinstance(
        judge(seen({role: at(partner, traits=MARY) for role in ("device", "payment", "ip")}, kind="redeem")),
        Clear,
    )


def test_a_couple_without_an_address_stays_clear():
    """Only first names and birth dates known, and they differ: device, card and phone prove nothing."""
    partner = peer(1, HOUR_S // 2, Traits(given_name=5, date_of_birth=6))
    both = seen({role: at(partner) for role in ("device", "payment", "phone")}, traits=Traits(1, 0, 3, 0))
    assert isinstance(judge(both), Clear)


@pytest.mark.parametrize("size", range(1, 7))
@pytest.mark.parametrize("kind", ["signup", "redeem", "earn"])
@given(apart_s=st.integers(DAY_S, 60 * DAY_S))
def test_a_household_stays_clear_at_every_size(size, kind, apart_s):
    """Law: up to six relatives who joined at least a day apart, sharing everything at home, are clear."""
    home = {role: at(*family(size, apart_s), traits=MARY) for role in SHARED}
    if kind != "signup":
        home = {role: home[role] for role in ("device", "payment", "ip")}
    own = MARY if kind == "signup" else Traits()
    assert isinstance(judge(seen(home, kind=kind, traits=own)), Clear)


@pytest.mark.parametrize("person", [relative, flatmate])
@given(st.integers(10, 10 * MINUTE_S))
def test_a_family_may_join_in_one_evening_on_one_tablet(person, apart_s):
    """Law: up to six of one home, one after another on one device, IP, card and telephone, are clear."""
    home = arriving(6, apart_s, person, SHARED)
    assert isinstance(judge(seen(home, traits=person(0))), Clear)
    assert max(ladder(5, apart_s, person, SHARED)) < REASON_FLOOR.value / 2


@pytest.mark.parametrize("size", [2, 4, 5, 6])
@pytest.mark.parametrize("person", [relative, flatmate])
def test_a_family_with_its_own_telephones_on_one_wifi_is_clear(size, person):
    judgement = judge(
        seen(arriving(size, 5 * MINUTE_S, person, ("ip",)) | {"device": at()}, traits=person(0))
    )
    assert isinstance(judgement, Clear)
    assert judgement.score < REASON_FLOOR.value / 2


def test_four_sign_ups_that_say_nothing_of_themselves_are_reviewed_and_not_blocked():
    """Without a profile a family cannot be told from a farm: the fourth account is asked about."""
    assert 0.5 <= ladder(4, 10 * MINUTE_S, nobody)[-1] <= 0.8


@pytest.mark.parametrize("roles", [("device", "ip"), ("device",), ("payment",)])
@pytest.mark.parametrize("person", [stranger, nobody])
def test_eight_invented_people_in_two_hours_are_a_farm_by_the_fourth(roles, person):
    """Law: rising, from 0.5 by the fourth; with throw-away mail by the third."""
    plain = ladder(8, 15 * MINUTE_S, person, roles)
    thrown = ladder(8, 15 * MINUTE_S, person, roles, disposable_email=True)
    for scores in (plain, thrown):
        assert all(earlier < later for earlier, later in pairwise(scores))
    assert plain[3] >= 0.5
    assert thrown[2] >= 0.5
    assert plain[7] > 0.85


@given(st.integers(1, 60), st.integers(1, 30 * MINUTE_S))
def test_strangers_of_one_ip_only_support(size, apart_s):
    """Law: own devices and own profiles behind one IP stay below 0.45, whatever their number."""
    assert score(seen(arriving(size, apart_s, stranger, ("ip",)) | {"device": at()}, traits=INVENTED)) <= 0.45


def test_a_seventh_relative_raises_a_question_and_not_an_alarm():
    """The excuse ends by degrees: what the household does not cover counts in full."""
    seventh, eighth, ninth = ladder(9, 5 * MINUTE_S, relative, ("device",))[6:]
    assert seventh < 0.5 < eighth < ninth


def test_nine_relatives_are_no_household():
    """Beyond six the excuse ends: a farm may well invent one family."""
    assert score(seen({"device": at(*family(9, HOUR_S))}, traits=MARY)) > 0.5


@pytest.mark.parametrize(
    "context", ["store_tablet", "kiosk", "call_centre", "office_nat", "corporate_buyer", "household"]
)
def test_a_registered_context_is_not_a_ring(context):
    ring = seen({"device": at(*farm(30)), "ip": at(*farm(30))}, traits=INVENTED)
    assert isinstance(judge(ring), Signal)
    assert isinstance(judge(replace(ring, contexts={"device": context, "ip": context})), Clear)


@pytest.mark.parametrize(
    ("channel", "store_id"), [("pos", "s-1"), ("kiosk", None), ("call_centre", None), (None, "s-1")]
)
def test_a_till_that_served_strangers_for_days_is_clear(channel, store_id):
    served = [peer(n, n * HOUR_S * 3, Traits(n, 1_000 + n, 2_000 + n, 0)) for n in range(1, 32)]
    till = {"device": at(*served), "ip": at(*served)}
    assert isinstance(judge(seen(till, channel=channel, store_id=store_id, traits=INVENTED)), Clear)


@pytest.mark.parametrize("channel", ["pos", "kiosk", "call_centre"])
@pytest.mark.parametrize("store_id", ["s-1", None])
def test_a_staffed_channel_is_no_farm_from_its_first_minute(channel, store_id):
    """Law: where staff stands, neither the device nor the IP says anything, however many sign up."""
    for size in (2, 4, 40):
        served = arriving(size, MINUTE_S, stranger)
        assert judge(seen(served, channel=channel, store_id=store_id, traits=INVENTED)) == Clear("duplicates")


@pytest.mark.parametrize("role", ["device", "ip"])
@pytest.mark.parametrize("channel", ["web", "app"])
def test_a_registered_device_silences_its_network_and_a_registered_network_its_devices(role, channel):
    """A tablet registered as a kiosk brings its IP along, and the other way round."""
    ring = seen(arriving(30, MINUTE_S, stranger), channel=channel, traits=INVENTED)
    assert {"SIGNUP_FARM_DEVICE", "SIGNUP_FARM_IP"} == set(codes(judge(ring)))
    assert judge(replace(ring, contexts={role: "kiosk"})) == Clear("duplicates")


def test_a_farm_does_not_pass_for_a_till_by_naming_a_store():
    """Members name a home store when they sign up on the web; the device is still theirs."""
    served = [peer(n, n * HOUR_S * 3, Traits(n, 1_000 + n, 2_000 + n, 0)) for n in range(1, 32)]
    assert score(seen({"device": at(*served)}, channel="web", store_id="s-1", traits=INVENTED)) > 0.5


def test_one_person_at_a_till_is_still_found():
    """The till excuses its device, not the mailbox and the name."""
    served = [peer(n, n * HOUR_S * 3, Traits(n, 1_000 + n, 2_000 + n, 0)) for n in range(1, 32)]
    twice = {"device": at(*served), "name_dob": at(peer(77, 90 * DAY_S, MARY))}
    assert codes(judge(seen(twice, channel="pos", store_id="s-1", traits=MARY))) == ["DUPLICATE_PERSON"]


# ---------------------------------------------------------------- the form of the answer


def test_nothing_linkable_is_abstained():
    assert isinstance(judge(seen({}, kind="earn")), Abstained)
    assert isinstance(judge(seen({"ip": at(peer(1))}, kind="earn")), Abstained)


PEERS = st.lists(
    st.builds(
        peer,
        st.integers(1, 40),
        st.integers(0, 30 * DAY_S),
        st.builds(Traits, *[st.integers(0, 3)] * 4),
    ),
    max_size=8,
    unique_by=lambda each: each.key,
)
SNAPSHOTS = st.builds(
    lambda met, traits, kind, channel, disposable, links: seen(
        {role: at(*accounts) for role, accounts in met.items()},
        kind=kind,
        traits=traits,
        channel=channel,
        disposable_email=disposable,
        account=Entity(links=tuple(Link(f"{n:016x}", chance) for n, chance in links)),
    ),
    st.dictionaries(st.sampled_from([*SHARED, "email", "name_dob"]), PEERS, max_size=6),
    st.builds(Traits, *[st.integers(0, 3)] * 4),
    st.sampled_from(["signup", "redeem", "earn", "login"]),
    st.sampled_from(["web", "pos", None]),
    st.booleans(),
    st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), max_size=3),
)


@given(SNAPSHOTS)
def test_every_answer_is_well_formed(snapshot):
    """Laws: scores in [0, 1); a signal is the noisy-OR of its reasons and reaches the floor; never self."""
    judgement = judge(snapshot)
    if isinstance(judgement, Signal):
        assert judgement.score == noisy_or([reason.weight for reason in judgement.reasons])
        assert judgement.score >= REASON_FLOOR.value
        assert all(0.0 < reason.weight < 1.0 for reason in judgement.reasons)
        assert [reason.weight for reason in judgement.reasons] == sorted(
            (reason.weight for reason in judgement.reasons), reverse=True
        )
    elif isinstance(judgement, Clear):
        assert 0.0 <= judgement.score <= REASON_FLOOR.value
    found = linked(snapshot)
    assert ME not in {link.key for link in found}
    assert len({link.key for link in found}) == len(found)
    assert [link.probability for link in found] == sorted((link.probability for link in found), reverse=True)
    assert all(LINK_FLOOR.value <= link.probability <= 1.0 for link in found)


@given(
    st.integers(1, 20), st.sampled_from(["device", "payment", "phone", "email"]), st.integers(0, 10 * DAY_S)
)
def test_one_more_arrival_never_lowers_the_score(size, role, ago_s):
    """Law: monotonicity in accounts that arrive together."""
    stranger = peer(999, ago_s, Traits(9_001, 9_002, 9_003, 9_004))
    before, after = (seen({role: at(*farm(size), *more)}, traits=INVENTED) for more in ((), (stranger,)))
    assert score(after) >= score(before)


@given(SNAPSHOTS)
def test_throw_away_mail_never_lowers_the_score(snapshot):
    """Law: monotonicity in supporting evidence."""
    without, more = (judge(replace(snapshot, disposable_email=flag)) for flag in (False, True))
    assert not isinstance(more, Abstained)
    assert isinstance(without, Abstained) or more.score >= without.score


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_likelier_link_never_scores_less(one, other):
    """Law: monotonicity in the probability of a link."""
    low, high = (
        score(seen({}, kind="redeem", account=Entity(links=(Link("0" * 16, chance),))))
        for chance in sorted((one, other))
    )
    assert low <= high


@pytest.mark.parametrize("size", range(1, 9))
@given(apart_s=st.integers(0, 30 * DAY_S))
def test_whom_a_person_released_is_no_evidence(size, apart_s):
    """Law: whatever is shared, however many, and whatever an earlier decision had found."""
    home = arriving(size, apart_s, stranger, SHARED)
    others = {one.key for entity in home.values() for one in entity.peers["account"]} - {peer(0).key}
    known = Entity(links=[Link(key, 0.99) for key in sorted(others)[:8]])
    at_home = replace(seen(home, traits=stranger(0)), account=known, said=Said(released=frozenset(others)))
    assert judge(at_home) == Clear("duplicates")
    assert linked(at_home) == ()
    if size >= 4 and apart_s < HOUR_S:
        assert isinstance(judge(replace(at_home, said=Said())), Signal)


def test_who_joins_a_family_at_its_device_is_found_and_tied_to_nobody_released():
    """Their arrival is the newcomer's, and comes back to none of the family as a link."""
    home = seen(arriving(5, 5 * MINUTE_S, nobody))
    keys = [one.key for one in home.device.peers["account"] if one.key != home.self_key]
    apart = {key: dict.fromkeys(set(keys) - {key}, home.as_of_ms + 1) for key in keys}
    judgement = judge(replace(home, said=Said(apart=apart)))
    assert codes(judgement) == codes(judge(home))
    assert {one.key for one in linked(home)} == set(keys)
    assert linked(replace(home, said=Said(apart=apart))) == ()
    ended = {key: dict.fromkeys(others, home.as_of_ms) for key, others in apart.items()}
    assert {one.key for one in linked(replace(home, said=Said(apart=ended)))} == set(keys)
