"""From what happened to the messages that tell it: one for each endpoint that wants to know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.webhooks.events import Happened, body_of, message_id, wants


class Subscription(NamedTuple):
    """An enabled endpoint, as far as telling it goes."""

    webhook_id: str
    program_id: str
    events: tuple[str, ...]


class NewMessage(NamedTuple):
    """A message to be kept."""

    message_id: str
    webhook_id: str
    account_id: str
    type: str
    body: bytes


def messages(happened: Iterable[Happened], subscriptions: Sequence[Subscription]) -> list[NewMessage]:
    """The messages, in the order of what happened. The body is made once for all who are told the same."""
    of_program: dict[str, list[Subscription]] = {}
    for subscription in subscriptions:
        of_program.setdefault(subscription.program_id, []).append(subscription)
    made: list[NewMessage] = []
    for one in happened:
        told = [who for who in of_program.get(one.program_id, ()) if wants(who.events, one.type)]
        if told:
            body = body_of(one.type, one.at_ms, one.data)
            made += [
                NewMessage(
                    message_id(who.webhook_id, one.source, one.seq),
                    who.webhook_id,
                    one.account_id,
                    one.type,
                    body,
                )
                for who in told
            ]
    return made


def wanted(subscriptions: Sequence[Subscription], types: Iterable[str]) -> list[str]:
    """The programmes in which somebody wants to know of any of these types."""
    asked = tuple(types)
    return sorted({
        who.program_id for who in subscriptions if any(wants(who.events, event_type) for event_type in asked)
    })  # fmt: skip
