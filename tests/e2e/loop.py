"""One suspicious redemption from the earning to the till, a step at a time: a backend, a member in Chromium, webhooks."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator
from standardwebhooks import Webhook

from app import data_dir as layout
from app.clock import system_clock
from app.mail.local import LocalBox
from app.pages.texts import TEXTS
from benchmarks.installation import PATIENCE_S, Installation, until
from earnest_client import Away, Conflict, Decision, Earnest, Event, Reward
from tests.app.webhooks.receiver import Receiver, receiving
from tests.e2e.challenging import SHOP
from tests.e2e.events import fresh
from tests.e2e.rewards import POLICY, number
from tests.e2e.test_passkeys import Member

T = TypeVar("T")
Way = Literal["sms_otp", "passkey"]
STEPS: Final = ("earn", "redeem", "enter", "choose", "prove", "issue", "spend")
"""In order; each is a method of `Loop`."""
PUBLIC: Final = "http://localhost:8000"
POINTS: Final = 300
USUAL: Final = 5
"""Redemptions in an hour that the shipped policy lets pass; the next one is suspicious."""
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
    }
    with (
        receiving(Receiver()) as receiver,
        Installation(home / "it", workers=1, **(given | settings)) as running,
    ):
        made = House(running, receiver)
        with made.earnest:
            yield made


def happened(kind: str, account_id: str, **rest: Any) -> Event:
    """Something that happens now, under an id of its own."""
    return Event(
        **(
            {"type": kind, "occurred_at": datetime.now(UTC), "account_id": account_id, "event_id": fresh("e")}
            | rest
        )
    )


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


class Loop:
    """
    Args:
        house: where.
        one: the member's browser; with an aged passkey of theirs, where that is their way.
        way: how they prove that it is them.
        account_id: theirs; a new one where none is given.
        locale: of the browser.
    """

    def __init__(
        self,
        house: House,
        one: Member,
        way: Way = "sms_otp",
        account_id: str | None = None,
        locale: str = "en",
    ) -> None:
        self._house, self.one, self.way, self._texts = house, one, way, TEXTS[locale]
        self.account_id, self.phone = account_id or fresh(), number()
        self.decision: Decision | None = None
        self.token = self.redemption_id = ""
        self._keys = {"issue": fresh("key"), "spend": fresh("key")}
        one.page.context.route(f"{SHOP}**", lambda route: route.fulfill(body="Welcome back"))

    def run(self, steps: Sequence[str] = STEPS) -> None:
        """These steps."""
        for step in steps:
            getattr(self, step)()

    def earn(self) -> None:
        """A member of thirty days gets the points they will spend."""
        joined(self._house.earnest, self.phone, self.account_id)
        assert self._decided("earn", 10 * POINTS).allowed

    def redeem(self) -> None:
        """Within an hour for the sixth time: asked to prove that it is them."""
        for _ in range(USUAL):
            assert self._decided("redeem", POINTS).allowed
        self.decision = self._decided("redeem", POINTS)
        assert (self.decision.decision, self.decision.source) == ("challenge", "limit")
        step_up = self.decision.step_up
        assert step_up is not None
        assert step_up.url == f"{PUBLIC}/c/{step_up.challenge_id}"

    def enter(self) -> None:
        """Sent to the page by the shop, the member goes on."""
        assert self.decision is not None
        assert self.decision.step_up is not None
        url = f"{self.decision.step_up.url}?return_to={quote(SHOP + 'done', safe='')}"
        until(lambda: self._went(url))
        self._press(lambda: self._button("continue"), "check_prove_heading")

    def choose(self) -> None:
        """The way to prove it; a code is sent."""
        if self.way == "passkey":
            self._press(lambda: self._button("way_passkey"), "passkey_heading")
        else:
            button = self.one.page.get_by_role("button", name=self.phone[-2:])
            self._press(lambda: _click(button), "type_heading")

    def prove(self) -> None:
        """Proven, and taken back to the shop, which asks Earnest and believes no address."""
        if self.way == "passkey":
            self._press(lambda: self._button("passkey_use"), "check_passed_heading")
        else:
            until(lambda: self._house.codes_to(self.phone))
            self._press(self._typed, "check_passed_heading")
        self.one.page.wait_for_url(f"{SHOP}done**")
        assert self.decision is not None
        assert self.decision.step_up is not None
        told = parse_qs(urlsplit(self.one.page.url).query)
        assert told == {"challenge_id": [self.decision.step_up.challenge_id], "status": ["passed"]}, (
            self.one.page.url
        )
        until(lambda: self._standing()["decision"] == "allow")

    def issue(self) -> None:
        """The redemption token, for the till."""
        decision_id = self.decision.decision_id if self.decision else ""
        issued = insisting(
            lambda: self._house.earnest.issue_token(
                self.account_id,
                Reward(points=POINTS),
                purpose="redemption",
                decision_id=decision_id,
                idempotency_key=self._keys["issue"],
            )
        )
        self.token = issued.link or ""

    def spend(self) -> None:
        """The till spends it: the points are burned."""
        spent = insisting(
            lambda: self._house.earnest.redeem_token(
                self.token, self.account_id, idempotency_key=self._keys["spend"]
            )
        )
        assert spent.reward == Reward(points=POINTS)
        self.redemption_id = spent.redemption_id

    def is_closed(self) -> None:
        """The outcome is told by itself, points were burned once, nobody can spend again, and the backend knows all."""
        until(lambda: self._standing()["outcome"] == "completed")
        standing = self._standing()
        assert (standing["challenge"]["status"], standing["challenge"]["method"]) == ("passed", self.way)
        with self._house.running.client() as client:
            totals = client.get(f"/v1/accounts/{self.account_id}").json["totals"]
        assert totals["redeemed_points"] == (USUAL + 1) * POINTS
        try:
            other = self._house.earnest.redeem_token(self.token, self.account_id)
        except Conflict:
            other = None
        assert other is None
        until(lambda: len(self._house.told(self.account_id)) >= len(self._expected()))
        self._is_told()

    def _is_told(self) -> None:
        """All of it, each once, and each kind of thing in its order."""
        told = self._house.told(self.account_id)
        assert sorted(one.kind for one in told) == sorted(self._expected())
        kinds = [one.kind for one in told]
        decisions = [one.data for one in told if one.kind == "decision.created"]
        assert [one["event_type"] for one in decisions] == ["earn", *["redeem"] * (USUAL + 1)]
        assert [one["decision"] for one in decisions] == ["allow"] * (USUAL + 1) + ["challenge"]
        assert kinds.index("token.issued") < kinds.index("token.redeemed")

    @staticmethod
    def _expected() -> list[str]:
        return [
            *["decision.created"] * (USUAL + 2),
            "challenge.passed",
            "token.issued",
            "token.redeemed",
        ]

    def _decided(self, kind: str, points: int) -> Decision:
        event = happened(kind, self.account_id, points=points)
        decision = insisting(lambda: self._house.earnest.decide(event))
        assert decision.source != "fallback", decision
        return decision

    def _standing(self) -> dict[str, Any]:
        """The decision as recorded now."""
        assert self.decision is not None
        with self._house.running.client() as client:
            path = f"/v1/decisions/{self.decision.decision_id}"
            told: list[dict[str, Any]] = []

            def answered() -> bool:
                with suppress(OSError):
                    reply = client.get(path)
                    told.extend([reply.json] * (reply.status == 200))
                return bool(told)

            until(answered)
        return told[0]

    def _typed(self) -> None:
        """The newest code, and on."""
        page = self.one.page
        page.get_by_label(self._texts["code_label"], exact=True).fill(self._house.codes_to(self.phone)[-1])
        self._button("code_confirm")

    def _button(self, name: str) -> None:
        _click(self.one.page.get_by_role("button", name=self._texts[name], exact=True))

    def _press(self, press: Callable[[], None], there: str) -> None:
        """A gesture and the page it leads to; where that cannot come, the page before again, as members do."""
        before = self.one.page.url

        def came() -> bool:
            with suppress(PlaywrightError):
                press()
            until(lambda: self._at(there) or self._broken())
            return self._at(there) or (self._went(before) and self._at(there))

        until(came)

    def _at(self, heading: str) -> bool:
        """Whether this page is shown; a page that has been left for the shop already was."""
        if self.one.page.url.startswith(SHOP):
            return heading == "check_passed_heading"
        inside = urlsplit(self.one.page.url).path.startswith("/check")
        return inside and self._heading() == self._texts[heading]

    def _broken(self) -> bool:
        """Whether the browser got no answer, or one that asks for patience."""
        asks = {self._texts[name] for name in ("check_away_heading", "check_soon_heading")}
        return self.one.page.url.startswith("chrome-error:") or self._heading() in asks

    def _heading(self) -> str | None:
        """Of the page at hand; None while there is none."""
        with suppress(PlaywrightError):
            (told,) = self.one.page.locator("h1").all_inner_texts() or [None]
            return told
        return None

    def _went(self, url: str) -> bool:
        """Whether the address could be opened."""
        with suppress(PlaywrightError):
            answer = self.one.page.goto(url)
            return answer is not None and answer.status < 500
        return self.one.page.url.startswith(SHOP)


def _click(button: Locator) -> None:
    """Without waiting for the page it leads to, which may be left for another at once."""
    button.click(no_wait_after=True)
