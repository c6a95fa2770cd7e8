"""A challenge passed by a passkey: only by one that is the member's, here, old enough, and over this very challenge."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from hashlib import sha256

import msgspec
import pytest

from app.policy.file import PolicyRefused, parse
from app.problems import Problem
from app.stepping_up.asking import Sent, Verified
from tests.app.stepping_up.stage import BACKEND, DAY_MS, POLICY, SITE, Stage, named
from tests.tokens.authenticator import SoftKey
from tokens.passkey_ledger import NewLink, NewPasskey
from tokens.passkeys import made_credential
from tokens.who import Who

DEMANDED = POLICY.replace("[step_up]", "[step_up]\npasskey_points = 700", 1)


def enrol(stage: Stage, key: SoftKey, *, ago_days: float = 4, account_id: str = "m-1") -> None:
    """The member's passkey, made so long ago."""
    at_ms, challenge = stage.now_ms - int(ago_days * DAY_MS), bytes(32)
    link = NewLink(sha256(key.credential_id).digest(), "default", account_id, at_ms, at_ms + DAY_MS)
    stage.passkeys.make_link(link, Who("test"))
    made = made_credential(SITE, challenge, key.make(challenge, *SITE))
    new = NewPasskey(f"psk_{key.credential_id.hex()[:8]}", "default", account_id, made, contact_changed=False)
    stage.passkeys.enrol(link.link_hash, new, Who("test"), at_ms)


async def asked(stage: Stage, decision) -> bytes:
    """The challenge to sign."""
    sent = await stage.send(decision, "passkey")
    assert isinstance(sent, Sent), sent
    text = json.loads(bytes(sent.options))["challenge"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def answered(stage: Stage, decision, answer: str) -> Verified | Problem:
    return await stage.stepping.verify(named(decision), answer, "passkey", BACKEND)


async def test_a_passkey_passes_a_challenge_once_and_burns_once(stage):
    key = SoftKey()
    enrol(stage, key)
    decision = await stage.challenged()
    answer = key.sign(await asked(stage, decision), *SITE)
    for _ in range(2):
        told = await answered(stage, decision, answer)
        assert (told.status, told.decision) == ("passed", "allow")
    await stage.installation.drain()
    assert (stage.row(decision).passed_method, await stage.burned()) == ("passkey", 777)


async def test_another_origin_key_challenge_or_member_fails_and_is_felt(stage):
    """Each costs a try and is told to the detectors; what is no answer at all costs none."""
    key, other, stranger = SoftKey(1), SoftKey(2), SoftKey(3)
    enrol(stage, key)
    enrol(stage, stranger, account_id="m-2")
    decision, later = await stage.challenged(), await stage.challenged()
    challenge, elsewhere = await asked(stage, decision), await asked(stage, later)
    wrong = [
        key.sign(challenge, SITE.rp_id, "https://rewards.evil"),
        key.sign(challenge, "evil", SITE.origin),
        key.sign(elsewhere, *SITE),
        other.sign(challenge, *SITE),
        stranger.sign(challenge, *SITE),
    ]
    left = []
    for answer in wrong:
        told = await answered(stage, decision, answer)
        left.append(told.tries_left)
        stage.later(20)
    assert left == [9, 8, 7, 6, 5]
    await stage.installation.drain()
    failed = stage.installation.record.decisions("default", account_id="m-1", limit=20, cursor=None).items
    assert [row.type for row in failed].count("login_failed") == 5
    assert (await answered(stage, decision, "{}")).tries_left is msgspec.UNSET
    assert await stage.burned() == 0


@pytest.mark.parametrize("ago_days", [0.5, 2.99])
async def test_a_passkey_younger_than_72_hours_proves_nothing(stage, ago_days):
    enrol(stage, SoftKey(), ago_days=ago_days)
    told = await stage.send(await stage.challenged(), "passkey")
    assert isinstance(told, Problem)
    assert "Left: sms_otp" in told.detail


@pytest.fixture
async def demanding(stage, pipeline, tmp_path):
    built = Stage(pipeline, stage.engine, tmp_path, DEMANDED)
    built.installation.now_ms, built._numbers = stage.now_ms, stage._numbers
    return built


async def test_above_the_points_of_the_policy_whoever_has_a_passkey_must_use_it(demanding):
    decision = await demanding.challenged()
    assert isinstance(await demanding.send(decision), Sent)
    code = demanding.letter().code
    enrol(demanding, SoftKey())
    told = await demanding.send(decision)
    assert "Left: passkey" in told.detail
    verified = await demanding.verify(decision, code)
    assert (verified.status, verified.detail) == (
        "failed",
        "The member cannot prove themselves by this method.",
    )


def test_a_policy_names_only_methods_it_has():
    for line in (
        'methods = ["totp"]\npasskey_points = 5',
        'methods = ["passkey"]\npasskey_fallback = ["totp"]',
    ):
        with pytest.raises(PolicyRefused, match=r"step_up\.passkey_"):
            parse(f'name = "x"\n[step_up]\n{line}\n')
    allowed = parse('name = "x"\n[step_up]\npasskey_points = 5\npasskey_fallback = ["totp"]\n').usual.step_up
    assert [allowed.demands_passkey(points) for points in (None, 4, 5)] == [False, False, True]
