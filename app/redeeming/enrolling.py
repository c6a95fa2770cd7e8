"""Enrolling a passkey: a backend asks for a link, its member opens it, and the browser makes the key. Once."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from os import urandom
from typing import Final, Literal, NamedTuple

import msgspec
from anyio import to_thread
from msgspec import Struct

from app.ports.instants import Clock
from app.redeeming.desk import Caller
from app.redeeming.passkeys import account_handle
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.redeeming.throttling import Throttle
from app.redeeming.visiting import Client
from app.seal import SealBroken
from tokens.challenges import Authenticator, Challenges
from tokens.errors import PasskeyRefused
from tokens.limits import PASSKEY_LINK_LONGEST_S, PASSKEY_LINK_SHORTEST_S
from tokens.passkey_ledger import NewLink, NewPasskey, NotEnrolled, Passkey, Passkeys
from tokens.passkeys import Site, creation_options, made_credential
from tokens.token import Locale
from tokens.who import Who

MS: Final = 1_000
CHALLENGE_BYTES: Final = 32
"""256 random bits: the link's secret, and what the authenticator signs."""
LINK_CHARS: Final = 2_048
"""A longer one is not ours: its names have 128 characters at most, of up to 4 bytes each."""
PLACE: Final = b"passkey link"
Stage = Literal["make", "made", "gone", "unknown", "taken", "full", "wait"]
"""`make`: here it can be made. `gone`: the link was used or is over. `taken`: this authenticator is enrolled already.
`full`: the account has as many as it may have."""


class Inside(Struct, frozen=True, array_like=True):
    """What is sealed into a link. `label`: what the authenticator shows beside the brand."""

    challenge: bytes
    program_id: str
    account_id: str
    expires_ms: int
    label: str
    locale: Locale


class Enrolment(Struct, frozen=True, kw_only=True):
    """
    One page of it.

    options:   what the browser is asked, as JSON; with `make`.
    mishap:    the browser's answer did not hold: once more.
    rests_until_ms: before that the passkey proves nothing, where it rests.
    """

    stage: Stage
    terms: Terms
    locale: Locale
    options: str = ""
    mishap: bool = False
    rests_until_ms: int | None = None
    retry_after_s: int | None = None


class Held(NamedTuple):
    """What an account proves itself by."""

    app: Authenticator | None
    passkeys: Sequence[Passkey]


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(Inside).decode


