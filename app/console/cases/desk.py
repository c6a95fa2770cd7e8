"""What the pages of a case ask, and how each begins: find the case in the viewer's scope, note what is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from anyio import to_thread

from app.acting.ports import Acting, Offer
from app.cases.desk import CaseDesk
from app.cases.ports import CaseAccount, CaseFile
from app.charts.drawing import DrawingRoom
from app.console.cases.looks import Looked, Looks
from app.console.colleagues import Colleagues
from app.console.place import HOME
from app.console.programmes import scope_of
from app.console.visit import Visit, turned
from app.ports.record import RecordAway
from app.reviewing.balance import Moves
from app.reviewing.graph import Neighbours
from app.reviewing.panels import ContextOf, Uses
from app.reviewing.revealing import Sealed
from app.reviewing.timeline import Moments
from app.reviewing.why import Why
from app.users.rights import Scope as Reach

CASES: Final = f"{HOME}/cases"


class Asks(Protocol):
    """`app.reviewing.asking_why.Asker`."""

    async def why(self, program_id: str, decision_id: str, scope: Reach) -> Why | None: ...


class Using(Uses, Neighbours, Protocol):
    """Who used what, and who is around whom."""


class Reads(Protocol):
    """The read models: `app.composition.reviewing.Reviewing`."""

    @property
    def moments(self) -> Moments: ...
    @property
    def moves(self) -> Moves: ...
    @property
    def uses(self) -> Using: ...
    @property
    def shown(self) -> Sealed: ...
    @property
    def asker(self) -> Asks: ...
    @property
    def room(self) -> DrawingRoom: ...
    def contexts(self, program_id: str, now_ms: int) -> ContextOf: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a case's pages ask."""

    cases: CaseDesk
    reads: Reads
    acting: Acting
    colleagues: Colleagues
    looks: Looks


@dataclass(frozen=True, slots=True)
class Opened:
    """
    A case somebody has before them.

    account: the one of its accounts that the page is about.
    looked:  what the viewer opened of it so far, this page included.
    names:   actor → how to call them.
    """

    file: CaseFile
    account: CaseAccount
    looked: Looked
    offers: Sequence[Offer]
    names: Mapping[str, str]

    @property
    def program_id(self) -> str:
        """The programme."""
        return self.file.case.program_id

    @property
    def path(self) -> str:
        """Of the case's first page."""
        return path_of(self.file.case.case_id)

    def at(self, below: str = "", **asked: Any) -> str:
        """A page of this case, about the same account."""
        whole = {"account": self.account.account_id} if len(self.file.accounts) > 1 else {}
        query = urlencode({**whole, **asked}, doseq=True)
        return f"{self.path}{'/' + below if below else ''}{'?' + query if query else ''}"


def path_of(case_id: str) -> str:
    """Where a case is shown."""
    return f"{CASES}/{quote(case_id, safe='')}"


async def the_file(desk: Desk, visit: Visit) -> CaseFile:
    """
    The case of the path.

    Raises:
        Turned: 404: it is not there, or not theirs.
        RecordAway: The database did not answer.
    """
    case_id = visit.path["case_id"]
    program_id = await to_thread.run_sync(desk.looks.program_of, case_id)
    limit = visit.viewer.scope.programs
    if program_id is None or (limit is not None and program_id not in limit):
        raise turned(404)
    file = await desk.cases.get(scope_of(visit, program_id), case_id)
    if file is None:
        raise turned(404)
    return file


async def opened(desk: Desk, visit: Visit, what: str = "") -> Opened:
    """
    The case of the path with what its frame shows; that `what` was looked at is noted, `""` notes nothing.

    Raises: as `the_file`.
    """
    file = await the_file(desk, visit)
    account = _account(file, visit.query.get("account", ""))
    looked, offers, names = await asyncio.gather(
        to_thread.run_sync(_look, desk, visit, file.case.case_id, what),
        desk.acting.offered(visit.viewer, file),
        to_thread.run_sync(desk.colleagues.names, _actors(file)),
    )
    return Opened(file, account, looked, offers, names)


async def noted(desk: Desk, visit: Visit, case: Opened, what: str) -> Opened:
    """The same, with `what` among what was looked at: of pages that know only after reading whether there is anything."""
    return replace(case, looked=await to_thread.run_sync(_look, desk, visit, case.file.case.case_id, what))


def _look(desk: Desk, visit: Visit, case_id: str, what: str) -> Looked:
    """A look that cannot be noted does not close the page: it counts for less, which its reader sees."""
    user_id = visit.viewer.user_id
    if what and visit.viewer.may("work_case"):
        with suppress(RecordAway):
            desk.looks.look(case_id, user_id, what, visit.now_ms)
    return desk.looks.looked(case_id, user_id)


def _account(file: CaseFile, asked: str) -> CaseAccount:
    wanted = asked or file.case.account_id
    found = next((one for one in file.accounts if one.account_id == wanted), None)
    if found is None and asked:
        raise turned(404, "That account is not one of this case's.")
    if found is None and file.accounts:
        return file.accounts[0]
    return found or CaseAccount(
        file.case.account_id, "merged", file.case.opened_ms, 0.0, 0, 0, 0, 0, 0, 0, file.case.typology
    )


def _actors(file: CaseFile) -> Collection[str]:
    told: Iterable[str | None] = (
        file.case.assignee, file.case.proposed_by, file.case.closed_by,
        *(note.by for note in file.notes), *(move.by for move in file.moves),
        *(str(move.detail["assignee"]) for move in file.moves if move.detail.get("assignee")),
    )  # fmt: skip
    return {one for one in told if one}
