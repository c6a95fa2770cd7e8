"""Acting on members from a case: the consequence first, then done once, with a reason, and taken back where it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from anyio import to_thread
from msgspec import structs
from starlette.responses import Response

from app.acting.ports import Act, Consequence, Done, Effect, Refused
from app.cases.ports import NOTE_MOST, MoveRow
from app.console.cases.asking import DAYS, DECIDING, FOREVER, HOURS, PARAMETERS, Asked, act
from app.console.cases.desk import Desk, Opened, opened
from app.console.cases.shown import LABELS, page
from app.console.cases.things import digest_of, value
from app.console.visit import Visit, turned
from app.playbook.finding import for_typology
from app.reviewing.timeline import timeline
from detectors.typologies import TYPOLOGIES

TOKENS_MOST: Final = 50
"""An account's latest, to choose from."""
ABOUT_TOKENS: Final = frozenset({"revoke_token", "release_token", "reissue_token"})
ABOUT_THINGS: Final = frozenset({"mark_context", "add_to_list"})
STATUS: Final[Mapping[str, int]] = {
    "incomplete": 422, "too_long": 422, "too_late": 422, "forbidden": 403, "unknown": 404,
}  # fmt: skip
"""Of a page that tells a refusal; 409 for the others: the case stands otherwise than was thought."""


async def ask(desk: Desk, visit: Visit) -> Response:
    """What the act would do, and the form to do it."""
    query = visit.request.query_params
    return await _show(desk, visit, Asked(lambda name: query.get(name, ""), query.getlist))


async def do(desk: Desk, visit: Visit) -> Response:
    """Do it. A refusal is told on the same page, computed anew, with everything typed still there."""
    asked = Asked(visit.form.text, visit.form.many)
    case = await opened(desk, visit)
    wanted = await _act(desk, visit, case, asked)
    version = visit.form.number("version")
    done = await desk.acting.do(
        visit.viewer, case.program_id, case.file.case.case_id, wanted,
        -1 if version is None else version, visit.form.text("reason"),
    )  # fmt: skip
    if isinstance(done, Refused):
        return await _show(desk, visit, asked, done)
    undo = f"{case.path}/undo/{done.undo}" if done.undo else ""
    kind, digest = asked.thing
    told = _told(done, _masked(done, wanted.value if kind else None, f"{kind} {digest[:6]}"))
    return visit.back(case.at(), told, "note" if done.proposed or not done.told else "good", undo)


async def undo(desk: Desk, visit: Visit) -> Response:
    """Take an act back."""
    case = await opened(desk, visit)
    done = await desk.acting.undo(visit.viewer, case.program_id, case.file.case.case_id, visit.path["act_id"])
    if isinstance(done, Refused):
        return visit.back(case.at(), done.message, "warn")
    return visit.back(case.at(), f"Taken back. {' '.join(done.sentences[:2])}".strip())


def _told(done: Done, said: Sequence[str]) -> str:
    """A notice is a sentence or two, naming a thing as the console does: the rest is in the record."""
    head = f"{LABELS[done.name]}: " + ("proposed; a second person decides." if done.proposed else "done.")
    if done.repeated:
        head = f"{LABELS[done.name]}: it had been done already."
    later = "" if done.told else " Decisions mind it within a minute; the worker is telling them."
    return " ".join([head, *said[:1]]) + later


async def _act(desk: Desk, visit: Visit, case: Opened, asked: Asked) -> Act:
    """The act asked for, with what the viewer opened where it decides. Raises Turned: 404."""
    if asked.name is None:
        raise turned(404, "There is no such action.", again=case.at())
    found = await to_thread.run_sync(_value, desk, visit, case, asked)
    wanted = act(asked, visit.now_ms, case.file.case.typology, found)
    wanted = structs.replace(wanted, act_id=visit.form.text("act_id"))
    if asked.name not in DECIDING:
        return wanted
    return structs.replace(wanted, evidence=case.looked.evidence, spent_ms=case.looked.spent_ms or None)


