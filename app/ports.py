"""What the use cases need from the world, and nothing more. `app.main` alone names who provides it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from msgspec import Struct

from app.capping.ports import Reserves
from detectors.event import Event, Profile
from detectors.holds import HoldEnd
from detectors.snapshot import Entity, Lock, Traits

Clock = Callable[[], int]
"""Milliseconds since 1970-01-01 UTC. One instance, made in the composition root."""

LAST_MS: Final = 253_402_300_799_000
"""9999-12-31T23:59:59Z: the last second that a date can tell. What ends later is told to end then."""
Outcome = Literal["completed", "cancelled", "reversed", "disputed"]
Standing = Outcome | Literal["passed"]
"""What came between: an outcome that was told, or that the decision's challenge was passed."""
Pass = Standing | Literal["locked"]
"""What stood in the way of a pass: the same, or a lock on the account."""
Effect = str
"""What an outcome changes: `burn`, `unburn`, `settle <kind>`, `unsettle <kind>` (see `app.settlement`), or nothing."""
Action = Literal["allow", "challenge", "review", "block"]
Claim = Literal["new", "pending", "unsure", "unsure_pending", "conflict"]
Origin = Literal["decision", "batch", "event", "fallback", "redemption"]
"""`redemption`: the check of a one-time link, which burns points only once the link is redeemed."""
ListName = Literal["allow", "block", "watch"]
T = TypeVar("T")


# ---------------------------------------------------------------- the hot store


class PeerSeen(NamedTuple):
    """A peer to be noted at an entity: role, 8 bytes of keyed hash, traits (all zero: leave as they were)."""

    role: str
    key: bytes
    traits: Traits = Traits()


class Touch(NamedTuple):
    """
    What one event leaves at one entity, in one atomic step.

    role:   account, device, ip, payment, counterparty, email, phone, address, name_dob.
    key:    8 bytes of keyed hash of programme, kind and value; the same 8 bytes name it among peers.
    kind:   the series it counts in ("" where the event only looks).
    points: None at entities that count events only.
    """

    role: str
    key: bytes
    kind: str
    points: int | None = None
    peers: tuple[PeerSeen, ...] = ()
    facts: tuple[tuple[str, bytes], ...] = ()


class Sighting(NamedTuple):
    """
    One event as the hot store takes it in. The first touch is the account's.

    event_key:   16 bytes of keyed hash of programme and event id: the claim.
    body_hash:   16 bytes of hash of the canonical event: the same body, the same hash.
    fingerprint: 4 bytes of keyed hash of the event id, for recognising a repeat inside a series.
    """

    program_id: str
    event_key: bytes
    body_hash: bytes
    fingerprint: bytes
    at_ms: int
    touches: tuple[Touch, ...]


class Seen(NamedTuple):
    """
    What the hot store knows after taking a sighting in.

    claim:    `new` certainly never seen; `unsure` perhaps in the record, ask it; `pending` taken in before but
              never answered (a worker died, or has it in hand); `unsure_pending` both; `conflict` the id is
              taken by another body.
    answer:   the answer given before, where there is one.
    entities: role → Entity, this event included.
    added:    role → whether this call counted the event there (False: it had been counted before).
    met:      role → peers this call noted there for the first time.
    config:   version of lists, a random number; another one says "read them again".
    complete: False while the state is being rebuilt from the record.
    """

    claim: Claim
    answer: bytes | None
    entities: Mapping[str, Entity]
    added: Mapping[str, bool]
    met: Mapping[str, tuple[PeerSeen, ...]]
    config: int
    complete: bool


class Settlement(NamedTuple):
    """
    What a decision changes at the hot store beside being journalled.

    totals: kind → points to add to the account's totals (`earn`, `return`, `adjust`, …).
    burned: points redeemed for good, None where nothing was burned.
    links:  (the account that remembers, the account remembered, probability), keys of 8 bytes, to be remembered.
    unless_locked: nothing is to be done where the account is locked by now.
    rebuilding: it was counted while the hot state was being rebuilt, which must not settle it once more.
    """

    totals: Mapping[str, int]
    burned: int | None = None
    links: tuple[tuple[bytes, bytes, float], ...] = ()
    unless_locked: bool = False
    rebuilding: bool = False


