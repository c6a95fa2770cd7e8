"""Fresh ids: what they name, and 96 random bits."""

from __future__ import annotations

import secrets
from typing import Final

RANDOM_BYTES: Final = 12
"""96 bits: of 10^11 ids two are the same once in sixteen million installations."""


def fresh_id(prefix: str) -> str:
    """`dec` → `dec_` and 24 hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(RANDOM_BYTES)}"
