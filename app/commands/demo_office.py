"""The demo's office, put together: its people over the installation's own cases, and its members' telephones."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Engine

from app.clock import system_clock
from app.commands.demo_people import Ways
from app.composition.cases import kept
from app.console.colleagues import USER
from app.data_dir import outbox_dir
from app.demo.analyst import HELD
from app.demo.caller import Caller
from app.demo.chance import Chance
from app.demo.history import SEED, History, happened_ms
from app.demo.homes import homes, say
from app.demo.office import Office, Staff
from app.demo.promises import promise, prove, settled
from app.demo.regular import recommend
from app.keys import master_key
from app.mail.local import LocalBox
from app.policy.file import DEFAULT_FILE, load
from app.settings import Settings
from app.store.sql.cases import SqlCases

CODE: Final = re.compile(r"#(\d+)\Z")
"""On the last line of a text message, as telephones read it."""
PATIENCE_S: Final = 120.0
"""For the worker to have read on to the last event: two seconds on two cores, a minute on a busy laptop."""
POLL_S: Final = 0.2
THIEVES: Final = frozenset({"bot_velocity", "transfer_mule", "stolen_card"})
"""Typologies whose accounts are the thief's own: to know one as a fraud is to hold what it redeems."""


def office_of(
    settings: Settings, engine: Engine, caller: Caller, history: History, ways: Sequence[Ways]
) -> Office:
    """The people who work the cases of this installation."""
    who = {one.role: USER + one.user_id for one in ways}
    staff = Staff(who["analyst"], who["senior"], who["programme_admin"])
    accounts = {label.account_id: label for label in history.truth.values()}
    cases = SqlCases(engine, kept(master_key(settings), load(settings.policy_file or DEFAULT_FILE)))
    return Office(cases, caller, accounts, staff, Chance.of(SEED, "office"), system_clock)


def open_up(settings: Settings, caller: Caller, history: History, office: Office) -> None:
    """
    What there is besides decisions when somebody comes in: cases, families, rewards, members who proved themselves.

    To call it again does what is not done yet. Raises as `Caller.ask`; RecordAway.
    """
    crooks = frozenset(label.account_id for label in history.truth.values())
    members = settled(history.past, crooks, system_clock())
    recommend(caller, members, happened_ms(history.past[-1]))
    _until(lambda: _recorded(caller, history.past[-1]))
    _until(lambda: _opened(caller))
    office.settle_in()
    say(caller, homes(history.past, crooks))
    thieves = sorted(one.account_id for one in history.truth.values() if one.typology in THIEVES)
    promise(caller, members, _known(caller, next(iter(thieves), None)))
    if settings.messenger_url is None:  # nobody's real telephone
        box = LocalBox(outbox_dir(settings.data_dir), system_clock)
        prove(caller, members, lambda number: _code_sent(box, number), system_clock, time.sleep)


def _recorded(caller: Caller, event: dict[str, Any]) -> bool:
    page = caller.ask("GET", f"/v1/decisions?account_id={event['account_id']}&limit=20")
    return any(one["event_id"] == event["event_id"] for one in page["items"])


def _opened(caller: Caller) -> bool:
    """Whether the last decision that was held has its case: they are taken in order."""
    last = next((one for one in caller.pages("/v1/decisions") if one["decision"] in HELD), None)
    return last is None or bool(caller.ask("GET", f"/v1/cases?account_id={last['account_id']}")["items"])


def _known(caller: Caller, thief: str | None) -> str | None:
    """The thief, once the programme knows of them."""
    if thief is not None:
        caller.tell("/v1/labels", {"account_id": thief, "label": "fraud", "source": "analyst"})
    return thief


def _code_sent(box: LocalBox, number: str) -> str | None:
    texts = (kept.text for kept in box.listing() if kept.kind == "sms" and kept.to == number)
    return next((found[1] for text in texts if (found := CODE.search(text))), None)


def _until(there: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not there() and time.monotonic() < until:
        time.sleep(POLL_S)
