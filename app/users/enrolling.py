"""Enrolment: by a link that works once somebody chooses a password, adds an app, and is shown ten recovery codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import msgspec
from anyio import to_thread
from msgspec import Struct

from app.seal import Seal, SealBroken
from app.users import recovery
from app.users.devices import Devices
from app.users.entering import Asker, new_session
from app.users.passwords import Passwords, fault
from app.users.ports import Credentials, Person, Users
from app.users.secrets import Keys, new_secret, secret_hash
from tokens.codes import spelled
from tokens.limits import CODE_DIGITS
from tokens.totp import address, matched_step, new_seed
from tokens.who import Who

ISSUER: Final = "Earnest"
"""As an app shows it beside the code."""
_PLACE: Final = b"enrolment"
Field = Literal["password", "again", "code"]


class Draft(Struct, frozen=True, array_like=True):
    """The app's seed between the page that shows it and the form that confirms it; good for one link."""

    link_hash: bytes
    seed: bytes


class Sheet(NamedTuple):
    """
    The page of an open link.

    uri:    what the QR code holds, and the app reads: the seed is in it.
    secret: the same to be typed.
    draft:  the seed, sealed, for the form.
    """

    person: Person
    uri: str
    secret: str
    draft: str
    faults: dict[Field, str]


class Enrolled(NamedTuple):
    """Done: signed in by this cookie, known by that of the device; the codes are shown now and never again."""

    person: Person
    cookie: str
    device: str
    codes: tuple[str, ...]


class Enrolment:
    """
    Args:
        users: the store.
        keys: of the people's room.
        passwords: hashes.
        client_hash: address → its keyed hash.
    """

    def __init__(
        self, users: Users, keys: Keys, passwords: Passwords, client_hash: Callable[[str], bytes]
    ) -> None:
        self._users, self._keys, self._passwords = users, keys, passwords
        self._client_hash, self._devices = client_hash, Devices(keys.pages)

    async def look(self, link: str, now_ms: int) -> Sheet | None:
        """The page of an open link; it changes nothing. None: used, over, or never made."""
        person = await to_thread.run_sync(self._users.link, secret_hash(link), "enrol", now_ms)
        return None if person is None else self._sheet(link, person, new_seed(), {})

    async def enrol(
        self, link: str, password: str, again: str, code: str, draft: str, asker: Asker, now_ms: int
    ) -> Enrolled | Sheet | None:
        """Done, the page again with what was wrong, or None where the link is gone."""
        person = await to_thread.run_sync(self._users.link, secret_hash(link), "enrol", now_ms)
        if person is None:
            return None
        seed = self._seed(link, draft)
        if seed is None:
            return self._sheet(
                link, person, new_seed(), {"code": "Scan the new code, then type what the app shows."}
            )
        step = matched_step(seed, spelled(code.replace(" ", ""), CODE_DIGITS) or "", now_ms)
        faults: dict[Field, str] = {}
        wrong = fault(password, person.email)
        if wrong is not None:
            faults["password"] = wrong
        elif password != again:
            faults["again"] = "Not the same as above."
        if step is None:
            faults["code"] = "Not the code the app shows now. Its clock has to be right to half a minute."
        if faults or step is None:
            return self._sheet(link, person, seed, faults)
        codes = recovery.new_codes()
        hashes = tuple([recovery.code_hash(self._keys.lookup, person.user_id, one) for one in codes])
        credentials = Credentials(await self._passwords.hash(password), seed, step, hashes)
        cookie, session = new_session(asker, secret_hash(link))
        who = Who(f"user:{person.user_id}", self._client_hash(asker.address))

        def keep() -> bool:
            return self._users.enrol(secret_hash(link), credentials, session, who, now_ms)

        if not await to_thread.run_sync(keep):
            return None
        device = self._devices.after(asker.device, self._keys.email_hash(person.email), now_ms)
        return Enrolled(person, cookie, device, codes)

    def _sheet(self, link: str, person: Person, seed: bytes, faults: dict[Field, str]) -> Sheet:
        uri = address(seed, ISSUER, person.email)
        secret = uri.partition("secret=")[2].partition("&")[0]
        return Sheet(person, uri, secret, _sealed(self._keys.pages, Draft(secret_hash(link), seed)), faults)

    def _seed(self, link: str, draft: str) -> bytes | None:
        try:
            opened = msgspec.msgpack.decode(self._keys.pages.open(bytes.fromhex(draft), _PLACE), type=Draft)
        except (ValueError, SealBroken, msgspec.MsgspecError):
            return None
        return opened.seed if opened.link_hash == secret_hash(link) else None


def new_link() -> tuple[str, bytes]:
    """A link's secret, and the hash it is known by."""
    secret = new_secret()
    return secret, secret_hash(secret)


def _sealed(seal: Seal, draft: Draft) -> str:
    return seal.seal(msgspec.msgpack.encode(draft), _PLACE).hex()
