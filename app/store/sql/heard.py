"""What people said, read back: by workers as it comes, and by whoever looks at an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import and_, exists, literal, literal_column, or_, select

from app.feedback.ports import ContextRow, News, PairRow, Word
from app.ports.record import Page
from app.seal import Seal, place
from app.store.sql.feedback_tables import account_words, feedback_head, pair_verdicts, shared_contexts
from app.store.sql.pages import read_page
from app.store.sql.reach import reading
from app.store.sql.tables import account_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Engine

    from app.store.sql.account_keys import AccountKeys
    from app.store.sql.moves import AnyRow

RELEASED: Final = ("household", "unrelated")
_codes: Final = msgspec.msgpack.Decoder(dict[str, float]).decode
_PAIR: Final = [pair_verdicts.c[name] for name in PairRow.__struct_fields__ if name != "reason"]
_WORD: Final = [account_words.c[name] for name in Word.__struct_fields__]
_LIVE: Final = [
    literal_column("''") if name == "value" else shared_contexts.c[name]
    for name in ContextRow.__struct_fields__
]
"""The fields of a `ContextRow` in their order, an empty text in place of the value."""
_mine, _theirs = account_keys.alias("mine"), account_keys.alias("theirs")
_PAIRS_OF: Final = (
    select(
        *_PAIR,
        pair_verdicts.c.sealed_reason,
        _mine.c.wrapped_key.label("wrapped"),
        _theirs.c.wrapped_key.label("other_wrapped"),
    )
    .outerjoin(
        _mine,
        (_mine.c.program_id == pair_verdicts.c.program_id)
        & (_mine.c.account_id == pair_verdicts.c.account_id)
        & (_mine.c.key_id == pair_verdicts.c.key_id),
    )
    .outerjoin(
        _theirs,
        (_theirs.c.program_id == pair_verdicts.c.program_id)
        & (_theirs.c.account_id == pair_verdicts.c.other_id)
        & (_theirs.c.key_id == pair_verdicts.c.other_key_id),
    )
    .where(pair_verdicts.c.verdict.is_not(None))
    .order_by(pair_verdicts.c.judged_ms.desc(), pair_verdicts.c.account_id, pair_verdicts.c.other_id)
)


class FeedbackRecord:
    """What people said, part of `SqlRecord`. Every method raises RecordAway."""

    def __init__(self, engine: Engine, seal: Seal, keys: AccountKeys) -> None:
        self._engine, self._seal, self._keys = engine, seal, keys

    def heard_since(self, version: int) -> News:
        """What was said of accounts and pairs since that version, 0: all that still counts, oldest first."""
        with reading(self._engine) as connection:
            # the version first: what is committed while we read comes again, which does no harm
            upto: int = connection.execute(select(feedback_head.c.version)).scalar_one()
            words, pairs = select(*_WORD), select(*_PAIR)
            if version:
                words, pairs = (
                    words.where(account_words.c.version > version),
                    pairs.where(pair_verdicts.c.version > version),
                )
            else:
                words = words.where(account_words.c.label != literal("undetermined"))
                pairs = pairs.where(pair_verdicts.c.verdict.is_not(None))
            said = connection.execute(words.order_by(account_words.c.version)).all()
            judged = connection.execute(pairs.order_by(pair_verdicts.c.version)).all()
        return News(
            upto,
            [_word(row) for row in said],
            [_pair(row, None) for row in judged],
        )

    def feedback_version(self) -> int:
        """Of the last act there was; 0 before the first."""
        with reading(self._engine) as connection:
            version: int = connection.execute(select(feedback_head.c.version)).scalar_one()
        return version

    def live_contexts(self, now_ms: int) -> Sequence[ContextRow]:
        """
        All shared contexts of all programmes that have not expired, oldest first; as with list entries "" for their
        values, except of networks, which are compared by their range.
        """
        query = (
            select(*_LIVE, shared_contexts.c.sealed_value)
            .where(or_(shared_contexts.c.expires_ms.is_(None), shared_contexts.c.expires_ms > now_ms))
            .order_by(shared_contexts.c.seq)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [ContextRow(*row[:-1]) if row.digest else self._marked(row) for row in rows]

    def contexts(self, program_id: str, *, limit: int, cursor: str | None) -> Page[ContextRow]:
        """A programme's shared contexts, expired ones included, newest first. Raises BadCursor and SealBroken."""
        return read_page(
            self._engine,
            select(shared_contexts).where(shared_contexts.c.program_id == program_id),
            sorted_by=(shared_contexts.c.created_ms, shared_contexts.c.seq),
            tag=b"x",
            limit=limit,
            cursor=cursor,
            read=self._marked,
        )

    def pair_verdicts(self, program_id: str, account_id: str) -> Sequence[PairRow]:
        """What was said of an account and others, expired words included, newest first."""
        pairs = pair_verdicts.c
        its = (pairs.program_id == program_id) & (
            (pairs.account_id == account_id) | (pairs.other_id == account_id)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(_PAIRS_OF.where(its)).all()
        return [_pair(row, self._reason(row)) for row in rows]

    def _marked(self, row: AnyRow) -> ContextRow:
        value = self._seal.open(row.sealed_value, context_place(row.program_id, row.context_id)).decode()
        fields = {name: getattr(row, name) for name in ContextRow.__struct_fields__ if name != "value"}
        return ContextRow(**fields, value=value)

    def _reason(self, row: AnyRow) -> str | None:
        if row.wrapped is None or row.other_wrapped is None:
            return None
        mine = self._keys.unwrap((row.program_id, row.account_id), row.wrapped)
        theirs = self._keys.unwrap((row.program_id, row.other_id), row.other_wrapped)
        where = pair_place(row.program_id, row.account_id, row.other_id)
        return mine.open(theirs.open(row.sealed_reason, where), where).decode()


def _word(row: AnyRow) -> Word:
    *fields, codes, version = tuple(row)  # by place: by name it takes four times as long, and there are many
    return Word(*[*fields, _codes(codes), version])


def _pair(row: AnyRow, reason: str | None) -> PairRow:
    return PairRow(*[*tuple(row)[: len(_PAIR)], reason])


def released(
    program_id: ColumnElement[str], one_id: ColumnElement[str], two_id: ColumnElement[str], now_ms: int
) -> ColumnElement[bool]:
    """Whether a person has said that these two accounts are not one person's: a link found before joins them no more."""
    pairs = pair_verdicts.c
    either = or_(
        and_(pairs.account_id == one_id, pairs.other_id == two_id),
        and_(pairs.account_id == two_id, pairs.other_id == one_id),
    )
    lasts = or_(pairs.expires_ms.is_(None), pairs.expires_ms > now_ms)
    return exists().where(pairs.program_id == program_id, either, pairs.verdict.in_(RELEASED), lasts)


def context_place(program_id: str, context_id: str) -> bytes:
    """Where the value of a shared context belongs."""
    return place("shared context", program_id, context_id)


def pair_place(program_id: str, account_id: str, other_id: str) -> bytes:
    """Where the reason of a verdict belongs."""
    return place("pair verdict", program_id, account_id, other_id)
