"""The playbook's pages: the index and its search, a kind of fraud, a reason with the numbers in force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.responses import Response

from app.console.place import HOME, Place
from app.console.visit import Gesture, Get, Visit, turned
from app.playbook.cases import cases
from app.playbook.entries import entry_for, every_code
from app.playbook.finding import families, for_typology, reasons_of, search
from app.playbook.loading import NAMED, load, needs_two
from detectors.meanings import meaning
from detectors.policy import Policy

PLAYBOOK: Final = f"{HOME}/playbook"
PLACE: Final = Place("playbook", "Playbook", PLAYBOOK, "view_playbook", key="p")
MOST_LOOKED_FOR: Final = 100
"""Letters of a search that are read."""
PolicyOf = Callable[[str], Policy]


class Playbook:
    """
    Args:
        policy_of: the policy a programme decides by.
        programs: programmes the policy file names.
    """

    def __init__(self, policy_of: PolicyOf, programs: Sequence[str] = ()) -> None:
        load(), cases()  # what is not sound stops the start, not a page
        self._policy_of = policy_of
        self._programs = tuple(dict.fromkeys(("default", *programs)))

    def gestures(self) -> list[Gesture]:
        """What can be done here."""
        return [
            Get(PLAYBOOK, "view_playbook", self.index),
            Get(f"{PLAYBOOK}/typologies/{{name}}", "view_playbook", self.typology),
            Get(f"{PLAYBOOK}/reasons/{{code}}", "view_playbook", self.reason),
        ]

    async def index(self, visit: Visit) -> Response:
        """Everything, or what was looked for."""
        asked = visit.query.get("q", "").strip()[:MOST_LOOKED_FOR]
        program, policy = self._programme(visit)
        known = load().typologies
        found = search(asked, policy)
        return visit.page(
            "playbook/index.html",
            "Playbook",
            asked=asked,
            families=families(),
            found=[(name, known[name]) for name in found.typologies],
            reasons=[(code, meaning(code)) for code in (found.reasons if asked else every_code(policy))],
            program=program,
            programs=self._seen(visit),
        )

    async def typology(self, visit: Visit) -> Response:
        """One kind of fraud."""
        name = visit.path["name"]
        one = for_typology(name)
        if one is None:
            raise turned(404, "The playbook knows no such kind of fraud.")
        program, policy = self._programme(visit)
        return visit.page(
            "playbook/typology.html",
            one.title,
            name=name,
            one=one,
            reasons=reasons_of(name, policy),
            moves=load().moves,
            needs_two=needs_two,
            practice=[case for case in cases().values() if case.typology == name],
            linked=linked,
            program=program,
        )

    async def reason(self, visit: Visit) -> Response:
        """One reason code, under the policy of the programme asked for."""
        program, policy = self._programme(visit)
        entry = entry_for(visit.path["code"], policy)
        if entry is None:
            raise turned(404, "No limit, rule or detector of this programme gives such a reason.")
        known = load().typologies
        return visit.page(
            "playbook/reason.html",
            entry.code,
            entry=entry,
            typologies=[(name, known[name]) for name in entry.typologies if name in known],
            program=program,
            programs=self._seen(visit),
            policy=policy,
        )

    def _seen(self, visit: Visit) -> tuple[str, ...]:
        """Programmes whose numbers this viewer may read."""
        limits = visit.viewer.scope.programs
        if limits is None:
            return self._programs
        return tuple(sorted(limits))

    def _programme(self, visit: Visit) -> tuple[str, Policy]:
        """The programme asked for, else the viewer's first."""
        mine = self._seen(visit)
        asked = visit.query.get("program", "")
        program = asked if asked in mine else next(iter(mine), "default")
        return program, self._policy_of(program)


def linked(text: str) -> Markup:
    """A sentence whose reason codes lead to their pages."""
    told = escape(text)
    return Markup(NAMED.sub(r'<a href="' + PLAYBOOK + r'/reasons/\1"><code>\1</code></a>', str(told)))  # noqa: S704 - escaped above; NAMED keeps no quote


def reason_href(code: str, program: str = "") -> str:
    """Where a reason is explained: one click from a case."""
    query = f"?{urlencode({'program': program})}" if program else ""
    return f"{PLAYBOOK}/reasons/{code}{query}"


def typology_href(name: str) -> str:
    """Where a kind of fraud is explained."""
    return f"{PLAYBOOK}/typologies/{name}"
