"""Writing down who looked at what is personal, or took records out, before it is shown."""

from __future__ import annotations

from typing import Protocol

from tokens.who import Who


class Noting(Protocol):
    """Where it is written: the audit."""

    def note(self, now_ms: int, program_id: str, event: str, subject: str, who: Who, detail: str) -> None:
        """Append an entry. Raises RecordAway: nothing was written, and nothing is to be shown."""
        ...
