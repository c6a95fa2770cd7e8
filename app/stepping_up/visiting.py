"""A challenged member's visit with a browser: from the programme's link to the proof, and back to the programme."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from anyio import to_thread
from msgspec import Struct
from msgspec.structs import replace

from app.policy.file import PolicyFile
from app.policy.returning import is_allowed
from app.ports.instants import Clock
from app.ports.rows import DecisionRow
from app.problems import UNAVAILABLE, Problem
from app.redeeming.counter import ACCOUNT_LOCKED
from app.redeeming.proving import Asker
from app.redeeming.secrets import Secrets
from app.redeeming.sessions import Session, new_session, of_cookie, to_cookie
from app.redeeming.terms import Terms
from app.redeeming.throttling import Throttle
from app.redeeming.visiting import Client
from app.seal import Seal
from app.stepping_up.asking import TOLD_OTHERWISE, Verified
from app.stepping_up.returning import RETURN_CHARS, returned
from app.stepping_up.showing import Proving, Showing
from app.stepping_up.stepping import PASSABLE, Found, Stepping
from detectors.policy import StepUpMethod
from tokens.token import Locale
from tokens.who import Who

Step = Literal[
    "prove",    # choose a way, or take it
    "nothing",  # there is no way left: the programme has to help
    "passed", "expired",
    "spent",    # too many wrong answers
    "locked",   # redeeming is switched off at the account
    "settled",  # its outcome was told: there is nothing left to prove
    "foreign",  # the address to go back to is not one the programme allows
    "soon",     # so young that the record does not hold it yet
    "unknown", "gone", "wait",
]  # fmt: skip
OWN: Final = frozenset({"/redeem"})
"""Pages of ours a member may be sent back to: a reward whose redemption asked for the proof."""
STATUS: Final[dict[Step, str]] = {"passed": "passed", "expired": "expired", "spent": "locked"}
"""What the address to go back to is told; of every other step `open`: it can be tried again."""
SOON_S: Final = 2
"""Seconds until a decision of this moment is in the record, with room."""


class CheckView(Struct, frozen=True, kw_only=True):
    """
    One page of the way.

    kind, points: what is to be proven for, by its event's type; `reward`: a reward's link, whose points may be given and
        not burned.
    back: where to go back to, what came of it appended; empty where nobody said.
    retry_after_s: how long to wait, with `wait` and `soon`.
    """

    step: Step
    terms: Terms
    locale: Locale
    proving: Proving = Proving()
    kind: str = ""
    points: int | None = None
    back: str = ""
    retry_after_s: int | None = None


class Entered(Struct, frozen=True):
    """What "Continue" led to; `cookie` is the new session's, None where there is none."""

    view: CheckView
    cookie: str | None


