"""Endpoints, and what is in the tables of webhooks, for tests of either side."""

from __future__ import annotations

import json

from sqlalchemy import func, select

from app.ports.labels import Label
from app.store.sql.webhook_tables import webhook_lanes, webhook_messages
from app.webhooks.ports import Secret, Webhook

NOW_MS = 1_772_366_400_000
KEY = bytes(range(32))
URL = "https://shop.example/hooks?key=hush"


def webhook(n=1, **other):
    usual = {
        "webhook_id": f"whk_{n}", "program_id": "default", "url": URL, "events": ("*",), "description": "",
        "secrets": (Secret(b"s" * 32),), "created_ms": NOW_MS + n,
    }  # fmt: skip
    return Webhook(**(usual | other))


def label(n, **other):
    usual = {
        "label_id": f"lbl_{n}", "program_id": "default", "account_id": "m-1", "event_id": None,
        "label": "fraud", "typology": None, "source": "s", "labelled_ms": NOW_MS + n, "labelled_by": "k",
    }  # fmt: skip
    return Label(**(usual | other))


def drained(projecting, limit=500):
    while projecting.step(NOW_MS, limit):
        pass


def told(engine, webhook_id="whk_1"):
    of = webhook_messages.c
    with engine.connect() as connection:
        rows = connection.execute(select(of.body).where(of.webhook_id == webhook_id).order_by(of.number))
        return [json.loads(body) for body in rows.scalars()]


def states(engine):
    of = webhook_messages.c
    with engine.connect() as connection:
        rows = connection.execute(select(of.state, func.count().label("messages")).group_by(of.state))
        return {row.state: row.messages for row in rows}


def lanes(engine):
    with engine.connect() as connection:
        return sorted(connection.execute(select(webhook_lanes.c.account_id, webhook_lanes.c.next_ms)).all())
