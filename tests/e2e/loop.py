"""One suspicious redemption from the earning to the till, a step at a time: a backend, a member in Chromium, webhooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Literal
from urllib.parse import parse_qs, quote, urlsplit

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator

from app.pages.texts import TEXTS
from app.webhooks.sending import HOLD_MS
from benchmarks.installation import PATIENCE_S, until
from earnest_client import Conflict, Decision, Reward
from earnest_client.events import EventType
from tests.e2e.challenging import SHOP
from tests.e2e.events import fresh
from tests.e2e.loop_house import PUBLIC, House, happened, insisting, joined
from tests.e2e.rewards import number
from tests.e2e.test_passkeys import Member
from tokens.token import Locale

Way = Literal["sms_otp", "passkey"]
STEPS: Final = ("earn", "redeem", "enter", "choose", "prove", "issue", "spend")
"""In order; each is a method of `Loop`."""
POINTS: Final = 300
PRESS_MS: Final = 3_000
"""A button that is not there by then is on another page than this: the member loads it again."""
ANSWER_S: Final = PATIENCE_S
"""For the page after a gesture, with a dozen browsers open, while what answers them is killed and starts again."""
TOLD_S: Final = HOLD_MS / 1_000 + PATIENCE_S
"""For a webhook: what a killed worker had in hand is its own for so long, and then sent by the next one."""
USUAL: Final = 5
"""Redemptions in an hour that the shipped policy lets pass; the next one is suspicious."""


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
        locale: Locale = "en",
    ) -> None:
        self._house, self.one, self.way, self._texts = house, one, way, TEXTS[locale]
        self.account_id, self.phone = account_id or fresh(), number()
        self.decision: Decision | None = None
        self.token = self.redemption_id = ""
        self._keys = {"issue": fresh("key"), "spend": fresh("key")}
        one.page.set_default_timeout(PRESS_MS)
        one.page.set_default_navigation_timeout(PATIENCE_S * 1_000)
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
        assert self.decision is not None
        assert self.decision.step_up is not None
        told = {"challenge_id": [self.decision.step_up.challenge_id], "status": ["passed"]}
        self.one.page.wait_for_url(
            lambda url: url.startswith(f"{SHOP}done") and parse_qs(urlsplit(url).query) == told
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
        until(lambda: len(self._house.told(self.account_id)) >= len(self._expected()), TOLD_S)
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

    def _decided(self, kind: EventType, points: int) -> Decision:
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
            until(lambda: self._at(there) or self._broken() or self._stopped(), ANSWER_S)
            return self._at(there) or (self._broken() and self._went(before) and self._at(there))

        until(came, 2 * ANSWER_S)

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

    def _stopped(self) -> bool:
        """Whether the browser would not use the passkey this time, and says so."""
        with suppress(PlaywrightError):
            told = self.one.page.locator("[data-passkey-told]").all_inner_texts()
            return self._texts["passkey_stopped"] in told
        return False

    def _heading(self) -> str | None:
        """Of the page at hand; None while there is none."""
        with suppress(PlaywrightError):
            return next(iter(self.one.page.locator("h1").all_inner_texts()), None)
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
