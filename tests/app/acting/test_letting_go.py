"""Much that one person lets go in small parts needs a second one, as much at once does."""

from __future__ import annotations

import asyncio

from app.acting.ports import Act, Done
from app.cases.letting_go import LINES_IN_ALL, LOOKED_BACK_MS
from app.cases.ports import Case, Refusal, Scope, Wish
from app.cases.terms import CaseTerms
from tests.app.acting.conftest import ANN, BEN, PROGRAM, SAM, SUE
from tests.app.store.cased import NOW_MS
from tests.app.store.codes import race
from tokens.token import Reward
from tokens.who import Who

HONEST = Wish(move="close", resolution="legitimate", reason="They have the receipt.")


def held_tokens(house, account_id, values):
    """Held rewards of this account, worth so much, minor units."""
    found = [
        house.token(account_id, reward=Reward(face_value_minor=value, currency="EUR")) for value in values
    ]
    for token_id in found:
        house.hold_token(token_id)
    return found


async def test_small_rewards_of_one_account_come_to_the_line_within_a_day(house):
    case_id = house.open_case("m-1")
    one, other, third = held_tokens(house, "m-1", [3_000, 1_999, 1])
    await house.do(ANN, case_id, "release_token", token_id=one)
    await house.do(ANN, case_id, "release_token", token_id=other)
    refused = await house.tried(ANN, case_id, "release_token", token_id=third)
    assert (refused.why, refused.field) == ("needs_second", "name")
    assert refused.message.startswith(
        "With what you released of it within 24 hours this is 50.00 EUR: a second person has to approve."
    )
    await house.do(BEN, case_id, "release_token", token_id=third)  # whose own sum is small


async def test_what_is_told_before_is_the_sum_that_decides_and_a_second_person_lets_it_go(house):
    case_id = house.open_case("m-1", held=("m-1",))
    (token_id,) = held_tokens(house, "m-1", [4_500])
    await house.do(SUE, case_id, "release_token", token_id=token_id)
    told = await house.ask(SUE, case_id, Act(name="release"))
    assert told.needs_second
    sentence = (
        "With what you released of it within 24 hours this is 50.00 EUR: a second person has to approve."
    )
    assert sentence in told.sentences
    done = await house.do(SUE, case_id, "release")
    assert done.proposed
    assert sentence in done.sentences
    await house.do(SAM, case_id, "approve")
    fresh = house.open_case("m-9", held=("m-9",))
    assert not (
        await house.ask(SAM, fresh, Act(name="release"))
    ).needs_second  # what two let go is nobody's sum


async def test_a_day_later_the_sum_begins_again(house):
    case_id = house.open_case("m-1")
    first, second = held_tokens(house, "m-1", [4_000, 4_000])
    await house.do(ANN, case_id, "release_token", token_id=first)
    house.installation.now_ms = NOW_MS + LOOKED_BACK_MS - 1
    assert (await house.tried(ANN, case_id, "release_token", token_id=second)).why == "needs_second"
    house.installation.now_ms = NOW_MS + LOOKED_BACK_MS
    await house.do(ANN, case_id, "release_token", token_id=second)


async def test_an_account_is_counted_from_whatever_case_and_by_its_moves_too(house):
    house.terms = CaseTerms(four_eyes_minor=900)
    first = house.open_case("m-1", held=("m-1",))
    closed = house.cases.move(Scope(PROGRAM), first, Who(ANN.actor), HONEST, None, NOW_MS)
    assert closed.state == "closed"
    again = house.open_case("m-1", held=("m-1",))
    assert again != first
    (looked,) = house.cases.some(Scope(PROGRAM), [again])
    would = house.cases.preview(Scope(PROGRAM), again, Who(ANN.actor), HONEST, NOW_MS)
    refused = house.cases.move(Scope(PROGRAM), again, Who(ANN.actor), HONEST, looked.version, NOW_MS)
    assert would == refused
    assert (refused.why, refused.field) == ("needs_second", "resolution")
    assert refused.message.startswith("With what you released of it within 24 hours this is 10.00 EUR: ")
    assert (await house.tried(ANN, again, "release")).why == "forbidden"
    assert house.cases.move(Scope(PROGRAM), again, Who(BEN.actor), HONEST, None, NOW_MS).state == "closed"


async def test_all_that_one_person_lets_go_in_a_day_has_a_line_too(house):
    house.terms = CaseTerms(four_eyes_minor=1_000)
    small, whole = 900, LINES_IN_ALL * 1_000
    for number in range(whole // small):
        case_id = house.open_case(f"m-{number}")
        (token_id,) = held_tokens(house, f"m-{number}", [small])
        await house.do(ANN, case_id, "release_token", token_id=token_id)
    case_id = house.open_case("m-x")
    (token_id,) = held_tokens(house, "m-x", [small])
    refused = await house.tried(ANN, case_id, "release_token", token_id=token_id)
    assert refused.message.startswith("With all you released within 24 hours this is 108.00 EUR: ")


async def test_of_many_at_once_no_more_pass_than_stay_under_the_line(house):
    """In cases of their own, which hold nobody up: what is shared is who lets go."""
    house.terms = CaseTerms(four_eyes_minor=100)
    cases = [house.open_case(f"m-{number}") for number in range(8)]
    tokens = [held_tokens(house, f"m-{number}", [99])[0] for number in range(8)]
    for number in range(LINES_IN_ALL - 3):
        case_id = house.open_case(f"b-{number}")
        (token_id,) = held_tokens(house, f"b-{number}", [99])
        await house.do(ANN, case_id, "release_token", token_id=token_id)
    came = await asyncio.gather(*(
        house.tried(ANN, case_id, "release_token", token_id=token_id)
        for case_id, token_id in zip(cases, tokens, strict=True)
    ))  # fmt: skip
    assert sum(isinstance(one, Done) for one in came) == 3  # 10 × 99 is under 1,000, 11 × 99 is not
    assert {one.why for one in came if not isinstance(one, Done)} == {"needs_second"}


async def test_cases_closed_at_once_by_their_moves_alone_stay_under_the_line_together(house):
    house.terms = CaseTerms(four_eyes_minor=600)
    cases = [house.open_case(f"m-{number}", held=(f"m-{number}",)) for number in range(16)]
    came = race(
        16, lambda n: house.cases.move(Scope(PROGRAM), cases[n], Who(ANN.actor), HONEST, None, NOW_MS)
    )
    assert sum(isinstance(one, Case) for one in came) == 11  # 11 × 500 is under 6,000, 12 × 500 is not
    assert {one.why for one in came if isinstance(one, Refusal)} == {"needs_second"}
