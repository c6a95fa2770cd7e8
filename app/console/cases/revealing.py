"""Personal data in clear: an act with a reason, written into the audit before anything is shown, on one page once."""

from __future__ import annotations

from functools import partial
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.cases.desk import Desk, opened
from app.console.cases.moves import who
from app.console.cases.shown import page
from app.console.cases.things import digest_of
from app.console.visit import Visit, turned
from app.reviewing.account import FIELDS
from app.reviewing.panels import SHOWN
from app.reviewing.revealing import REASONS, reveal_identifier, reveal_profile

REASON_TEXTS: Final = {
    "case_review": "To decide this case", "member_request": "The member asks about it",
    "identity_check": "To make sure who it is", "legal_request": "An authority asks for it",
}  # fmt: skip


async def reveal(desk: Desk, visit: Visit) -> Response:
    """Show fields of the profile, or one thing the account used."""
    case = await opened(desk, visit)
    reason = next((one for one in REASONS if one == visit.form.text("reason")), None)
    thing = visit.form.text("thing")
    fields = [name for name in FIELDS if name in visit.form.many("field")]
    if reason is None or (not fields and not thing):
        raise turned(422, "Mark what you need to see, and say why. Nothing was shown.", again=case.at())
    account_id = next(
        (one.account_id for one in case.file.accounts if one.account_id == visit.form.text("of")), None
    )
    if account_id is None:
        raise turned(404, again=case.at())
    if thing:
        kind, _, text = thing.partition(":")
        digest = digest_of(kind, text)
        its = await to_thread.run_sync(
            desk.reads.uses.of_account, case.program_id, account_id, SHOWN, visit.viewer.scope
        )
        use = next((one for one in its if (one.kind, one.digest) == (kind, digest)), None)
        if use is None:
            raise turned(404, again=case.at("things"))
        ask = partial(
            reveal_identifier,
            desk.reads.shown,
            case.program_id,
            account_id,
            use.decision_id,
            kind,
            who=who(visit),
            reason=reason,
            now_ms=visit.now_ms,
        )
        told = await to_thread.run_sync(ask)
        rows = [(use.name, told)]
    else:
        show = partial(
            reveal_profile,
            desk.reads.shown,
            case.program_id,
            account_id,
            fields,
            who=who(visit),
            reason=reason,
            now_ms=visit.now_ms,
        )
        found = await to_thread.run_sync(show)
        rows = [(name.replace("_", " "), found.get(name)) for name in fields]
    return page(
        visit, "case/revealed.html", case, "", rows=rows, why_shown=REASON_TEXTS[reason], of=account_id
    )
