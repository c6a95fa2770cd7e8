"""Sends and tries of many callers at once, and in any order: no limit is ever passed."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.store.sql.token_tables import otp_counts, otp_subjects
from tests.app.store.codes import CLIENT, DAY_MS, HOUR_MS, MEMBER, NOW_MS, Codes, race
from tokens.challenges import Counted, NewChallenge, Wait
from tokens.limits import (
    SENDS_PER_HOUR,
    SENDS_PER_RECIPIENT_DAY,
    SENDS_PER_SUBJECT,
    TRIES_PER_ACCOUNT_DAY,
    TRIES_PER_CHALLENGE,
    TRIES_PER_SUBJECT,
)


@pytest.fixture
def codes(engine):
    return Codes(engine)


def test_of_thirty_two_tries_at_once_at_one_code_five_are_counted(codes):
    token = codes.token()
    challenge = codes.send(token)
    said = race(32, lambda n: codes.count(token, challenge, client=b"%d" % n))
    counted = [answer for answer in said if isinstance(answer, Counted)]
    assert sorted(answer.tries_left for answer in counted) == [5, 6, 7, 8, 9]
    assert set(said) - set(counted) == {"tries_spent"}
    assert codes.total(otp_subjects.c.tries) == 5


def test_of_thirty_two_tries_at_once_in_as_many_sessions_ten_are_counted(codes):
    token, app = codes.token(otp_method="totp"), codes.app()
    sessions = [b"%032d" % n for n in range(32)]
    begun = [codes.challenges.begin(token, session, app.authenticator_id, NOW_MS) for session in sessions]
    said = race(32, lambda n: codes.count(token, begun[n], session=sessions[n], client=sessions[n]))
    assert sum(isinstance(answer, Counted) for answer in said) == TRIES_PER_SUBJECT
    assert said.count("frozen") == 32 - TRIES_PER_SUBJECT
    assert codes.total(otp_subjects.c.tries) == TRIES_PER_SUBJECT


def test_of_forty_tries_at_once_at_as_many_tokens_of_an_account_thirty_are_counted(codes):
    each = [codes.token() for _ in range(40)]
    sent = [codes.send(token, to=b"%d" % n) for n, token in enumerate(each)]
    instants = [NOW_MS + (n % 2) * HOUR_MS // 20 for n in range(40)]
    said = race(40, lambda n: codes.count(each[n], sent[n], instants[n]))
    assert sum(isinstance(answer, Counted) for answer in said) == TRIES_PER_ACCOUNT_DAY
    assert {answer.limit for answer in said if isinstance(answer, Wait)} == {"account"}
    assert codes.total(otp_subjects.c.tries) == TRIES_PER_ACCOUNT_DAY


def test_of_sixteen_codes_asked_for_at_once_one_is_sent(codes):
    token = codes.token()
    said = race(16, lambda _: codes.send(token))
    assert sum(isinstance(answer, NewChallenge) for answer in said) == 1
    assert codes.outbox.overview() == {"waiting": 1}
    assert codes.events() == ["otp.sent"]


def test_of_sixteen_codes_asked_for_one_number_at_once_ten_are_sent_even_over_the_turn_of_an_hour(codes):
    each = [codes.token(f"m-{n}", f"p-{n}") for n in range(16)]
    turn_ms = (NOW_MS // HOUR_MS + 1) * HOUR_MS
    said = race(16, lambda n: codes.send(each[n], turn_ms - n % 2))
    assert sum(isinstance(answer, NewChallenge) for answer in said) == SENDS_PER_RECIPIENT_DAY
    assert codes.outbox.overview() == {"waiting": SENDS_PER_RECIPIENT_DAY}


def test_of_ten_wrong_codes_told_at_once_the_token_freezes_once(codes):
    token, app = codes.token(otp_method="totp"), codes.app()
    counted = []
    for n in range(TRIES_PER_SUBJECT):
        session = b"%032d" % n
        challenge = codes.challenges.begin(token, session, app.authenticator_id, NOW_MS)
        counted.append(codes.count(token, challenge, session=session, client=session))
    race(TRIES_PER_SUBJECT, lambda n: codes.challenges.failed(token, counted[n], CLIENT, MEMBER, NOW_MS))
    assert codes.row(token).state == "frozen"
    events = Counter(codes.events())
    assert (events["otp.failed"], events["token.frozen"]) == (TRIES_PER_SUBJECT, 1)


def test_the_right_code_typed_twice_at_once_passes_once(codes):
    token = codes.token()
    challenge = codes.send(token)
    counted = [codes.count(token, challenge) for _ in range(4)]
    passed = race(4, lambda n: codes.challenges.passed(token, counted[n], CLIENT, None, MEMBER, NOW_MS))
    assert passed.count(True) == 1
    assert codes.total(otp_subjects.c.tries) == 3
    assert codes.total(otp_counts.c.count, otp_counts.c.what == "account") == 3


TOKENS, SESSIONS, CLIENTS = 5, 2, 3
steps = st.lists(
    st.tuples(
        st.sampled_from(["send", "wrong", "wrong", "wrong", "wrong", "dies", "right"]),
        st.integers(0, TOKENS - 1),
        st.integers(0, SESSIONS - 1),
        st.integers(0, CLIENTS - 1),
        st.sampled_from([0, 1_000, 8_000, 20_000, 61_000, 310_000, HOUR_MS, 7 * HOUR_MS]),
        st.integers(1, 4),
    ),
    min_size=30,
    max_size=60,
)


class Watcher:
    """Plays steps at five tokens of one account and one recipient, and keeps a book of its own."""

    def __init__(self, codes: Codes) -> None:
        self.codes, self.now_ms = codes, NOW_MS
        name = f"m-{next(codes._numbers)}"
        self.recipient = name.encode()
        self.tokens = [codes.token(name, expires_ms=NOW_MS + 14 * DAY_MS) for _ in range(TOKENS)]
        self.sent, self.tried = [], []  # (instant, token), (instant, token, challenge)

    def step(self, what, at, session, client, later_ms, times):
        self.now_ms += later_ms
        token, session = self.tokens[at], b"%032d" % session
        if what == "send":
            if isinstance(
                self.codes.send(token, self.now_ms, session=session, to=self.recipient), NewChallenge
            ):
                self.sent.append((self.now_ms, at))
            return
        held = self.codes.challenges.challenge(token, session)
        for _ in range(times if held else 0):
            self._try(what, at, held, session, b"client %d" % client)
            self.now_ms += 1_000

    def _try(self, what, at, held, session, client):
        token = self.tokens[at]
        counted = self.codes.count(token, held, self.now_ms, session=session, client=client)
        if not isinstance(counted, Counted):
            return
        challenges = self.codes.challenges
        if what == "right" and challenges.passed(token, counted, client, None, MEMBER, self.now_ms):
            return
        self.tried.append((self.now_ms, at, held.challenge_id))
        assert counted.tries_left == TRIES_PER_SUBJECT - sum(one[1] == at for one in self.tried)
        if what != "dies":
            led_to = challenges.failed(token, counted, client, MEMBER, self.now_ms)
            frozen = self.codes.row(token).state == "frozen"
            assert frozen == (led_to == "frozen") == (counted.tries_left == 0)

    def judge(self):
        """What the book says of every limit."""
        assert most(Counter(at for _, at, _ in self.tried)) <= TRIES_PER_SUBJECT
        assert most(Counter(challenge for *_, challenge in self.tried)) <= TRIES_PER_CHALLENGE
        assert most_within(DAY_MS, [ms for ms, *_ in self.tried]) <= TRIES_PER_ACCOUNT_DAY
        assert most(Counter(at for _, at in self.sent)) <= SENDS_PER_SUBJECT
        assert most_within(DAY_MS, [ms for ms, _ in self.sent]) <= SENDS_PER_RECIPIENT_DAY
        for at in range(TOKENS):
            assert most_within(HOUR_MS, [ms for ms, of in self.sent if of == at]) <= SENDS_PER_HOUR


def most(counter):
    return max(counter.values(), default=0)


def most_within(span_ms, instants):
    """The most of these that lie within any half-open span so long."""
    return max((sum(start <= ms < start + span_ms for ms in instants) for start in instants), default=0)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_no_order_of_sends_and_tries_over_sessions_and_clients_passes_a_limit(codes, steps):
    watcher = Watcher(codes)
    for step in steps:
        watcher.step(*step)
    watcher.judge()


def test_an_attacker_who_never_rests_gets_no_further_than_the_limits(codes):
    """Four days of it: tries of a token and of the account, and codes to the number, reach their limits and stay."""
    watcher = Watcher(codes)
    for n in range(96):
        at, session = n % TOKENS, n % SESSIONS
        watcher.step("send", at, session, 0, HOUR_MS - 100_000, 1)
        for k in range(5):
            watcher.step("wrong", at, session, 2 * n + k // 3, 19_000, 1)
    watcher.judge()
    assert most(Counter(at for _, at, _ in watcher.tried)) == TRIES_PER_SUBJECT
    assert most_within(DAY_MS, [ms for ms, *_ in watcher.tried]) == TRIES_PER_ACCOUNT_DAY
    assert most_within(DAY_MS, [ms for ms, _ in watcher.sent]) == SENDS_PER_RECIPIENT_DAY
