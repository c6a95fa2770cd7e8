"""What happened to an account, newest first, by kinds; and its balance over time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from anyio import to_thread
from starlette.responses import Response

from app.console.cases.desk import Desk, opened
from app.console.cases.seeing import balance_chart
from app.console.cases.shown import page
from app.console.visit import Visit
from app.ports.record import Page
from app.reviewing.timeline import ForeignCursor, Kind, Moment, timeline

ROWS: Final = 40
"""Moments a page: two screens."""


class Group(NamedTuple):
    """What is looked for together: kinds, and of events the types; none for all."""

    label: str
    kinds: tuple[Kind, ...]
    types: frozenset[str] | None = None


POINTS: Final = frozenset(
    {"earn", "redeem", "transfer", "adjust", "return", "purchase", "expire", "referral"}
)
GROUPS: Final[Mapping[str, Group]] = {
    "points": Group("Points", ("event", "outcome"), POINTS),
    "logins": Group("Logins", ("event",), frozenset({"login", "login_failed"})),
    "contacts": Group(
        "Sign-up and contact changes", ("event",), frozenset({"signup", "profile_change", "close"})
    ),
    "codes": Group("Step-ups and locks", ("step_up", "lock")),
    "rewards": Group("Rewards", ("token", "redemption")),
    "people": Group("What people said", ("label", "case")),
}


async def timeline_page(desk: Desk, visit: Visit) -> Response:
    """A page of moments."""
    case = await opened(desk, visit, "timeline")
    chosen = [name for name in visit.request.query_params.getlist("show") if name in GROUPS]
    cursor = visit.query.get("cursor") or None

    def read() -> tuple[Page[Moment], bool]:
        given = case.program_id, case.account.account_id
        asked = {"limit": ROWS, "scope": visit.viewer.scope, "kinds": kinds(chosen), "types": types(chosen)}
        try:
            return timeline(desk.reads.moments, *given, cursor=cursor, **asked), True  # type: ignore[arg-type]
        except ForeignCursor:
            return timeline(desk.reads.moments, *given, **asked), False  # type: ignore[arg-type]

    (found, is_known), drawn = await asyncio.gather(
        to_thread.run_sync(read), balance_chart(desk, visit, case)
    )
    asked = {"show": chosen} if chosen else {}
    return page(
        visit, "case/timeline.html", case, "timeline",
        moments=found.items, chosen=chosen, groups=GROUPS, balance=drawn, is_known=is_known,
        next_href=case.at("timeline", **asked, cursor=found.next_cursor) if found.next_cursor else None,
        first_href=case.at("timeline", **asked) if cursor else None,
    )  # fmt: skip


def kinds(chosen: Sequence[str]) -> frozenset[Kind]:
    """The kinds of these groups; of none, all."""
    return frozenset(kind for name in chosen or GROUPS for kind in GROUPS[name].kinds)


def types(chosen: Sequence[str]) -> frozenset[str] | None:
    """The types events are to have; None: any."""
    if not chosen:
        return None
    wanted = [GROUPS[name].types for name in chosen if "event" in GROUPS[name].kinds]
    return frozenset().union(*(one for one in wanted if one is not None))
