"""Visits without stores: links and sessions in dicts, every gesture counted. The same steps as the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.ports.record import RecordAway
from app.redeeming.views import Mishap, Step, View
from app.redeeming.visiting import Client, Entered
from tests.app.pages.examples import view_of

CODE = "123456"
ANSWER = '{"id":"AQID","response":{}}'
ECHO = "e" * 43


@dataclass
class MemoryVisits:
    """
    links:   a token's text → the step "Continue" leads to.
    calls:   every gesture that arrived, with what it was given.
    mishap:  what the next gesture meets.
    away:    whether the store is.
    crowded: whether the client asks too often.
    """

    links: dict[str, Step] = field(default_factory=lambda: {"good": "ask"})
    sessions: dict[str, Step] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    mishap: Mishap | None = None
    away: bool = False
    crowded: bool = False

    async def landing(self, client: Client) -> View | None:
        self._note(client, "landing")
        return None if self.crowded else view_of("unknown")

    async def enter(self, text: str, client: Client) -> Entered:
        self._note(client, "enter", text)
        step = self.links.get(text, "unknown")
        if step not in {"ask", "type", "passkey", "release"}:
            return Entered(view_of(step), None)
        cookie = f"session-{len(self.sessions)}"
        self.sessions[cookie] = step
        return Entered(view_of(step), cookie)

    async def look(self, cookie: str | None, client: Client) -> View:
        self._note(client, "look", cookie)
        return self._view(cookie)

    async def send_code(self, cookie: str | None, client: Client) -> View:
        return self._move(client, "send_code", cookie, {"ask": "type"})

    async def verify(self, cookie: str | None, code: str, echo: str, client: Client) -> View:
        self._note(client, "verify", cookie, code)
        if self._step(cookie) == "type" and (code, echo) != (CODE, ECHO):
            numeric = code.isascii() and code.isdigit()
            return self._view(cookie, mishap="wrong_code" if numeric else "not_a_code", tries_left=4)
        return self._move(client, "verify", cookie, {"type": "reward"})

    async def confirm(self, cookie: str | None, answer: str, echo: str, client: Client) -> View:
        assert echo == ECHO
        if answer != ANSWER:
            self._note(client, "confirm", cookie, answer)
            return self._view(cookie, mishap="wrong_passkey")
        return self._move(client, "confirm", cookie, {"passkey": "reward"})

    async def release(self, cookie: str | None, echo: str, client: Client) -> View:
        assert echo == ECHO
        return self._move(client, "release", cookie, {"release": "reward"})

    async def acknowledge(self, cookie: str | None, client: Client) -> View:
        return self._move(client, "acknowledge", cookie, {"reward": "receipt"})

    def _move(self, client: Client, name: str, cookie: str | None, moves: dict[Step, Step]) -> View:
        self._note(client, name, cookie)
        step = self._step(cookie)
        if cookie is not None and step in moves and self.mishap is None:
            self.sessions[cookie] = moves[step]
        return self._view(cookie, mishap=self.mishap, retry_after_s=30 if self.mishap == "wait" else None)

    def _note(self, client: Client, *call: Any) -> None:
        if self.away:
            raise RecordAway
        self.clients.append(client)
        self.calls.append(call)

    def _step(self, cookie: str | None) -> Step:
        return self.sessions.get(cookie or "", "gone")

    def _view(self, cookie: str | None, **given: Any) -> View:
        return view_of(self._step(cookie), **given)
