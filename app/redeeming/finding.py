"""From a token's text to the token: what is not genuine is refused before any store is asked."""

from __future__ import annotations

from collections.abc import Callable
from hmac import compare_digest
from typing import NamedTuple

from app import metrics
from app.ports.instants import Clock
from app.ports.record import RecordAway
from app.redeeming.rings import Rings
from tokens.claims import Claims, audience, secret_hash, token_hash
from tokens.errors import NoKey, VaultBroken
from tokens.signer import Signer
from tokens.token import Token
from tokens.vault import open_shut


class Found(NamedTuple):
    """A genuine token: what its link says, and what the ledger holds."""

    claims: Claims
    token: Token


class ContentShut(RecordAway):
    """The content of a live token cannot be opened: a key is missing, or bytes were changed. Nothing is used up."""


class Finder:
    """
    Reads texts of tokens.

    Args:
        rings: the keys.
        held: SHA-256 of the jti → the token; `Ledger.token`.
        clock: milliseconds since 1970-01-01 UTC.
    """

    def __init__(self, rings: Rings, held: Callable[[bytes], Token | None], clock: Clock) -> None:
        self._rings, self._held, self._clock = rings, held, clock
        self._signer = Signer(rings.sign_ring)

    def sign(self, claims: Claims) -> str:
        """The text of a new token. Raises RecordAway where its key was removed this very moment."""
        try:
            return self._signer.sign(claims, self._clock())
        except NoKey as removed:
            raise RecordAway(str(removed)) from removed

    def read(self, text: str) -> Claims | None:
        """What a text says, if it is one of ours: no store is asked. Expired ones are read as well."""
        claims = self._signer.read(text, self._clock())
        if claims is None:
            metrics.token_refused("not_ours")
        return claims

    def find(self, claims: Claims) -> Found | None:
        """The token of these claims, if the ledger's says the same. Raises RecordAway."""
        token = self._held(token_hash(claims.jti))
        if token is None:
            metrics.token_refused("unknown")
            return None
        same_secret = compare_digest(secret_hash(claims.s), token.secret_hash)
        same = token.purpose == claims.pur and claims.aud == audience(token.program_id)
        return Found(claims, token) if same_secret and same else None

    def open(self, found: Found) -> bytes:
        """The content. Raises ContentShut."""
        claims, token = found
        server_key = self._rings.vault_key(token.vault_key)
        if server_key is None or token.shut is None:
            raise ContentShut("the content of a live token has lost its key")
        try:
            return open_shut(
                token.shut, server_key=server_key, secret=claims.s, place=vault_place(token), jti=claims.jti
            )
        except VaultBroken as broken:
            raise ContentShut("the content of a live token cannot be opened") from broken


def vault_place(token: Token) -> tuple[str, str]:
    """What a content is bound to beside its jti."""
    return token.program_id, token.purpose
