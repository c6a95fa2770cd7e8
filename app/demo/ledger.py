"""The ledger: intents settled in order of time against true balances, and dressed as events of the contract.

Honest and fraudulent intents pass through here alike; nothing below looks at an incident except to write the truth.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Final

from app.demo.chance import Chance
from app.demo.intents import Back, Intent, Label, Scene, Share, Spend
from app.demo.places import BY_CODE
from app.demo.world import World

Event = dict[str, object]

POINTS_A_UNIT: Final = 1.0
"""Points for one euro, franc, pound or dollar, before tier and campaign."""
CARD_KNOWN: Final = 0.6
"""Share of purchases paid with something the till can fingerprint."""
LOCATION_GIVEN: Final = 0.7
"""Share of app sessions whose owner lets the app know where they are."""
BALANCE_GIVEN: Final = 0.97
"""Share of point events that come with the balance; some callers do not know it."""
DEGREES_KEPT: Final = 5
"""Decimals of a coordinate: about a metre, as phones send it."""
SPENDING: Final = frozenset({"redeem", "transfer", "expire"})
MONEY_TYPES: Final = frozenset({"earn", "return"})
PLAIN: Final = ("program_id", "reason", "channel", "store_id", "terminal_id", "employee_id", "partner_id", "campaign_id",
                "reward_id", "coupon_code", "order_id", "receipt_id", "reward_liquidity", "original_event_id",
                "counterparty_account_id")  # fmt: skip
"""Fields of plain text, in the order in which every event carries them."""


def settle(seed: int, world: World, intents: Iterable[Intent]) -> tuple[list[Event], list[Label]]:
    """
    Events in order of time, and the truth about those that belong to incidents.

    What the balance does not allow does not happen: a redemption, transfer or expiry beyond it, and the return
    of what was never bought; nothing happens on an account that was closed. Only returns may leave a balance below zero.
    """
    chance = Chance.of(seed, "ledger")
    balances = {account.id: account.opening for account in world.accounts}
    closed: set[str] = set()
    events: list[Event] = []
    labels: list[Label] = []
    for intent in sorted(intents, key=attrgetter("at_ms")):
        if not world.start_ms <= intent.at_ms < world.end_ms:
            continue
        before = balances.setdefault(intent.account.id, intent.account.opening)
        if intent.account.id in closed or not _decide(intent, before, world):
            continue
        if intent.type == "close":
            closed.add(intent.account.id)
        intent.event_id = chance.opaque("", 96)
        _book(intent, balances)
        events.append(_dress(chance, intent, before))
        if intent.incident is not None:
            labels.append(_truth(intent))
    return events, labels


def _truth(intent: Intent) -> Label:
    incident = intent.incident
    assert incident is not None and intent.event_id is not None  # noqa: S101, PT018
    return Label(
        intent.event_id,
        intent.account.id,
        incident.label,
        incident.typology,
        incident.incident_id,
        intent.points,
    )


def _decide(intent: Intent, before: int, world: World) -> bool:
    """Fix points and money; False where it cannot happen."""
    if intent.original is not None and intent.original.event_id is None:
        return False
    amount = intent.amount
    if isinstance(amount, Spend):
        campaign = next((name for since, until, name in world.doubles if since <= intent.at_ms < until), None)
        factor = 2 if campaign else 1
        intent.money_minor = amount.amount_minor
        intent.points = int(amount.amount_minor * POINTS_A_UNIT * intent.account.tier * factor) // 100
        if campaign:
            intent.extra["campaign_id"] = campaign
    elif isinstance(amount, Share):
        intent.points = int(before * amount.of_balance) // amount.step * amount.step
        if intent.points < amount.least:
            return False
    elif isinstance(amount, Back) and intent.original is not None:
        intent.points = int(intent.original.points * amount.part)
        if intent.original.money_minor is not None:
            intent.money_minor = int(intent.original.money_minor * amount.part)
    elif isinstance(amount, int):
        intent.points = amount
    return intent.type not in SPENDING or 0 < intent.points <= before


def _book(intent: Intent, balances: dict[str, int]) -> None:
    account, points = intent.account.id, intent.points
    if intent.type in {"earn", "purchase", "adjust"}:
        balances[account] += points
    elif intent.type in SPENDING or intent.type == "return":
        balances[account] -= points
    if intent.type == "transfer" and intent.counterparty is not None:
        other = intent.counterparty
        balances[other.id] = balances.get(other.id, other.opening) + points


def _dress(chance: Chance, intent: Intent, before: int) -> Event:
    scene, extra = intent.scene, intent.extra
    event: Event = {
        "event_id": intent.event_id,
        "type": intent.type,
        "occurred_at": instant(intent.at_ms),
        "account_id": intent.account.id,
    }
    if intent.amount is not None:
        event["points"] = intent.points
        if chance.happens(BALANCE_GIVEN):
            event["balance_before"] = before
    if intent.money_minor is not None:
        currency = scene.store.currency if scene.store else _currency(intent)
        event["money"] = {"amount_minor": intent.money_minor, "currency": currency}
    plain: dict[str, object] = {
        "reason": intent.reason,
        "channel": scene.channel,
        "store_id": scene.store.id if scene.store else None,
        "terminal_id": scene.terminal,
        "employee_id": scene.employee,
        "partner_id": scene.partner,
        "original_event_id": intent.original.event_id if intent.original else None,
        "counterparty_account_id": intent.counterparty.id if intent.counterparty else None,
        **_papers(chance, intent),
        **extra,
    }
    for name in PLAIN:
        value = plain.get(name)
        if value is not None:
            event[name] = value
    _dress_scene(chance, event, scene)
    if (
        scene.channel in {"pos", "web"} and intent.type in MONEY_TYPES and chance.happens(CARD_KNOWN)
    ) or intent.type == "purchase":
        event["payment_instrument_id"] = extra.get("payment_instrument_id", intent.account.payment)
    for name in ("profile", "metadata"):
        if name in extra:
            event[name] = extra[name]
    return event


def _papers(chance: Chance, intent: Intent) -> dict[str, object]:
    """Numbers that a purchase comes with, unless the intent says which."""
    if intent.type not in {"earn", "return"} or intent.money_minor is None:
        return {}
    if intent.scene.channel in {"web", "partner"}:
        return {"order_id": chance.opaque("o", 64)}
    return {"receipt_id": chance.opaque("r", 64)}


def _dress_scene(chance: Chance, event: Event, scene: Scene) -> None:
    device = scene.device
    if device is not None:
        event["device"] = {"id": device.id, "user_agent": device.user_agent}
        if scene.channel == "app":
            event["device"] = {
                "id": device.id, "user_agent": device.user_agent,
                "is_emulator": device.is_emulator, "is_rooted": device.is_rooted,
            }  # fmt: skip
    if scene.ip is not None:
        event["ip"] = scene.ip
    if scene.session is not None:
        event["session_id"] = scene.session
    place = scene.store.place if scene.store else scene.place
    if place is not None and (scene.store is not None or chance.happens(LOCATION_GIVEN)):
        event["location"] = {
            "lat": round(place.lat, DEGREES_KEPT),
            "lon": round(place.lon, DEGREES_KEPT),
            "country": place.country,
        }


def _currency(intent: Intent) -> str:
    return BY_CODE[intent.account.household.town.place.country].currency


def instant(at_ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    seconds, ms = divmod(at_ms, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
