"""An account seen from all sides: what stands, what was earned and burned, and everything that hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from app.cases.ports import Case, Filter, Order
from app.cases.ports import Scope as CaseScope
from app.feedback.ports import PairRow, PairVerdict
from app.ports.journal import Action, Outcome
from app.ports.locks import LockRow
from app.ports.record import Page
from app.ports.rows import AccountRow
from app.reviewing.account import PROFILES, Earning, Members, earning, latest, mask
from app.reviewing.balance import MOVES_SHOWN, Balance, Moves, balances
from app.reviewing.counting import DAY_MS
from app.reviewing.graph import Link, Neighbours
from app.reviewing.panels import ContextOf, Item, Uses, panels
from app.reviewing.timeline import Moment, Moments
from app.users.rights import Scope
from detectors.snapshot import Segment

SHOWN: Final = 20
"""Of decisions, tokens, challenges, labels, cases: a screen. The timeline has all of them."""
LINKS_SHOWN: Final = 50


class DecisionLine(NamedTuple):
    """A decision of an account. `decision` is how it stands now, `reasons` codes, the weightiest first."""

    decision_id: str
    at_ms: int
    type: str
    points: int | None
    decision: Action
    risk_score: float
    source: str
    outcome: Outcome | None
    reasons: tuple[str, ...]


class TokenLine(NamedTuple):
    """A one-time token of an account. `held_ms`: since when its reward waits for a person, where it does."""

    token_id: str
    purpose: str
    state: str
    points: int | None
    face_value_minor: int | None
    currency: str | None
    issued_ms: int
    expires_ms: int
    ended_ms: int | None
    held_ms: int | None


class ChallengeLine(NamedTuple):
    """A decision that asked the member to prove who they are. `passed_ms` is None while they have not."""

    decision_id: str
    at_ms: int
    type: str
    points: int | None
    passed_ms: int | None
    method: str | None


class Linked(NamedTuple):
    """Another account found to be the same hand, or said to be something to this one."""

    account_id: str
    probability: float
    evidence: tuple[tuple[str, str, float], ...]
    found_ms: int | None
    verdict: PairVerdict | None
    author: str = ""
    judged_ms: int | None = None
    expires_ms: int | None = None
    reason: str | None = None


class Overview(NamedTuple):
    """
    Everything about one account, nothing personal in clear.

    totals:  None where nothing was recorded (it was locked before its first event). Of a viewer who sees some places
             only: of what happened there.
    who:     field → masked.
    earning, balance: None for such a viewer: points are of the whole programme.
    """

    program_id: str
    account_id: str
    totals: AccountRow | None
    lock: LockRow | None
    who: Mapping[str, str]
    earning: Earning | None
    balance: Sequence[Balance] | None
    links: Sequence[Linked]
    things: Mapping[str, Sequence[Item]]
    decisions: Sequence[DecisionLine]
    tokens: Sequence[TokenLine]
    challenges: Sequence[ChallengeLine]
    labels: Sequence[Moment]
    locks: Sequence[Moment]
    cases: Sequence[Case]


class Facts(Protocol):
    """What an account did, line by line. Raises RecordAway."""

    def totals(self, program_id: str, account_id: str, scope: Scope) -> AccountRow | None: ...
    def decided(
        self, program_id: str, account_id: str, scope: Scope, limit: int
    ) -> Sequence[DecisionLine]: ...
    def tokens(self, program_id: str, account_id: str, limit: int) -> Sequence[TokenLine]: ...
    def challenged(
        self, program_id: str, account_id: str, scope: Scope, limit: int
    ) -> Sequence[ChallengeLine]: ...


class Said(Protocol):
    """What stands of an account by people's word. Raises RecordAway."""

    def pair_verdicts(self, program_id: str, account_id: str) -> Sequence[PairRow]: ...
    def lock(self, program_id: str, account_id: str) -> LockRow | None: ...


class HoldsCases(Protocol):
    """Where cases are. Raises RecordAway."""

    def page(
        self, scope: CaseScope, chosen: Filter, order: Order, *, limit: int, cursor: str | None
    ) -> Page[Case]: ...


