"""Who asks for a move: what every entry of the audit begins with."""

from __future__ import annotations

from typing import NamedTuple


class Who(NamedTuple):
    """
    Who asks for a move, for the audit.

    actor:   `key:<id>`, `member`, `worker`, `user:<id>`.
    ip_hash: keyed hash of the address, empty where there is none.
    """

    actor: str
    ip_hash: bytes = b""
