"""Webhooks behind the routes: the real use cases over endpoints in memory, a resolver and a receiver of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.ports.record import Page
from app.webhooks.endpoints import Webhooks
from app.webhooks.guarding import Guard
from app.webhooks.ports import MessageRow, Webhook
from app.webhooks.posting import Answer

PUBLIC = "93.184.215.14"
TAKEN = Answer(200, "the receiver answered 200")


@dataclass
class MemoryEndpoints:
    """`app.webhooks.ports.Endpoints`, in a dictionary."""

    kept: dict[tuple[str, str], Webhook] = field(default_factory=dict)
    rows: list[MessageRow] = field(default_factory=list)

    def add(self, webhook, most):
        if len(self.webhooks(webhook.program_id)) >= most:
            return False
        self.kept[webhook.program_id, webhook.webhook_id] = webhook
        return True

    def webhook(self, program_id, webhook_id):
        return self.kept.get((program_id, webhook_id))

    def webhooks(self, program_id):
        return [webhook for webhook in self.kept.values() if webhook.program_id == program_id]

    def remove(self, program_id, webhook_id):
        return self.kept.pop((program_id, webhook_id), None) is not None

    def keep_secrets(self, program_id, webhook_id, secrets):
        known = self.kept[program_id, webhook_id]
        if known.secrets[0].key != secrets[1].key:
            return False
        self.kept[program_id, webhook_id] = known._replace(secrets=tuple(secrets))
        return True

    def enable(self, program_id, webhook_id):
        known = self.webhook(program_id, webhook_id)
        if known is not None:
            self.kept[program_id, webhook_id] = known._replace(state="enabled", why="", disabled_ms=None)
        return known is not None

    def messages(self, program_id, webhook_id, *, state, limit, cursor):  # noqa: ARG002
        start = 0 if cursor is None else int(cursor)
        found = [row for row in reversed(self.rows) if state in {None, row.state}]
        return Page(found[start : start + limit], str(start + limit) if len(found) > start + limit else None)

    def replay(self, program_id, webhook_id, since_ms, now_ms, limit):  # noqa: ARG002
        dead = [row for row in self.rows if row.state == "dead" and row.created_ms >= since_ms][:limit]
        self.rows = [
            row._replace(state="waiting", ended_ms=None) if row in dead else row for row in self.rows
        ]
        return len(dead)


@dataclass
class MemoryWebhooks:
    """The use cases, and what they were given to work with. `leads_to`: host → addresses."""

    clock: Callable[[], int]
    new_id: Callable[[str], str]
    store: MemoryEndpoints = field(default_factory=MemoryEndpoints)
    leads_to: dict[str, list[str]] = field(default_factory=dict)
    posted: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    answer: Answer = TAKEN

    def __post_init__(self) -> None:
        guard = Guard(lookup=lambda host, _: self.leads_to.get(host, [PUBLIC]))
        self.desk = Webhooks(
            self.store, guard, self._post, clock=self.clock, stopwatch=lambda: 1.0, new_id=self.new_id
        )

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.posted.append((url, headers, body))
        return self.answer
