"""The use cases of acts: offered, told before, done, taken back. See `app.acting.ports.Acting`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from anyio import to_thread

from app.acting.after import After
from app.acting.keeping import Acts, Kept, Order
from app.acting.planning import allowed, consequence, planned
from app.acting.ports import (
    ACT_NAMES,
    Act,
    Acting,
    ActName,
    ActRow,
    Consequence,
    Done,
    Effect,
    Offer,
    Refused,
    Standing,
)
from app.acting.seen import Plan, Planned, Seen
from app.acting.telling import sentences
from app.acting.terms import RIGHTS
from app.cases.ports import CaseFile, Scope
from app.ports.instants import Clock
from app.ports.locks import LockRow
from app.problems import Problem
from app.redeeming.issuing import Made
from app.users.viewer import Viewer
from tokens.token import Token
from tokens.who import Who

UNKNOWN: Final = Refused("unknown", "There is no such case.")
NO_RIGHT: Final = "Your role does not include this."
ACT_ID_MOST: Final = 64
"""Characters of an act's id; ours have 28."""
PREVIEWED: Final = "to be seen before it is done"
"""In the place of the reason, which is given when it is done."""
ASKING: Final[dict[ActName, str]] = {
    "judge_pair": "verdict", "mark_context": "value", "add_to_list": "value", "label": "label",
    "hold": "until_ms", "revoke_token": "token_id", "release_token": "token_id", "reissue_token": "token_id",
}  # fmt: skip
"""Acts that ask for more than a reason: possible where that is all that is missing."""


