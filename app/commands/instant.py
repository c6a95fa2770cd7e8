"""An instant on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import msgspec


class Instant(click.ParamType[datetime]):
    """RFC 3339 with an offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant, in UTC. Fails with exit code 2."""
        if isinstance(value, datetime):
            return value
        try:
            instant = msgspec.convert(value, datetime)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC)
        except (msgspec.ValidationError, OverflowError):  # the latter: of no year that UTC has
            pass
        return self.fail(
            f"{value!r} is no RFC 3339 instant with an offset, such as 2026-01-31T12:00:00Z", param, ctx
        )
