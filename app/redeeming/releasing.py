"""The commit: the content is opened, the ledger decides, and only then anybody sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from app import metrics
from app.ports.instants import Clock
from app.redeeming.finding import ContentShut, Finder, Found
from app.redeeming.rings import Rings
from tokens.errors import VaultBroken
from tokens.ledger import Call, Ledger
from tokens.limits import REPLAY_S
from tokens.outbox import Message
from tokens.redemption import Proof, Redeemed, Redemption, Refusal
from tokens.token import Reward, Token
from tokens.vault import answer_key, open_answer, seal_answer
from tokens.who import Who

MS: Final = 1_000
log: Final = structlog.get_logger("earnest.tokens")


class Released(NamedTuple):
    """The reward is the caller's: the answer as JSON bytes; `replayed`: it was released before, to the same caller."""

    redeemed: Redeemed
    answer: bytes | None
    replayed: bool


class Claimant(NamedTuple):
    """
    Who the answer is for.

    call_hash: by which the ledger knows them again.
    secret:    what only they know: an Idempotency-Key, a session's secret. It seals the answer.
    """

    call_hash: bytes
    secret: bytes
    who: Who


class Releaser:
    """
    Releases rewards, once. Synchronous: called in a thread. Raises RecordAway, also as ContentShut: nothing is used up.

    Args:
        ledger: decides.
        finder: opens contents.
        rings: the server's keys.
        clock: milliseconds since 1970-01-01 UTC.
        new_id: prefix → a fresh id.
        notice: (token, redemption, at ms) → what the member is told of it by mail, if anything.
    """

    def __init__(
        self,
        ledger: Ledger,
        finder: Finder,
        rings: Rings,
        clock: Clock,
        new_id: Callable[[str], str],
        notice: Callable[[Token, str, int], Message | None] = lambda *_: None,
    ) -> None:
        self._notice = notice
        self._ledger, self._finder, self._rings = ledger, finder, rings
        self._clock, self._new_id = clock, new_id

    def release(
        self,
        found: Found,
        proof: Proof | None,
        claimant: Claimant,
        call: Call | None,
        check_id: str | None = None,
    ) -> Released | Refusal:
        """
        Open, commit, answer. Where somebody was first, theirs is what comes back, with the answer if they are the
        claimant and it is still kept. `check_id`: the decision that let it pass.
        """
        token = found.token
        if token.state == "redeemed":
            return self.again(found, claimant) or "not_live"
        redemption_id, now_ms = self._new_id("rdm"), self._clock()
        answer = _answer(found, redemption_id, self._finder.open(found))
        wanted = Redemption(
            redemption_id=redemption_id,
            token_hash=token.token_hash,
            program_id=token.program_id,
            account_id=token.account_id,
            at_ms=now_ms,
            call_hash=claimant.call_hash,
            sealed_answer=seal_answer(self._key(found, claimant), answer, token.token_hash),
            replay_until_ms=now_ms + REPLAY_S * MS,
            check_id=check_id,
        )
        notice = self._notice(token, redemption_id, now_ms)
        redeemed = self._ledger.redeem(wanted, proof, call, claimant.who, notice)
        if not isinstance(redeemed, Redeemed):
            metrics.token_refused(redeemed)
            return redeemed
        if redeemed.redemption_id == redemption_id:
            return Released(redeemed, answer, replayed=False)
        return self._told_again(found, redeemed, claimant)

    def again(self, found: Found, claimant: Claimant, *, quietly: bool = False) -> Released | None:
        """A redemption made before, with its answer if theirs and kept; None: there is none."""
        redeemed = self._ledger.redemption(found.token.token_hash)
        return None if redeemed is None else self._told_again(found, redeemed, claimant, quietly=quietly)

    def _told_again(
        self, found: Found, redeemed: Redeemed, claimant: Claimant, *, quietly: bool = False
    ) -> Released:
        token, now_ms = found.token, self._clock()
        mine = redeemed.call_hash == claimant.call_hash
        kept = mine and bool(redeemed.sealed_answer) and now_ms <= redeemed.at_ms + REPLAY_S * MS
        answer = None
        if kept:
            try:
                answer = open_answer(self._key(found, claimant), redeemed.sealed_answer, token.token_hash)
            except (VaultBroken, ContentShut):
                log.warning("the answer of a redemption cannot be opened again")
        if not quietly:
            event = "replayed" if mine else "duplicate_blocked"
            if not mine:
                log.warning("a redeemed token was tried by somebody else", program_id=token.program_id)
            self._ledger.note(event, token.token_hash, claimant.who, now_ms)
        return Released(redeemed, answer, replayed=True)

    def _key(self, found: Found, claimant: Claimant) -> bytes:
        """Of the answer: from the day's server key, the link's secret and the claimant's. Raises ContentShut."""
        server_key = self._rings.vault_key(found.token.vault_key)
        if server_key is None:
            raise ContentShut("the server's key of that day is gone")
        return answer_key(server_key, found.claims.s, claimant.secret)


def _answer(found: Found, redemption_id: str, content: bytes) -> bytes:
    """The contract's 200: `{token_id, redemption_id, reward}`."""
    reward = reward_view(found.token.reward)
    if content:
        reward["payload"] = json.loads(content)
    body = {"token_id": found.token.token_id, "redemption_id": redemption_id, "reward": reward}
    return msgspec.json.encode(body)


def reward_view(reward: Reward) -> dict[str, Any]:
    """The open part of a reward, without what it does not have."""
    return {name: value for name, value in msgspec.structs.asdict(reward).items() if value is not None}
