"""The check at redemption, put together: the live scorer before every commit of a one-time link."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from sqlalchemy import Engine

from app.clock import system_clock
from app.journal import Journal
from app.policy.file import PolicyFile
from app.redeeming.checking import RedemptionCheck
from app.redeeming.deciding import Decide, Decider
from app.sighting import Sighter
from app.stepping_up.channels import Channels, Person
from app.stepping_up.offering import REST_MS
from app.store.sql import SqlRecord
from app.store.sql.otp import SqlChallenges, SqlPasskeys
from app.store.sql.tokens import SqlLedger, SqlOpenings
from app.store.valkey import ValkeyHistory
from detectors.policy import StepUpMethod
from tokens.token import Token


def redemption_check(
    *,
    decide: Decide,
    caught_up: Callable[[], Coroutine[Any, Any, None]],
    engine: Engine,
    ledger: SqlLedger,
    challenges: SqlChallenges,
    passkeys: SqlPasskeys,
    history: ValkeyHistory,
    record: SqlRecord,
    journal: Journal,
    sighter: Sighter,
    file: PolicyFile,
    region: str | None,
) -> RedemptionCheck:
    """The check over these stores. `region`: of telephone numbers without a country code."""
    channels = Channels(record, challenges, passkeys, region)

    def ways(token: Token, now_ms: int) -> Sequence[StepUpMethod]:
        by_ms = now_ms - REST_MS
        person = Person(token.program_id, token.account_id, by_ms, by_ms)
        allowed = file.programme(token.program_id).step_up
        return channels.left(person, allowed, file.terms(token.program_id), token.reward.points)

    decider = Decider(decide, history, record, journal, sighter, caught_up, system_clock)
    return RedemptionCheck(decider, SqlOpenings(engine), ledger, ways, system_clock)
