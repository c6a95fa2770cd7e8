"""A change to a list is either known to every worker or answered with 503, which means: ask again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile

import pytest

from app.api.http_app import http_app
from app.feedback.desk import FeedbackDesk
from app.ports.history import HotStoreAway
from app.ports.lists import ListEntry

pytestmark = pytest.mark.anyio
ENTRY = json.dumps({"kind": "account", "value": "m-1", "reason": "test"}).encode()
FAILURES = [[True], [False, True], [True, True, True], [False, True, False, True]]


@dataclass
class Workers:
    """What they have read: the lists as they were when they last were told, if they were told."""

    service: object
    failing: Iterator[bool] = field(default_factory=lambda: iter(()))
    read: list[ListEntry] = field(default_factory=list)

    async def told(self) -> None:
        if next(self.failing, False):
            raise HotStoreAway("no answer")
        self.read = list(self.service.record.entries)

    async def asked(self, method: str, path: str, **rest) -> list[int]:
        """The statuses of a call that is repeated while it is answered with 503."""
        statuses = []
        while not statuses or statuses[-1] == 503:
            statuses.append((await self.service.call(method, path, "admin", **rest)).status_code)
        return statuses


@pytest.fixture
def workers(service):
    watching = Workers(service)
    api = service.api
    desk = FeedbackDesk(api.heard, watching.told, api.entity_digest, api.clock, api.new_id)
    service.api = replace(api, feedback=desk)
    service.app = http_app(service.api)
    return watching


async def added(workers) -> list[int]:
    headers = {"Content-Type": "application/json"}
    return await workers.asked("POST", "/v1/lists/block", content=ENTRY, headers=headers)


@pytest.mark.parametrize("failures", FAILURES)
async def test_an_added_entry_is_known_to_the_workers_when_it_is_confirmed(workers, failures):
    workers.failing = iter(failures)
    assert (await added(workers))[-1] == 201
    assert workers.read == workers.service.record.entries != []


@pytest.mark.parametrize("failures", FAILURES)
async def test_a_removed_entry_is_forgotten_by_the_workers_when_that_is_confirmed(workers, failures):
    """A removal that came no further than the record: asked again there is nothing to remove, yet all are told."""
    await added(workers)
    (entry,) = workers.service.record.entries
    workers.failing = iter(failures)
    statuses = await workers.asked("DELETE", f"/v1/lists/block?entry_id={entry.entry_id}")
    away = len(list(takewhile(bool, failures)))
    assert statuses == [503] * away + [404 if away else 204]
    assert workers.read == workers.service.record.entries == []


async def test_no_entries_pile_up_while_nobody_can_be_told(workers):
    workers.failing = iter([True] * 9)
    assert await added(workers) == [503] * 9 + [201]
    assert len(workers.service.record.entries) == 1


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:00"])
async def test_an_end_beyond_all_dates_shuts_nobody_out_of_the_list(service, end):
    body = json.dumps({"kind": "account", "value": "m-1", "reason": "test", "expires_at": end}).encode()
    headers = {"content-type": "application/json"}
    made = await service.call("POST", "/v1/lists/block", "admin", content=body, headers=headers)
    assert made.status_code == 201
    shown = await service.call("GET", "/v1/lists/block", "admin")
    assert shown.json()["items"][0]["expires_at"] == "9999-12-31T23:59:59Z"


async def test_what_two_people_closed_is_not_taken_out_by_a_key(service):
    headers = {"content-type": "application/json"}
    await service.call("POST", "/v1/lists/block", "admin", content=ENTRY, headers=headers)
    (entry,) = service.record.entries
    service.api.heard.by_two.add(("block", "account", "m-1"))
    refused = await service.call("DELETE", f"/v1/lists/block?entry_id={entry.entry_id}", "admin")
    assert refused.status_code == 409
    assert "Two people closed this account" in refused.json()["detail"]
    assert service.record.entries == [entry]
