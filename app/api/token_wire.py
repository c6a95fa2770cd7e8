"""The bodies of one-time tokens in the contract's own names. They only grow: append optional fields, never rename."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from app.api.wire import Count, Cursor
from app.problems import ProblemBody
from app.redeeming.terms import Line
from detectors.event import MAX_MINOR, MAX_POINTS, Device, Id, Instant, Ip
from tokens.limits import LONGEST_LIFE_S, ROWS_PER_BULK, SHORTEST_LIFE_S, USUAL_LIFE_S
from tokens.states import State
from tokens.token import Channel, DeliveryState, Fallback, Locale, Method, Purpose, Reward

ADDRESS_CHARACTERS: Final = 254
"""The longest address mail can be sent to (RFC 5321, 4.5.3.1.3, without its brackets); anything else is shorter."""
To = Annotated[str, Meta(min_length=1, max_length=ADDRESS_CHARACTERS)]
PAYLOAD_BYTES: Final = 4_096
"""Of a payload, written compactly: voucher codes and a text or two."""
Payload = Annotated[
    Any,
    Meta(
        description=f"A JSON object of up to {PAYLOAD_BYTES:,} bytes, written compactly. Sealed; shown once.",
        extra_json_schema={"type": ["object", "null"]},
    ),
]
Points = Annotated[int, Meta(ge=0, le=MAX_POINTS)]
Minor = Annotated[int, Meta(ge=0, le=MAX_MINOR)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
Metadata = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=64)], int | float | Annotated[str, Meta(max_length=512)]],
    Meta(max_length=20),
]  # fmt: skip
"""As an event's."""


class RewardBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    What is promised: a reward_id, points, a face_value_minor with its currency, a payload, or several of these.

    `title` is how members read of it; `payload` is secret.
    """

    reward_id: Id | None = None
    title: Line | None = None
    points: Points | None = None
    face_value_minor: Minor | None = None
    currency: Currency | None = None
    payload: Payload = None


class DeliveryBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the link gets to the member: `to` is required with email (one address) and webhook; `none` gives it back."""

    channel: Channel = "none"
    to: To | None = None
    locale: Locale | None = None


class OtpBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    How members prove themselves: `to` is a number (E.164) with sms, an address with email, and else not sent.

    With passkey, `fallback` is what they may use instead, where they have none at hand: `to` is its number then.
    """

    method: Literal["sms", "totp", "passkey", "email", "none"]
    to: To | None = None
    fallback: Fallback | None = None


class TokenBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A token to issue. `otp` may be left out only where the link is given back to you: then there is none."""

    account_id: Id
    purpose: Purpose
    reward: RewardBody
    campaign_id: Id | None = None
    expires_in_s: Annotated[int, Meta(ge=SHORTEST_LIFE_S, le=LONGEST_LIFE_S)] = USUAL_LIFE_S
    not_before: Instant | None = None
    delivery: DeliveryBody | None = None
    otp: OtpBody | None = None
    decision_id: Id | None = None
    metadata: Metadata | None = None


