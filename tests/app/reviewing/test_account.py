"""A member is shown masked; what is behind it is shown to whoever says why, and written down first."""

import pytest

from app.answers import Applied, Explanation
from app.reviewing.account import FIELDS, MONTH_MS, earning, mask, who
from app.reviewing.asking_why import Asker
from app.reviewing.revealing import reveal_identifier, reveal_profile
from app.store.sql.audit_rows import newest
from app.users.rights import EVERYTHING, Scope
from detectors.event import Device, Profile, instant_ms
from detectors.forest.card import ModelRefused
from detectors.policy import DEFAULT_SEGMENT
from tokens.who import Who

ANNA = Profile(
    email="anna@example.org", phone="+491701234567", given_name="Anna", family_name="Berger",
    date_of_birth="1984-05-06", street="Hauptstr. 1", postcode="10115", city="Berlin", country="DE",
)  # fmt: skip
ANALYST = Who("user:usr_1", b"\1" * 8)


def test_every_field_is_masked_and_the_latest_counts(kept, decided):
    kept.record.append([
        decided(1, type="signup", points=None, profile=ANNA),
        decided(2, type="profile_change", points=None, profile=Profile(email="berger@example.net")),
    ])  # fmt: skip
    shown = who(kept.shown, "default", "m-1")
    assert set(shown) == set(FIELDS)
    assert shown["email"].startswith("b•")
    said = repr(shown)
    assert not any(one in said for one in ("berger", "Anna", "Berger", "1234", "1984", "Hauptstr", "10115"))


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"city", "country"}))
def test_a_mask_keeps_less_than_half_of_a_value(name):
    value = "abcdefgh@ijklmnop.org" if name == "email" else "1984-05-06 abc"
    assert mask(name, value) != value
    assert sum(letter in mask(name, value) for letter in set(value)) < len(set(value)) / 2


def test_what_is_revealed_is_what_was_asked_for_and_is_in_the_audit(kept, decided):
    kept.record.append([decided(1, type="signup", points=None, profile=ANNA)])
    given = {"who": ANALYST, "reason": "case_review", "now_ms": 5}
    assert reveal_profile(kept.shown, "default", "m-1", ["email"], **given) == {"email": "anna@example.org"}
    [noted] = newest(kept.engine, 5)
    assert noted.entry[:5] == (5, "default", "personal.revealed", "m-1", "user:usr_1")
    assert noted.entry.detail == "case_review: email"


def test_nothing_is_revealed_that_could_not_be_written_down(kept, decided, monkeypatch):
    kept.record.append([decided(1, type="signup", points=None, profile=ANNA)])
    monkeypatch.setattr(kept.shown, "note_revealed", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        reveal_profile(kept.shown, "default", "m-1", FIELDS, who=ANALYST, reason="case_review", now_ms=5)


def test_an_identifier_is_opened_out_of_its_event_and_of_that_account_alone(kept, decided):
    kept.record.append(
        [decided(1, device=Device(id="phone-7"), ip="203.0.113.9", profile=ANNA, type="signup")]
    )
    given = {"who": ANALYST, "reason": "identity_check", "now_ms": 5}
    found = {
        kind: reveal_identifier(kept.shown, "default", "m-1", "dec_1", kind, **given)
        for kind in ("device", "ip", "payment", "email", "phone", "address")
    }
    assert found == {
        "device": "phone-7", "ip": "203.0.113.9", "payment": None, "email": "anna@example.org",
        "phone": "+491701234567", "address": "Hauptstr. 1, 10115, Berlin, DE",
    }  # fmt: skip
    assert reveal_identifier(kept.shown, "default", "m-2", "dec_1", "ip", **given) is None
    kept.record.erase_key("default", "m-1")
    assert reveal_identifier(kept.shown, "default", "m-1", "dec_1", "ip", **given) is None
    assert len(newest(kept.engine, 20)) == 8


def test_a_year_is_shown_in_stretches_beside_what_is_usual(kept, decided):
    entries = [
        decided(1, points=300),
        decided(2, type="redeem", points=120),
        decided(3, points=50, decision="block"),
    ]
    kept.record.append(entries)
    now_ms = instant_ms(entries[0].event) + MONTH_MS // 2
    shown = earning(kept.shown, DEFAULT_SEGMENT, "default", "m-1", now_ms)
    assert [one[1:] for one in shown.stretches] == [(0, 0)] * 11 + [(300, 120)]
    assert (shown.usual_earned, shown.usual_burned) == (500, 350)


class NoModels:
    def load(self, version):  # noqa: ARG002 - as the shelf is asked
        raise ModelRefused("there is none")


async def test_why_is_told_within_the_scope_and_without_a_model_says_so(kept, decided):
    answer = (
        b'{"decision_id":"dec_1","event_id":"e-1","account_id":"m-1","decision":"block","risk_score":90.0,'
        b'"risk_level":"critical","source":"limit","detectors":{},"reasons":[],"actions":[],'
        b'"linked_accounts":{"count":0},"policy_version":"p1","model_version":"mdl_x","mode":"enforce",'
        b'"degraded":["anomaly: none"],"evaluated_at":"2026-03-01T00:00:00Z","latency_ms":1.0}'
    )
    kept.record.append([
        decided(1, decision="block", answer=answer, vector=b"\0" * 96, store_id="s-1", model_version="mdl_x")
    ])  # fmt: skip

    async def explain(program_id, decision_id, audience, locale):
        applied = Applied(
            code="VELOCITY_REDEEM_ACCOUNT_1H", text="6 (limit 5)", observed=6, limit=5, unit="count"
        )
        return Explanation(
            decision_id=decision_id, audience=audience, locale=locale, decision="block", summary="s",
            applied=(applied,), would_change=(), policy_version="p1", model_version="mdl_x",
        )  # fmt: skip

    asker = Asker(kept.shown, explain, NoModels())
    told = await asker.why("default", "dec_1", EVERYTHING)
    assert (told.decided, told.peers, told.degraded) == ("block", None, ("anomaly: none",))
    [ground] = told.grounds
    assert (ground.applied.observed, ground.typologies[0]) == (6, "bot_velocity")
    assert ground.meaning
    assert await asker.why("default", "dec_1", Scope(stores=frozenset({"s-2"}))) is None
    assert await asker.why("other", "dec_1", EVERYTHING) is None
