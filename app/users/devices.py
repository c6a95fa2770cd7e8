"""
Browsers that signed somebody in before: their wrong tries are counted apart from strangers', who then lock out strangers.

Device cookies, as OWASP describes them (Slow Down Online Guessing Attacks with Device Cookies). One lets nobody in and
frees nobody from waiting for their own wrong tries.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from os import urandom
from typing import Final

import msgspec
from msgspec import Struct

from app.seal import Seal, SealBroken
from app.users.limits import DEVICE_LIFE_MS, DEVICE_USERS

NONCE_BYTES: Final = 16
"""128 random bits tell any two browsers apart."""
_PLACE: Final = b"device"


class Device(Struct, frozen=True, array_like=True):
    """A browser: `names` are hashes of the addresses of who signed in with it, the last first."""

    nonce: bytes
    names: tuple[bytes, ...]
    at_ms: int


_unpack: Final = msgspec.msgpack.Decoder(Device).decode


class Devices:
    """
    Args:
        seal: of what a browser is given and brings back.
    """

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def own(self, cookie: str, name: bytes, now_ms: int) -> bytes | None:
        """What the tries of this browser for this name are counted by; None where they count with everybody's."""
        device = self._read(cookie, now_ms)
        return name + device.nonce if device is not None and name in device.names else None

    def after(self, cookie: str, name: bytes, now_ms: int) -> str:
        """The cookie once this name has signed in."""
        device = self._read(cookie, now_ms) or Device(urandom(NONCE_BYTES), (), now_ms)
        others = [one for one in device.names if one != name]
        known = Device(device.nonce, (name, *others[: DEVICE_USERS - 1]), now_ms)
        return urlsafe_b64encode(self._seal.seal(msgspec.msgpack.encode(known), _PLACE)).decode().rstrip("=")

    def _read(self, cookie: str, now_ms: int) -> Device | None:
        try:
            sealed = urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
            device: Device = _unpack(self._seal.open(sealed, _PLACE))
        except (binascii.Error, SealBroken, msgspec.MsgspecError):
            return None
        return device if 0 <= now_ms - device.at_ms < DEVICE_LIFE_MS else None
