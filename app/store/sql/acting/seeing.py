"""What stands of a case and its accounts, read for an act."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, or_, select

from app.acting.ports import Act
from app.acting.seen import HeldPoints, Listed, Proposed, Seen
from app.acting.steps import Step
from app.acting.terms import TOKENS_AT_ONCE
from app.cases.ports import Case, CaseFile, Scope
from app.cases.terms import CaseTerms
from app.ports.locks import LockRow
from app.store.sql.account_keys import AccountKeys
from app.store.sql.act_tables import case_acts, closed_of
from app.store.sql.cases.letting_go import let_go_before
from app.store.sql.cases.parts import beyond_of
from app.store.sql.feedback_tables import account_words, pair_verdicts
from app.store.sql.lock_tables import account_locks
from app.store.sql.tables import decisions, holds, list_entries
from app.store.sql.token_tables import tokens
from app.store.sql.tokens.rows import SELECT_TOKENS, read_token
from tokens.states import LIVE
from tokens.token import Token

read_steps: Final = msgspec.json.Decoder(tuple[Step, ...]).decode
"""What takes an act back, of its column."""
read_act: Final = msgspec.json.Decoder(Act).decode
"""The act as asked for, of its column."""
_LOCK: Final = [account_locks.c[name] for name in LockRow.__struct_fields__]
_ENDABLE: Final = sorted(LIVE | {"frozen"})


class Eyes(NamedTuple):
    """What reading needs: the accounts' keys, (programme, kind, value) → entity key, and whether contacts are new."""

    keys: AccountKeys
    digest: Callable[[str, str, str], bytes]
    renewed: Callable[[str, str, int], bool]


def see(
    connection: Connection, eyes: Eyes, scope: Scope, file: CaseFile, terms: CaseTerms, act: Act, actor: str,
    now_ms: int,
) -> Seen:  # fmt: skip
    """All of it, in the transaction of this connection."""
    case, names = file.case, sorted({one.account_id for one in file.accounts})
    beyond = beyond_of(connection, scope, case.case_id, names)
    mine = [name for name in names if name not in beyond]
    token = _named(connection, eyes.keys, case.program_id, act.token_id, mine)
    remade = act.name == "reissue_token" and token is not None
    return Seen(
        file=file,
        terms=terms,
        now_ms=now_ms,
        actor=actor,
        locks=_locks(connection, case.program_id, names),
        words=_words(connection, case.program_id, names),
        listed=_listed(connection, eyes, case.program_id, names, now_ms),
        tokens=_tokens(connection, eyes.keys, case.program_id, mine),
        token=token,
        held=_held(connection, case.program_id, names),
        pairs=_pairs(connection, case.program_id, names),
        own=_own(connection, case.case_id),
        proposed=_proposed(connection, case),
        closed=closed_of(connection, case.program_id, names),
        beyond=beyond,
        before=let_go_before(connection, case, actor, now_ms),
        renewed=remade and token is not None and eyes.renewed(case.program_id, token.account_id, now_ms),
    )


def _locks(connection: Connection, program_id: str, names: Sequence[str]) -> Mapping[str, LockRow]:
    of = account_locks.c
    query = select(*_LOCK).where(of.program_id == program_id, of.account_id.in_(names), of.version > 0)
    found = [LockRow(**row._asdict() | {"locked": bool(row.locked)}) for row in connection.execute(query)]
    return {row.account_id: row for row in found}


def _words(connection: Connection, program_id: str, names: Sequence[str]) -> Mapping[str, str]:
    of = account_words.c
    query = select(of.account_id, of.label).where(
        of.program_id == program_id, of.account_id.in_(names), of.subject == "", of.label != "undetermined"
    )
    return {row.account_id: row.label for row in connection.execute(query)}


def _listed(
    connection: Connection, eyes: Eyes, program_id: str, names: Sequence[str], now_ms: int
) -> Mapping[str, Listed]:
    of, whose = list_entries.c, {eyes.digest(program_id, "account", name): name for name in names}
    query = (
        select(of.entry_id, of.digest, of.expires_ms)
        .where(of.program_id == program_id, of.list == "block", of.kind == "account")
        .where(of.digest.in_(list(whose)), or_(of.expires_ms.is_(None), of.expires_ms > now_ms))
        .order_by(of.expires_ms)
    )
    rows = connection.execute(query).all()
    lasting = [row for row in rows if row.expires_ms is not None] + [
        row for row in rows if row.expires_ms is None
    ]
    return {whose[bytes(row.digest)]: Listed(row.entry_id, row.expires_ms) for row in lasting}


def _tokens(
    connection: Connection, keys: AccountKeys, program_id: str, names: Sequence[str]
) -> Sequence[Token]:
    of = tokens.c
    query = SELECT_TOKENS.where(
        of.program_id == program_id, of.account_id.in_(names), of.state.in_(_ENDABLE)
    ).order_by(of.issued_ms.desc(), of.token_id.desc())
    return [read_token(keys, row) for row in connection.execute(query.limit(TOKENS_AT_ONCE + 1))]


def _named(
    connection: Connection, keys: AccountKeys, program_id: str, token_id: str | None, names: Sequence[str]
) -> Token | None:
    if token_id is None:
        return None
    of = tokens.c
    query = SELECT_TOKENS.where(
        of.program_id == program_id, of.token_id == token_id, of.account_id.in_(names)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else read_token(keys, row)


def _held(connection: Connection, program_id: str, names: Sequence[str]) -> Sequence[HeldPoints]:
    of = decisions.c
    query = (
        select(of.decision_id, of.account_id, of.points, holds.c.due_ms, holds.c.planned)
        .join_from(
            holds,
            decisions,
            (holds.c.program_id == of.program_id) & (holds.c.decision_id == of.decision_id),
        )
        .where(holds.c.program_id == program_id, holds.c.due_ms.is_not(None))
        .where(of.account_id.in_(names), of.outcome.is_(None), of.hold_end.is_(None))
        .order_by(holds.c.due_ms, of.decision_id)
    )
    return [
        HeldPoints(row.decision_id, row.account_id, abs(row.points or 0), row.due_ms, row.planned)
        for row in connection.execute(query)
    ]


def _pairs(connection: Connection, program_id: str, names: Sequence[str]) -> Mapping[tuple[str, str], str]:
    of = pair_verdicts.c
    query = select(of.account_id, of.other_id, of.verdict).where(
        of.program_id == program_id, of.account_id.in_(names), of.other_id.in_(names),
        of.verdict.is_not(None),
    )  # fmt: skip
    return {(row.account_id, row.other_id): row.verdict for row in connection.execute(query)}


def _own(connection: Connection, case_id: str) -> Sequence[Step]:
    of = case_acts.c
    query = select(of.undoing).where(of.case_id == case_id, of.state == "done").order_by(of.seq)
    return [step for text in connection.scalars(query) for step in read_steps(text)]


def _proposed(connection: Connection, case: Case) -> Proposed | None:
    """The act that the case's proposal is; none where it was proposed by a move alone."""
    if case.state != "approval":
        return None
    of = case_acts.c
    its = select(of.asked, of.actor).where(of.case_id == case.case_id, of.state == "proposed")
    row: Any = connection.execute(its.order_by(of.seq.desc()).limit(1)).first()
    if row is None or row.actor != case.proposed_by:
        return None
    act = read_act(row.asked)
    closes = case.proposal == "close_account"
    return Proposed(act, row.actor) if (act.name == "close_account") == closes else None
