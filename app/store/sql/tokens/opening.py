"""Who opened a link, in SQL: one row a session, counted by the database."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Engine

from app.redeeming.opening import OPENINGS_KEPT_S, OPENINGS_MOST, Opened, Opening, opened
from app.store.sql.reach import in_one, reading
from app.store.sql.tokens.rows import MOVES

_OPEN: Final = MOVES["open_link"]
_SEEN: Final = MOVES["link_seen"]
_ASK: Final = MOVES["ask_for_proof"]


class SqlOpenings:
    """`app.redeeming.opening.Openings`. Every method raises RecordAway."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, opening: Opening) -> None:
        """Note one; once a session."""
        values = opening._asdict() | {"kept_until_ms": opening.opened_ms + OPENINGS_KEPT_S * 1_000}
        in_one(self._engine, lambda connection: _OPEN.run(connection, values))

    def seen(self, token_hash: bytes, session_hash: bytes, since_ms: int) -> Opened:
        """How a link was opened later than that, for the session that asks."""
        values = {"token_hash": token_hash, "session_hash": session_hash, "most": OPENINGS_MOST}
        with reading(self._engine) as connection:
            rows = _SEEN.run(connection, values).all()
        own = next((row for row in rows if row.session_hash == session_hash), None)
        openings = [
            Opening(token_hash, row.session_hash, row.opened_ms, row.device, row.browser, row.country)
            for row in rows
            if row.opened_ms is not None
        ]
        return opened(openings, session_hash, since_ms, None if own is None else own.check_id)

    def ask(self, token_hash: bytes, session_hash: bytes, check_id: str, now_ms: int) -> None:
        """Note the decision that asks this session for proof."""
        values = {
            "token_hash": token_hash,
            "session_hash": session_hash,
            "check_id": check_id,
            "kept_until_ms": now_ms + OPENINGS_KEPT_S * 1_000,
            "nothing": b"",
        }
        in_one(self._engine, lambda connection: _ASK.run(connection, values))
