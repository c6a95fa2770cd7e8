"""Challenges, put together: the desk a backend asks, and the pages a member proves themselves on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.routing import Route

from app.answers import Answer
from app.clock import system_clock
from app.composition.ground import Ground
from app.composition.tokens import Tokens
from app.keys import derive
from app.locking.visiting import LockVisits
from app.locking.watching import Watch
from app.pages.checking import check_routes
from app.pages.switching import switch_routes
from app.ports.journal import Origin
from app.seal import Seal
from app.stepping_up.channels import Channels
from app.stepping_up.failing import Failures
from app.stepping_up.proofs import Proofs
from app.stepping_up.showing import Showing
from app.stepping_up.stepping import Stepping
from app.stepping_up.visiting import StepUpVisits
from detectors.event import Event


class Proving:
    """What members prove: that a challenged decision is theirs, and that they may switch redeeming on."""

    def __init__(
        self,
        ground: Ground,
        tokens: Tokens,
        *,
        decide: Callable[[Event, Origin], Awaitable[Answer]],
        caught_up: Callable[[], Awaitable[None]],
    ) -> None:
        record, file, stores, locking = ground.record, ground.file, tokens.stores, tokens.locking
        channels = Channels(record, stores.challenges, stores.passkeys, ground.settings.home_country)
        proofs = Proofs(tokens.prover, tokens.passkey_prover, stores.challenges, channels, system_clock)
        showing = Showing(proofs, system_clock)
        self.desk = Stepping(
            ground.history, record, ground.sighter, ground.journal,
            proofs=proofs, secrets=tokens.secrets, file=file, programme_of=record.programme_of,
            failed=Failures(record, decide, system_clock).tell, clock=system_clock,
        )  # fmt: skip
        self._visits = StepUpVisits(
            self.desk, showing, stores.throttle, tokens.secrets, Seal(derive(ground.master, "pages/checks")),
            file, caught_up, system_clock,
        )  # fmt: skip
        self._locks = LockVisits(
            locking.switch, locking.links, proofs, showing, Watch(decide, system_clock), stores.throttle,
            tokens.secrets, seal=Seal(derive(ground.master, "pages/locks")), file=file, clock=system_clock,
        )  # fmt: skip
        self._csrf_key, self._base = tokens.secrets.forms, ground.settings.public_url or ""

    def pages(self) -> list[Route]:
        """What members see."""
        base, key = self._base, self._csrf_key
        return [
            *check_routes(self._visits, public_url=base, csrf_key=key),
            *switch_routes(self._locks, public_url=base, csrf_key=key),
        ]
