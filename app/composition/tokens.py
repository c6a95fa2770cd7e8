"""One-time tokens and what members see of them, put together."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from starlette.routing import Route

from app import data_dir as layout
from app.clock import system_clock
from app.composition.checking import redemption_check
from app.composition.ground import Ground
from app.composition.locking import Locking
from app.composition.token_stores import TokenStores
from app.ids import fresh_id
from app.mail.local import LocalBox
from app.pages.locking import lock_routes
from app.pages.passkeys import enrolment_routes
from app.pages.redeeming import member_routes
from app.redeeming.contacts import contact_changed
from app.redeeming.counter import TokenDesk
from app.redeeming.deciding import Decide
from app.redeeming.enrolling import Enroller
from app.redeeming.finding import Finder
from app.redeeming.issuing import Issuer
from app.redeeming.passkeys import PasskeyProver
from app.redeeming.proving import Prover
from app.redeeming.releasing import Releaser
from app.redeeming.rings import Rings
from app.redeeming.secrets import Secrets
from app.redeeming.terms import Terms
from app.redeeming.visits import MemberVisits
from app.settings import Settings


class Tokens:
    """
    One-time tokens of one web worker: what a backend and a member's browser can ask, and the keys behind both.

    desk, enroller: what a backend asks; `issuer` makes the links.
    prover, passkey_prover: of codes and of passkeys, for whatever is to be proven.
    locking: locks share the secrets and the stores.
    """

    def __init__(
        self, ground: Ground, *, decide: Decide, caught_up: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        self._ground, file = ground, ground.file
        self.stores = stores = TokenStores.of(ground)
        self.secrets = secrets = Secrets.of(ground.master)
        self.rings = Rings(stores.keys, system_clock)

        def greeting(program_id: str | None) -> Terms:
            return file.usual_terms if program_id is None else file.terms(program_id)

        self.locking = Locking(ground, stores, secrets, greeting)
        self.prover = Prover(stores.challenges, secrets, ground.host, system_clock)
        self.passkey_prover = PasskeyProver(
            stores.passkeys, stores.challenges, secrets, ground.site, system_clock
        )
        finder = Finder(self.rings, stores.ledger.token, system_clock)
        releaser = Releaser(
            stores.ledger, finder, self.rings, system_clock, fresh_id, self.locking.notifier.notice
        )
        check = redemption_check(ground, stores, decide, caught_up)
        self.issuer = _issuer(ground, stores, finder, self.rings, secrets)
        self.desk = TokenDesk(
            finder, self.issuer, self.prover, releaser, stores.ledger, stores.challenges, secrets,
            terms=file.terms, clock=system_clock, new_id=fresh_id, check=check,
        )  # fmt: skip
        self._visits = MemberVisits(
            finder, self.prover, releaser, stores.ledger, stores.throttle, secrets, greeting, system_clock,
            passkeys=self.passkey_prover, check=check, openings=stores.openings,
        )  # fmt: skip
        self.enroller = Enroller(
            stores.passkeys, stores.challenges, stores.throttle, secrets,
            contact_changed=partial(contact_changed, ground.record), terms=greeting, base=ground.base,
            site=ground.site, clock=system_clock, new_id=fresh_id,
        )  # fmt: skip

    def pages(self) -> list[Route]:
        """What members see."""
        settings = self._ground.settings
        base = settings.public_url or ""
        return [
            *member_routes(
                self._visits, public_url=base, csrf_key=self.secrets.forms, local_box=_local_box(settings)
            ),
            *enrolment_routes(self.enroller, public_url=base),
            *lock_routes(self.locking.disputes, public_url=base),
        ]


def _issuer(ground: Ground, stores: TokenStores, finder: Finder, rings: Rings, secrets: Secrets) -> Issuer:
    """Of links in the form that the settings ask for."""
    settings, file = ground.settings, ground.file
    before = f"{ground.base}/r{'/' if settings.link_form == 'path' else '#'}"
    return Issuer(
        stores.ledger,
        finder,
        rings,
        secrets,
        terms=lambda program_id: (file.terms(program_id), file.version),
        decision=ground.record.decision,
        authenticator=stores.challenges.authenticator,
        passkeys=stores.passkeys.passkeys,
        link=lambda text: before + text,
        host=ground.host,
        reached=settings.reaches,
        clock=system_clock,
    )


def _local_box(settings: Settings) -> LocalBox | None:
    """Where a development installation keeps what it would send; None where everything leaves the house."""
    everything_leaves = settings.smtp_url is not None and settings.messenger_url is not None
    return (
        None
        if settings.env == "production" or everything_leaves
        else LocalBox(layout.outbox_dir(settings.data_dir), system_clock)
    )
