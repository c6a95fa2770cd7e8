"""Tokens as a programme issues them, and a member's browser over plain HTTP, from an address of its own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import unescape
from itertools import count
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode, urlsplit

from app import data_dir as layout
from benchmarks.installation import PATIENT, Client, Installation, Reply
from tests.e2e.events import fresh
from tests.e2e.post_office import PostOffice

FORM: Final = "application/x-www-form-urlencoded"
VOUCHER: Final = "K4YQ-7PWD-22XM"
POLICY: Final = """
name = "lindner"
[tokens]
brand = "Kaffeehaus Lindner"
support = "+49 30 901820"
timezone = "Europe/Berlin"
"""
_addresses = (f"198.18.{n // 250}.{n % 250 + 1}" for n in count())
_numbers = (f"+4915{n:09d}" for n in count(100_000_000))


def address() -> str:
    """An address nobody has come from yet (RFC 2544's, which lead nowhere)."""
    return next(_addresses)


def number() -> str:
    """A telephone nobody has."""
    return next(_numbers)


@contextmanager
def programme(home: Path, **settings: str) -> Iterator[tuple[Installation, PostOffice]]:
    """An installation with a relay, a messenger, a brand and a proxy in front whose word it takes."""
    home.mkdir(parents=True, exist_ok=True)
    policy = home / "policy.toml"
    policy.write_text(settings.pop("policy", POLICY), encoding="utf-8")
    with PostOffice(home) as office:
        given = {"EARNEST_POLICY_FILE": str(policy), "EARNEST_TRUSTED_PROXIES": "127.0.0.1"} | PATIENT
        with Installation(home / "it", workers=1, **(office.settings | given | settings)) as running:
            yield running, office


def order(**rest: Any) -> dict[str, Any]:
    """A token to issue: a voucher, by link in the answer, with a code by text message."""
    usual: dict[str, Any] = {
        "account_id": fresh(),
        "purpose": "reward_link",
        "reward": {
            "title": "10 € gift card",
            "face_value_minor": 1_000,
            "currency": "EUR",
            "payload": {"voucher_code": VOUCHER, "instructions": "Show it at the till."},
        },
        "delivery": {"channel": "none"},
        "otp": {"method": "sms", "to": number()},
    }
    return usual | rest


def issued(client: Client, **rest: Any) -> dict[str, Any]:
    """The answer to issuing such a token."""
    reply = client.ask("POST", "/v1/tokens", order(**rest))
    assert reply.status == 201, reply.body
    told: dict[str, Any] = reply.json
    return told


def token_of(link: str) -> str:
    """The token's text in a link of either form."""
    return re.split(r"/r[/#]", link)[1]


def state_of(client: Client, token_id: str) -> dict[str, Any]:
    """The token as its issuer sees it."""
    told: dict[str, Any] = client.get(f"/v1/tokens/{token_id}").json
    return told


@contextmanager
def database(running: Installation) -> Iterator[sqlite3.Connection]:
    """The record's own file, for what no interface tells, and for time to have passed."""
    with closing(sqlite3.connect(layout.record_path(running.data_dir), timeout=20)) as connection, connection:
        yield connection


def let_time_pass(running: Installation, seconds: int) -> None:
    """As if codes had been sent, and waits begun, so long ago."""
    with database(running) as connection:
        connection.execute("UPDATE otp_challenges SET next_try_ms = next_try_ms - ?", (1_000 * seconds,))
        connection.execute("UPDATE otp_subjects SET last_sent_ms = last_sent_ms - ?", (1_000 * seconds,))


class Visitor:
    """
    A browser without a script. `hidden` is what the forms of the last page that had any carry unseen.

    Args:
        running: where it goes.
        comes_from: what the proxy says of its address.
    """

    def __init__(self, running: Installation, comes_from: str | None = None) -> None:
        self._client = Client(running.address, None)
        self.comes_from = comes_from
        self.cookie = ""
        self.page = ""
        self.hidden: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> Reply:
        """One request, with the cookie that was given; keeps the page."""
        sent = {"Content-Type": FORM} if form is not None else {}
        if self.comes_from is not None:
            sent["X-Forwarded-For"] = self.comes_from
        if self.cookie:
            sent["Cookie"] = self.cookie
        body = None if form is None else urlencode(form).encode()
        reply = self._client.ask(method, path, body, **(sent | headers))
        given = {name.lower(): value for name, value in reply.headers.items()}.get("set-cookie", "")
        self.cookie = given.partition(";")[0] or self.cookie
        self.page = reply.body.decode()
        carried = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', self.page)
        self.hidden = {name: unescape(value) for name, value in carried} or self.hidden
        return reply

    def enter(self, link: str) -> Reply:
        """Press "Continue" on the page behind a link of the path form, and follow."""
        entered = self.ask("POST", urlsplit(link).path, {})
        return self.ask("GET", "/redeem") if entered.status == 303 else entered

    def press(self, gesture: str, **fields: str) -> Reply:
        """A button of the page at hand with what its form holds, and follow."""
        reply = self.ask("POST", f"/redeem/{gesture}", self.hidden | fields)
        return self.ask("GET", "/redeem") if reply.status == 303 else reply

    def type(self, code: str) -> Reply:
        """A code into its field, and "Confirm"."""
        return self.press("verify", code=code)