LOCKED_MEANWHILE: Final = b""
"""In the place of an answer: the account was locked after it was read, and nothing was done."""


class HotStoreAway(Exception):
    """The hot store did not answer in time. Carries what was asked."""


class History(Reserves, Protocol):
    """The exact, rebuildable state of every entity, and the journal. Every call raises HotStoreAway."""

    async def observe(self, sighting: Sighting) -> Seen:
        """Count the event at every entity it touches, once, and read them: one round trip."""
        ...

    async def observe_many(self, sightings: Sequence[Sighting]) -> list[Seen]:
        """The same for many, counted in the order given; still one round trip."""
        ...

    async def claim(self, sighting: Sighting) -> Claim:
        """Claim the event id alone: before events whose traces could not be taken back after a conflict."""
        ...

    async def settle_claim(self, sighting: Sighting, body_hash: bytes) -> None:
        """The record holds another body under this id: let the claim say so."""
        ...

    async def commit(self, sighting: Sighting, answer: bytes, entry: bytes, settled: Settlement) -> bytes:
        """Journal the decision, keep the answer, settle the totals, atomically. Returns the answer that counts:
        the first one committed for this event, or LOCKED_MEANWHILE.
        """
        ...

    async def commit_many(self, decided: Sequence[tuple[Sighting, bytes, bytes, Settlement]]) -> list[bytes]:
        """Commit in order; the answers that count, in the same order."""
        ...

    async def retract(self, sighting: Sighting, seen: Seen) -> None:
        """Take back what `observe` added for an event that turned out to be a repeat or a conflict."""
        ...

    async def tell_outcome(
        self,
        sighting: Sighting,
        outcome: Outcome,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        told_ms: int = 0,
        *,
        known_passed: bool = False,
    ) -> Standing | None:
        """Journal what became of an event and let its points follow (burned or not, totalled or not), if `known`
        is still the last outcome told and its challenge not passed unless that is known. Returns None when done,
        otherwise what came between.
        """
        ...

    async def pass_step_up(
        self,
        sighting: Sighting,
        known: Outcome | None,
        entry: bytes,
        points: int,
        effect: Effect,
        passed_ms: int,
    ) -> Pass | None:
        """Journal that the event's challenge was passed and let its points follow, once, if `known` is still the
        last outcome told. Returns None when done, `passed` where it was before, `locked` where a lock is in the way,
        otherwise the outcome between.
        """
        ...

    async def end_hold(
        self, sighting: Sighting, entry: bytes, points: int, effect: Effect, ended_ms: int, *, released: bool
    ) -> Outcome | Literal["ended", "locked"] | None:
        """Journal how a hold ended and let its points follow, once, unless an outcome was told. Returns None when
        done, `ended` where it was before, `locked` where a lock is in the way, otherwise that outcome.
        """
        ...

    async def lock(self, account_key: bytes, version: int, lock: Lock | None) -> None:
        """Let the account be locked, or not, from now on; a version that is behind the one known changes nothing."""
        ...

    async def stored_answer(self, account_key: bytes, event_key: bytes) -> bytes | None:
        """The answer to an event that the record may not hold yet."""
        ...

    async def bump_config(self) -> None:
        """Lists or policies changed: every worker reads them again before its next decision."""
        ...


# ---------------------------------------------------------------- the journal and the record


class LinkFound(NamedTuple):
    """Another account found to be held by the same hand: its 8-byte entity key, how likely, and the evidence as
    (identifier, agreement, weight in bits).
    """

    key: bytes
    probability: float
    evidence: tuple[tuple[str, str, float], ...] = ()


class Decided(Struct, frozen=True, tag="decided"):
    """A decision as journalled. `answer` is the response as sent, byte for byte."""

    decision_id: str
    event: Event
    body_hash: bytes
    answer: bytes
    origin: Origin
    received_ms: int
    decision: Action
    shadow_decision: Action | None
    risk_score: float
    source: str
    policy_version: str
    model_version: str
    burned: int | None
    account_key: bytes = b""
    """The account's 8-byte entity key: what other accounts' links name it by."""
    links: tuple[LinkFound, ...] = ()
    found: bytes = b""
    """What was found, packed by `app.traces`, where the policy asked for more than a plain yes."""
    vector: bytes = b""
    """The anomaly model's features as scored: float32, little-endian (see `detectors.forest.features`)."""
    reserved: bytes = b""
    """Its parts of the programme's caps, packed by `app.capping.reservations`."""
    hold: tuple[int, HoldEnd] | None = None
    """Until when (ms) its points are held, and how that ends if nobody decides, where they are."""


