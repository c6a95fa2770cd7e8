"""An account's pages: all of it at once, its whole timeline, who is linked with it, and who used one thing."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from anyio import to_thread
from starlette.responses import Response

from app.cases.desk import CaseDesk
from app.cases.ports import Note
from app.charts.chart import Chart, Drawn
from app.charts.drawing import DrawingRoom
from app.charts.graph import draw as draw_graph
from app.charts.specs import beside_usual, course
from app.console import case_words
from app.console.accounts.naming import ONE, Named, named, of_program
from app.console.colleagues import Colleagues
from app.console.place import HOME
from app.console.programmes import scope_of
from app.console.revealing import REASON_WORDS
from app.console.visit import Gesture, Get, Visit, turned
from app.reviewing import hrefs
from app.reviewing.graph import around
from app.reviewing.overview import Overview, Overviews, Things
from app.reviewing.panels import KINDS as THING_KINDS
from app.reviewing.panels import TITLES, ContextOf, Use
from app.reviewing.timeline import KINDS, ForeignCursor, Kind, Moments, timeline
from detectors.meanings import meaning
from detectors.typologies import TYPOLOGIES

NOTES_FROM: Final = 3
"""Cases whose notes are shown: the latest. Each is one look-up."""
MOMENTS_SHOWN: Final = 50
SHARERS_SHOWN: Final = 200
KIND_WORDS: Final[dict[Kind, str]] = {
    "event": "Events", "case": "Cases", "label": "Labels", "lock": "Locks", "token": "Tokens",
    "redemption": "Redemptions", "outcome": "Outcomes", "step_up": "Challenges passed",
}  # fmt: skip
ONE_OF: Final[dict[Kind, str]] = {
    "event": "event", "case": "case", "label": "label", "lock": "redeeming", "token": "token",
    "redemption": "token", "outcome": "outcome", "step_up": "challenge",
}  # fmt: skip
"""What a row that is no event begins with."""


class AccountPages:
    """
    Args:
        overviews: everything of an account.
        moments: its timeline.
        things: who used what.
        contexts: (programme, instant) → what its things are marked as.
        cases: whose notes are shown.
        colleagues: who is behind an actor.
        room: draws charts.
        is_closed: (programme, account id) → whether two people closed it.
    """

    def __init__(
        self,
        overviews: Overviews,
        moments: Moments,
        things: Things,
        contexts: Any,
        cases: CaseDesk,
        colleagues: Colleagues,
        room: DrawingRoom,
        is_closed: Callable[[str, str], bool],
    ) -> None:
        self._overviews, self._moments, self._things, self._contexts = overviews, moments, things, contexts
        self._cases, self._colleagues, self._room, self._is_closed = cases, colleagues, room, is_closed

    def gestures(self) -> list[Gesture]:
        """What can be looked at."""
        return [
            Get(ONE, "view_account", self.show),
            Get(f"{ONE}/timeline", "view_account", self.timeline),
            Get(f"{ONE}/links", "view_account", self.links),
            Get(f"{HOME}/identifiers/{{program_id}}/{{kind}}/{{digest}}", "view_account", self.identifier),
        ]

    async def show(self, visit: Visit) -> Response:
        """All of it."""
        one = named(visit)
        return await self.page(visit, one)

    async def page(self, visit: Visit, one: Named, **given: Any) -> Response:
        """The page, with what else was asked of it: fields in clear, faults of a form."""
        found = await self._found(visit, one)
        charts, notes = await gather(self._drawn(found), self._notes(visit, found))
        actors = [*(one.actor for one in (*found.labels, *found.locks)), *(note.by for _, note in notes)]
        names = await to_thread.run_sync(self._colleagues.names, actors)
        is_closed = await to_thread.run_sync(self._is_closed, *one)
        shown = {"clear": None, "faults": {}, "typed": {}} | given
        return visit.page(
            "accounts/account.html", one.account_id, 422 if shown["faults"] else 200,
            one=one, found=found, charts=charts, notes=notes, names=names, view="", hrefs=hrefs,
            typology=case_words.typology, states=case_words.STATES, resolutions=case_words.RESOLUTIONS,
            priorities=case_words.PRIORITIES, reasons=REASON_WORDS, typologies=TYPOLOGIES, titles=TITLES,
            worded=_worded, is_closed=is_closed, meaning=meaning,
            open_case=next((case for case in found.cases if case.state != "closed"), None), **shown,
        )  # fmt: skip

    async def timeline(self, visit: Visit) -> Response:
        """Everything that happened, newest first, a page at a time."""
        one = await self._there(visit)
        kinds = tuple([kind for kind in KINDS if kind in visit.request.query_params.getlist("kind")])

        def read() -> Any:
            return timeline(
                self._moments, *one, limit=MOMENTS_SHOWN, scope=visit.viewer.scope,
                cursor=visit.query.get("cursor") or None, kinds=kinds or KINDS,
            )  # fmt: skip

        try:
            found = await to_thread.run_sync(read)
        except ForeignCursor:
            raise turned(404, again=f"{one.href}/timeline") from None
        names = await to_thread.run_sync(self._colleagues.names, [moment.actor for moment in found.items])
        return visit.page(
            "accounts/timeline.html", f"{one.account_id}: timeline",
            one=one, found=found, kinds=kinds, words=KIND_WORDS, one_of=ONE_OF, names=names, view="timeline", hrefs=hrefs,
        )  # fmt: skip

    async def links(self, visit: Visit) -> Response:
        """Who is linked with it, by what, and the graph two steps far."""
        one = await self._there(visit)
        found = await self._found(visit, one)

        def drawn() -> Drawn:
            contexts = self._contexts(one.program_id, visit.now_ms)
            return draw_graph(around(self._things, contexts, *one, visit.viewer.scope))

        graph = await to_thread.run_sync(drawn)
        names = await to_thread.run_sync(self._colleagues.names, [link.author for link in found.links])
        return visit.page(
            "accounts/links.html", f"{one.account_id}: linked accounts",
            one=one, found=found, graph=graph, names=names, view="links", hrefs=hrefs, titles=TITLES,
        )  # fmt: skip

    async def identifier(self, visit: Visit) -> Response:
        """Who used one device, address or instrument."""
        program_id, kind = of_program(visit), visit.path["kind"]
        try:
            digest = bytes.fromhex(visit.path["digest"])
        except ValueError:
            raise turned(404) from None
        if kind not in THING_KINDS:
            raise turned(404)

        def read() -> tuple[Sequence[Use], str | None]:
            uses = self._things.of_identifier(program_id, kind, digest, SHARERS_SHOWN, visit.viewer.scope)
            context_of = cast("ContextOf", self._contexts(program_id, visit.now_ms))
            return uses, context_of(program_id, kind, digest)

        uses, context = await to_thread.run_sync(read)
        if not uses:
            raise turned(404)
        return visit.page(
            "accounts/identifier.html", uses[0].name,
            uses=uses, context=context, program_id=program_id, kind=kind, hrefs=hrefs, titles=TITLES,
        )  # fmt: skip

    async def _found(self, visit: Visit, one: Named) -> Overview:
        found = await to_thread.run_sync(self._overviews.of, *one, visit.viewer.scope, visit.now_ms)
        if found is None:
            raise turned(404)
        return found

    async def _there(self, visit: Visit) -> Named:
        one = named(visit)
        if not await to_thread.run_sync(self._overviews.is_there, *one, visit.viewer.scope):
            raise turned(404)
        return one

    async def _drawn(self, found: Overview) -> dict[str, Drawn]:
        charts: dict[str, Chart] = {}
        if found.earning is not None and any(one.earned or one.burned for one in found.earning.stretches):
            usual = found.earning.usual_earned, found.earning.usual_burned
            charts["earning"] = beside_usual("Points earned and burned", found.earning.stretches, *usual)
        if found.balance:
            points = [
                (one.at_ms, one.points, one.estimated, hrefs.decision(found.program_id, one.decision_id))
                for one in found.balance
            ]
            charts["balance"] = course("Balance", points)
        drawn = await self._room.draw(*charts.values())
        return dict(zip(charts, drawn, strict=True))

    async def _notes(self, visit: Visit, found: Overview) -> list[tuple[str, Note]]:
        """Case and note, the latest cases first."""
        mine = scope_of(visit, found.program_id)
        if not visit.viewer.may("view_case"):
            return []
        files = [await self._cases.get(mine, case.case_id) for case in found.cases[:NOTES_FROM]]
        return [(file.case.case_id, note) for file in files if file is not None for note in file.notes]


def _worded(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Fields of a profile in words, in the order of names."""
    return [(name.replace("_", " ").capitalize(), value) for name, value in sorted(fields.items())]
