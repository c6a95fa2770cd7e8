"""Devices, addresses, payment instruments and contacts of an account, and who else used one of them."""

from __future__ import annotations

import binascii
from typing import Final

from anyio import to_thread
from starlette.responses import Response

from app.console.cases.desk import Desk, noted, opened
from app.console.cases.shown import page
from app.console.visit import Visit, turned
from app.reviewing.panels import KINDS, TITLES, Use, panels, value_of
from app.users.rights import Scope

USERS_MOST: Final = 200
"""Accounts shown of one thing: more are a context or an attack, and their number says it."""
MARKED: Final = ("device", "ip", "payment")
"""Kinds that can be marked as shared: contacts are a person's."""


async def things_page(desk: Desk, visit: Visit) -> Response:
    """Everything the account used."""
    case = await opened(desk, visit, "things")

    def read() -> dict[str, list[object]]:
        context_of = desk.reads.contexts(case.program_id, visit.now_ms)
        given = case.program_id, case.account.account_id, visit.viewer.scope
        return dict(panels(desk.reads.uses, context_of, *given))  # type: ignore[arg-type]

    found = await to_thread.run_sync(read)
    return page(visit, "case/things.html", case, "things", kinds=found, titles=TITLES, marked=MARKED)


async def thing_page(desk: Desk, visit: Visit) -> Response:
    """Who used one thing, and what it is marked as."""
    kind, digest = visit.path["kind"], digest_of(visit.path["kind"], visit.path["digest"])
    case = await opened(desk, visit)
    context, users = await to_thread.run_sync(_users, desk, visit, case.program_id, kind, digest)
    if not users:
        raise turned(404, again=case.at("things"))
    case = await noted(desk, visit, case, f"{kind} {digest.hex()[:6]}")
    mine = {one.account_id for one in case.file.accounts}
    return page(
        visit, "case/thing.html", case, "things", kind=kind, digest=digest.hex(), name=users[0].name,
        title_of_kind=TITLES[kind], users=users, context=context, mine=mine, can_mark=kind in MARKED,
        most=USERS_MOST,
    )  # fmt: skip


def _users(
    desk: Desk, visit: Visit, program_id: str, kind: str, digest: bytes
) -> tuple[str | None, list[Use]]:
    found = desk.reads.uses.of_identifier(program_id, kind, digest, USERS_MOST, visit.viewer.scope)
    context = desk.reads.contexts(program_id, visit.now_ms)(program_id, kind, digest)
    return context, list(found)


def digest_of(kind: str, text: str) -> bytes:
    """The keyed hash out of an address. Raises Turned: 404."""
    try:
        digest = binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        digest = b""
    if kind not in KINDS or not digest:
        raise turned(404)
    return digest


def value(desk: Desk, program_id: str, kind: str, digest: bytes, scope: Scope) -> str | None:
    """The thing itself, out of the latest event that can still be opened; None where there is none. Not to be shown."""
    for use in desk.reads.uses.of_identifier(program_id, kind, digest, USERS_MOST, scope):
        event = desk.reads.shown.event(program_id, use.account_id, use.decision_id)
        found = None if event is None else value_of(event, kind)
        if found is not None:
            return found
    return None