class StepUpVisits:
    """
    The gestures. Each raises RecordAway or HotStoreAway where a store is away: nothing was done then.

    Args:
        stepping: challenges.
        showing: makes views of proofs.
        throttle: counts clients.
        secrets: hashes addresses.
        seal: of sessions, used for nothing else.
        file: the policy.
        caught_up: waits until what was decided before now is in the record.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        stepping: Stepping,
        showing: Showing,
        throttle: Throttle,
        secrets: Secrets,
        seal: Seal,
        file: PolicyFile,
        caught_up: Callable[[], Awaitable[None]],
        clock: Clock,
    ) -> None:
        self._stepping, self._showing, self._throttle, self._secrets = stepping, showing, throttle, secrets
        self._seal, self._file, self._caught_up, self._clock = seal, file, caught_up, clock

    async def landing(self, client: Client) -> Terms | None:
        """Before anything, the same whatever is asked for: the terms to greet with. None: this client asks too often."""
        wait_s = await self._throttle.admit("landing", self._client(client))
        return None if wait_s else self._file.usual_terms

    async def enter(self, name: str, return_to: str, client: Client) -> Entered:
        """With a challenge's id: the gesture "Continue". `return_to`: where to go afterwards, empty: nowhere."""
        wait_s = await self._throttle.admit("enter", self._client(client))
        if wait_s:
            return Entered(self._bare("wait", client, wait_s), None)
        await self._caught_up()
        found = await self._stepping.find_anywhere(name)
        if isinstance(found, Problem):
            if found is UNAVAILABLE:
                return Entered(self._bare("soon", client, SOON_S), None)
            await self._throttle.count("unknown", self._client(client))
            return Entered(self._bare("unknown", client), None)
        if return_to and not self._may_return(found.row, return_to):
            return Entered(self._view("foreign", found, "", client), None)
        session = new_session(f"{name} {return_to}", self._clock())
        view = await self._standing(found, session, return_to, client, None)
        return Entered(view, to_cookie(self._seal, session))

    async def look(self, cookie: str | None, by: StepUpMethod | None, client: Client) -> CheckView:
        """Where the visit stands, for a member who takes this way."""

        async def look(found: Found, session: Session, back: str) -> CheckView:
            return await self._standing(found, session, back, client, by)

        return await self._at(cookie, client, look)

    async def send_code(self, cookie: str | None, client: Client) -> CheckView:
        """Send a text message with a code."""

        async def send(found: Found, session: Session, back: str) -> CheckView:
            ended = self._ended(found)
            if ended is not None:
                return self._view(ended, found, back, client)
            asker = self._asker(session, client)
            proving = await to_thread.run_sync(self._showing.send, self._stepping.case(found), asker)
            return self._told(found, back, client, proving)

        return await self._at(cookie, client, send)

    async def answer(
        self, cookie: str | None, method: StepUpMethod, answer: str, client: Client
    ) -> CheckView:
        """Check a code or what the browser's passkey signed and, if it holds, pass."""
        wait_s = await self._throttle.admit("verify", self._client(client))

        async def check(found: Found, session: Session, back: str) -> CheckView:
            if wait_s:
                view = await self._standing(found, session, back, client, method)
                return _mishap(view, wait_s)
            asker = self._asker(session, client)
            came = await self._stepping.attempt(found, answer, method, asker)
            if isinstance(came, Verified):
                return self._view("passed" if came.status == "passed" else "expired", found, back, client)
            if isinstance(came, Problem):
                return self._refused(came, found, back, client)
            case = self._stepping.case(found)
            proving = await to_thread.run_sync(self._showing.after, case, asker, method, came)
            return self._told(found, back, client, proving)

        return await self._at(cookie, client, check)

    # ------------------------------------------------------------ what they share

    async def _at(
        self,
        cookie: str | None,
        client: Client,
        gesture: Callable[[Found, Session, str], Awaitable[CheckView]],
    ) -> CheckView:
        """Run a gesture at the challenge of a session, if there is one."""
        session = of_cookie(self._seal, cookie, self._clock())
        if session is None or session.is_over(self._clock()):
            return self._bare("gone", client)
        name, _, return_to = session.text.partition(" ")
        await self._caught_up()  # a pass of a moment ago is to be seen
        found = await self._stepping.find_anywhere(name)
        if isinstance(found, Problem):
            return self._bare("soon" if found is UNAVAILABLE else "gone", client)
        # The policy may have changed since: it is asked again, each time.
        back = return_to if return_to and self._may_return(found.row, return_to) else ""
        return await gesture(found, session, back)

    async def _standing(
        self, found: Found, session: Session, back: str, client: Client, by: StepUpMethod | None
    ) -> CheckView:
        ended = self._ended(found)
        if ended is not None:
            return self._view(ended, found, back, client)
        case, asker = self._stepping.case(found), self._asker(session, client)
        return self._told(found, back, client, await to_thread.run_sync(self._showing.of, case, asker, by))

    def _ended(self, found: Found) -> Step | None:
        """The step of a challenge that needs no proof any more."""
        standing = self._stepping.standing(found)
        if standing is not None:
            return "passed" if standing.status == "passed" else "expired"
        return None if found.row.outcome in PASSABLE else "settled"

    def _told(self, found: Found, back: str, client: Client, proving: Proving | None) -> CheckView:
        if proving is None:
            return self._view("spent", found, back, client)
        return self._view("prove" if proving.ways else "nothing", found, back, client, proving)

    def _refused(self, problem: Problem, found: Found, back: str, client: Client) -> CheckView:
        if problem is ACCOUNT_LOCKED:
            return self._view("locked", found, back, client)
        if problem is TOLD_OTHERWISE:
            return self._view("settled", found, back, client)
        return self._bare("soon", client, SOON_S)

    def _view(
        self, step: Step, found: Found, back: str, client: Client, proving: Proving | None = None
    ) -> CheckView:
        row = found.row
        terms = self._file.terms(row.program_id)
        name, status = found.asked.challenge_id, STATUS.get(step, "open")
        return CheckView(
            step=step,
            terms=terms,
            locale=client.locale or terms.locale,
            proving=proving or Proving(),
            kind="reward" if row.origin == "redemption" else row.type,
            points=row.points,
            back=returned(back, name, status) if back else "",
        )

    def _bare(self, step: Step, client: Client, retry_after_s: int | None = None) -> CheckView:
        terms = self._file.usual_terms
        return CheckView(
            step=step, terms=terms, locale=client.locale or terms.locale, retry_after_s=retry_after_s
        )

    def _may_return(self, row: DecisionRow, return_to: str) -> bool:
        if len(return_to) > RETURN_CHARS:
            return False
        allowed = self._file.programme(row.program_id).step_up.return_urls
        return return_to in OWN or is_allowed(return_to, allowed)

    def _asker(self, session: Session, client: Client) -> Asker:
        known_as = self._client(client)
        return Asker(session.hash, known_as, Who("member", known_as))

    def _client(self, client: Client) -> bytes:
        return self._secrets.client_hash(client.address)


def _mishap(view: CheckView, wait_s: int) -> CheckView:
    """The page as it stands, and that this client tries too often."""
    return replace(view, proving=replace(view.proving, mishap="wait", retry_after_s=wait_s))
