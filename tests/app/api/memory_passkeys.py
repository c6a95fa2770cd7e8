"""The real use cases of passkeys over none: what routes promise of links, and of accounts that have nothing yet."""

from __future__ import annotations

from collections.abc import Callable

from app.redeeming.enrolling import Enroller
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from tokens.challenges import Authenticator
from tokens.passkey_ledger import NewLink, Passkey
from tokens.passkeys import Site
from tokens.who import Who

MASTER = bytes(range(32))


class MemoryPasskeys:
    """Passkeys in a dict; links in a list."""

    def __init__(self) -> None:
        self.held: dict[str, Passkey] = {}
        self.links: list[NewLink] = []

    def make_link(self, link: NewLink, who: Who) -> None:
        assert who.actor.startswith("key:")
        self.links.append(link)

    def passkeys(self, program_id: str, account_id: str) -> list[Passkey]:
        mine = (program_id, account_id)
        return [one for one in self.held.values() if (one.program_id, one.account_id) == mine]

    def forget(self, program_id: str, account_id: str, passkey_id: str, who: Who, now_ms: int) -> bool:
        assert (who.actor, now_ms) > ("key:", 0)
        found = [one for one in self.passkeys(program_id, account_id) if one.passkey_id == passkey_id]
        return bool(found) and bool(self.held.pop(passkey_id))


class Apps:
    """The account's confirmed app, which the desk of tests never has."""

    def authenticator(self, _program_id: str, _account_id: str) -> Authenticator | None:
        return None


def enroller_of(clock: Callable[[], int], new_id: Callable[[str], str]) -> Enroller:
    """The use cases over nothing."""
    return Enroller(
        MemoryPasskeys(),
        Apps(),
        None,
        Secrets.of(MASTER),
        contact_changed=lambda *_: False,
        terms=lambda _: Terms(),
        base="https://redeem.test",
        site=Site("redeem.test", "https://redeem.test"),
        clock=clock,
        new_id=new_id,
    )
