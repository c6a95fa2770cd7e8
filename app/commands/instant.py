"""An instant on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import msgspec


class Instant(click.ParamType[datetime]):
    """RFC 3339 with an offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant. Fails with exit code 2."""
        if isinstance(value, datetime):
            return value
        try:
            instant = msgspec.convert(value, datetime)
        except msgspec.ValidationError:
            instant = None
        if instant is None or instant.tzinfo is None:
            self.fail(
                f"{value!r} is no RFC 3339 instant with an offset, such as 2026-01-31T12:00:00Z", param, ctx
            )
        return instant
