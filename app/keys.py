"""The master key, and the key derived from it for each purpose: knowing one tells nothing of another."""

from __future__ import annotations

import base64
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

from app import data_dir as layout
from app.settings import MASTER_KEY_BYTES, Settings, SettingsFaulty, decode_key

SALT: Final = b"earnest/v1"
"""Sets this service's keys apart from another's that was given the same master key. Never changes."""
PURPOSES: Final = re.compile(
    r"identifiers/[^/\s]+|journal/[0-9]+|record|lists|locks|audit|webhooks|users/(?:rows|lookup|pages)|pages/(?:checks|locks)|tokens/(?:keys|codes|cookies|forms|outbox|enrolments|calls|addresses)"
)
"""`identifiers/<program>` the hashes of who is who; `journal/<day>` and `record` what is sealed at rest;
`lists` the entries of allow, block and watch lists; `locks` the links by which members
lock their account; `pages/…` the sessions of members who prove something (`checks`) or switch redeeming (`locks`);
`users/…` what the console keeps of people: their `rows`, hashes to `lookup` them by, and what its
`pages` hand to a browser; `tokens/…` what one-time tokens need: the wrapping of their `keys`, the pepper of
`codes`, browser sessions and `forms`, the `outbox`, links of `enrolments`, idempotent `calls`,
hashes of `addresses`; `audit`; `webhooks` the URLs and signing secrets of endpoints."""


def derive(master: bytes, purpose: str) -> bytes:
    """
    The key for one purpose: 32 bytes by HKDF-SHA-256 (RFC 5869).

    Raises:
        ValueError: A purpose nobody planned for; a typing error would otherwise silently make a new key.
    """
    if not PURPOSES.fullmatch(purpose):
        raise ValueError(f"no key has the purpose {purpose!r}; see PURPOSES in app/keys.py")
    return HKDF(algorithm=SHA256(), length=32, salt=SALT, info=purpose.encode()).derive(master)


def master_key(settings: Settings) -> bytes:
    """
    The master key: the one given or, in development, the one made once in the data directory.

    Raises:
        SettingsFaulty: The key's file can be read by others, or does not hold a key.
    """
    if settings.secret_key is not None:
        return decode_key(settings.secret_key)
    path = layout.secret_key_path(settings.data_dir)
    if not path.exists():
        _make(path)
    return _read(path)


def _make(path: Path) -> None:
    """Write a new key completely before giving it its name, so that of two first starts one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(MASTER_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(fd)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsFaulty(
            (f"{path} can be read by others; after making sure nobody did: chmod 600 {path}",)
        )
    try:
        return decode_key(SecretStr(path.read_text(encoding="ascii")))
    except ValueError:
        raise SettingsFaulty((f"{path} does not hold a key; restore it from a backup",)) from None