class Things(Uses, Neighbours, Protocol):
    """Who used what, and who is linked with whom."""


class Sources(NamedTuple):
    """Where an overview is read."""

    facts: Facts
    members: Members
    moments: Moments
    moves: Moves
    uses: Things
    said: Said
    cases: HoldsCases


class Overviews:
    """
    Reads them. Synchronous: called in a thread.

    Args:
        sources: where.
        contexts: (programme, instant) → what its things are marked as.
        segment: what is usual in a programme.
    """

    def __init__(
        self,
        sources: Sources,
        contexts: Callable[[str, int], ContextOf],
        segment: Callable[[str], Segment],
    ) -> None:
        self._from, self._contexts, self._segment = sources, contexts, segment

    def of(self, program_id: str, account_id: str, scope: Scope, now_ms: int) -> Overview | None:
        """All of an account; None where the scope shows nothing of it. Raises RecordAway."""
        name = program_id, account_id
        totals, lock = self._from.facts.totals(*name, scope), self._from.said.lock(*name)
        whole = scope.is_whole_programme
        if totals is None and not (whole and lock is not None):
            return None
        mine = CaseScope(program_id, scope.partners, scope.stores)
        profile = latest(self._from.members.profiles(*name, PROFILES))
        return Overview(
            program_id, account_id, totals, lock,
            who={field: mask(field, value) for field, value in profile.items()},
            earning=earning(self._from.members, self._segment(program_id), *name, _tonight(now_ms)) if whole else None,
            balance=balances(self._from.moves.moved(*name, MOVES_SHOWN)) if whole else None,
            links=self._linked(program_id, account_id, scope),
            things=panels(self._from.uses, self._contexts(program_id, now_ms), *name, scope),
            decisions=self._from.facts.decided(*name, scope, SHOWN),
            tokens=self._from.facts.tokens(*name, SHOWN),
            challenges=self._from.facts.challenged(*name, scope, SHOWN),
            labels=self._from.moments.moments(*name, "label", scope=scope, after=None, limit=SHOWN),
            locks=self._from.moments.moments(*name, "lock", scope=scope, after=None, limit=SHOWN),
            cases=self._from.cases.page(mine, Filter(account_id=account_id), "opened", limit=SHOWN, cursor=None).items,
        )  # fmt: skip

    def is_there(self, program_id: str, account_id: str, scope: Scope) -> bool:
        """Whether the scope shows anything of it. Raises RecordAway."""
        if self._from.members.is_shown(program_id, account_id, scope):
            return True
        return scope.is_whole_programme and self._from.said.lock(program_id, account_id) is not None

    def _linked(self, program_id: str, account_id: str, scope: Scope) -> Sequence[Linked]:
        found = self._from.uses.links_of(program_id, [account_id], LINKS_SHOWN, scope)
        said = {_other(one, account_id): one for one in self._from.said.pair_verdicts(program_id, account_id)}
        links = [_spoken(link, said.pop(link.other, None)) for link in found]
        if scope.is_whole_programme:
            links += [_only_said(other, one) for other, one in said.items()]
        return sorted(links, key=lambda one: (-one.probability, one.account_id))


def _tonight(now_ms: int) -> int:
    """The end of the day (UTC): stretches that end there are drawn once a day, not at every look."""
    return -(-now_ms // DAY_MS) * DAY_MS


def _other(pair: PairRow, account_id: str) -> str:
    return pair.other_id if pair.account_id == account_id else pair.account_id


def _spoken(link: Link, said: PairRow | None) -> Linked:
    found = Linked(link.other, link.probability, link.evidence, link.found_ms, None)
    return found if said is None else _with_verdict(found, said)


def _only_said(other: str, said: PairRow) -> Linked:
    certain = 1.0 if said.verdict == "same_person" else 0.0
    return _with_verdict(Linked(other, certain, (), None, None), said)


def _with_verdict(link: Linked, said: PairRow) -> Linked:
    return link._replace(
        verdict=said.verdict,
        author=said.author,
        judged_ms=said.judged_ms,
        expires_ms=said.expires_ms,
        reason=said.reason,
    )
