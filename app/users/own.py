"""One's own security: password, recovery codes, passkeys, and where one is signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import urandom
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from app.seal import SealBroken
from app.users import recovery
from app.users.entering import Asker, new_session
from app.users.ports import Open, UserPasskey, Users
from app.users.secrets import Keys
from app.users.viewer import Viewer
from tokens.errors import PasskeyRefused
from tokens.passkeys import Site, creation_options, made_credential
from tokens.who import Who

CHALLENGE_BYTES: Final = 32
CHALLENGE_LIFE_MS: Final = 300_000
"""How long a page that offers to make a passkey is good for: five minutes, as the browser's own prompt."""
LABEL_CHARS: Final = 60
_PLACE: Final = b"making"
Made = Literal["added", "taken", "full", "refused"]


class Making(Struct, frozen=True, array_like=True):
    """A passkey that is being made, in one session."""

    challenge: bytes
    session_hash: bytes
    at_ms: int


class Security(NamedTuple):
    """What somebody has to prove themselves by, and where they are signed in."""

    sessions: Sequence[Open]
    passkeys: Sequence[UserPasskey]
    codes_left: int


class Own:
    """
    The use cases, synchronous: called in a thread. Each raises RecordAway: nothing was done then.

    Args:
        users: the store.
        keys: of the people's room.
        site: where passkeys are made.
        new_id: prefix → a fresh id.
    """

    def __init__(self, users: Users, keys: Keys, site: Site, new_id: Callable[[str], str]) -> None:
        self._users, self._keys, self._site, self._new_id = users, keys, site, new_id

    def security(self, viewer: Viewer, now_ms: int) -> Security:
        """All of it."""
        return Security(
            self._users.sessions(viewer.user_id, now_ms),
            self._users.passkeys(viewer.user_id),
            self._users.codes_left(viewer.user_id),
        )

    def set_password(self, viewer: Viewer, password_hash: str, asker: Asker, now_ms: int) -> str | None:
        """A new cookie: every other session has ended. None where something of the person changed meanwhile."""
        person = self._users.person(viewer.user_id)
        if person is None:
            return None
        cookie, session = new_session(asker, urandom(CHALLENGE_BYTES))
        done = self._users.set_password(
            viewer.user_id, person.version, password_hash, session, _who(viewer), now_ms
        )
        return cookie if done else None

    def renew_codes(self, viewer: Viewer, now_ms: int) -> tuple[str, ...]:
        """Ten new recovery codes; the old ones are good no more."""
        codes = recovery.new_codes()
        hashes = [recovery.code_hash(self._keys.lookup, viewer.user_id, one) for one in codes]
        self._users.set_codes(viewer.user_id, hashes, _who(viewer), now_ms)
        return codes

    def making(self, viewer: Viewer, now_ms: int) -> tuple[str, str]:
        """What the browser is asked to make a passkey by, as JSON; and what its form carries."""
        making = Making(urandom(CHALLENGE_BYTES), viewer.session_hash, now_ms)
        options = creation_options(
            self._site,
            making.challenge,
            brand="Earnest console",
            user_id=self._keys.handle(viewer.user_id),
            user_name=viewer.email,
            known=[one.credential for one in self._users.passkeys(viewer.user_id)],
        )
        return options, self._keys.pages.seal(msgspec.msgpack.encode(making), _PLACE).hex()

    def make(self, viewer: Viewer, carried: str, answer: str, label: str, now_ms: int) -> Made:
        """Keep what the browser made."""
        try:
            opened = self._keys.pages.open(bytes.fromhex(carried), _PLACE)
            making = msgspec.msgpack.decode(opened, type=Making)
        except (ValueError, SealBroken, msgspec.MsgspecError):
            return "refused"
        fresh = 0 <= now_ms - making.at_ms < CHALLENGE_LIFE_MS
        if not fresh or making.session_hash != viewer.session_hash:
            return "refused"
        try:
            made = made_credential(self._site, making.challenge, answer)
        except PasskeyRefused:
            return "refused"
        name = label.strip()[:LABEL_CHARS] or "Passkey"
        return self._users.add_passkey(viewer.user_id, self._new_id("psk"), made, name, _who(viewer), now_ms)

    def forget_passkey(self, viewer: Viewer, passkey_id: str, now_ms: int) -> bool:
        """Whether there was such a one."""
        return self._users.forget_passkey(viewer.user_id, passkey_id, _who(viewer), now_ms)

    def end(self, viewer: Viewer, session_id: str, now_ms: int) -> bool:
        """End one session; False where it had ended."""
        return self._users.end(viewer.user_id, session_id, _who(viewer), now_ms)

    def end_others(self, viewer: Viewer, now_ms: int) -> int:
        """End all sessions but this; how many there were."""
        return self._users.end_others(viewer.user_id, viewer.session_hash, _who(viewer), now_ms)


def _who(viewer: Viewer) -> Who:
    return Who(viewer.actor, viewer.ip_hash)
