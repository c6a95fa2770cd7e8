"""
What a backend can be told, and the words it is told in.

Types and the members of `data` only grow: receivers in the field read them. Ids, decisions and codes of reasons; never
a secret, a link, a code, a reward's content or a profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Annotated, Any, Final, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct

EventType = Literal[
    "decision.created",
    "case.opened",
    "case.closed",
    "account.locked",
    "account.unlocked",
    "token.issued",
    "token.redeemed",
    "token.expired",
    "token.revoked",
    "challenge.passed",
    "challenge.failed",
    "hold.released",
    "hold.escalated",
    "label.recorded",
    "erasure.completed",
]
TYPES: Final[tuple[str, ...]] = get_args(EventType)
EVERYTHING: Final = "*"
"""Asked for: every type, also those that come later."""
TEST: Final = "webhook.test"
"""Sent by the test button alone; nobody subscribes to it."""

AUDITED: Final[Mapping[str, str]] = {
    **{name: name for name in TYPES if name not in {"decision.created", "label.recorded"}},
    "otp.verified": "challenge.passed",
    "otp.failed": "challenge.failed",
}
"""Event of the audit → type told. Whoever appends one of these to the audit has told it."""
NAMED_BY: Final[Mapping[str, str]] = {
    "tok_": "token_id",
    "dec_": "decision_id",
    "chl_": "challenge_id",
    "cas_": "case_id",
    "job_": "job_id",
}
"""The beginning of the audit's subject → the member of `data` that holds it."""
MESSAGE_ID_BYTES: Final = 16
"""Of the hash that names a message: no two of 2^32 collide but once in 2^64 installations."""

_encode: Final = msgspec.json.Encoder().encode


class Happened(NamedTuple):
    """
    Something durable that may be told.

    source:     where it is recorded: decisions, audit, labels.
    seq:        its place there, which names it for ever.
    account_id: the member it concerns; empty where none.
    """

    source: str
    seq: int
    program_id: str
    type: str
    account_id: str
    at_ms: int
    data: Mapping[str, Any]


class _Reason(Struct):
    code: str


class _Answer(Struct):
    """What of a decision's answer is told again."""

    risk_level: str = ""
    mode: str = ""
    reasons: Annotated[tuple[_Reason, ...], Meta(max_length=1_000)] = ()


_read_answer: Final = msgspec.json.Decoder(_Answer).decode


def of_decision(answer: bytes, **fields: Any) -> Mapping[str, Any]:
    """The data of `decision.created`: `fields`, and what else of the answer is told. An odd answer adds nothing."""
    try:
        read = _read_answer(answer)
    except msgspec.MsgspecError:
        read = _Answer()
    return {
        **fields,
        "risk_level": read.risk_level,
        "mode": read.mode,
        "reasons": [reason.code for reason in read.reasons],
    }


def of_audit(event_type: str, subject: str, account_id: str) -> Mapping[str, Any]:
    """The data of something in the audit: its subject under its name, and the member it concerns, where known."""
    name = NAMED_BY.get(subject[:4], "account_id" if event_type.startswith("account.") else "subject")
    return {name: subject, **({"account_id": account_id} if account_id else {})}


def is_told(event: str, subject: str) -> bool:
    """Whether the audit's event is told. The codes of a decision are in the audit by a hash, which names nothing to a
    receiver: the challenge they belong to is told of under its own id.
    """
    return event in AUDITED and (not event.startswith("otp.") or subject.startswith("tok_"))


def body_of(event_type: str, at_ms: int, data: Mapping[str, Any]) -> bytes:
    """The body of a message, made once and sent byte for byte at every try."""
    instant = datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
    return _encode({"type": event_type, "timestamp": instant.replace("+00:00", "Z"), "data": data})


def message_id(webhook_id: str, source: str, seq: int) -> str:
    """The id of the message that tells this endpoint of that: the same however often it is made."""
    name = blake2b(f"{webhook_id} {source} {seq}".encode(), digest_size=MESSAGE_ID_BYTES)
    return f"msg_{name.hexdigest()}"


def wants(events: tuple[str, ...], event_type: str) -> bool:
    """Whether who asked for these is told of that."""
    return EVERYTHING in events or event_type in events
