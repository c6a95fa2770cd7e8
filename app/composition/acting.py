"""What an analyst can do about a member, put together."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Engine

from app.acting.after import After
from app.acting.desk import ActingDesk
from app.acting.remaking import remade
from app.capping.ending import Ender
from app.clock import system_clock
from app.composition.cases import kept
from app.ids import fresh_id
from app.journal import Journal
from app.keys import derive
from app.locking.switch import Switch
from app.policy.file import PolicyFile
from app.redeeming.contacts import contact_changed
from app.redeeming.issuing import Issuer
from app.seal import Seal
from app.sighting import Sighter
from app.store.pipeline import Pipeline
from app.store.sql import SqlRecord
from app.store.sql.acting import SqlActs
from app.store.sql.holding import SqlHolds
from app.store.telling import Telling
from app.store.valkey import ValkeyHistory


def acting_desk(
    master: bytes,
    engine: Engine,
    pipeline: Pipeline,
    record: SqlRecord,
    file: PolicyFile,
    history: ValkeyHistory,
    sighter: Sighter,
    *,
    journal: Journal,
    switch: Switch,
    issuer: Issuer,
) -> ActingDesk:
    """The use cases of one web worker, over these stores."""
    seal = Seal(derive(master, "record"))
    acts = SqlActs(engine, seal, kept(master, file), sighter.digest, partial(contact_changed, record))
    ender = Ender(SqlHolds(engine), history, sighter, journal, system_clock)
    after = After(switch.tell, Telling(pipeline, record).tell, ender.step)
    return ActingDesk(
        acts,
        after,
        partial(remade, issuer),
        record.lock,
        lambda program_id: file.cases(program_id).currency,
        system_clock,
        fresh_id,
    )
