"""What people say, put together: the desk that takes it in, and who is said to have said it."""

from __future__ import annotations

from app import metrics
from app.clock import system_clock
from app.composition.ground import Ground
from app.feedback.desk import FeedbackDesk
from app.ids import fresh_id
from app.keys import derive
from app.redeeming.desk import Caller
from app.redeeming.secrets import Secrets
from app.seal import Seal
from app.store.sql.account_keys import AccountKeys
from app.store.sql.audit import Audit
from app.store.sql.feedback import SqlFeedback
from app.store.telling import Telling
from tokens.who import Who


def feedback_desk(ground: Ground) -> FeedbackDesk:
    """The use cases, over these stores."""
    seal, audit = (
        Seal(derive(ground.master, "record")),
        Audit(derive(ground.master, "audit"), metrics.audited),
    )
    store = SqlFeedback(ground.engine, seal, AccountKeys(seal), audit)
    tell = Telling(ground.pipeline, ground.record).tell
    return FeedbackDesk(store, tell, ground.sighter.digest, system_clock, fresh_id)


class Callers:
    """Callers as the audit names them: the key, and a hash of the address."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def who(self, caller: Caller) -> Who:
        """This caller."""
        ip_hash = self._secrets.address_hash("ip", caller.address) if caller.address else b""
        return Who(f"key:{caller.principal.key_id}", ip_hash)
