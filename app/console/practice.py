"""Practice: a decision of the demo programme as an analyst sees it, the question what to do, and what it really was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, get_args

from starlette.responses import Response

from app.console.place import HOME, Place
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.playbook.cases import OFFERED, Case, answers, cases, consequence, judged
from app.playbook.loading import load
from app.playbook.shapes import FAMILIES, Move

PRACTICE: Final = f"{HOME}/practice"
PLACE: Final = Place("practice", "Practice", PRACTICE, "view_playbook")
UNANSWERED: Final = 0
"""In the cookie, a byte a case: nothing said yet, else the place of the answer in OFFERED, from 1 on."""
COOKIE_PLACE: Final = b"practice"


class Score(NamedTuple):
    """How it went so far, in cases."""

    answered: int
    best: int
    fine: int


class Practice:
    """Practice cases. What somebody answered is kept in their browser, sealed and bound to their session."""

    def gestures(self) -> list[Gesture]:
        """What can be done here."""
        return [
            Get(PRACTICE, "view_playbook", self.index),
            Get(f"{PRACTICE}/{{id}}", "view_playbook", self.case),
            Post(f"{PRACTICE}/{{id}}", "view_playbook", self.answer),
        ]

    async def index(self, visit: Visit) -> Response:
        """All cases, by family, and the score."""
        said = _said(visit)
        known = load().typologies
        rows = [
            (
                title,
                [
                    (case, _verdict(case, move))
                    for case, move in said
                    if known[case.typology].family == family
                ],
            )
            for family, title in FAMILIES.items()
        ]
        todo = next((case.id for case, move in said if move is None), None)
        return visit.page(
            "playbook/practice.html",
            "Practice",
            rows=rows,
            known=known,
            score=_score(said),
            of=len(said),
            todo=todo,
        )

    async def case(self, visit: Visit) -> Response:
        """A case: the question, or, once it was answered, the answer."""
        case = self._asked(visit)
        said = _said(visit)
        move = next(move for one, move in said if one.id == case.id)
        if "again" in visit.query:
            move = None
        following = _next(case, said)
        return visit.page(
            "playbook/case.html",
            f"Practice case {case.id}",
            case=case,
            typology=load().typologies[case.typology],
            moves=load().moves,
            offered=OFFERED,
            move=move,
            verdict=_verdict(case, move),
            told=None if move is None else consequence(case, move),
            right=answers(case),
            others=[(load().moves[one].title, consequence(case, one)) for one in OFFERED if one != move],
            fine=[load().moves[one].title for one in answers(case).fine],
            things=[(thing.name, thing.told) for thing in case.things],
            score=_score(said),
            following=following,
        )

    async def answer(self, visit: Visit) -> Response:
        """Say what one would do."""
        case = self._asked(visit)
        named = visit.form.text("move")
        move = next((one for one in get_args(Move) if one == named and one in OFFERED), None)
        if move is None:
            raise turned(422, "Choose what you would do.", again=f"{PRACTICE}/{case.id}")
        said = bytes(
            OFFERED.index(move) + 1 if one.id == case.id else _byte(known) for one, known in _said(visit)
        )
        response = visit.back(f"{PRACTICE}/{case.id}")
        sealed = visit.console.sealing.to_text((visit.viewer.session_hash, said), COOKIE_PLACE)
        visit.console.cookies.give(response, "practice", sealed)
        return response

    def _asked(self, visit: Visit) -> Case:
        case = cases().get(visit.path["id"])
        if case is None:
            raise turned(404, "There is no such practice case.")
        return case


def _said(visit: Visit) -> list[tuple[Case, Move | None]]:
    """Every case with this session's answer; none where the cookie is another session's or another release's."""
    known = list(cases().values())
    cookie = visit.console.cookies.read(visit.request, "practice")
    opened = (
        None if cookie is None else visit.console.sealing.of_text(cookie, COOKIE_PLACE, tuple[bytes, bytes])
    )
    if opened is None or opened[0] != visit.viewer.session_hash or len(opened[1]) != len(known):
        return [(case, None) for case in known]
    return [
        (case, OFFERED[byte - 1] if UNANSWERED < byte <= len(OFFERED) else None)
        for case, byte in zip(known, opened[1], strict=True)
    ]


def _byte(move: Move | None) -> int:
    return UNANSWERED if move is None else OFFERED.index(move) + 1


def _verdict(case: Case, move: Move | None) -> str:
    return "" if move is None else judged(case, move)


def _score(said: Sequence[tuple[Case, Move | None]]) -> Score:
    told = [judged(case, move) for case, move in said if move is not None]
    return Score(len(told), told.count("best"), told.count("fine"))


def _next(case: Case, said: Sequence[tuple[Case, Move | None]]) -> str | None:
    """The next unanswered case, going round."""
    ids = [one.id for one, _ in said]
    here = ids.index(case.id)
    round_trip = [*said[here + 1 :], *said[:here]]
    return next((one.id for one, move in round_trip if move is None), None)
