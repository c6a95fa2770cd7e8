"""Moves of the case itself that touch no member: each through a page that tells what it leads to."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.cases.ports import NOTE_MOST, Refusal, Wish
from app.cases.states import MoveName, after
from app.console.case_words import DECIDED, STATES
from app.console.cases.desk import Desk, Opened, opened
from app.console.cases.looks import Looked
from app.console.cases.offering import TITLES
from app.console.cases.shown import page
from app.console.may_move import turned_down
from app.console.programmes import scope_of
from app.console.telling import HOUR_MS, when
from app.console.visit import Visit, turned
from tokens.who import Who

WAITS: Final = (4, 24, 72, 168, 720)
"""Hours a case may be set to wait, to choose from; 30 days at most (`app.cases.moving`)."""
LEADS: Final[dict[MoveName, str]] = {
    "escalate": "A senior takes it from here; it leaves your queue. Nothing changes for the member.",
    "wait": "It leaves the queue until then, and comes back by itself. Holds go on as they are.",
    "wake": "It goes back to the queue, for anybody to take.",
    "assign": "It is theirs for eight hours; after that anybody may take it.",
    "split": "The accounts you mark leave this case for one of their own, which begins open.",
    "close": "The case is closed with what you say it was. Nothing else is done: no label, no lock, no list.",
    "reopen": "It goes back to the queue with a new deadline.",
}  # fmt: skip
REASONED: Final = frozenset[MoveName]({"escalate", "close", "reopen", "split"})
"""Where somebody must say why. The desk asks it of `close` and `reopen`; the other two leave work to others."""
DECIDING: Final = frozenset[MoveName]({"close"})


async def ask(desk: Desk, visit: Visit) -> Response:
    """What the move leads to, and its form."""
    case = await opened(desk, visit)
    return await _form(desk, visit, case, _move(visit.query.get("name", "")))


async def make(desk: Desk, visit: Visit) -> Response:
    """Make the move. Somebody else's move meanwhile answers 409, with what changed and what was typed."""
    move = _move(visit.form.text("name"))
    case = await opened(desk, visit)
    row, version = case.file.case, visit.form.number("version")
    wish = _wish(visit, move, case)
    refusal = turned_down(visit.viewer, row, wish, visit.now_ms)
    if refusal is None and move in REASONED and not wish.reason:
        refusal = Refusal("incomplete", "Say why: whoever takes it up next reads it.", "reason")
    if refusal is None and move == "assign":
        workers = await to_thread.run_sync(desk.colleagues.workers, case.program_id, visit.now_ms)
        if wish.assignee not in dict(workers):
            refusal = Refusal("incomplete", "Choose somebody who works on this programme.", "assignee")
    if refusal is None:
        done = await desk.cases.move(
            scope_of(visit, case.program_id),
            row.case_id,
            who(visit),
            wish,
            -1 if version is None else version,
        )
        if not isinstance(done, Refusal):
            undo = f"{case.path}/unmove/{done.version}" if done.version > row.version else ""
            told = f"{TITLES[move]}: done. It is {STATES[done.state].lower()} now."
            return visit.back(case.at(), told, undo=undo)
        refusal = done
    return await _form(desk, visit, case, move, refusal)


async def undo(desk: Desk, visit: Visit) -> Response:
    """Take back one's own last move."""
    case = await opened(desk, visit)
    text = visit.path["version"]
    version = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1  # noqa: PLR2004 - 64 bits
    done = await desk.cases.undo(
        scope_of(visit, case.program_id), case.file.case.case_id, who(visit), version
    )
    if isinstance(done, Refusal):
        return visit.back(case.at(), done.message, "warn")
    return visit.back(case.at(), f"Taken back. It is {STATES[done.state].lower()} again.")


def who(visit: Visit) -> Who:
    """The viewer, as moves and the audit name them."""
    return Who(visit.viewer.actor, visit.viewer.ip_hash)


def _move(name: str) -> MoveName:
    found = next((move for move in TITLES if move == name), None)
    if found is None:
        raise turned(404, "There is no such move.")
    return found


def _wish(visit: Visit, move: MoveName, case: Opened) -> Wish:
    hours = visit.form.number("hours")
    resolution = next((name for name, _ in DECIDED if name == visit.form.text("resolution")), None)
    looked = case.looked if move in DECIDING else Looked()
    return Wish(
        move=move,
        reason=visit.form.text("reason") or None,
        until_ms=visit.now_ms + hours * HOUR_MS
        if move == "wait" and hours and 0 < hours <= WAITS[-1]
        else None,
        waiting_for="member" if visit.form.text("waiting_for") == "member" else "other",
        assignee=visit.form.text("assignee") or None,
        resolution=resolution,
        evidence=looked.evidence,
        spent_ms=looked.spent_ms or None,
        account_ids=tuple(visit.form.many("leaves")),
    )


async def _form(
    desk: Desk, visit: Visit, case: Opened, move: MoveName, refusal: Refusal | None = None
) -> Response:
    row, form = case.file.case, visit.form
    if after(row.state, move, escalated=row.escalated) is None and refusal is None:
        raise turned(409, f"A case that is {STATES[row.state].lower()} cannot do this.", again=case.at())
    workers = (
        await to_thread.run_sync(desk.colleagues.workers, case.program_id, visit.now_ms)
        if move == "assign"
        else ()
    )
    since = refusal.since if refusal is not None else ()
    names = {**case.names, **await to_thread.run_sync(desk.colleagues.names, [one.by for one in since])}
    status = {None: 200, "incomplete": 422, "too_long": 422, "too_late": 422}.get(
        None if refusal is None else refusal.why, 409
    )
    return page(
        visit, "case/move.html", case, "", status,
        move=move, title_of_move=TITLES[move], lead=LEADS[move], refusal=refusal, since=since, names=names,
        typed=form, workers=workers, waits=[(str(one), _hours(one)) for one in WAITS], decided=DECIDED,
        wants_reason=move in REASONED, most=NOTE_MOST, deciding=move in DECIDING, when_told=when,
    )  # fmt: skip


def _hours(hours: int) -> str:
    return f"{hours} hours" if hours < 72 else f"{hours // 24} days"  # noqa: PLR2004 - three days
