"""The audit: what was done by whom, filtered and paged; whether its chain holds; and out as a file."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from anyio import to_thread
from starlette.responses import Response

from app.console.colleagues import Colleagues
from app.console.place import HOME, Place
from app.console.taking_out import WITHHELD, Taken, TakingOut
from app.console.telling import when
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.reviewing.auditing import EXPORTED_MOST, VERIFIED_MOST, Asked, AuditRow, Audits

AUDIT: Final = f"{HOME}/audit"
PLACE: Final = Place("audit", "Audit", AUDIT, "view_audit", "v")
ROWS: Final = 50
TEXT_MOST: Final = 128
FAMILIES: Final = {
    "": "Everything", "case.": "Cases", "account.": "Accounts and locks", "label.": "Labels", "list.": "Lists",
    "context.": "Shared contexts", "pair.": "Duplicates and households", "token.": "Tokens", "otp.": "Codes",
    "personal.": "Personal data", "user.": "People", "file.": "Files taken out",
}  # fmt: skip
"""What events begin with, in words."""
COLUMNS: Final = ("row", "at", "programme", "event", "subject", "by", "from", "detail")
_EVENTS: Final = re.compile(r"[a-z_]+\.[a-z_]*")
_FIELDS: Final = ("event", "subject", "actor", "since", "until")


class AuditPages:
    """
    Args:
        audits: reads and verifies.
        taking_out: hands out the file.
        colleagues: who is behind an actor.
    """

    def __init__(self, audits: Audits, taking_out: TakingOut, colleagues: Colleagues) -> None:
        self._audits, self._taking_out, self._colleagues = audits, taking_out, colleagues

    def gestures(self) -> list[Gesture]:
        """What can be done. To take it out one needs both rights: to see it, and to take things out."""
        return [
            Get(AUDIT, "view_audit", self.show),
            Post(f"{AUDIT}/verify", "view_audit", self.verify),
            Get(f"{AUDIT}/audit.csv", "export", self.file),
        ]

    async def show(self, visit: Visit) -> Response:
        """A page of it."""
        asked, before = _asked(visit), visit.query.get("before", "")
        if before and not (before.isascii() and before.isdecimal() and len(before) < TEXT_MOST // 8):
            raise turned(404, again=AUDIT)
        page = await to_thread.run_sync(self._audits.page, asked, int(before) if before else None, ROWS)
        people = [row.actor for row in page.rows] + [
            f"user:{row.subject}" for row in page.rows if row.event.startswith("user.")
        ]
        names = await to_thread.run_sync(self._colleagues.names, people)
        said = {name: visit.query.get(name, "") for name in _FIELDS}
        query = urlencode({name: value for name, value in said.items() if value})
        return visit.page(
            "audit/audit.html", "Audit",
            page=page, names=names, said=said, query=query, families=FAMILIES, most=VERIFIED_MOST,
            is_filtered=bool(query), sees_all=visit.viewer.scope.programs is None,
        )  # fmt: skip

    async def verify(self, visit: Visit) -> Response:
        """Whether the newest rows are as they were written."""
        _asked(visit)
        chain = await to_thread.run_sync(self._audits.verify, VERIFIED_MOST)
        if chain.broken:
            return visit.back(
                AUDIT, f"The chain is broken. {chain.broken} Tell whoever keeps the database.", "bad"
            )
        part = "All" if chain.rows == chain.of else f"The newest {chain.rows:,} of"
        return visit.back(
            AUDIT, f"{part} {chain.of:,} rows are as they were written. The chain ends with {chain.end[:16]}…"
        )  # fmt: skip

    async def file(self, visit: Visit) -> Response:
        """As CSV, as filtered."""
        if not visit.viewer.may("view_audit"):
            raise turned(404)
        asked = _asked(visit)

        rows = (_cells(row, visit.now_ms) for row in self._audits.all(asked, EXPORTED_MOST))
        return await self._taking_out.table(visit, Taken("audit.csv", "", _noted(visit), COLUMNS, rows))


def _noted(visit: Visit) -> dict[str, str]:
    """The filters as they are written down: what somebody typed to find a member by is not."""
    said = {name: visit.query.get(name, "") for name in _FIELDS}
    plain = {name for name in ("since", "until") if _day(said[name])}
    plain |= {"event"} if _EVENTS.fullmatch(said["event"]) else set()
    return {name: text if name in plain else WITHHELD for name, text in said.items() if text}


def _cells(row: AuditRow, now_ms: int) -> tuple[str | int, ...]:
    return (
        row.seq,
        when(row.at_ms, now_ms).iso,
        row.program_id,
        row.event,
        row.subject,
        row.actor,
        row.ip,
        row.detail,
    )


def _asked(visit: Visit) -> Asked:
    """What is asked for, within what is theirs. Raises Turned: 404 for who sees but a part of a programme."""
    if not visit.viewer.scope.is_whole_programme:
        raise turned(404, "The audit is of whole programmes, and you see some of their partners or stores.")
    said = {name: visit.query.get(name, "").strip()[:TEXT_MOST].replace("\0", "") for name in _FIELDS}
    until = _day(said["until"])
    return Asked(
        visit.viewer.scope.programs,
        said["event"],
        said["subject"],
        said["actor"],
        _ms(_day(said["since"])),
        _ms(until + timedelta(days=1)) if until and until < date.max else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _ms(day: date | None) -> int | None:
    return None if day is None else int(datetime.combine(day, time.min, UTC).timestamp() * 1_000)