class TokenRow(TokenBody, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A token of a bulk job. `row_id` is your own name for it, its only one in the job."""

    row_id: Id


OneRow = Annotated[
    Raw,
    Meta(
        extra_json_schema={
            "anyOf": [
                {"$ref": "#/components/schemas/TokenRow"},
                {"description": "Anything else is answered with its faults, in its place."},
            ]
        }
    ),
]
TokenRows = Annotated[list[OneRow], Meta(max_length=ROWS_PER_BULK)]
BulkId = Annotated[str, Meta(max_length=128)]


class BulkBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A bulk job. A row whose `bulk_id` and `row_id` were issued before is not issued again."""

    rows: TokenRows
    bulk_id: BulkId = ""


Bulk = TokenRows | BulkBody


class IssuedToken(Struct, frozen=True, kw_only=True):
    """A token as issued. `link` carries its secret and is there only where you deliver it yourself."""

    token_id: str
    state: State
    expires_at: datetime
    link: str | UnsetType = UNSET


class IssuedRow(Struct, frozen=True, kw_only=True):
    """A row of a bulk job that has its token, now or from before."""

    row_id: str
    token_id: str
    state: str
    expires_at: str
    link: str | UnsetType = UNSET


class RefusedRow(Struct, frozen=True):
    """A row that was not issued, and why. `row_id` is null where it could not be read."""

    row_id: str | None
    error: ProblemBody


IssuedOrRefusedRow = Annotated[
    Any,
    Meta(
        extra_json_schema={
            "anyOf": [{"$ref": "#/components/schemas/IssuedRow"}, {"$ref": "#/components/schemas/RefusedRow"}]
        }
    ),
]
"""msgspec makes no schema of a union of two untagged structs."""


class BulkAnswer(Struct, frozen=True):
    """One row for each sent, in that order."""

    rows: tuple[IssuedOrRefusedRow, ...]


class DeliveryView(Struct, frozen=True):
    """How the link went out, and how far it got."""

    channel: Channel
    state: DeliveryState
    delivered_at: datetime | None


class OtpView(Struct, frozen=True):
    """How the member proves themselves."""

    method: Method
    fallback: Fallback | None = None


class TokenView(Struct, frozen=True, kw_only=True):
    """A token, never with its link, its payload or where it went. `attempts`: codes tried, for life."""

    token_id: str
    account_id: str
    purpose: Purpose
    campaign_id: str | None
    reward: Reward
    decision_id: str | None
    state: State
    issued_at: datetime
    not_before: datetime
    expires_at: datetime
    ended_at: datetime | None
    delivery: DeliveryView
    otp: OtpView
    attempts: Count
    codes_sent: Count
    row_id: str | None
    held_at: datetime | None = None
    """Since when the reward waits for a person: its link redeems nothing meanwhile."""


class TokenPage(Struct, frozen=True):
    """Tokens, newest first."""

    items: tuple[TokenView, ...]
    next_cursor: Cursor


class ChallengeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose code to send: the token as the member has it, and the member."""

    token: str
    account_id: Id


class CodeSent(Struct, frozen=True):
    """The code is on its way. `reference` tells it from others; `destination` is masked."""

    reference: str
    expires_at: datetime
    resend_after_s: Count
    destination: str


class RedeemBody(Struct, frozen=True, forbid_unknown_fields=True):
    """
    A token to redeem, the member who has it, and the code they were sent or read off their app.

    `ip` and `device`: of the member, as in an event; the check at redemption judges by them, so name them if you can.
    """

    token: str
    account_id: Id
    otp: str | None = None
    ip: Ip | None = None
    device: Device | None = None


class RedeemedReward(Reward, frozen=True, omit_defaults=True):
    """What was promised, with its payload."""

    payload: dict[str, Any] | None = None


class RedeemedToken(Struct, frozen=True):
    """The redemption: it happened once, however often this is read."""

    token_id: str
    redemption_id: str
    reward: RedeemedReward


class BudgetBody(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A campaign's limits; null or absent: none. A limit on face value needs its currency."""

    max_tokens: Annotated[int, Meta(ge=0, le=MAX_MINOR)] | None = None
    max_points: Annotated[int, Meta(ge=0, le=MAX_MINOR)] | None = None
    max_face_value_minor: Minor | None = None
    currency: Currency | None = None


class Used(Struct, frozen=True):
    """What of a budget is used, by tokens issued and neither revoked nor expired."""

    tokens: Count
    points: Count
    face_value_minor: Count


class BudgetView(Struct, frozen=True, kw_only=True):
    """A campaign's limits and what of them is used."""

    campaign_id: str
    max_tokens: int | None
    max_points: int | None
    max_face_value_minor: int | None
    currency: str | None
    used: Used


class EnrolBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An authenticator to enrol: an app that shows a new code every 30 seconds."""

    kind: Literal["totp"]


class Enrolled(Struct, frozen=True):
    """What the app needs, told this once: as an address, and as a QR code (SVG, to stand in a page as it is)."""

    authenticator_id: str
    otpauth_uri: str
    qr_svg: str


class ConfirmBody(Struct, frozen=True, forbid_unknown_fields=True):
    """The first code the member read off the app."""

    code: str


class Confirmed(Struct, frozen=True):
    """The authenticator counts from now on."""

    status: Literal["confirmed"] = "confirmed"
