"""Everything that can be asked of Earnest, as talks that either client drives."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec.structs import replace

from earnest_client.answers import (
    Audience,
    BadRow,
    Decision,
    Decisions,
    Explanation,
    Label,
    LabelName,
    Outcome,
    OutcomeTold,
    Purpose,
    Told,
)
from earnest_client.backlog import Backlog
from earnest_client.calls import FIRST_FAULT_OF_THEIRS, Call, read_body, segment
from earnest_client.errors import Away, NotFound, Problem, TooMany
from earnest_client.events import AnyEvent, Device, Prepared, array, fresh_id, portions, prepare
from earnest_client.fallback import LOCAL, Fallback
from earnest_client.proving import (
    ChallengeMethod,
    ChallengeSent,
    CodeMethod,
    Lock,
    LockedBy,
    LockLink,
    Verified,
)
from earnest_client.tokens import CodeSent, Delivery, IssuedToken, Otp, Redemption, Reward, Token, token_of
from earnest_client.trying import Talk, ask

T = TypeVar("T")
Locale = Literal["en", "de"]
VISIBLE_ASCII: Final = re.compile(r"[!-~]{1,128}")
"""What an Idempotency-Key may be."""
TOO_MANY_REQUESTS: Final = 429
NOT_HERE: Final = Problem(
    "/problems/not-found",
    "Not found",
    404,
    "That event waits here no longer: Earnest was told that it happened, or it was dropped. "
    "Tell what undid it as an event of its own.",
)


class Operations:
    """
    The calls of one client, and the events it decided itself.

    timeout_s:  for one decision, while a member waits.
    patience_s: for everything else.
    fallback:   None: without an answer there is no decision, and Away is raised.
    """

    def __init__(self, key: str, timeout_s: float, patience_s: float, fallback: Fallback | None) -> None:
        if min(timeout_s, patience_s) <= 0:
            raise ValueError("A time to wait is more than 0 s.")
        self._key, self._timeout_s, self._patience_s, self._fallback = key, timeout_s, patience_s, fallback
        self.backlog = Backlog(fallback.most_kept if fallback else 0)

    # ---------------------------------------------------------------- decisions

    def decide(self, event: AnyEvent) -> Talk[Decision]:
        """POST /v1/decisions."""
        prepared = prepare(event)
        call = self._call("POST", "/v1/decisions", Decision, prepared.body, patience_s=self._timeout_s)
        try:
            return (yield from ask(call))
        except (Away, TooMany) as error:
            return self._instead(prepared, error)

    def decide_many(self, events: Iterable[AnyEvent]) -> Talk[list[Decision | BadRow]]:
        """POST /v1/decisions/batch, as often as needed; once Earnest is away, the rest is not asked."""
        rows: list[Decision | BadRow] = []
        away: Away | TooMany | None = None
        for portion in portions([prepare(event) for event in events]):
            if away is None:
                try:
                    rows += yield from self._decide_portion(portion)
                    continue
                except (Away, TooMany) as error:
                    away = error
            rows += [self._instead(event, away) for event in portion]
        return rows

    def _decide_portion(self, portion: Sequence[Prepared]) -> Talk[list[Decision | BadRow]]:
        call = self._call("POST", "/v1/decisions/batch", Decisions, array(portion))
        answered = (yield from ask(call)).decisions
        if len(answered) != len(portion):
            raise Away("its answer cannot be read")
        rows = [read_body(raw, _Row) for raw in answered]
        decided = [
            read_body(raw, Decision) if row.error is None else None
            for row, raw in zip(rows, answered, strict=True)
        ]
        return [
            decision or self._bad_row(event, row)
            for event, row, decision in zip(portion, rows, decided, strict=True)
        ]

    def _bad_row(self, event: Prepared, row: _Row) -> Decision | BadRow:
        problem = row.error or Problem()
        if problem.status >= FIRST_FAULT_OF_THEIRS or problem.status == TOO_MANY_REQUESTS:
            return self._instead(event, Away(f"it answered {problem.status}"))
        return BadRow(row.event_id, problem)

    def _instead(self, event: Prepared, error: Away | TooMany) -> Decision:
        """The client's own decision, remembered. Raises the error where there is to be none."""
        if self._fallback is None:
            raise error
        decision = self._fallback.decide(
            event, error.why if isinstance(error, Away) else "it is asked too often"
        )
        self.backlog.keep(event, happened=decision.allowed)
        return decision

    def outcome(self, decision_id: str, outcome: Outcome) -> Talk[OutcomeTold]:
        """POST /v1/decisions/{decision_id}/outcome. Of the client's own decisions it is noted here."""
        if not decision_id.startswith(LOCAL):
            path = f"/v1/decisions/{segment(decision_id)}/outcome"
            return (yield from ask(self._call("POST", path, OutcomeTold, _json(outcome=outcome))))
        here = self.backlog.settle(decision_id.removeprefix(LOCAL), outcome)
        if not here and outcome != "completed":
            raise NotFound(NOT_HERE)
        return OutcomeTold(decision_id, outcome)

    def explanation(self, decision_id: str, audience: Audience, locale: str) -> Talk[Explanation]:
        """GET /v1/decisions/{decision_id}/explanation."""
        query = urlencode({"audience": audience, "locale": locale})
        path = f"/v1/decisions/{segment(decision_id)}/explanation?{query}"
        return (yield from ask(self._call("GET", path, Explanation)))

    # ---------------------------------------------------------------- what happened

    def tell(self, events: Iterable[AnyEvent]) -> Talk[Told]:
        """POST /v1/events, as often as needed."""
        told = Told()
        before = 0
        for portion in portions([prepare(event) for event in events]):
            told = _together(told, (yield from self._tell(portion)), before)
            before += len(portion)
        return told

    def flush(self) -> Talk[Told]:
        """POST /v1/events with what waits here; what cannot be told goes on waiting."""
        told = Told()
        before = 0
        waiting = len(self.backlog)
        while before < waiting and (portion := self.backlog.take()):
            try:
                told = _together(told, (yield from self._tell(portion)), before)
            except BaseException:  # also where the task is cancelled or the program interrupted
                self.backlog.put_back(portion)
                raise
            before += len(portion)
        dropped = self.backlog.dropped
        self.backlog.forget_dropped(dropped)
        return replace(told, dropped=dropped)

    def _tell(self, portion: Sequence[Prepared]) -> Talk[Told]:
        return (yield from ask(self._call("POST", "/v1/events", Told, array(portion))))

    def label(
        self,
        label: LabelName,
        source: str,
        account_id: str | None,
        event_id: str | None,
        typology: str | None,
    ) -> Talk[Label]:
        """POST /v1/labels."""
        body = _json(label=label, source=source, account_id=account_id, event_id=event_id, typology=typology)
        return (yield from ask(self._call("POST", "/v1/labels", Label, body, repeatable=False)))

    # ---------------------------------------------------------------- challenges and locks

    def send_challenge(self, challenge_id: str, method: ChallengeMethod) -> Talk[ChallengeSent]:
        """POST /v1/challenges/{challenge_id}/send. Once it may have arrived it is not repeated."""
        path = f"/v1/challenges/{segment(challenge_id)}/send"
        return (
            yield from ask(self._call("POST", path, ChallengeSent, _json(method=method), repeatable=False))
        )

    def verify_challenge(
        self,
        challenge_id: str,
        code: str | None,
        assertion: Mapping[str, Any] | None,
        method: CodeMethod | None,
    ) -> Talk[Verified]:
        """POST /v1/challenges/{challenge_id}/verify. A wrong code counts each time, so it is not repeated either."""
        path = f"/v1/challenges/{segment(challenge_id)}/verify"
        body = _json(code=code, assertion=assertion, method=method)
        call = self._call("POST", path, Verified, body, repeatable=False, secrets=(code or "",))
        return (yield from ask(call))

    def set_lock(
        self, account_id: str, *, locked: bool, by: LockedBy, reason: str | None, note: str | None
    ) -> Talk[Lock]:
        """POST /v1/accounts/{account_id}/lock or /unlock."""
        path = f"/v1/accounts/{segment(account_id)}/{'lock' if locked else 'unlock'}"
        return (yield from ask(self._call("POST", path, Lock, _json(by=by, reason=reason, note=note))))

    def lock_link(self, account_id: str, locale: Locale | None) -> Talk[LockLink]:
        """POST /v1/accounts/{account_id}/lock-links."""
        path = f"/v1/accounts/{segment(account_id)}/lock-links"
        return (yield from ask(self._call("POST", path, LockLink, _json(locale=locale))))

    # ---------------------------------------------------------------- one-time tokens

    def issue_token(  # noqa: PLR0917 - both clients pass these on by name
        self,
        account_id: str,
        reward: Reward | Mapping[str, Any],
        purpose: Purpose,
        delivery: Delivery | None,
        otp: Otp | None,
        campaign_id: str | None,
        expires_in_s: int | None,
        not_before: datetime | None,
        decision_id: str | None,
        metadata: Mapping[str, int | float | str] | None,
        idempotency_key: str | None,
    ) -> Talk[IssuedToken]:
        """POST /v1/tokens."""
        body = _json(
            account_id=account_id, purpose=purpose, reward=reward, delivery=delivery, otp=otp,
            campaign_id=campaign_id, expires_in_s=expires_in_s, not_before=not_before, decision_id=decision_id,
            metadata=metadata,
        )  # fmt: skip
        key = _call_key(idempotency_key)
        issued = yield from ask(self._call("POST", "/v1/tokens", IssuedToken, body, idempotency_key=key))
        return replace(issued, idempotency_key=key)

    def send_code(self, token: str, account_id: str) -> Talk[CodeSent]:
        """POST /v1/tokens/challenge. Once it may have arrived it is not repeated: a member gets one code, not two."""
        token = token_of(token)
        body = _json(token=token, account_id=account_id)
        call = self._call("POST", "/v1/tokens/challenge", CodeSent, body, repeatable=False, secrets=(token,))
        return (yield from ask(call))

    def redeem_token(
        self,
        token: str,
        account_id: str,
        otp: str | None,
        ip: str | None,
        device: Device | None,
        idempotency_key: str | None,
    ) -> Talk[Redemption]:
        """POST /v1/tokens/redeem."""
        key, token = _call_key(idempotency_key), token_of(token)
        body = _json(token=token, account_id=account_id, otp=otp, ip=ip, device=device)
        secrets = (token, otp or "")
        call = self._call("POST", "/v1/tokens/redeem", Redemption, body, idempotency_key=key, secrets=secrets)
        return replace((yield from ask(call)), idempotency_key=key)

    def token(self, token_id: str) -> Talk[Token]:
        """GET /v1/tokens/{token_id}."""
        return (yield from ask(self._call("GET", f"/v1/tokens/{segment(token_id)}", Token)))

    def revoke_token(self, token_id: str) -> Talk[Token]:
        """POST /v1/tokens/{token_id}/revoke."""
        return (yield from ask(self._call("POST", f"/v1/tokens/{segment(token_id)}/revoke", Token)))

    def _call(
        self,
        method: str,
        path: str,
        gives: type[T],
        body: bytes = b"",
        *,
        patience_s: float | None = None,
        idempotency_key: str | None = None,
        repeatable: bool = True,
        secrets: tuple[str, ...] = (),
    ) -> Call[T]:
        kept = (self._key, idempotency_key or "", *secrets)
        patience = self._patience_s if patience_s is None else patience_s
        return Call(method, path, gives, patience, body, idempotency_key, repeatable, kept)


class _Row(msgspec.Struct, frozen=True):
    """A row of a batch, as far as it tells whether it was decided."""

    event_id: str | None = None
    error: Problem | None = None


def _json(**members: object) -> bytes:
    """An object of what is given; None is left out."""
    return msgspec.json.encode({name: value for name, value in members.items() if value is not None})


def _call_key(given: str | None) -> str:
    if given is None:
        return fresh_id()
    if VISIBLE_ASCII.fullmatch(given) is None:
        raise ValueError("An idempotency_key is 1 to 128 visible ASCII characters, without blanks.")
    return given


def _together(one: Told, next_one: Told, before: int) -> Told:
    """The sum of two; rows of the second count on from those before."""
    moved = tuple(replace(row, row=row.row + before) for row in next_one.rejected)
    return Told(one.accepted + next_one.accepted, one.duplicates + next_one.duplicates, one.rejected + moved)
