"""
Acts as values: what can be done from a case, what would come of it, what was done.

Instants are milliseconds since 1970-01-01 UTC, money is in minor units of the programme's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, get_args

from msgspec import Struct

from app.cases.ports import CaseFile, MoveRow
from app.feedback.ports import ContextKind, ContextName, LabelName, PairVerdict
from app.ports.lists import ListName
from app.users.rights import Action
from app.users.viewer import Viewer

ActName = Literal[
    "release", "block", "close_account", "approve", "reject", "hold", "lock", "unlock", "step_up", "revoke_token",
    "release_token", "reissue_token", "judge_pair", "mark_context", "add_to_list", "label",
]  # fmt: skip
"""
release:       honest: label, let go what is held, unlock what was locked for this case, close as legitimate.
block:         fraud or abuse: label, revoke live tokens, lock redeeming, block list, close as that.
close_account: the same for good; a second person approves.
approve, reject: what another proposed.
hold:          held points stay held until then.
lock, unlock:  redeeming, at these accounts.
step_up:       redeeming is off until the member proves who they are.
revoke_token, release_token, reissue_token: one token. `release_token` lets a held reward go on.
judge_pair:    a duplicate confirmed, a household released, accounts unlinked.
mark_context:  a thing or place that many honest members share.
add_to_list, label: as said.
"""
ACT_NAMES: Final[tuple[ActName, ...]] = get_args(ActName)
ListKind = Literal["account", "device", "ip", "payment", "email", "phone", "address"]
TellsIn = Literal["en", "de"]


class Act(Struct, frozen=True, kw_only=True):
    """
    An act as asked for. Only `name` and, to do it, `act_id` are always needed.

    act_id:      made with the form (`ActingDesk.new_id()`): the same act asked for again is done once.
    account_ids: whom of the case; empty: all of its accounts. Two or more for `judge_pair`.
    token_id:    of `revoke_token`, `release_token`, `reissue_token`.
    kind, value: of `mark_context` and `add_to_list`: what. `context`: as what.
    list_name:   of `add_to_list`: which.
    label:       of `label`, and of `block`: `fraud` (as it is where left out) or `policy_abuse`.
    typology:    of `label`, `block` and `close_account`; left out, the case's own.
    verdict:     of `judge_pair`: `same_person` confirms, `household` and `unrelated` release.
    until_ms:    of `hold`.
    expires_ms:  of `block`, `add_to_list`, `mark_context`, `judge_pair`: when that ends. None: as is usual, see
                 `app.acting.terms`; `forever` says that it never ends, where that is possible.
    evidence, spent_ms: of acts that decide the case, as in `app.cases.ports.Wish`.
    """

    name: ActName
    act_id: str = ""
    account_ids: tuple[str, ...] = ()
    token_id: str | None = None
    kind: ListKind | ContextKind | None = None
    value: str | None = None
    context: ContextName | None = None
    list_name: ListName | None = None
    label: LabelName | None = None
    typology: str | None = None
    verdict: PairVerdict | None = None
    until_ms: int | None = None
    expires_ms: int | None = None
    forever: bool = False
    evidence: tuple[str, ...] = ()
    spent_ms: int | None = None


EffectKind = Literal[
    "case", "redeeming", "account", "label", "list", "token", "held_points", "held_reward", "pair", "context"
]


class Effect(Struct, frozen=True):
    """
    One thing that changes: of what kind, which (an account, a token, a decision, a case, two accounts as `a|b`, a list
    entry as `list:kind:value`), what it is before and after. `before` is empty where there was nothing.
    """

    kind: EffectKind
    what: str
    before: str
    after: str


class Consequence(Struct, frozen=True, kw_only=True):
    """
    What an act would do, computed from what stands now; nothing is done.

    sentences:   for the analyst, the weightiest first.
    effects:     the same, one by one: exactly what `do` changes.
    stays:       sentences on what taking the act back leaves as it is; for acts that cannot be taken back at all, why.
    accounts, tokens, decisions, points, value_minor: how many are touched, points let go, paid out or destroyed, and
                 their worth.
    told:        language → what the member sees or gets; empty: nothing.
    right:       which right it needs. `allowed`: whether the viewer has it.
    needs_second: it is proposed, and another person approves.
    can_undo:    whether it can be taken back; `undo_by` says who may and until when, in words.
    version:     of the case this was computed from: send it with `do`.
    """

    name: ActName
    sentences: Sequence[str]
    effects: Sequence[Effect] = ()
    stays: Sequence[str] = ()
    accounts: int = 0
    tokens: int = 0
    decisions: int = 0
    points: int = 0
    value_minor: int = 0
    told: Mapping[TellsIn, str] = {}
    right: Action = "work_case"
    allowed: bool = True
    needs_second: bool = False
    can_undo: bool = False
    undo_by: str = ""
    version: int = 0


Why = Literal[
    "unknown", "forbidden", "stale", "illegal", "taken", "not_yours", "same_person", "needs_second", "incomplete",
    "too_long", "too_late", "impossible", "not_undoable", "open_elsewhere",
]  # fmt: skip


class Refused(Struct, frozen=True):
    """
    Why nothing was done, as a value.

    message: a sentence for people. `field`: the field of the act (or `reason`, `version`) it is about; empty: none.
    since:   of `stale`: the moves made since that version. `version`: of the case as it stands; 0: not known.
    """

    why: Why
    message: str
    field: str = ""
    since: Sequence[MoveRow] = ()
    version: int = 0


class Done(Struct, frozen=True, kw_only=True):
    """
    What was done, durably.

    act_id:   by which it is found again, and `undo` takes it back; `undo` is the same where it can be, else None.
    proposed: it waits for a second person; nothing has happened to the member.
    told:     whether every decision minds it from now on. False: the hot store was away; the worker tells it.
    repeated: it had been done before, by the same `act_id`.
    version:  of the case after it.
    """

    act_id: str
    name: ActName
    sentences: Sequence[str]
    effects: Sequence[Effect]
    undo: str | None = None
    proposed: bool = False
    told: bool = True
    repeated: bool = False
    version: int = 0


class Offer(Struct, frozen=True):
    """Whether an act makes sense now. `why_not`: a sentence where it does not, or where the right is missing."""

    name: ActName
    right: Action
    possible: bool
    why_not: str = ""


ActState = Literal["done", "proposed", "rejected", "undone"]


class ActRow(Struct, frozen=True, kw_only=True):
    """An act as kept, for the case's story. `reason` is None where the member's data were erased."""

    act_id: str
    case_id: str
    program_id: str
    name: ActName
    state: ActState
    actor: str
    at_ms: int
    version: int
    reason: str | None
    account_ids: Sequence[str]
    effects: Sequence[Effect]
    can_undo: bool
    undone_by: str | None = None
    undone_ms: int | None = None


Standing = Literal["open", "locked", "closed"]
"""`closed`: two people decided so, and nobody took it back; it neither earns nor redeems."""


class Acting(Protocol):
    """
    What the console asks. Every right, the scope and the case's version are checked here as well. Each raises
    RecordAway: nothing was done then.

    `program_id`: of the case. A case the viewer may not see is `unknown`, like one that is not there.
    """

    def new_id(self) -> str:
        """Of an act, to be put into its form."""
        ...

    async def offered(self, viewer: Viewer, file: CaseFile) -> Sequence[Offer]:
        """Every act there is, and whether it makes sense for this case, now, by this viewer."""
        ...

    async def consequence(
        self, viewer: Viewer, program_id: str, case_id: str, act: Act
    ) -> Consequence | Refused:
        """What the act would do; where the viewer lacks the right it is told all the same, `allowed` being False."""
        ...

    async def do(
        self, viewer: Viewer, program_id: str, case_id: str, act: Act, version: int, reason: str
    ) -> Done | Refused:
        """Do it, once for each `act_id`, if the case still stands at this version."""
        ...

    async def undo(self, viewer: Viewer, program_id: str, case_id: str, handle: str) -> Done | Refused:
        """Take an act back by `Done.undo` (or `ActRow.act_id`), as far as it can be."""
        ...

    async def acts(self, viewer: Viewer, program_id: str, case_id: str) -> Sequence[ActRow]:
        """What was done from this case, oldest first; nothing where the viewer may not see it."""
        ...

    def is_closed(self, program_id: str, account_id: str) -> bool:
        """Whether two people closed an account. Synchronous. Raises RecordAway."""
        ...

    async def standing(self, viewer: Viewer, program_id: str, account_id: str) -> Standing:
        """Whether an account is open, locked or closed."""
        ...
