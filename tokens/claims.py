"""What a token says, and how it is written: no name, no address, no amount; who, what and how much are in the ledger."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Annotated, Final, Literal

from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.exc import BadData
from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder, Encoder

from tokens.limits import BACKDATED_S, LONGEST_LIFE_S, SHORTEST_LIFE_S, SKEW_S
from tokens.token import Purpose

VERSION: Final = 1
"""Of the claims as written. Links live for 14 days: another order or meaning is another version beside this one."""
JTI_BYTES: Final = 16
"""128 random bits: no two tokens share a name."""
SECRET_BYTES: Final = 32
"""256 random bits: what the link alone knows, and half of the key to its content."""
AUDIENCE_BYTES: Final = 8
"""Enough to tell programmes apart; which of them it is, the ledger says."""
TOKEN_ID_HEX: Final = 32
"""Hexadecimal digits of the token's hash in its id: 128 bits."""


class Claims(Struct, frozen=True, kw_only=True):
    """
    What a token says of itself.

    v:   version of the claims.
    kid: id of the key that signs it.
    jti: its name, 16 random bytes. Whatever marks a token as used is keyed by this, never by its text.
    s:   its secret, 32 random bytes.
    pur: what it is for.
    aud: whom it is for, see `audience`.
    iat, nbf, exp: issued, good from, good until: whole seconds since 1970-01-01 UTC.
    """

    v: int = VERSION
    kid: str
    jti: bytes
    s: bytes
    pur: Purpose
    aud: str
    iat: int
    nbf: int
    exp: int

    def timing(self, now_ms: int) -> Literal["early", "expired"] | None:
        """
        What the token's own times say at that instant; None: it is good.

        Early has the tolerance of `SKEW_S`; expiry has none, and a life longer than any that is issued has ended.
        """
        if now_ms >= self.exp * 1000 or self.exp - self.iat > LONGEST_LIFE_S + BACKDATED_S:
            return "expired"
        return "early" if now_ms < (self.nbf - SKEW_S) * 1000 else None

    def __repr__(self) -> str:
        """Never the secret, and not the jti either: the id everybody may see."""
        return f"Claims({token_id(token_hash(self.jti))}, {self.pur})"


Second = Annotated[int, Meta(ge=0, lt=2**53)]
"""Since 1970-01-01 UTC; within what every JSON reader has exactly (RFC 8259, 6)."""


class _Written(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Version 1 as written: a JSON array, for an object's field names would make the link a quarter longer."""

    v: Literal[1]
    kid: str
    jti: str
    s: str
    pur: Purpose
    aud: Annotated[str, Meta(pattern=r"\A[0-9a-f]{16}\Z")]
    iat: Second
    nbf: Second
    exp: Second


_write: Final = Encoder().encode
_read: Final = Decoder(_Written).decode


def new_claims(
    kid: str, purpose: Purpose, program_id: str, now_ms: int, not_before_ms: int | None, life_s: int
) -> Claims:
    """
    The claims of a new token that lives `life_s` seconds from now, with a random name and secret.

    Raises:
        ValueError: `life_s` is outside 5 minutes to 14 days, or `not_before_ms` is not before the end.
    """
    if not SHORTEST_LIFE_S <= life_s <= LONGEST_LIFE_S:
        raise ValueError(f"life_s must be from {SHORTEST_LIFE_S} to {LONGEST_LIFE_S}, not {life_s}")
    now_s = now_ms // 1000
    issued, expires = now_s - BACKDATED_S, now_s + life_s
    not_before = issued if not_before_ms is None else not_before_ms // 1000
    if not_before >= expires:
        raise ValueError("not_before_ms must be before the token expires")
    return Claims(
        kid=kid,
        jti=secrets.token_bytes(JTI_BYTES),
        s=secrets.token_bytes(SECRET_BYTES),
        pur=purpose,
        aud=audience(program_id),
        iat=issued,
        nbf=not_before,
        exp=expires,
    )


def written(claims: Claims) -> bytes:
    """The claims as they are signed."""
    return _write(
        _Written(
            v=1,
            kid=claims.kid,
            jti=base64_encode(claims.jti).decode(),
            s=base64_encode(claims.s).decode(),
            pur=claims.pur,
            aud=claims.aud,
            iat=claims.iat,
            nbf=claims.nbf,
            exp=claims.exp,
        )
    )


def understood(body: bytes) -> Claims | None:
    """The claims that `written` writes exactly so; None for anything else. Only for what was verified."""
    try:
        raw = _read(body)
        claims = Claims(
            kid=raw.kid,
            jti=base64_decode(raw.jti),
            s=base64_decode(raw.s),
            pur=raw.pur,
            aud=raw.aud,
            iat=raw.iat,
            nbf=raw.nbf,
            exp=raw.exp,
        )
    except (DecodeError, UnicodeDecodeError, BadData):
        return None
    exact = len(claims.jti) == JTI_BYTES and len(claims.s) == SECRET_BYTES and written(claims) == body
    return claims if exact else None


def audience(program_id: str) -> str:
    """How a token names its programme: 16 hexadecimal digits, so that a link tells nobody whose it is."""
    return sha256(program_id.encode()).digest()[:AUDIENCE_BYTES].hex()


def token_hash(jti: bytes) -> bytes:
    """What the ledger and the audit know a token by: SHA-256 of its jti."""
    return sha256(jti).digest()


def token_id(hashed: bytes) -> str:
    """What the issuer knows a token by, made of its `token_hash`."""
    return f"tok_{hashed.hex()[:TOKEN_ID_HEX]}"


def secret_hash(secret: bytes) -> bytes:
    """What the ledger keeps of the link's secret: SHA-256; 256 random bits need no slower hash (ASVS 6.5.2)."""
    return sha256(secret).digest()
