"""Taking a case, keeping it and letting it go."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from starlette.responses import Response

from app.cases.ports import Case, Refusal, Wish
from app.console.cases.desk import Desk, the_file
from app.console.cases.moves import who
from app.console.may_move import turned_down
from app.console.programmes import scope_of
from app.console.telling import span
from app.console.visit import Visit, turned

DONE: Final = {
    "claim": "It is yours for {}.",
    "renew": "Yours for {} more.",
    "let_go": "It is back in the queue.",
}


async def lease(desk: Desk, visit: Visit) -> Response:
    """Claim, renew or let go, as the button says; whoever else has the case is named."""
    what = visit.form.text("what")
    file = await the_file(desk, visit)
    case, back = file.case, visit.form.text("back")
    here = f"/console/cases/{case.case_id}"
    to = back if back == here or back.startswith((here + "/", here + "?")) else here
    refusal = turned_down(
        visit.viewer, case, Wish(move="let_go" if what == "let_go" else "claim"), visit.now_ms
    )
    done = refusal or await _lease(desk, visit, case, what)
    if isinstance(done, Refusal):
        return visit.back(to, done.message, "warn")
    left = span(max(0, (done.lease_ms or visit.now_ms) - visit.now_ms + 30_000))
    undo = f"{here}/unmove/{done.version}" if what != "renew" and done.version > case.version else ""
    return visit.back(to, DONE[what].format(left), undo=undo)


def _lease(desk: Desk, visit: Visit, case: Case, what: str) -> Awaitable[Case | Refusal]:
    scope = scope_of(visit, case.program_id)
    if what == "claim":
        return desk.cases.claim(scope, case.case_id, who(visit))
    if what == "renew":
        return desk.cases.renew(scope, case.case_id, who(visit))
    if what == "let_go":
        return desk.cases.move(scope, case.case_id, who(visit), Wish(move="let_go"), case.version)
    raise turned(422)
