"""What an analyst would see of a decision: the timeline before it, what it touches, who else touches that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from app.console.telling import span
from app.playbook.cases import Case, Line, Thing
from detectors.amounts import amount
from detectors.event import Event
from detectors.verdict import Verdict

LINES: Final = 14
"""Of the member, at most: what fits a screen."""
NEIGHBOURS: Final = 6
"""Lines of other accounts at the same device, card or receiver."""
CROWD: Final = 40
"""Accounts from which on a device or network is a crowd, whose lines say nothing."""
OUT: Final = frozenset({"redeem", "transfer", "expire", "return"})
CHANNELS: Final = {"pos": "till", "call_centre": "call centre", "admin": "back office", "app": "app"}
ROLES: Final = ("device", "ip", "payment", "store", "employee", "partner", "counterparty")
NAMES: Final = {
    "device": "Device", "ip": "Network", "payment": "Card", "store": "Store", "employee": "Operator",
    "partner": "Partner", "counterparty": "Account",
}  # fmt: skip


class Told(NamedTuple):
    """An event of the programme, and what was decided of it. `at`: its place in the order of time."""

    at: int
    event: Event
    at_ms: int
    verdict: Verdict


def touched(event: Event) -> dict[str, str]:
    """Role → what the event touches."""
    ids = {
        "device": event.device.id if event.device else None,
        "ip": event.ip,
        "payment": event.payment_instrument_id,
        "store": event.store_id,
        "employee": event.employee_id,
        "partner": event.partner_id,
        "counterparty": event.counterparty_account_id,
    }
    return {role: one for role, one in ids.items() if one is not None}


class _Names:
    """Letters in place of ids, in the order they come up in one case."""

    def __init__(self) -> None:
        self._letters: dict[str, dict[str, str]] = defaultdict(dict)

    def of(self, role: str, key: str) -> str:
        """`Device B`."""
        kind = NAMES[role]
        known = self._letters[kind]
        if key not in known:
            number = len(known)
            known[key] = chr(ord("A") + number) if number < 26 else str(number + 1)  # noqa: PLR2004 - letters there are
        return f"{kind} {known[key]}"


class Seen:
    """
    The programme as an analyst could look at it, at any instant.

    Args:
        told: Everything, in order of time.
    """

    def __init__(self, told: Sequence[Told]) -> None:
        self._by_account: dict[str, list[Told]] = defaultdict(list)
        self._by_thing: dict[tuple[str, str], list[Told]] = defaultdict(list)
        for one in told:
            self._by_account[one.event.account_id].append(one)
            for role, key in touched(one.event).items():
                self._by_thing[role, key].append(one)

    def case(self, case_id: str, typology: str, one: Told, is_fraud: bool, truth: str) -> Case:  # noqa: FBT001 - the truth
        """The case of a decision."""
        names = _Names()
        own = [each for each in self._by_account[one.event.account_id] if each.at <= one.at]
        shown = own[-LINES:]
        lines = [self._line(each, one, names) for each in shown]
        things = tuple(self._things(one, own, names))
        lines += [self._line(each, one, names) for each in self._neighbours(one)]
        return Case(
            id=case_id,
            typology=typology,
            is_fraud=is_fraud,
            type=one.event.type,
            points=one.event.points or 0,
            decision=one.verdict.action,
            risk=round(100 * one.verdict.risk, 1),
            member=_member(own, one),
            reasons=tuple((reason.code, reason.message) for reason in one.verdict.shown),
            things=things,
            lines=tuple(sorted(lines, key=lambda line: (-line.before_ms, line.who))),
            truth=truth,
        )

    def _line(self, each: Told, of: Told, names: _Names) -> Line:
        event = each.event
        places = [
            names.of(role, key)
            for role, key in touched(event).items()
            if role in {"device", "ip", "store", "employee", "partner"}
        ]
        country = event.location.country if event.location and event.location.country else ""
        points = event.points
        return Line(
            of.at_ms - each.at_ms,
            "" if event.account_id == of.event.account_id else names.of("counterparty", event.account_id),
            event.type,
            -points if points is not None and event.type in OUT else points,
            event.balance_before,
            CHANNELS.get(event.channel or "", event.channel or ""),
            ", ".join([*places, *([country] if country else [])]),
            _note(event, names),
            each.verdict.action,
        )

    def _things(self, one: Told, own: Sequence[Told], names: _Names) -> Iterator[Thing]:
        for role, key in touched(one.event).items():
            since = next(each.at_ms for each in own if touched(each.event).get(role) == key)
            others = {each.event.account_id for each in self._by_thing[role, key] if each.at <= one.at} - {
                one.event.account_id
            }
            age = span(one.at_ms - since)
            known = "new to this member" if age == "now" else f"known to this member for {age}"
            if role == "counterparty":
                known = (
                    f"received transfers of {len(others) + 1} different members"
                    if others
                    else "of this member alone"
                )
                yield Thing(names.of(role, key), f"the receiver; {known} so far")
                continue
            crowd = f"{len(others)} other accounts" if len(others) != 1 else "1 other account"
            yield Thing(names.of(role, key), f"{known}; used by {crowd if others else 'nobody else'} so far")

    def _neighbours(self, one: Told) -> list[Told]:
        """What other accounts did lately at the same device, card or receiver."""
        near: dict[str, Told] = {}
        for role, key in touched(one.event).items():
            if role not in {"device", "payment", "counterparty", "ip"}:
                continue
            there = [each for each in self._by_thing[role, key] if each.at < one.at]
            others = [each for each in there if each.event.account_id != one.event.account_id]
            if len({each.event.account_id for each in others}) <= CROWD:
                near |= {each.event.event_id: each for each in others}
        return sorted(near.values(), key=lambda each: each.at)[-NEIGHBOURS:]


def _member(own: Sequence[Told], one: Told) -> str:
    first = own[0]
    count = len(own) - 1
    known = span(one.at_ms - first.at_ms)
    since = "Signed up" if first.event.type == "signup" else "First seen here"
    when = "just now" if known == "now" else f"{known} before"
    earned = sum(each.event.points or 0 for each in own if each.event.type == "earn")
    burned = sum(each.event.points or 0 for each in own[:-1] if each.event.type == "redeem")
    return (
        f"{since} {when}, with {count} event{'' if count == 1 else 's'} since: {earned:,} points earned, "
        f"{burned:,} redeemed or tried to."
    )


def _note(event: Event, names: _Names) -> str:
    told = []
    if event.reason is not None:
        told.append(event.reason.replace("_", " "))
    if event.profile is not None and event.type == "profile_change":
        fields = [
            name for name in event.profile.__struct_fields__ if getattr(event.profile, name) is not None
        ]
        told.append(f"changed {', '.join(name.replace('_', ' ') for name in fields)}")
    if event.money is not None:
        told.append(amount(event.money.amount_minor, event.money.currency))
    if event.counterparty_account_id is not None:
        told.append(f"to {names.of('counterparty', event.counterparty_account_id)}")
    if event.reward_liquidity is not None:
        told.append(
            {"high": "gift card or cash", "medium": "voucher", "low": "goods"}[event.reward_liquidity]
        )
    if event.campaign_id is not None:
        told.append("with a campaign")
    if event.coupon_code is not None:
        told.append(f"coupon {event.coupon_code}")
    if event.payment_instrument_id is not None:
        told.append(names.of("payment", event.payment_instrument_id))
    if event.device is not None and event.device.is_emulator:
        told.append("emulated device")
    return ", ".join(told)
