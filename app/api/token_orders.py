"""From the body of a token to an order: what its form must keep beyond its shape, every fault of it told at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from email_validator import EmailNotValidError, validate_email

from app.api.token_wire import PAYLOAD_BYTES, DeliveryBody, OtpBody, RewardBody, TokenBody, TokenRow
from app.event_laws import EARLIEST, exact_metadata, plain
from app.faults import Fault, Faults
from app.redeeming.desk import Order
from app.shapes import REQUIRED, told
from app.strict_json import Unwritable, odd_text
from tokens.token import Method, Reward

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""ITU-T E.164: a country's code and number, 15 digits at most; none has fewer than 7 in all."""
PAYLOAD_DEPTH: Final = 8
"""Objects and arrays within each other. A voucher needs two, and no reader has to fear for its stack."""
ONLY_A_PASSKEY: Final = "must not be given with this method: only a passkey has a fallback"
NO_PROOF: Final = (
    "is required where the link is sent: say how the member proves themselves, none if by the link alone"
)
SEND_TO_NOBODY: Final = "must not be given with this method: nothing is sent"
ONE_ADDRESS: Final = "must be one e-mail address"


def order_of(body: TokenBody) -> Order | Faults:
    """What is ordered, or everything that is wrong with the body beyond its shape."""
    delivery = body.delivery or DeliveryBody()
    faults = [
        *_ids_of(body),
        *_reward(body.reward),
        *_delivery(delivery),
        *_otp(body.otp, delivery),
        *exact_metadata(body.metadata),
    ]
    if body.not_before is not None and body.not_before < EARLIEST:
        faults.append(Fault("/not_before", f"must not be before {EARLIEST.date()}"))
    if faults:
        return told(faults)
    otp = body.otp or OtpBody("none")
    return Order(
        account_id=body.account_id,
        purpose=body.purpose,
        reward=Reward(
            body.reward.reward_id,
            body.reward.title,
            body.reward.points,
            body.reward.face_value_minor,
            body.reward.currency,
        ),
        payload=b"" if body.reward.payload is None else msgspec.json.encode(body.reward.payload),
        campaign_id=body.campaign_id,
        expires_in_s=body.expires_in_s,
        not_before_ms=None if body.not_before is None else int(body.not_before.timestamp() * 1_000),
        channel=delivery.channel,
        to=delivery.to,
        locale=delivery.locale,
        otp_method=otp.method,
        otp_to=otp.to,
        decision_id=body.decision_id,
        metadata=msgspec.json.encode(body.metadata) if body.metadata else b"",
        row_id=body.row_id if isinstance(body, TokenRow) else None,
        otp_fallback=otp.fallback,
    )


def _ids_of(body: TokenBody) -> Iterator[Fault]:
    named = {
        "account_id": body.account_id,
        "campaign_id": body.campaign_id,
        "decision_id": body.decision_id,
        "reward/reward_id": body.reward.reward_id,
        "row_id": body.row_id if isinstance(body, TokenRow) else None,
    }
    for name, value in named.items():
        if value is not None and (not value.isprintable() or value.isspace()):
            yield from plain(f"/{name}", value)


def _reward(reward: RewardBody) -> Iterator[Fault]:
    if (reward.face_value_minor is None) != (reward.currency is None):
        yield Fault("/reward", "must give face_value_minor and currency together")
    if (reward.reward_id, reward.points, reward.face_value_minor, reward.payload) == (None,) * 4:
        yield Fault("/reward", "must promise something: a reward_id, points, a face_value_minor or a payload")
    if reward.payload is not None:
        wrong = _payload(reward.payload)
        if wrong is not None:
            yield Fault("/reward/payload", wrong)


def _payload(payload: Any) -> str | None:
    """What is wrong with a payload, in words; None where it can be kept and given back as it is."""
    if not isinstance(payload, dict):
        return "must be an object"
    level: list[object] = [payload]
    depth = 0
    while level:
        wrong = next((wrong for value in level if (wrong := _odd(value)) is not None), None)
        if wrong is not None:
            return wrong
        holders = [value for value in level if isinstance(value, dict | list)]
        depth += bool(holders)
        if depth > PAYLOAD_DEPTH:
            return f"must not be nested more than {PAYLOAD_DEPTH} deep"
        level = [inner for holder in holders for inner in _within(holder)]
    fits = len(msgspec.json.encode(payload)) <= PAYLOAD_BYTES
    return None if fits else f"must be at most {PAYLOAD_BYTES:,} bytes"


def _odd(value: object) -> str | None:
    if isinstance(value, Unwritable):
        return value.value
    if isinstance(value, dict):
        if getattr(value, "repeated", ()):
            return "must not repeat a name"
        return next((wrong for name in value if (wrong := odd_text(name)) is not None), None)
    return odd_text(value)


def _within(holder: dict[str, object] | list[object]) -> Iterable[object]:
    return holder.values() if isinstance(holder, dict) else holder


def _delivery(delivery: DeliveryBody) -> Iterator[Fault]:
    if delivery.to is None:
        if delivery.channel != "none":
            yield Fault("/delivery/to", REQUIRED)
    elif delivery.channel == "email":
        if not is_address(delivery.to):
            yield Fault("/delivery/to", ONE_ADDRESS)
    else:
        yield from plain("/delivery/to", delivery.to)


def _otp(otp: OtpBody | None, delivery: DeliveryBody) -> Iterator[Fault]:
    if otp is None:
        if delivery.channel != "none":
            yield Fault("/otp", NO_PROOF)
        return
    method: Method = otp.method
    if method == "passkey":
        method = otp.fallback or "passkey"
    elif otp.fallback is not None:
        yield Fault("/otp/fallback", ONLY_A_PASSKEY)
    if method not in SENT_TO:
        if otp.to is not None:
            yield Fault("/otp/to", SEND_TO_NOBODY)
    elif otp.to is None:
        yield Fault("/otp/to", REQUIRED)
    elif method == "sms":
        if E164.fullmatch(otp.to) is None:
            yield Fault("/otp/to", "must be a telephone number as +491701234567 (E.164)")
    elif not is_address(otp.to):
        yield Fault("/otp/to", ONE_ADDRESS)


SENT_TO: Final = frozenset({"sms", "email"})


def is_address(text: str) -> bool:
    """Whether this is exactly one address that mail can be sent to. No name server is asked; `.test` is welcome."""
    try:
        known = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return False
    return known.ascii_email is not None  # a relay need not know SMTPUTF8