class OutcomeTold(Struct, frozen=True, tag="outcome"):
    """What became of a decision, as journalled. `effect` is what it changed of the points at that instant."""

    decision_id: str
    program_id: str
    account_id: str
    event_id: str
    outcome: Outcome
    told_ms: int
    told_by: str
    occurred_ms: int
    points: int
    effect: Effect
    reserved: bytes = b""
    """As in the decision."""


class StepUpPassed(Struct, frozen=True, tag="step_up"):
    """A decision's challenge was passed, as journalled: from now on it allows. `effect` as in `OutcomeTold`."""

    decision_id: str
    program_id: str
    account_id: str
    event_id: str
    method: str
    passed_ms: int
    passed_by: str
    occurred_ms: int
    points: int
    effect: Effect
    reserved: bytes = b""


class HoldEnded(Struct, frozen=True, tag="hold"):
    """
    A hold came to its end and nobody had decided, as journalled. Released, the event's points count as if it had been
    allowed; the decision stays as it is. `effect` as in `OutcomeTold`.
    """

    decision_id: str
    program_id: str
    account_id: str
    event_id: str
    how: HoldEnd
    ended_ms: int
    occurred_ms: int
    points: int
    effect: Effect
    reserved: bytes = b""


JournalEntry = Decided | OutcomeTold | StepUpPassed | HoldEnded


class StoredAnswer(NamedTuple):
    """The answer given to an event, and the hash of the body it was given to."""

    body_hash: bytes
    answer: bytes


class DecisionRow(Struct, frozen=True):
    """A decision as the record holds it."""

    decision_id: str
    program_id: str
    event_id: str
    account_id: str
    type: str
    occurred_ms: int
    received_ms: int
    decision: Action
    shadow_decision: Action | None
    risk_score: float
    source: str
    policy_version: str
    model_version: str
    origin: Origin
    points: int | None
    burned: int | None
    outcome: Outcome | None
    outcome_ms: int | None
    answer: bytes
    found: bytes = b""
    passed_ms: int | None = None
    """When its challenge was passed; `decision` is `allow` from then on, `answer` as it was sent."""
    passed_method: str | None = None
    reserved: bytes | None = None
    hold_until_ms: int | None = None
    hold_end: HoldEnd | None = None
    """How the hold ended that nobody decided on, once it has."""
    hold_ended_ms: int | None = None


class AccountRow(Struct, frozen=True):
    """An account as the record holds it: totals over everything recorded, in points and events."""

    program_id: str
    account_id: str
    first_seen_ms: int
    last_seen_ms: int
    events: int
    earned_points: int
    redeemed_points: int
    decisions: Mapping[str, int]
    """Action → how many decisions."""
    last_risk_score: float
    last_decision: Action


class LinkRow(Struct, frozen=True):
    """A link as the record holds it, at both accounts: the other account, if it was ever recorded itself."""

    key: bytes
    account_id: str | None
    probability: float
    evidence: tuple[tuple[str, str, float], ...]
    found_ms: int


class TimelineItem(Struct, frozen=True):
    """One row of an account's timeline, newest first. `event` is the event as received, unsealed."""

    decision: DecisionRow
    event: Event


class Label(Struct, frozen=True):
    """What a person or a system says of an account or an event."""

    label_id: str
    program_id: str
    account_id: str | None
    event_id: str | None
    label: Literal["fraud", "legitimate", "policy_abuse", "undetermined"]
    typology: str | None
    source: str
    labelled_ms: int
    labelled_by: str


class ListEntry(Struct, frozen=True):
    """An entry of an allow, block or watch list. `digest` is the 8-byte entity key of kind and value."""

    entry_id: str
    program_id: str
    list: ListName
    kind: Literal["account", "device", "ip", "payment", "email", "phone", "address"]
    value: str
    digest: bytes
    reason: str
    author: str
    created_ms: int
    expires_ms: int | None


LockedBy = Literal["member", "backend", "analyst", "step_up"]
"""`step_up`: an analyst asks for a proof; the member switches redeeming on by giving it."""


