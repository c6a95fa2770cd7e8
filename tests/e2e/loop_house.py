"""An installation and its backend: the service as one whole, a client of it, and a receiver of what it tells."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from standardwebhooks import Webhook

from app import data_dir as layout
from app.clock import system_clock
from app.mail.local import LocalBox
from benchmarks.installation import PATIENCE_S, PATIENT, Installation, until
from earnest_client import Away, Earnest, Event
from earnest_client.events import EventType
from tests.app.webhooks.receiver import Receiver, receiving
from tests.e2e.challenging import SHOP
from tests.e2e.events import fresh
from tests.e2e.rewards import POLICY

T = TypeVar("T")
PUBLIC: Final = "http://localhost:8000"
STEPPING: Final = f"""{POLICY}
[step_up]
return_urls = ["{SHOP}"]
"""


class Told(NamedTuple):
    """A webhook, verified."""

    kind: str
    data: dict[str, Any]


class House:
    """
    A development installation whose web process, worker, outbox and webhooks are one whole.

    earnest: the backend's client, which waits long and answers nothing by itself.
    """

    def __init__(self, running: Installation, receiver: Receiver) -> None:
        self.running, self._receiver = running, receiver
        with running.client() as admin:
            made = admin.ask("POST", "/v1/webhooks", {"url": receiver.url, "events": ["*"]})
        assert made.status == 201, made.body
        self.webhook_id = made.json["webhook_id"]
        self._verifier = Webhook(made.json["secret"])
        self.earnest = backend(running.address, running.key())
        self._box = LocalBox(layout.outbox_dir(running.data_dir), system_clock)

    def __getitem__(self, first: int) -> Installation:
        """As a pair that begins with the installation, as the other houses of members are."""
        return (self.running,)[first]

    def told(self, account_id: str) -> list[Told]:
        """What the backend was told of this account, each message once, in the order of first tellings."""
        taken: dict[str, Told] = {}
        for _, headers, body in list(self._receiver.got):
            message = self._verifier.verify(body, headers)
            if message["data"].get("account_id") == account_id:
                taken.setdefault(headers["webhook-id"], Told(message["type"], message["data"]))
        return list(taken.values())

    def codes_to(self, phone: str) -> list[str]:
        """The codes of the text messages to this telephone, oldest first."""
        kept = [one for one in self._box.listing() if one.kind == "sms" and one.to == phone]
        return [re.findall(r"\b\d{6,8}\b", one.text)[0] for one in reversed(kept)]

    def mails_to(self, mailbox: str) -> list[str]:
        """The texts of the mails to this mailbox, oldest first."""
        return [one.text for one in reversed(self._box.listing()) if one.kind == "mail" and one.to == mailbox]

    def waiting(self) -> Sequence[dict[str, Any]]:
        """Messages that were not sent yet, or never will be."""
        with self.running.client() as admin:
            pages = [
                admin.get(f"/v1/webhooks/{self.webhook_id}/messages?state={state}").json["items"]
                for state in ("waiting", "dead")
            ]
        return [one for page in pages for one in page]


def backend(address: str, key: str) -> Earnest:
    """A client for laws that are not about deadlines."""
    return Earnest(address, key, timeout_s=PATIENCE_S, patience_s=PATIENCE_S, fallback=None)


@contextmanager
def house(home: Path, **settings: str) -> Iterator[House]:
    """One, and its backend's receiver of webhooks."""
    home.mkdir(parents=True, exist_ok=True)
    policy = home / "policy.toml"
    policy.write_text(STEPPING, encoding="utf-8")
    given = {
        "EARNEST_POLICY_FILE": str(policy),
        "EARNEST_PUBLIC_URL": PUBLIC,
        "EARNEST_TRUSTED_PROXIES": "127.0.0.1",
        "EARNEST_WEBHOOK_NETWORKS": "127.0.0.0/8",
    } | PATIENT
    with (
        receiving(Receiver()) as receiver,
        Installation(home / "it", workers=1, **(given | settings)) as running,
    ):
        made = House(running, receiver)
        with made.earnest:
            yield made


def happened(kind: EventType, account_id: str, **rest: Any) -> Event:
    """Something that happens now, under an id of its own."""
    usual: dict[str, Any] = {"occurred_at": datetime.now(UTC), "event_id": fresh("e")}
    return Event(type=kind, account_id=account_id, **(usual | rest))


def joined(earnest: Earnest, phone: str, account_id: str | None = None) -> str:
    """A member of thirty days with that number."""
    account_id = account_id or fresh()
    past = datetime.now(UTC) - timedelta(days=30)
    signup = happened("signup", account_id, profile={"phone": phone}, occurred_at=past)
    assert insisting(lambda: earnest.tell([signup])).rejected == ()
    return account_id


def insisting(call: Callable[[], T]) -> T:
    """The answer to a call that is made again while there is none, as backends do."""
    found: list[T] = []

    def answered() -> bool:
        with suppress(Away):
            found.append(call())
        return bool(found)

    until(answered)
    return found[0]


def audit_is_whole(home: House) -> None:
    """By the command, beside the running service."""
    told = subprocess.run(
        [sys.executable, "-m", "app.cli", "audit", "verify", "--data", str(home.running.data_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert re.match(r"\d+ rows, whole\.", told.stdout)
