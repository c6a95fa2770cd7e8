"""The case's record: who did what, notes, what was said before; and writing a note."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.acting.ports import ActRow
from app.cases.ports import NOTE_MOST, Case, Filter, Refusal
from app.console.cases.desk import Desk, Opened, opened
from app.console.cases.moves import who
from app.console.cases.shown import page
from app.console.programmes import scope_of
from app.console.visit import Visit
from app.reviewing.timeline import Kind, Moment, timeline

SAID: Final[tuple[Kind, ...]] = ("label", "lock", "token", "redemption", "step_up")
SAID_MOST: Final = 30
"""The latest; all are in the timeline."""
EARLIER_MOST: Final = 20
"""Other cases of the account."""


async def record_page(desk: Desk, visit: Visit) -> Response:
    """The record."""
    case = await opened(desk, visit, "record")
    return await _record(desk, visit, case)


async def write_note(desk: Desk, visit: Visit) -> Response:
    """Keep a note, sealed. One that is empty or too long comes back to its author with everything typed."""
    case = await opened(desk, visit)
    text = visit.form.text("text")
    fault = "" if text else "Write something first."
    if not fault:
        done = await desk.cases.note(
            scope_of(visit, case.program_id), case.file.case.case_id, who(visit), text
        )
        if not isinstance(done, Refusal):
            return visit.back(case.at("record") + "#notes", "The note is kept.")
        fault = done.message
    return await _record(desk, visit, case, typed=text, fault=fault, status=422)


async def _record(
    desk: Desk, visit: Visit, case: Opened, *, typed: str = "", fault: str = "", status: int = 200
) -> Response:
    account_id = case.account.account_id

    def said() -> Sequence[Moment]:
        return timeline(
            desk.reads.moments, case.program_id, account_id, limit=SAID_MOST, scope=visit.viewer.scope, kinds=SAID
        ).items  # fmt: skip

    other, moments, acts = await asyncio.gather(
        earlier(desk, visit, case),
        to_thread.run_sync(said),
        desk.acting.acts(visit.viewer, case.program_id, case.file.case.case_id),
    )
    names = await to_thread.run_sync(desk.colleagues.names, _doers(acts))
    return page(
        visit, "case/record.html", case, "record", status,
        earlier=other, said=moments, acts=list(reversed(acts)), names={**case.names, **names},
        typed=typed, fault=fault, most=NOTE_MOST,
    )  # fmt: skip


async def earlier(desk: Desk, visit: Visit, case: Opened) -> list[Case]:
    """Other cases of the account, the newest first."""
    wanted = Filter(account_id=case.account.account_id)
    scope = scope_of(visit, case.program_id)
    found = await desk.cases.list(scope, wanted, "opened", limit=EARLIER_MOST)
    return [one for one in found.items if one.case_id != case.file.case.case_id]


def _doers(acts: Sequence[ActRow]) -> list[str]:
    return [one for act in acts for one in (act.actor, act.undone_by) if one]
