"""The content of a token, encrypted so that neither the store alone nor the link alone can read it.

A random data key encrypts the content. It is itself encrypted under a key made of the server's key of that day and the
link's secret. Without either, or once the two ciphertexts or the day's key are destroyed, nothing can be read.
"""

from __future__ import annotations

from os import urandom
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tokens.errors import VaultBroken
from tokens.framing import framed
from tokens.token import Shut

KEY_BYTES: Final = 32
"""AES-256; also of the server's key and of the link's secret."""
NONCE_BYTES: Final = 12
"""The length GCM is built for (NIST SP 800-38D, 5.2.1.1)."""
TAG_BYTES: Final = 16
"""The longest tag GCM offers."""
SALT: Final = b"earnest/tokens/vault/v1"
"""Sets these keys apart from any others. Never changes."""


def shut(payload: bytes, *, server_key: bytes, secret: bytes, place: tuple[str, ...], jti: bytes) -> Shut:
    """
    Seal a payload.

    Args:
        payload: The content, of any length.
        server_key: The server's key of the day, 32 bytes.
        secret: The link's, 32 bytes.
        place: What the content belongs to besides the token itself: programme id, purpose.
        jti: The token's name.

    Raises:
        ValueError: A key of another length.
    """
    data_key = AESGCM.generate_key(bit_length=8 * KEY_BYTES)
    return Shut(
        wrapped_key=_seal(_wrapping_key(server_key, secret, jti), data_key, _bound("key", place, jti)),
        ciphertext=_seal(data_key, payload, _bound("payload", place, jti)),
    )


def open_shut(sealed: Shut, *, server_key: bytes, secret: bytes, place: tuple[str, ...], jti: bytes) -> bytes:
    """
    The payload that was shut with the same secrets for the same place.

    Raises:
        VaultBroken: Anything differs.
        ValueError: A key of another length.
    """
    data_key = _open(_wrapping_key(server_key, secret, jti), sealed.wrapped_key, _bound("key", place, jti))
    return _open(data_key, sealed.ciphertext, _bound("payload", place, jti))


def holds_nothing(sealed: Shut) -> bool:
    """Whether the payload is empty, which shows without any key: a token that promises but carries nothing."""
    return len(sealed.ciphertext) == NONCE_BYTES + TAG_BYTES


def answer_key(server_key: bytes, secret: bytes, caller_secret: bytes) -> bytes:
    """
    The key a lost answer is kept under: made again only where link, server and that very caller come together.

    Args:
        server_key: The server's key of the day, 32 bytes.
        secret: The link's, 32 bytes.
        caller_secret: What only the caller knows: its cookie's secret or its Idempotency-Key.
    """
    return _derive(_both(server_key, secret) + caller_secret, b"answer")


def seal_answer(key: bytes, answer: bytes, token_hash: bytes) -> bytes:
    """The answer under an `answer_key`, bound to its token."""
    return _seal(key, answer, _bound("answer", (), token_hash))


def open_answer(key: bytes, sealed: bytes, token_hash: bytes) -> bytes:
    """What `seal_answer` sealed. Raises VaultBroken."""
    return _open(key, sealed, _bound("answer", (), token_hash))


def _wrapping_key(server_key: bytes, secret: bytes, jti: bytes) -> bytes:
    return _derive(_both(server_key, secret), b"wrap" + jti)


def _both(server_key: bytes, secret: bytes) -> bytes:
    """Of fixed lengths, so that no two pairs are the same bytes."""
    if len(server_key) != KEY_BYTES or len(secret) != KEY_BYTES:
        raise ValueError(f"the server's key and the link's secret have {KEY_BYTES} bytes each")
    return server_key + secret


def _derive(material: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=SALT, info=info).derive(material)


def _bound(what: str, place: tuple[str, ...], name: bytes) -> bytes:
    """Associated data: what it is, of which version, and where it belongs."""
    return framed(b"v1", what.encode(), *[part.encode() for part in place], name)


def _seal(key: bytes, plaintext: bytes, bound: bytes) -> bytes:
    nonce = urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, bound)


def _open(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise VaultBroken("too short to be sealed")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except InvalidTag:
        raise VaultBroken("another key, another place, or changed bytes") from None