class Enroller:
    """
    The use cases, of backends and of members. Each raises RecordAway or HotStoreAway: nothing was done then.

    Args:
        passkeys, challenges: what accounts prove themselves by.
        throttle: counts clients.
        contact_changed: (programme, account, instant) → whether its mailbox or number did within the rest before.
        secrets: seals links.
        terms: programme → its terms; None: those a page greets with before it is known.
        base: of links, `https://rewards.example`.
        site: the same, as passkeys know it.
        clock: milliseconds since 1970-01-01 UTC.
        new_id: prefix → a fresh id.
    """

    def __init__(
        self,
        passkeys: Passkeys,
        challenges: Challenges,
        throttle: Throttle,
        secrets: Secrets,
        *,
        contact_changed: Callable[[str, str, int], bool],
        terms: Callable[[str | None], Terms],
        base: str,
        site: Site,
        clock: Clock,
        new_id: Callable[[str], str],
    ) -> None:
        self._passkeys, self._challenges, self._throttle = passkeys, challenges, throttle
        self._secrets, self._contact_changed, self._terms = secrets, contact_changed, terms
        self._base, self._site, self._clock, self._new_id = base, site, clock, new_id

    # ------------------------------------------------------------ a backend

    async def link(
        self, account_id: str, life_s: int, label: str | None, locale: Locale | None, caller: Caller
    ) -> tuple[str, int]:
        """A link for that account's logged-in member, and when it ends. Raises ValueError for another life."""
        if not PASSKEY_LINK_SHORTEST_S <= life_s <= PASSKEY_LINK_LONGEST_S:
            raise ValueError(f"a link lives {PASSKEY_LINK_SHORTEST_S} to {PASSKEY_LINK_LONGEST_S} seconds")
        program_id, now_ms = caller.principal.program_id, self._clock()
        terms = self._terms(program_id)
        inside = Inside(
            urandom(CHALLENGE_BYTES),
            program_id,
            account_id,
            now_ms + life_s * MS,
            label or terms.brand,
            locale or terms.locale,
        )
        link = NewLink(_hash(inside), program_id, account_id, now_ms, inside.expires_ms)
        await to_thread.run_sync(self._passkeys.make_link, link, self._who(caller))
        sealed = self._secrets.enrolments.seal(_pack(inside), PLACE)
        return f"{self._base}/k/{urlsafe_b64encode(sealed).decode().rstrip('=')}", inside.expires_ms

    async def held(self, account_id: str, caller: Caller) -> Held:
        """What the account proves itself by."""

        def read() -> Held:
            account = caller.principal.program_id, account_id
            return Held(self._challenges.authenticator(*account), self._passkeys.passkeys(*account))

        return await to_thread.run_sync(read)

    async def forget(self, account_id: str, passkey_id: str, caller: Caller) -> bool:
        """Whether there was such a passkey; it counts no more."""
        program_id = caller.principal.program_id
        return await to_thread.run_sync(
            self._passkeys.forget, program_id, account_id, passkey_id, self._who(caller), self._clock()
        )

    # ------------------------------------------------------------ a member

    async def look(self, text: str, client: Client) -> Enrolment:
        """The page behind a link. Changes nothing."""
        wait_s = await self._throttle.admit("landing", self._client(client))
        if wait_s:
            return self._bare("wait", client, wait_s)
        inside = self._inside(text)
        return (
            self._bare("unknown", client) if inside is None else await to_thread.run_sync(self._look, inside)
        )

    async def enrol(self, text: str, answer: str, client: Client) -> Enrolment:
        """With what the browser made: kept, and the link used up."""
        wait_s = await self._throttle.admit("verify", self._client(client))
        if wait_s:
            return self._bare("wait", client, wait_s)
        inside = self._inside(text)
        if inside is None:
            return self._bare("unknown", client)
        return await to_thread.run_sync(self._enrol, inside, answer, client)

    def _look(self, inside: Inside, *, mishap: bool = False) -> Enrolment:
        if not self._passkeys.is_open(_hash(inside), self._clock()):
            return self._page(inside, "gone")
        known = self._passkeys.passkeys(inside.program_id, inside.account_id)
        options = creation_options(
            self._site,
            inside.challenge,
            brand=self._terms(inside.program_id).brand,
            user_id=account_handle(self._secrets, inside.program_id, inside.account_id),
            user_name=inside.label,
            known=[one.credential for one in known],
        )
        return msgspec.structs.replace(self._page(inside, "make"), options=options, mishap=mishap)

    def _enrol(self, inside: Inside, answer: str, client: Client) -> Enrolment:
        try:
            made = made_credential(self._site, inside.challenge, answer)
        except PasskeyRefused:
            return self._look(inside, mishap=True)
        now_ms = self._clock()
        account = (inside.program_id, inside.account_id)
        changed = self._contact_changed(*account, now_ms)
        new = NewPasskey(self._new_id("psk"), *account, made, changed)
        who = Who("member", self._client(client))
        enrolled = self._passkeys.enrol(_hash(inside), new, who, now_ms)
        if not isinstance(enrolled, Passkey):
            return self._page(inside, STAGES[enrolled])
        rests = enrolled.rests_until_ms if enrolled.rests_until_ms > now_ms else None
        return msgspec.structs.replace(self._page(inside, "made"), rests_until_ms=rests)

    def _inside(self, text: str) -> Inside | None:
        """What is sealed into a link, if it is one of ours. No store is asked."""
        if len(text) > LINK_CHARS:
            return None
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            return _unpack(self._secrets.enrolments.open(sealed, PLACE))
        except (UnicodeEncodeError, binascii.Error, SealBroken, msgspec.MsgspecError):
            return None

    def _page(self, inside: Inside, stage: Stage) -> Enrolment:
        return Enrolment(stage=stage, terms=self._terms(inside.program_id), locale=inside.locale)

    def _bare(self, stage: Stage, client: Client, retry_after_s: int | None = None) -> Enrolment:
        terms = self._terms(None)
        locale = client.locale or terms.locale
        return Enrolment(stage=stage, terms=terms, locale=locale, retry_after_s=retry_after_s)

    def _client(self, client: Client) -> bytes:
        return self._secrets.client_hash(client.address)

    def _who(self, caller: Caller) -> Who:
        ip_hash = self._secrets.client_hash(caller.address) if caller.address else b""
        return Who(f"key:{caller.principal.key_id}", ip_hash)


STAGES: Final[dict[NotEnrolled, Stage]] = {"link_gone": "gone", "taken": "taken", "full": "full"}


def _hash(inside: Inside) -> bytes:
    return sha256(inside.challenge).digest()
