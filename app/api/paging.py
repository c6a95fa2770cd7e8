"""Lists page by cursor: `?limit=&cursor=` → `{items, next_cursor}`; and instants as lists show them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final, TypeVar

from anyio import to_thread
from msgspec import Meta

from app.api.operation import Call, Parameter, invalid
from app.ports.instants import LAST_MS
from app.ports.record import Page

T = TypeVar("T")
PAGE_ITEMS: Final = 50
"""One screen of a console."""
PAGE_ITEMS_MAX: Final = 200
"""About half a megabyte of decisions."""
LIMIT: Final = Parameter(
    "limit", Annotated[int, Meta(ge=1, le=PAGE_ITEMS_MAX)], "Items on a page.", PAGE_ITEMS
)
CURSOR: Final = Parameter(
    "cursor",
    Annotated[str, Meta(pattern=r"^[A-Za-z0-9_=.~-]{1,256}$")],
    "`next_cursor` of the page before; without it, the first page.",
)


async def page_of(call: Call, read: Callable[..., Page[T]], *args: object, **filters: Any) -> Page[T]:
    """A page of the caller's programme, read in a thread. Raises Refused (422) at a foreign cursor."""
    job = partial(
        read,
        call.principal.program_id,
        *args,
        **filters,
        limit=call.query["limit"],
        cursor=call.query["cursor"],
    )
    try:
        return await to_thread.run_sync(job)
    except ValueError:
        raise invalid("/query/cursor", "must be a cursor of this list") from None


def expiry(call: Call, given: datetime | None) -> int | None:
    """An instant of the body's `expires_at`, in ms. Raises Refused (422) where it has passed."""
    if given is None:
        return None
    expires_ms = int(given.timestamp() * 1_000)
    if expires_ms <= call.api.clock():
        raise invalid("/expires_at", "must be in the future")
    return expires_ms


def instant(at_ms: int) -> datetime:
    """Milliseconds since 1970-01-01 UTC as an instant; what lies beyond all dates as the last one."""
    return datetime.fromtimestamp(min(at_ms, LAST_MS) / 1_000, UTC)
