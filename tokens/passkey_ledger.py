"""What passkeys need of a durable store: links to enrol by, keys, and the one proof a challenge is good for.

As in `tokens.ledger`, every move is one transaction and raises the store's own "away" error. Instants are milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

from tokens.challenges import Challenge, Counted, Subject
from tokens.passkeys import Credential, MadeCredential
from tokens.who import Who


class NewLink(NamedTuple):
    """A link to be made. `link_hash`: SHA-256 of its challenge, by which every move names it."""

    link_hash: bytes
    program_id: str
    account_id: str
    made_ms: int
    expires_ms: int


class NewPasskey(NamedTuple):
    """A passkey to be kept, as its authenticator made it. `contact_changed`: the account's contact did, lately."""

    passkey_id: str
    program_id: str
    account_id: str
    made: MadeCredential
    contact_changed: bool


class Passkey(Struct, frozen=True, kw_only=True):
    """
    A passkey as held.

    public_key: COSE, opened.
    rests_until_ms: before that it proves nothing, for it came beside another; its making where it does not rest.
    sign_count: the last its authenticator told; 0 where it keeps none.
    """

    passkey_id: str
    program_id: str
    account_id: str
    credential_id: bytes
    public_key: bytes
    transports: tuple[str, ...]
    aaguid: str
    made_ms: int
    rests_until_ms: int
    sign_count: int
    used_ms: int | None

    @property
    def credential(self) -> Credential:
        """As a browser is asked for it."""
        return Credential(self.credential_id, self.transports)


NotEnrolled = Literal["link_gone", "taken", "full"]
"""`link_gone`: used, expired or unknown. `taken`: the key is enrolled already. `full`: the account has enough."""
Passed = Literal["passed", "beaten", "went_back"]
"""`beaten`: another proof was first, or the passkey or token is gone. `went_back`: the authenticator's count did, as a
copy's would."""


class Passkeys(Protocol):
    """Passkeys and what is asked of them."""

    def make_link(self, link: NewLink, who: Who) -> None: ...
    def is_open(self, link_hash: bytes, now_ms: int) -> bool:
        """Whether the link can still enrol. Changes nothing."""
        ...

    def enrol(self, link_hash: bytes, new: NewPasskey, who: Who, now_ms: int) -> Passkey | NotEnrolled:
        """Use up the link and keep the passkey, both or neither. It rests where the account had another authenticator
        within the rest, or its contact changed.
        """
        ...

    def passkeys(self, program_id: str, account_id: str) -> Sequence[Passkey]:
        """Those the account has, oldest first."""
        ...

    def forget(self, program_id: str, account_id: str, passkey_id: str, who: Who, now_ms: int) -> bool: ...
    def begin(
        self, subject: Subject, session_hash: bytes, hash_of: Callable[[str], bytes], now_ms: int
    ) -> Challenge:
        """The session's challenge for a passkey: one that can still be answered or was passed just now, else a new one,
        of which the hash is kept; `hash_of` makes it of the challenge's id.
        """
        ...

    def challenge(self, subject: Subject, session_hash: bytes) -> Challenge | None:
        """The session's last challenge for a passkey at this subject."""
        ...

    def passed(
        self, subject: Subject, counted: Counted, passkey_id: str, sign_count: int, who: Who, now_ms: int
    ) -> Passed:
        """The answer held: take the try back, mark challenge and subject verified and note the count, if it rose or is
        not kept; all or nothing.
        """
        ...

    def suspect(self, subject: Subject, passkey_id: str, who: Who, now_ms: int) -> None:
        """An audit entry: a count that went back."""
        ...
