"""Which requests are open: not over, their person as they were then, and asked by somebody who still manages people."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, select

from app.store.sql.user_tables import user_requests, users
from app.users.limits import REQUEST_LIFE_MS

_ASKER: Final = users.alias("asker")
_WHOM: Final = users.alias("whom")


def open_requests(now_ms: int) -> Select[Any]:
    """Rows of `user_requests`."""
    return (
        select(user_requests)
        .join(_ASKER, _ASKER.c.user_id == user_requests.c.asked_by)
        .join(_WHOM, _WHOM.c.user_id == user_requests.c.user_id)
        .where(_ASKER.c.role == "security_admin", _ASKER.c.disabled_ms.is_(None))
        .where(_WHOM.c.version == user_requests.c.version)
        .where(user_requests.c.asked_ms > now_ms - REQUEST_LIFE_MS)
    )
