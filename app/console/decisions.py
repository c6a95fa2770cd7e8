"""Why a decision came out as it did: what was measured against which limit, beside whom, and what the member is told."""

from __future__ import annotations

from asyncio import gather
from typing import Protocol

from anyio import to_thread
from starlette.responses import Response

from app.console import case_words
from app.console.accounts.naming import is_id, of_program
from app.console.place import HOME
from app.console.playbook import reason_href, typology_href
from app.console.visit import Gesture, Get, Visit, turned
from app.reviewing import hrefs
from app.reviewing.asking_why import Explain
from app.reviewing.finding import Finding
from app.reviewing.why import Why
from app.users.rights import Scope

DECISIONS = f"{HOME}/decisions"


class Asks(Protocol):
    """`app.reviewing.asking_why.Asker`."""

    async def why(self, program_id: str, decision_id: str, scope: Scope) -> Why | None: ...


class Decisions:
    """
    Args:
        asker: answers why.
        explain: what the member is told: `app.explaining.Explainer.explain`.
        finding: of which programme a decision is.
    """

    def __init__(self, asker: Asks, explain: Explain, finding: Finding) -> None:
        self._asker, self._explain, self._finding = asker, explain, finding

    def gestures(self) -> list[Gesture]:
        """What can be looked at."""
        return [
            Get(f"{DECISIONS}/{{program_id}}/{{decision_id}}", "view_account", self.show),
            Get(f"{DECISIONS}/{{decision_id}}", "view_account", self.lead),
        ]

    async def show(self, visit: Visit) -> Response:
        """The whole of why."""
        program_id, decision_id = of_program(visit), hrefs.plain(visit.path["decision_id"])
        if not is_id(decision_id):
            raise turned(404)
        why = await self._asker.why(program_id, decision_id, visit.viewer.scope)
        if why is None:
            raise turned(404)
        told = await gather(
            *(self._explain(program_id, decision_id, "member", language) for language in ("en", "de"))
        )
        return visit.page(
            "decisions/decision.html", f"{why.row.type.replace('_', ' ').capitalize()}: {why.decided}",
            why=why, row=why.row, told=dict(zip(("English", "Deutsch"), told, strict=True)), hrefs=hrefs,
            reason_href=reason_href, typology_href=typology_href, typology=case_words.typology,
        )  # fmt: skip

    async def lead(self, visit: Visit) -> Response:
        """A decision by its id alone: on to its page."""
        decision_id = hrefs.plain(visit.path["decision_id"])
        program_id = (
            await to_thread.run_sync(self._finding.places, decision_id) if is_id(decision_id) else None
        )
        limit = visit.viewer.scope.programs
        if program_id is None or (limit is not None and program_id not in limit):
            raise turned(404)
        return visit.back(hrefs.decision(program_id, decision_id))
