"""Taking the journal into the record: in order, in one transaction, each entry once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import bindparam, case, func, literal_column, select, update

from app.ports.journal import Decided, HoldEnded, JournalEntry, OutcomeTold, StepUpPassed
from app.seal import place
from app.settlement import settled_points
from app.stepping_up.offering import challenge_id
from app.store.sql.audit import Entry
from app.store.sql.dialect import insert_new, insert_rows
from app.store.sql.holding import keep_ends, keep_holds
from app.store.sql.linked import keep_links
from app.store.sql.passing import keep_passed
from app.store.sql.reach import writing
from app.store.sql.tables import accounts, decisions, head, outcomes
from app.store.sql.tokens.holding import release_ended
from app.store.sql.totals import Sums, as_row, burned_after, summed
from detectors.event import canonical, instant_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from app.store.sql.account_keys import AccountId, AccountKey, AccountKeys
    from app.store.sql.audit import Audit
    from app.store.sql.dialect import Insert

_encode_event: Final = msgspec.json.Encoder().encode
_encode_links: Final = msgspec.msgpack.Encoder().encode

_ADDED: Final = ("events", "earned_points", "redeemed_points", "allowed", "challenged", "reviewed", "blocked")
_LAST: Final = ("last_seen_ms", "last_risk_score", "last_decision")

_SAME_DECISION: Final = (outcomes.c.program_id == decisions.c.program_id) & (
    outcomes.c.decision_id == decisions.c.decision_id
)
_TOLD: Final = (
    select(
        decisions.c.seq,
        decisions.c.program_id,
        decisions.c.account_id,
        decisions.c.burned_at_decision,
        decisions.c.burned,
        outcomes.c.seq.label("told_seq"),
        outcomes.c.outcome,
        outcomes.c.told_ms,
        outcomes.c.points,
        outcomes.c.effect,
    )
    .join_from(decisions, outcomes, _SAME_DECISION)
    .where(
        decisions.c.seq.in_(
            select(decisions.c.seq)
            .join_from(decisions, outcomes, _SAME_DECISION)
            .where(decisions.c.seq > bindparam("base"))
            .union(
                select(decisions.c.seq)
                .join_from(outcomes, decisions, _SAME_DECISION)
                .where(outcomes.c.seq > bindparam("base"))
            )
        )
    )
    .order_by(decisions.c.seq, outcomes.c.seq)
)
"""Every outcome of each decision that is new or has a new one. A decision may come after its outcomes."""

_SETTLE: Final = (
    update(decisions)
    .where(decisions.c.seq == bindparam("at"))
    .values(burned=bindparam("left"), outcome=bindparam("told"), outcome_ms=bindparam("at_ms"))
)


def append(
    engine: Engine, keys: AccountKeys, entries: Sequence[JournalEntry], audit: Audit | None = None
) -> None:
    """
    Write entries in order, in one transaction; those written before are passed over and count nowhere again.
    Challenges that were passed and holds that ended are entered in the audit, where there is one.

    Whoever appends holds the head row until it commits, so two cannot interleave.

    Raises:
        RecordAway: Nothing was written.
    """
    if not entries:
        return
    with writing(engine) as connection:
        last = connection.execute(
            update(head).values(seq=head.c.seq + len(entries)).returning(head.c.seq)
        ).scalar_one()
        base = last - len(entries)
        decided = {base + n: e for n, e in enumerate(entries, 1) if isinstance(e, Decided)}
        told = {base + n: e for n, e in enumerate(entries, 1) if isinstance(e, OutcomeTold)}
        sums = _decide(connection, keys, base, decided) if decided else {}
        if told:
            insert_new(
                connection,
                outcomes,
                [{"seq": seq, **msgspec.structs.asdict(entry)} for seq, entry in told.items()],
            )
        passed = {base + n: e for n, e in enumerate(entries, 1) if isinstance(e, StepUpPassed)}
        written = keep_passed(connection, base, passed) if passed else []
        for entry in written:
            sums.setdefault((entry.program_id, entry.account_id), Sums()).take_passed(entry)
        ended = {base + n: e for n, e in enumerate(entries, 1) if isinstance(e, HoldEnded)}
        ends = keep_ends(connection, base, ended) if ended else []
        for end in ends:
            sums.setdefault((end.program_id, end.account_id), Sums()).take_end(end)
        for account, (earned, redeemed) in _settle(connection, base).items():
            sum_ = sums.setdefault(account, Sums())
            sum_.earned_points += earned
            sum_.redeemed_points += redeemed
        _add(connection, sums)
        released = release_ended(connection, ends)
        if audit is not None:
            audit.append(connection, [*map(_passed, written), *map(_ended, ends), *released])


def _passed(entry: StepUpPassed) -> Entry:
    name = challenge_id(entry.decision_id)
    return Entry(
        entry.passed_ms, entry.program_id, "challenge.passed", name, entry.passed_by, b"", entry.method
    )


def _ended(entry: HoldEnded) -> Entry:
    """Nobody's doing: the policy's."""
    return Entry(entry.ended_ms, entry.program_id, f"hold.{entry.how}", entry.decision_id, "worker")


def _decide(
    connection: Connection, keys: AccountKeys, base: int, decided: Mapping[int, Decided]
) -> dict[AccountId, Sums]:
    """Insert decisions; answers what those really inserted add to their accounts."""
    of_account = keys.of(connection, {(e.event.program_id, e.event.account_id) for e in decided.values()})
    insert_new(
        connection,
        decisions,
        [
            _row(seq, entry, of_account[entry.event.program_id, entry.event.account_id])
            for seq, entry in decided.items()
        ],
    )
    inserted = connection.scalars(select(decisions.c.seq).where(decisions.c.seq > base)).all()
    connection.execute(update(head).values(events=head.c.events + len(inserted)))
    written = [decided[seq] for seq in sorted(inserted)]
    keep_links(connection, written)
    keep_holds(connection, written)
    return summed(written)


def _row(seq: int, entry: Decided, key: AccountKey) -> dict[str, Any]:
    event = entry.event
    belongs = place("event", event.program_id, event.account_id, event.event_id)
    return {
        "seq": seq,
        "decision_id": entry.decision_id,
        "program_id": event.program_id,
        "event_id": event.event_id,
        "account_id": event.account_id,
        "type": canonical(event).type,
        "occurred_ms": instant_ms(event),
        "received_ms": entry.received_ms,
        "decision": entry.decision,
        "shadow_decision": entry.shadow_decision,
        "risk_score": entry.risk_score,
        "source": entry.source,
        "policy_version": entry.policy_version,
        "model_version": entry.model_version,
        "origin": entry.origin,
        "points": event.points,
        "burned_at_decision": entry.burned,
        "burned": entry.burned,
        "body_hash": entry.body_hash,
        "answer": entry.answer,
        "key_id": key.key_id,
        "sealed_event": key.seal.seal(_encode_event(event), belongs),
        "account_key": entry.account_key,
        "links": _encode_links(entry.links) if entry.links else None,
        "found": entry.found,
        "vector": entry.vector or None,
        "partner_id": event.partner_id,
        "store_id": event.store_id,
        "reserved": entry.reserved,
        "hold_until_ms": entry.hold[0] if entry.hold else None,
    }


def _settle(connection: Connection, base: int) -> dict[AccountId, tuple[int, int]]:
    """Let the outcomes told so far count at their decisions; answers account → points earned, points burned added."""
    changes: dict[int, dict[str, Any]] = {}
    before: dict[int, tuple[AccountId, int]] = {}
    added: dict[AccountId, tuple[int, int]] = {}
    for row in connection.execute(_TOLD, {"base": base}):
        earlier = changes.get(row.seq)
        burned = earlier["left"] if earlier else row.burned_at_decision
        account = (row.program_id, row.account_id)
        before[row.seq] = (account, row.burned or 0)
        if max(row.seq, row.told_seq) > base:
            earned, redeemed = added.get(account, (0, 0))
            added[account] = (earned + settled_points(row.effect, "earn", row.points), redeemed)
        changes[row.seq] = {
            "at": row.seq,
            "left": burned_after(burned, row.effect, row.points),
            "told": row.outcome,
            "at_ms": row.told_ms,
        }
    if changes:
        connection.execute(_SETTLE, list(changes.values()))
    for seq, (account, points) in before.items():
        earned, redeemed = added.get(account, (0, 0))
        added[account] = (earned, redeemed + (changes[seq]["left"] or 0) - points)
    return added


def _add(connection: Connection, sums: Mapping[AccountId, Sums]) -> None:
    """One upsert for each account. An instant counts only where the batch holds an event."""
    if not sums:
        return
    insert_rows(connection, accounts, [as_row(account, sums[account]) for account in sorted(sums)], _added)


def _added(insert: Insert) -> Insert:
    new, old = insert.excluded, accounts.c
    holds_event = new.events > literal_column("0")
    holds_key = func.length(new.account_key) > literal_column("0")
    later = holds_event & (new.last_seen_ms >= old.last_seen_ms)
    earlier = holds_event & (new.first_seen_ms < old.first_seen_ms)
    return insert.on_conflict_do_update(
        index_elements=["program_id", "account_id"],
        set_={
            "account_key": case((holds_key, new.account_key), else_=old.account_key),
            "first_seen_ms": case((earlier, new.first_seen_ms), else_=old.first_seen_ms),
            **{name: case((later, new[name]), else_=old[name]) for name in _LAST},
            **{name: old[name] + new[name] for name in _ADDED},
        },
    )
