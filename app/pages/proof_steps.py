"""The gestures of proving oneself, alike on every page that asks for it: take a way, type a code, use a passkey."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from app.pages.answering import client_of
from app.pages.forms import PASSKEY_BYTES
from app.pages.visit import WAYS, Visit
from app.redeeming.visiting import Client
from detectors.policy import StepUpMethod

View = TypeVar("View")
Shown_co = TypeVar("Shown_co", covariant=True)


class ProofVisits(Protocol[Shown_co]):
    """The use cases behind the gestures; each tells how the visit stands then."""

    async def look(self, cookie: str | None, by: StepUpMethod | None, client: Client) -> Shown_co: ...
    async def send_code(self, cookie: str | None, client: Client) -> Shown_co: ...
    async def answer(
        self, cookie: str | None, method: StepUpMethod, answer: str, client: Client
    ) -> Shown_co: ...


class ProofSteps(ABC, Generic[View]):
    """Who inherits says what is shown of a view, and where a gesture that led on goes."""

    def __init__(self, visits: ProofVisits[View], visit: Visit) -> None:
        self._proofs, self._visit = visits, visit

    async def look(self, request: Request) -> Response:
        """Where the visit stands."""
        by = self._visit.way(request)
        return self._shown(
            request, await self._proofs.look(self._visit.cookie(request), by, client_of(request))
        )

    async def back(self, request: Request) -> Response:
        """The address of a gesture, opened like a page."""
        return self._visit.on(request)

    async def take(self, request: Request) -> Response:
        """A way is taken: for a text message, by sending it."""
        posted = await self._visit.posted(request)
        by = WAYS.get(posted.form.get("by", ""))
        if by != "sms_otp":
            return self._visit.on(request, by)
        return self._moved(request, await self._proofs.send_code(posted.cookie, client_of(request)), by)

    async def verify(self, request: Request) -> Response:
        """A code was typed."""
        posted = await self._visit.posted(request)
        by: StepUpMethod = "totp" if posted.form.get("by") == "totp" else "sms_otp"
        code = posted.form.get("code", "")
        return self._moved(
            request, await self._proofs.answer(posted.cookie, by, code, client_of(request)), by
        )

    async def confirm(self, request: Request) -> Response:
        """The browser answered for a passkey."""
        posted = await self._visit.posted(request, PASSKEY_BYTES)
        answer = posted.form.get("answer", "")
        view = await self._proofs.answer(posted.cookie, "passkey", answer, client_of(request))
        return self._moved(request, view, "passkey")

    @abstractmethod
    def _shown(self, request: Request, view: View) -> Response:
        """The page of a view."""

    @abstractmethod
    def _moved(self, request: Request, view: View, by: StepUpMethod | None) -> Response:
        """After a gesture that led on: a redirect, so that a refresh repeats nothing."""