class LockRow(Struct, frozen=True):
    """
    How redeeming stands at an account, by the last change.

    version: how many changes there were; 0: none, and the account is open.
    """

    program_id: str
    account_id: str
    version: int
    locked: bool
    changed_ms: int
    asked_by: LockedBy

    @property
    def lock(self) -> Lock | None:
        """As a decision sees it."""
        by = "analyst" if self.asked_by == "step_up" else self.asked_by
        return Lock(self.changed_ms, by) if self.locked else None


class ApiKeyRow(Struct, frozen=True):
    """An API key as stored: only the hash of its secret half."""

    key_id: str
    name: str
    secret_hash: bytes
    scopes: tuple[str, ...]
    program_id: str
    stores: tuple[str, ...]
    """Only events of these stores; empty: all."""
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None


class Page(NamedTuple, Generic[T]):
    """One page of a list, and where the next begins."""

    items: Sequence[T]
    next_cursor: str | None


class Record(Protocol):
    """The durable record in SQL. Synchronous: async callers go through a thread. Raises RecordAway."""

    def append(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal entries in order, in one transaction. An entry written before is passed over."""
        ...

    def answer(self, program_id: str, event_id: str) -> StoredAnswer | None: ...
    def decision(self, program_id: str, decision_id: str) -> DecisionRow | None: ...
    def event(self, program_id: str, event_id: str) -> Event | None:
        """One event as received. Raises EventErased."""
        ...

    def contacts(self, program_id: str, account_id: str, upto_ms: int, limit: int) -> Sequence[Profile]:
        """Profiles the account was given up to then by events that took place, newest first; of at most so many."""
        ...

    def decisions(
        self, program_id: str, *, account_id: str | None, limit: int, cursor: str | None
    ) -> Page[DecisionRow]: ...
    def account(self, program_id: str, account_id: str) -> AccountRow | None: ...
    def timeline(
        self, program_id: str, account_id: str, *, limit: int, cursor: str | None
    ) -> Page[TimelineItem]: ...

    def links(self, program_id: str, account_id: str) -> Sequence[LinkRow]:
        """Accounts linked to this one by any decision on either, the latest word on each pair, likeliest first."""
        ...

    def keep_policy(self, version: str, text: str, now_ms: int) -> None:
        """Keep the text of a policy file under its version, once."""
        ...

    def policy(self, version: str) -> str | None: ...

    def add_label(self, label: Label) -> None: ...
    def labels(
        self, program_id: str, *, account_id: str | None, limit: int, cursor: str | None
    ) -> Page[Label]: ...

    def add_list_entry(self, entry: ListEntry) -> None: ...
    def remove_list_entry(self, program_id: str, list_name: ListName, entry_id: str) -> bool: ...
    def list_entries(
        self, program_id: str, list_name: ListName, *, limit: int, cursor: str | None
    ) -> Page[ListEntry]: ...
    def live_list_entries(self, now_ms: int) -> Sequence[ListEntry]:
        """All entries of all programmes that have not expired: what the workers hold in memory."""
        ...

    def add_key(self, key: ApiKeyRow) -> None: ...
    def key(self, key_id: str) -> ApiKeyRow | None: ...
    def keys(self) -> Sequence[ApiKeyRow]: ...
    def revoke_key(self, key_id: str, now_ms: int) -> bool: ...

    def lock(self, program_id: str, account_id: str) -> LockRow | None:
        """How redeeming stands at an account; None where it was never locked."""
        ...

    def locked(self) -> Iterator[LockRow]:
        """Every account that is locked, in any order, streaming."""
        ...

    def replay(self) -> Iterator[tuple[JournalEntry, int]]:
        """Everything ever journalled with its sequence number, in the order written: what `rebuild` reads."""
        ...

    def last_seq(self) -> int:
        """The sequence number of the entry written last; 0 where there is none."""
        ...

    def event_ids(self) -> Iterator[tuple[str, str]]:
        """Programme and id of every event recorded, in any order, streaming."""
        ...

    def count_events(self) -> int: ...
    def ping(self) -> None:
        """Raise RecordAway unless the database answers and every migration is applied."""
        ...


class EventErased(Exception):
    """The member's data were erased: the decision is known, the event it was made on is not."""


class RecordAway(Exception):
    """The database cannot be reached, or is not migrated."""