class ActingDesk(Acting):
    """
    The use cases. One per process.

    Args:
        acts: where they are durable.
        after: tells the hot store.
        remake: (token, now) → another in its place, made and not yet issued.
        lock: (programme, account) → how redeeming stands.
        currency: programme → ISO 4217 code of the money its cases are told in.
        clock: milliseconds since 1970-01-01 UTC.
        new_id: prefix → a fresh id.
    """

    def __init__(
        self,
        acts: Acts,
        after: After,
        remake: Callable[[Token, int], Made | Problem],
        lock: Callable[[str, str], LockRow | None],
        currency: Callable[[str], str],
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._acts, self._after, self._remake = acts, after, remake
        self._lock, self._currency, self._clock, self._new_id = lock, currency, clock, new_id

    def new_id(self) -> str:
        return self._new_id("act")

    async def offered(self, viewer: Viewer, file: CaseFile) -> Sequence[Offer]:
        case = file.case
        seen = await self._see(viewer, case.program_id, case.case_id, Act(name="lock"))
        if seen is None:
            return [Offer(name, RIGHTS[name], possible=False, why_not=UNKNOWN.message) for name in ACT_NAMES]
        return [_offer(name, seen, viewer) for name in ACT_NAMES]

    async def consequence(
        self, viewer: Viewer, program_id: str, case_id: str, act: Act
    ) -> Consequence | Refused:
        seen = await self._see(viewer, program_id, case_id, act)
        if seen is None:
            return UNKNOWN
        plan = planned(act, seen, PREVIEWED, viewer)
        return plan if isinstance(plan, Refused) else consequence(act, plan, seen, viewer)

    async def do(
        self, viewer: Viewer, program_id: str, case_id: str, act: Act, version: int, reason: str
    ) -> Done | Refused:
        scope = scope_of(viewer, program_id)
        if scope is None:
            return UNKNOWN
        if not viewer.may(RIGHTS[act.name]):
            return Refused("forbidden", NO_RIGHT, "name")
        if not 0 < len(act.act_id) <= ACT_ID_MOST:
            return Refused("incomplete", "An act has an id.", "act_id")
        made = await self._made(viewer, program_id, case_id, act)
        if isinstance(made, Refused):
            return made
        plans: list[Plan] = []

        def plan(seen: Seen) -> Planned:
            found = planned(act, seen, reason, viewer)
            if isinstance(found, Plan):
                if not allowed(act, found, seen, viewer):
                    return Refused("forbidden", NO_RIGHT, "name", version=seen.case.version)
                plans.append(found)
            return found

        order = Order(act, Who(viewer.actor, viewer.ip_hash), version, reason, plan, made)
        kept = await to_thread.run_sync(self._acts.do, scope, case_id, order, self._clock())
        if isinstance(kept, Refused):
            return kept
        if kept.repeated and (kept.row.actor != viewer.actor or kept.row.name != act.name):
            return Refused("illegal", "That id is another act's.", "act_id")
        return await self._done(kept, plans[-1] if plans and not kept.repeated else None)

    async def undo(self, viewer: Viewer, program_id: str, case_id: str, handle: str) -> Done | Refused:
        scope = scope_of(viewer, program_id)
        if scope is None:
            return UNKNOWN
        who, now_ms = Who(viewer.actor, viewer.ip_hash), self._clock()
        why_not = partial(_not_taken_back, viewer)
        kept = await to_thread.run_sync(self._acts.undo, scope, case_id, handle, who, why_not, now_ms)
        return kept if isinstance(kept, Refused) else await self._done(kept, None)

    async def acts(self, viewer: Viewer, program_id: str, case_id: str) -> Sequence[ActRow]:
        scope = scope_of(viewer, program_id)
        if scope is None or not viewer.may("view_case"):
            return []
        return await to_thread.run_sync(self._acts.acts, scope, case_id)

    async def standing(self, viewer: Viewer, program_id: str, account_id: str) -> Standing:
        if scope_of(viewer, program_id) is None:
            return "open"

        def look() -> Standing:
            if self.is_closed(program_id, account_id):
                return "closed"
            row = self._lock(program_id, account_id)
            return "locked" if row is not None and row.locked else "open"

        return await to_thread.run_sync(look)

    def is_closed(self, program_id: str, account_id: str) -> bool:
        """Whether two people closed an account. Synchronous. Raises RecordAway."""
        return self._acts.is_closed(program_id, account_id)

    async def _see(self, viewer: Viewer, program_id: str, case_id: str, act: Act) -> Seen | None:
        scope = scope_of(viewer, program_id)
        if scope is None or not viewer.may("view_case"):
            return None
        who = Who(viewer.actor, viewer.ip_hash)
        return await to_thread.run_sync(self._acts.see, scope, case_id, act, who, self._clock())

    async def _made(self, viewer: Viewer, program_id: str, case_id: str, act: Act) -> Made | Refused | None:
        """The token to be issued, where the act issues one; made before, since it asks for the keys of the day."""
        if act.name != "reissue_token":
            return None
        seen = await self._see(viewer, program_id, case_id, act)
        if seen is None:
            return UNKNOWN
        plan = planned(act, seen, PREVIEWED, viewer)
        if isinstance(plan, Refused) or seen.token is None:
            return None  # the same is found where it is done, or it was done before
        made = await to_thread.run_sync(self._remake, seen.token, seen.now_ms)
        return Refused("impossible", made.detail, "token_id") if isinstance(made, Problem) else made

    async def _done(self, kept: Kept, plan: Plan | None) -> Done:
        row = kept.row
        told = await self._after.tell(row.program_id, kept.steps)
        back = row.state == "undone"
        effects = _backwards(row.effects) if back else row.effects if plan is None else plan.effects
        spoken = Plan(whom=tuple(row.account_ids), effects=tuple(effects)) if plan is None else plan
        return Done(
            act_id=row.act_id, name=row.name, sentences=sentences(spoken, self._currency(row.program_id)),
            effects=effects,
            undo=row.act_id if row.can_undo else None, proposed=row.state == "proposed", told=told,
            repeated=kept.repeated, version=kept.version,
        )  # fmt: skip


def scope_of(viewer: Viewer, program_id: str) -> Scope | None:
    """The viewer's part of a programme; None where none of it is theirs."""
    scope = viewer.scope
    if scope.programs is not None and program_id not in scope.programs:
        return None
    return Scope(program_id, scope.partners, scope.stores)


def _offer(name: ActName, seen: Seen, viewer: Viewer) -> Offer:
    right = RIGHTS[name]
    if not viewer.may(right):
        return Offer(name, right, possible=False, why_not=NO_RIGHT)
    act = Act(name=name)
    plan = planned(act, seen, PREVIEWED, viewer)
    if isinstance(plan, Plan):
        possible = allowed(act, plan, seen, viewer)
        return Offer(name, plan.right, possible=possible, why_not="" if possible else NO_RIGHT)
    asks = name in ASKING and plan.why in {"incomplete", "unknown"} and plan.field != "account_ids"
    if asks and name.endswith("_token") and not seen.tokens:
        return Offer(name, right, possible=False, why_not="None of these accounts has a token that is live.")
    return Offer(name, right, possible=asks, why_not="" if asks else plan.message)


def _not_taken_back(viewer: Viewer, row: ActRow) -> Refused | None:
    """Why this person may not take this act back."""
    if not viewer.may(RIGHTS[row.name]):
        return Refused("forbidden", NO_RIGHT, "handle")
    if not row.can_undo or row.state != "done":
        return Refused("not_undoable", "This cannot be taken back.", "handle")
    if row.actor != viewer.actor and not viewer.may("approve"):
        return Refused("not_undoable", "Who did it takes it back, or a senior.", "handle")
    return None


def _backwards(effects: Sequence[Effect]) -> Sequence[Effect]:
    """What taking an act back changes: not what was let go or revoked, nor what a newer word has replaced."""
    lasting = {"token", "held_reward"}
    return [
        Effect(one.kind, one.what, one.after, one.before)
        for one in reversed(effects)
        if one.kind not in lasting and one.after != "let go"
    ]
