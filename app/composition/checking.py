"""The check at redemption, put together: the live scorer before every commit of a one-time link."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from app.clock import system_clock
from app.composition.ground import Ground
from app.composition.token_stores import TokenStores
from app.redeeming.checking import RedemptionCheck
from app.redeeming.deciding import Decide, Decider
from app.stepping_up.channels import Channels, Person
from app.stepping_up.offering import REST_MS
from detectors.policy import StepUpMethod
from tokens.token import Token


def redemption_check(
    ground: Ground, stores: TokenStores, decide: Decide, caught_up: Callable[[], Coroutine[Any, Any, None]]
) -> RedemptionCheck:
    """The check over these stores, by this scorer; `caught_up` waits until the record holds what it decided."""
    file, record = ground.file, ground.record
    channels = Channels(record, stores.challenges, stores.passkeys, ground.settings.home_country)

    def ways(token: Token, now_ms: int) -> Sequence[StepUpMethod]:
        by_ms = now_ms - REST_MS
        person = Person(token.program_id, token.account_id, by_ms, by_ms)
        allowed = file.programme(token.program_id).step_up
        return channels.left(person, allowed, file.terms(token.program_id), token.reward.points)

    decider = Decider(decide, ground.history, record, ground.journal, ground.sighter, caught_up, system_clock)
    return RedemptionCheck(decider, stores.openings, stores.ledger, ways, system_clock)
