"""What an account used: devices, network addresses, payment instruments, contacts; and who else used them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from app.users.rights import Scope
from detectors.event import Event, Profile

KINDS: Final = ("device", "ip", "payment", "email", "phone", "address")
TITLES: Final = {
    "device": "Device", "ip": "Network address", "payment": "Payment instrument", "email": "Mailbox",
    "phone": "Telephone", "address": "Postal address",
}  # fmt: skip
SHOWN: Final = 200
"""Of the latest used: more devices and addresses than a person has in a year."""

NOBODY: Final = Profile()

ContextOf = Callable[[str, str, bytes], str | None]
"""Programme, kind, keyed hash → the shared context it is marked as: `household`, `store_tablet`, …; None: none."""


class Use(NamedTuple):
    """
    One account's use of one identifier.

    digest:      its keyed hash; the value itself lies sealed in the event of `decision_id`, the latest.
    accounts:    how many accounts used it, this one included.
    country:     where a network address is registered, ISO 3166-1 alpha-2; else empty.
    """

    kind: str
    digest: bytes
    account_id: str
    first_ms: int
    last_ms: int
    events: int
    decision_id: str
    country: str
    accounts: int

    @property
    def name(self) -> str:
        """What it is called on a screen: no value, and the same everywhere in the programme."""
        return f"{TITLES[self.kind]} {self.digest.hex()[:6]}"


class Item(NamedTuple):
    """A row of a panel: the use, how many other accounts share it, and the context it is marked as."""

    use: Use
    others: int
    context: str | None


class Uses(Protocol):
    """Who used what. Raises RecordAway."""

    def of_account(self, program_id: str, account_id: str, limit: int, scope: Scope) -> Sequence[Use]:
        """What an account used, the latest first."""
        ...

    def of_identifier(
        self, program_id: str, kind: str, digest: bytes, limit: int, scope: Scope
    ) -> Sequence[Use]:
        """Who used it, by account id, as far as the scope shows them."""
        ...


def panels(
    uses: Uses, context_of: ContextOf, program_id: str, account_id: str, scope: Scope
) -> dict[str, list[Item]]:
    """Kind → what the account used of it, the latest first; every kind is there. Synchronous. Raises RecordAway."""
    found: dict[str, list[Item]] = {kind: [] for kind in KINDS}
    for use in uses.of_account(program_id, account_id, SHOWN, scope):
        context = context_of(program_id, use.kind, use.digest)
        found[use.kind].append(Item(use, use.accounts - 1, context))
    return found


def value_of(event: Event, kind: str) -> str | None:
    """The value itself, out of an opened event: for `app.reviewing.revealing`, which writes down who asked."""
    profile = event.profile or NOBODY
    match kind:
        case "device":
            return None if event.device is None else event.device.id
        case "ip":
            return event.ip
        case "payment":
            return event.payment_instrument_id
        case "email":
            return profile.email
        case "phone":
            return profile.phone
    parts = (profile.street, profile.postcode, profile.city, profile.country)
    return ", ".join(part for part in parts if part) or None
