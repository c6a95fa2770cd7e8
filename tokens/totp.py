"""Codes of an authenticator app (RFC 6238): SHA-1, 6 digits, 30 seconds, as every app has them.

That a code works once is the ledger's law: it takes a step only if it is later than every step used before.
"""

from __future__ import annotations

import secrets
from base64 import b32encode

from pyotp import TOTP
from pyotp.exceptions import OTPVerificationError

from tokens.codes import spelled
from tokens.limits import CODE_DIGITS, TOTP_SEED_BYTES, TOTP_STEP_S, TOTP_WINDOW


def new_seed() -> bytes:
    """160 random bits."""
    return secrets.token_bytes(TOTP_SEED_BYTES)


def address(seed: bytes, issuer: str, account_label: str) -> str:
    """The `otpauth:` address an app reads from a QR code. It holds the seed: shown once, never kept."""
    return _totp(seed).provisioning_uri(name=account_label, issuer_name=issuer)


def matched_step(seed: bytes, code: str, now_ms: int) -> int | None:
    """
    The time step whose code this is, of the present one and its neighbours; None where it is of none of them.

    Args:
        seed: As `new_seed` makes them; 14 bytes at least.
        code: As `tokens.codes.spelled` gives it; any other spelling is no code.
        now_ms: Milliseconds since 1970-01-01 UTC.
    """
    if spelled(code, CODE_DIGITS) != code:
        return None
    try:
        return _totp(seed).verify_and_get_timecode(code, for_time=now_ms // 1000, valid_window=TOTP_WINDOW)
    except OTPVerificationError:
        return None


def _totp(seed: bytes) -> TOTP:
    return TOTP(b32encode(seed).decode("ascii"), digits=CODE_DIGITS, interval=TOTP_STEP_S)
