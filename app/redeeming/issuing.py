"""Issuing: what was ordered becomes a signed link, a sealed content and a letter, durable before anybody hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from app.faults import Fault
from app.ports.instants import Clock
from app.ports.rows import DecisionRow
from app.problems import CONFLICT, INVALID, NOT_FOUND, Problem
from app.redeeming.checked import why_none
from app.redeeming.desk import Answer, Caller, CheckedToken, Issued, Order
from app.redeeming.finding import Finder
from app.redeeming.letters import LinkNotice, RewardLetter, message_id_of, seal_letter
from app.redeeming.rings import Rings
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from detectors.identity.email import canonical_email
from tokens.budget import OverBudget
from tokens.challenges import Authenticator
from tokens.claims import Claims, new_claims, secret_hash, token_hash, token_id
from tokens.ledger import Call, DecisionTaken, Ledger, Repeated, RowTaken
from tokens.outbox import Message, MessageKind
from tokens.passkey_ledger import Passkey
from tokens.token import NewToken
from tokens.vault import shut
from tokens.who import Who

SENDERS: Final[dict[MessageKind, str]] = {
    "mail": "EARNEST_SMTP_URL",
    "sms": "EARNEST_MESSENGER_URL",
    "link": "EARNEST_MESSENGER_URL",
}
ROWS_AT_ONCE: Final = 250
"""Rows of a bulk job made and written in one transaction: some 30 ms, so that others are not kept waiting."""


class Made(NamedTuple):
    """One token made: what the ledger is to hold, what is answered, and the text that is the token."""

    token: NewToken
    message: Message | None
    answer: Issued
    text: str


class Issuer:
    """
    Issues tokens. Synchronous: called in a thread. Raises RecordAway: nothing was issued then.

    Args:
        ledger: holds them.
        finder: signs.
        rings: the keys of today.
        secrets: seal letters and answers.
        terms: programme → its terms and its policy's version.
        decision: (programme, decision id) → the decision, `Record.decision`.
        authenticator: (programme, account) → the confirmed one, `Challenges.authenticator`.
        passkeys: (programme, account) → those the member has, `Passkeys.passkeys`.
        link: a token's text → the link members get.
        host: of the page it leads to.
        reached: whether there is somebody to send this kind of message.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        ledger: Ledger,
        finder: Finder,
        rings: Rings,
        secrets: Secrets,
        *,
        terms: Callable[[str], tuple[Terms, str]],
        decision: Callable[[str, str], DecisionRow | None],
        authenticator: Callable[[str, str], Authenticator | None],
        passkeys: Callable[[str, str], Sequence[Passkey]],
        link: Callable[[str], str],
        host: str,
        reached: Callable[[MessageKind], bool],
        clock: Clock,
    ) -> None:
        self._ledger, self._finder, self._rings, self._secrets = ledger, finder, rings, secrets
        self._terms, self._decision = terms, decision
        self._authenticator, self._passkeys = authenticator, passkeys
        self._link, self._host, self._reached, self._clock = link, host, reached, clock

    def issue(
        self, order: Order, caller: Caller, who: Who, call_key: str | None, body: bytes
    ) -> Answer | Problem:
        """Issue one."""
        program_id = caller.principal.program_id
        made = self._make(order, program_id, "")
        if isinstance(made, Problem):
            return made
        answer, call = msgspec.json.encode(made.answer), None
        if call_key is not None:
            call = Call(
                self._secrets.call_hash(program_id, "call", call_key),
                sha256(b"issue\0" + body).digest(),
                self._secrets.call_seal(program_id, call_key).seal(answer, b"issue"),
            )
        (result,) = self._ledger.issue([(made.token, made.message, call)], who)
        if isinstance(result, Repeated):
            if not result.same_body:
                return CONFLICT.because("This Idempotency-Key was used for another request.")
            seal = self._secrets.call_seal(program_id, call_key or "")
            return Answer(seal.open(result.sealed_answer, b"issue"), replayed=True)
        refused = _refused(result)
        return refused or Answer(answer)

    def issue_chunk(
        self, orders: Sequence[Order], bulk_id: str, caller: Caller, who: Who, call_key: str | None
    ) -> Sequence[Issued | Problem]:
        """Issue some rows of a bulk job, in one transaction."""
        program_id = caller.principal.program_id
        results: list[Issued | Problem | None] = []
        wanted: list[tuple[NewToken, Message | None, Call | None]] = []
        rows: list[tuple[int, Order, Issued]] = []
        for place, order in enumerate(orders):
            made = self._make(order, program_id, bulk_id)
            results.append(made if isinstance(made, Problem) else None)
            if isinstance(made, Made):
                call = self._row_call(program_id, bulk_id, order, made, call_key)
                wanted.append((made.token, made.message, call))
                rows.append((place, order, made.answer))
        told = self._ledger.issue(wanted, who) if wanted else ()
        for (place, order, answer), result in zip(rows, told, strict=True):
            if isinstance(result, RowTaken):
                results[place] = self._taken(program_id, order, result)
            elif isinstance(result, Repeated):
                results[place] = self._row_again(program_id, bulk_id, order, result, call_key)
            else:
                results[place] = _refused(result) or answer
        return [result for result in results if result is not None]

    def issue_checked(self, order: Order, caller: Caller, who: Who, call_key: str | None) -> Answer | Problem:
        """Issue the redemption token of a decision, or say again which it is."""
        program_id = caller.principal.program_id
        made = self._make(order, program_id, "")
        if isinstance(made, Problem):
            return made
        told = CheckedToken(made.answer.token_id, made.answer.state, made.answer.expires_at, made.text)
        answer, call = msgspec.json.encode(told), None
        names = (call_key or "", order.decision_id or "")
        if call_key is not None:
            call = Call(
                self._secrets.call_hash(program_id, "decision", *names),
                sha256(b"%d" % order.expires_in_s).digest(),
                self._secrets.call_seal(program_id, *names).seal(answer, b"decision"),
            )
        (result,) = self._ledger.issue([(made.token, None, call)], who)
        if isinstance(result, Repeated):
            if not result.same_body:
                return CONFLICT.because("This Idempotency-Key was used for another request.")
            kept = self._secrets.call_seal(program_id, *names).open(result.sealed_answer, b"decision")
            return Answer(kept, replayed=True)
        if isinstance(result, DecisionTaken):
            token = self._ledger.token_of(program_id, result.token_id)
            if token is None:
                return NOT_FOUND
            known = CheckedToken(token.token_id, token.state, instant(token.expires_ms))
            return Answer(msgspec.json.encode(known), replayed=True)
        return _refused(result) or Answer(answer)

    def made(self, order: Order, program_id: str) -> Made | Problem:
        """One token as ordered, made and not yet issued: for whoever issues it together with something else."""
        return self._make(order, program_id, "")

    def _make(self, order: Order, program_id: str, bulk_id: str) -> Made | Problem:
        terms, policy_version = self._terms(program_id)
        problem = self._problem(order, program_id, terms)
        if problem is not None:
            return problem
        now_ms = self._clock()
        signing_key, server_key = self._rings.signing(now_ms), self._rings.today(now_ms)
        by_app = "totp" in {order.otp_method, order.otp_fallback}
        app = self._authenticator(program_id, order.account_id) if by_app else None
        if by_app and app is None:
            at = "/otp/method" if order.otp_fallback is None else "/otp/fallback"
            return _invalid(at, "the member has no confirmed authenticator app")
        try:
            claims = new_claims(
                signing_key.key_id,
                order.purpose,
                program_id,
                now_ms,
                order.not_before_ms,
                order.expires_in_s,
            )
        except ValueError:  # the lives allowed were checked before
            return _invalid("/not_before", "must be before the token expires")
        expires_ms, hashed = claims.exp * 1_000, token_hash(claims.jti)
        token = NewToken(
            token_hash=hashed,
            token_id=token_id(hashed),
            program_id=program_id,
            account_id=order.account_id,
            purpose=order.purpose,
            campaign_id=order.campaign_id,
            reward=order.reward,
            decision_id=order.decision_id,
            secret_hash=secret_hash(claims.s),
            issued_ms=now_ms,
            not_before_ms=claims.nbf * 1_000 if order.not_before_ms is None else order.not_before_ms,
            expires_ms=expires_ms,
            vault_key=server_key.key_id,
            shut=shut(
                order.payload,
                server_key=server_key.secret,
                secret=claims.s,
                place=(program_id, order.purpose),
                jti=claims.jti,
            ),
            otp_method=order.otp_method,
            otp_to=order.otp_to,
            authenticator_id=None if app is None else app.authenticator_id,
            channel=order.channel,
            recipient=order.to,
            recipient_hash=None if order.to is None else self._secrets.address_hash("to", order.to),
            locale=order.locale or terms.locale,
            policy_version=policy_version,
            metadata=order.metadata,
            bulk_id=None if order.row_id is None else bulk_id,
            row_id=order.row_id,
            row_hash=None if order.row_id is None else self._row_hash(program_id, order),
            otp_fallback=order.otp_fallback,
        )
        return self._with_link(order, terms, token, claims)

    def _with_link(self, order: Order, terms: Terms, token: NewToken, claims: Claims) -> Made:
        text = self._finder.sign(claims)
        link = self._link(text)
        answer = Issued(
            token.token_id, "issued", instant(token.expires_ms), link if order.channel == "none" else None
        )
        if order.channel == "none" or order.to is None:
            return Made(token, None, answer, text)
        kind: MessageKind = "mail" if order.channel == "email" else "link"
        letter: RewardLetter | LinkNotice
        if kind == "mail":
            letter = RewardLetter(
                to=order.to,
                locale=token.locale,
                brand=terms.brand,
                support=terms.support,
                link=link,
                title=order.reward.title,
                not_before_ms=token.not_before_ms,
                expires_ms=token.expires_ms,
                timezone=terms.timezone,
                needs_code=order.otp_method != "none",
            )
        else:
            letter = LinkNotice(
                token_id=token.token_id,
                program_id=token.program_id,
                account_id=token.account_id,
                to=order.to,
                locale=token.locale,
                link=link,
                reward=order.reward,
                expires_ms=token.expires_ms,
            )
        message_id = message_id_of(token.token_id, self._host)
        message = Message(
            message_id=message_id,
            kind=kind,
            program_id=token.program_id,
            token_hash=token.token_hash,
            sealed=seal_letter(self._secrets.outbox, message_id, kind, letter),
            created_ms=token.issued_ms,
            expires_ms=token.expires_ms,
        )
        return Made(token, message, answer, text)

    def _problem(self, order: Order, program_id: str, terms: Terms) -> Problem | None:
        """What the policy, the clock or the record says against it."""
        for pointer, kind in _messages(order):
            if not self._reached(kind):
                return _invalid(
                    pointer, f"this installation has nobody to send it by: {SENDERS[kind]} is not set"
                )
        if order.otp_method == "email" and order.to is not None and not terms.email_otp:
            same = canonical_email(order.otp_to or "") == canonical_email(order.to)
            if same or order.otp_to == order.to:
                return _invalid(
                    "/otp/method",
                    "a code in the mailbox that got the link proves nothing more than the link; "
                    "choose another method, or allow it by `email_otp` in the policy",
                )
        worth = order.reward.face_value_minor
        if order.otp_method != "passkey":
            if terms.passkey_minor is not None and worth is not None and worth >= terms.passkey_minor:
                return _invalid(
                    "/otp/method",
                    f"must be passkey from a face value of {terms.passkey_minor} on, by `passkey_minor` in the policy; "
                    "for members without one, declare `otp.fallback`",
                )
        elif order.otp_fallback is None and not self._passkeys(program_id, order.account_id):
            return _invalid("/otp/method", "the member has no passkey: enrol one, or declare `otp.fallback`")
        if order.decision_id is not None:
            decision = self._decision(program_id, order.decision_id)
            if decision is None or decision.account_id != order.account_id:
                return _invalid("/decision_id", "is no decision on this account")
            why = (
                None
                if order.purpose != "redemption"
                else why_none(decision, self._clock(), order.expires_in_s)
            )
            if why is not None and self._ledger.token_for(program_id, order.decision_id) is None:
                return CONFLICT.because(why)  # of one that has its token the ledger says so
        return None

    def _row_hash(self, program_id: str, order: Order) -> bytes:
        """Of all a row asks for, its secret content included: the row of another job is not taken for this one's."""
        return self._secrets.call_hash(program_id, "order", sha256(msgspec.json.encode(order)).hexdigest())

    def _row_call(
        self, program_id: str, bulk_id: str, order: Order, made: Made, call_key: str | None
    ) -> Call | None:
        """Only rows whose link the caller must have: the others are known by their `row_id`."""
        if call_key is None or order.channel != "none":
            return None
        names = (call_key, bulk_id, order.row_id or "")
        return Call(
            self._secrets.call_hash(program_id, "row", *names),
            sha256(msgspec.json.encode(order)).digest(),
            self._secrets.call_seal(program_id, *names).seal(msgspec.json.encode(made.answer), b"row"),
        )

    def _row_again(
        self, program_id: str, bulk_id: str, order: Order, result: Repeated, call_key: str | None
    ) -> Issued | Problem:
        if not result.same_body:
            return CONFLICT.because("This row was issued before with other contents.")
        seal = self._secrets.call_seal(program_id, call_key or "", bulk_id, order.row_id or "")
        return msgspec.json.decode(seal.open(result.sealed_answer, b"row"), type=Issued)

    def _taken(self, program_id: str, order: Order, result: RowTaken) -> Issued | Problem:
        token = self._ledger.token_of(program_id, result.token_id)
        if token is None or token.row_hash != self._row_hash(program_id, order):
            return CONFLICT.because("This row was issued before with other contents.")
        return Issued(token.token_id, token.state, instant(token.expires_ms))


def _messages(order: Order) -> list[tuple[str, MessageKind]]:
    """What will have to be sent for it, and where the order asks for it."""
    wanted: list[tuple[str, MessageKind]] = []
    if order.channel != "none":
        wanted.append(("/delivery/channel", "mail" if order.channel == "email" else "link"))
    if order.otp_fallback == "sms":
        wanted.append(("/otp/fallback", "sms"))
    if order.otp_method in {"sms", "email"}:
        wanted.append(("/otp/method", "sms" if order.otp_method == "sms" else "mail"))
    return wanted


def _refused(result: object) -> Problem | None:
    if isinstance(result, DecisionTaken):
        return CONFLICT.because(f"The decision has its redemption token already: {result.token_id}.")
    if isinstance(result, OverBudget):
        return CONFLICT.because(f"The campaign's budget has no room: {result.short_of.replace('_', ' ')}.")
    return None


def _invalid(pointer: str, message: str) -> Problem:
    return INVALID.because(INVALID.detail, Fault(pointer, message))


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC, to the second."""
    return datetime.fromtimestamp(at_ms // 1_000, UTC).isoformat().replace("+00:00", "Z")
