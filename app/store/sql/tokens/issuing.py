"""Issuing: tokens with their calls, budgets and messages, in order and all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import asdict
from sqlalchemy import Connection, select

from app.store.sql.account_keys import ASKED_AT_ONCE, AccountKeys
from app.store.sql.audit import Audit, Entry
from app.store.sql.token_tables import tokens
from app.store.sql.tokens.budgets import Held
from app.store.sql.tokens.calls import claim, give_up
from app.store.sql.tokens.rows import MOVES, new_row, settles
from tokens.budget import OverBudget
from tokens.ledger import Call, DecisionTaken, Issued, Repeated, RowTaken
from tokens.outbox import Message
from tokens.token import NewToken
from tokens.who import Who

_ISSUE: Final = MOVES["issue_token"]
_PUT: Final = MOVES["put_message"]

Wanted = tuple[NewToken, Message | None, Call | None]
Answer = Issued | OverBudget | RowTaken | DecisionTaken | Repeated
BulkRow = tuple[str, str, str]
"""Programme, bulk job and row."""
Settled = tuple[str, str]
"""Programme and decision."""


def issue(
    connection: Connection, keys: AccountKeys, audit: Audit, wanted: Sequence[Wanted], who: Who
) -> list[Answer]:
    """
    Issue in order; a row that is refused leaves nothing of itself.

    A row of a bulk job, or a decision's token, that another transaction issues meanwhile fails the insert: then look
    again (`in_one`).
    """
    held = Held(
        connection, {(t.program_id, t.campaign_id) for t, _, _ in wanted if t.campaign_id is not None}
    )
    taken = _taken(connection, [token for token, _, _ in wanted])
    of_decisions = _of_decisions(connection, [token for token, _, _ in wanted])
    answers = [_admit(connection, held, taken, of_decisions, token, call) for token, _, call in wanted]
    admitted = [
        (token, message)
        for answer, (token, message, _) in zip(answers, wanted, strict=True)
        if answer == "issued"
    ]
    held.write()
    of_account = keys.of(connection, {(token.program_id, token.account_id) for token, _ in admitted})
    _ISSUE.run_many(
        connection,
        [
            new_row(token, of_account[token.program_id, token.account_id], mailed=message is not None)
            for token, message in admitted
        ],
    )
    _PUT.run_many(connection, [asdict(message) for _, message in admitted if message is not None])
    audit.append(
        connection,
        [
            Entry(token.issued_ms, token.program_id, "token.issued", token.token_id, *who, token.purpose)
            for token, _ in admitted
        ],
    )
    return answers


def _admit(
    connection: Connection,
    held: Held,
    taken: dict[BulkRow, str],
    of_decisions: dict[Settled, str],
    token: NewToken,
    call: Call | None,
) -> Answer:
    if call is not None:
        repeated = claim(connection, token.program_id, call, token.issued_ms)
        if repeated is not None:
            return repeated
    row, settled = _bulk_row(token), _settled(token)
    refused: RowTaken | DecisionTaken | OverBudget | None
    if row is not None and row in taken:
        refused = RowTaken(taken[row])
    elif settled is not None and settled in of_decisions:
        refused = DecisionTaken(of_decisions[settled])
    else:
        refused = held.take(token)
    if refused is None:
        if row is not None:
            taken[row] = token.token_id
        if settled is not None:
            of_decisions[settled] = token.token_id
        return "issued"
    if call is not None:
        give_up(connection, token.program_id, call)
    return refused


def _bulk_row(token: NewToken) -> BulkRow | None:
    if token.bulk_id is None or token.row_id is None:
        return None
    return (token.program_id, token.bulk_id, token.row_id)


def _settled(token: NewToken) -> Settled | None:
    decision_id = settles(token)
    return None if decision_id is None else (token.program_id, decision_id)


def _of_decisions(connection: Connection, wanted: Sequence[NewToken]) -> dict[Settled, str]:
    """Which of the decisions these would settle have their token already, and which it is."""
    by_program: dict[str, list[str]] = {}
    for program_id, decision_id in filter(None, map(_settled, wanted)):
        by_program.setdefault(program_id, []).append(decision_id)
    found: dict[Settled, str] = {}
    for program_id, decision_ids in by_program.items():
        for start in range(0, len(decision_ids), ASKED_AT_ONCE):
            rows = connection.execute(
                select(tokens.c.settles, tokens.c.token_id).where(
                    tokens.c.program_id == program_id,
                    tokens.c.settles.in_(decision_ids[start : start + ASKED_AT_ONCE]),
                )
            )
            found |= {(program_id, decision_id): token_id for decision_id, token_id in rows}
    return found


def _taken(connection: Connection, wanted: Sequence[NewToken]) -> dict[BulkRow, str]:
    """Which of their rows were issued before, and as which token."""
    by_job: dict[tuple[str, str], list[str]] = {}
    for program_id, bulk_id, row_id in filter(None, map(_bulk_row, wanted)):
        by_job.setdefault((program_id, bulk_id), []).append(row_id)
    found: dict[BulkRow, str] = {}
    for (program_id, bulk_id), row_ids in by_job.items():
        for start in range(0, len(row_ids), ASKED_AT_ONCE):
            rows = connection.execute(
                select(tokens.c.row_id, tokens.c.token_id).where(
                    tokens.c.program_id == program_id,
                    tokens.c.bulk_id == bulk_id,
                    tokens.c.row_id.in_(row_ids[start : start + ASKED_AT_ONCE]),
                )
            )
            found |= {(program_id, bulk_id, row_id): token_id for row_id, token_id in rows}
    return found