def _value(desk: Desk, visit: Visit, case: Opened, asked: Asked) -> str | None:
    """What a mark or a list entry is about: a thing's own value, which its page does not show, or an account."""
    kind, digest = asked.thing
    if asked.name not in ABOUT_THINGS:
        return None
    if not kind:
        return asked.accounts[0] if asked.accounts else case.account.account_id
    found = value(desk, case.program_id, kind, digest_of(kind, digest), visit.viewer.scope)
    if found is None:
        raise turned(
            404, "What it was can no longer be read: the member's data were erased.", again=case.at("things")
        )
    return found


async def _show(desk: Desk, visit: Visit, asked: Asked, refused: Refused | None = None) -> Response:
    case = await opened(desk, visit)
    wanted = await _act(desk, visit, case, asked)
    row = case.file.case
    told, tokens = await asyncio.gather(
        desk.acting.consequence(visit.viewer, case.program_id, row.case_id, wanted),
        to_thread.run_sync(_tokens, desk, visit, case, wanted),
    )
    if isinstance(told, Refused) and told.why == "unknown" and refused is None:
        raise turned(404, told.message, again=case.at())
    against = refused or (told if isinstance(told, Refused) else None)
    since: Sequence[MoveRow] = refused.since if refused is not None else ()
    names = {**case.names, **await to_thread.run_sync(desk.colleagues.names, [one.by for one in since])}
    kind, digest = asked.thing
    secret, name = wanted.value if kind else None, f"{kind} {digest[:6]}"
    return page(
        visit, "case/act.html", case, "", 200 if refused is None else STATUS.get(refused.why, 409),
        act=wanted, label=LABELS[wanted.name], consequence=told if isinstance(told, Consequence) else None,
        said=_masked(told, secret, name), refused=against, since=since, names=names, sent=parameters(asked, wanted),
        by_account=by_account(told, case), chosen=set(asked.accounts), reason=visit.form.text("reason"),
        act_id=desk.acting.new_id(),
        tokens=tokens, hours=HOURS, days=DAYS, forever=FOREVER, most=NOTE_MOST, deciding=wanted.name in DECIDING,
        typologies=sorted((name, known.title if (known := for_typology(name)) else name) for name in TYPOLOGIES),
        proposal=_proposal(case), thing=name if kind else "",
    )  # fmt: skip


def parameters(asked: Asked, wanted: Act) -> list[tuple[str, str]]:
    """What the form sends again, so that what is done is what was shown."""
    sent = [
        (name, asked.one(name)) for name in PARAMETERS if asked.one(name) and name not in {"hours", "until"}
    ]
    if wanted.until_ms is not None:
        sent.append(("until", str(wanted.until_ms)))
    return [*sent, *(("on", one) for one in asked.accounts)]


def by_account(told: Consequence | Refused, case: Opened) -> list[tuple[str, list[Effect]]]:
    """Account → what changes for it; of a ring, so that nobody is acted on unseen."""
    if isinstance(told, Refused) or len(case.file.accounts) < 2:  # noqa: PLR2004 - alone there is nothing to compare
        return []
    found: dict[str, list[Effect]] = {one.account_id: [] for one in case.file.accounts}
    for effect in told.effects:
        if effect.what in found:
            found[effect.what].append(effect)
    return [(account_id, effects) for account_id, effects in found.items() if effects]


def _masked(told: Consequence | Done | Refused, secret: str | None, name: str) -> Sequence[str]:
    """The sentences, naming a thing as the console does: its value is shown by revealing it."""
    if isinstance(told, Refused):
        return []
    return [one.replace(secret, name) if secret else one for one in told.sentences]


def _tokens(desk: Desk, visit: Visit, case: Opened, wanted: Act) -> Sequence[Any]:
    if wanted.name not in ABOUT_TOKENS:
        return ()
    reach = visit.viewer.scope
    return timeline(
        desk.reads.moments, case.program_id, case.account.account_id, limit=TOKENS_MOST, scope=reach, kinds=("token",)
    ).items  # fmt: skip


def _proposal(case: Opened) -> MoveRow | None:
    """What the first of two people wrote."""
    if case.file.case.proposal is None:
        return None
    return next((move for move in reversed(case.file.moves) if move.move == "propose"), None)
