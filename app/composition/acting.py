"""What an analyst can do about a member, put together."""

from __future__ import annotations

from functools import partial

from app.acting.after import After
from app.acting.desk import ActingDesk
from app.acting.remaking import remade
from app.capping.ending import Ender
from app.clock import system_clock
from app.composition.cases import kept
from app.composition.ground import Ground
from app.ids import fresh_id
from app.keys import derive
from app.locking.switch import Switch
from app.redeeming.contacts import contact_changed
from app.redeeming.issuing import Issuer
from app.seal import Seal
from app.store.sql.acting import SqlActs
from app.store.sql.holding import SqlHolds
from app.store.telling import Telling


def acting_desk(ground: Ground, switch: Switch, issuer: Issuer) -> ActingDesk:
    """The use cases of one web worker, which lock by `switch` and make links anew by `issuer`."""
    engine, record, file, sighter = ground.engine, ground.record, ground.file, ground.sighter
    seal, needed = Seal(derive(ground.master, "record")), kept(ground.master, file)
    acts = SqlActs(engine, seal, needed, sighter.digest, partial(contact_changed, record))
    ender = Ender(SqlHolds(engine), ground.history, sighter, ground.journal, system_clock)
    after = After(switch.tell, Telling(ground.pipeline, record).tell, ender.step)
    return ActingDesk(
        acts,
        after,
        partial(remade, issuer),
        record.lock,
        lambda program_id: file.cases(program_id).currency,
        system_clock,
        fresh_id,
    )
