"""The queue: which case comes next, who has it, and taking it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from anyio import to_thread
from msgspec import structs
from starlette.responses import Response

from app.cases.desk import CaseDesk
from app.cases.moving import is_held
from app.cases.ports import LIVE, Case, Counts, Filter, Refusal, Scope, Wish
from app.console import queue_shown as shown
from app.console.colleagues import Colleagues
from app.console.frame import own_path
from app.console.may_move import turned_down
from app.console.place import Place
from app.console.programmes import Chosen, Programmes, remember, scope_of
from app.console.queue_deeds import able_to
from app.console.queue_last import remember_queue
from app.console.queue_query import AGES, ORDERS, Asked, read, read_text
from app.console.queue_shown import CASES, QUEUE
from app.console.saved_views import SavedView, Views
from app.console.telling import when
from app.console.visit import Gesture, Get, Post, Visit, turned
from tokens.who import Who

PLACE: Final = Place("queue", "Queue", QUEUE, "view_queue", "q")
ROWS: Final = 50
"""Cases a page: what is looked through before a page is turned."""
VERSION_DIGITS: Final = 18
"""The longest number that always fits 64 bits."""
_SENIORS: Final = "Nothing here is yours to take: escalated cases are for seniors."


class Queue:
    """
    Args:
        desk: the use cases of cases.
        views: saved views.
        programmes: which programmes there are.
        colleagues: who has a case.
    """

    def __init__(self, desk: CaseDesk, views: Views, programmes: Programmes, colleagues: Colleagues) -> None:
        self._desk, self._views, self._programmes, self._colleagues = desk, views, programmes, colleagues

    def gestures(self) -> list[Gesture]:
        """
        What can be done here. `next` takes a field `query`, as the queue's address has it: the case page sends it on, so
        that `n` there goes on under the same filter.
        """
        return [
            Get(QUEUE, "view_queue", self.show),
            Post(f"{QUEUE}/next", "work_case", self.next),
            Post(f"{QUEUE}/claim", "work_case", self.claim),
            Post(f"{QUEUE}/{{case_id}}/undo/{{version}}", "work_case", self.undo),
        ]

    async def show(self, visit: Visit) -> Response:
        """A page of cases under a filter."""
        asked = read(visit.request.query_params.multi_items()) if len(visit.request.url.query) else Asked({})
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        views = await to_thread.run_sync(self._seen_views, visit, chosen)
        first = next((one for one in views if one.is_default and one.user_id == visit.viewer.user_id), None)
        if not visit.request.url.query and first is not None:
            return visit.back(f"{QUEUE}?{first.query}")
        asked = asked.within(chosen.program_id)
        response = await self._page(visit, asked, chosen, views)
        remember_queue(visit, response, asked)
        return remember(visit, response, chosen.program_id)

    async def _page(self, visit: Visit, asked: Asked, chosen: Chosen, views: Sequence[SavedView]) -> Response:
        scope, currency = scope_of(visit, chosen.program_id), visit.console.currency(chosen.program_id)
        wanted, faults = asked.chosen(visit.viewer.actor, visit.now_ms, currency), list(asked.faults)
        cursor = asked.one("cursor") or None
        try:
            page = await self._desk.list(scope, wanted, asked.order, limit=ROWS, cursor=cursor)
        except ValueError:
            faults.append("That page is of another list; this is the first page.")
            page, cursor = await self._desk.list(scope, wanted, asked.order, limit=ROWS), None
        whole, mine, here = await self._counted(visit, asked, wanted, scope)
        names = await to_thread.run_sync(self._colleagues.names, [case.assignee for case in page.items])
        is_free = asked.one("whose") == "free"
        return visit.page(
            "queue/list.html",
            "Queue",
            asked=asked,
            chosen=chosen,
            currency=currency,
            rows=[shown.row(case, visit.viewer, names, visit.now_ms) for case in page.items],
            total=shown.total(asked, here),
            tabs=shown.tabs(asked, whole, mine, shown.total(asked, here) if is_free else None, views),
            priorities=shown.priorities(asked, here),
            typologies=shown.typologies(asked, here),
            chips=shown.chips(asked, visit.now_ms, currency),
            orders=[(name, told, f"{QUEUE}?{asked.query(order=name)}") for name, told in ORDERS.items()],
            ages=[("", "any time"), *[(value, told) for value, (told, _) in AGES.items()]],
            faults=faults,
            deeds=able_to(visit.viewer),
            view=next((one for one in views if one.query == asked.query()), None),
            is_first=cursor is None,
            next_href=f"{QUEUE}?{asked.query(cursor=page.next_cursor)}" if page.next_cursor else None,
            nothing_at_all=not whole.total
            and not asked.query(but=("cursor", "program", "state", "whose", "order")),
        )

    async def _counted(
        self, visit: Visit, asked: Asked, wanted: Filter, scope: Scope
    ) -> tuple[Counts, int, Counts]:
        """Under all filters but state, priority and typology: of everybody's cases, how many one's own, and as asked."""
        free = structs.replace(wanted, states=(), priorities=(), typologies=(), mine=None, free_at_ms=None)
        whole = await self._desk.counts(scope, free)
        own = await self._desk.counts(scope, structs.replace(free, mine=visit.viewer.actor))
        mine = shown.total(asked, own, LIVE)
        if wanted.mine is not None:
            return whole, mine, own
        if wanted.free_at_ms is not None:
            return whole, mine, await self._desk.counts(scope, structs.replace(free, free_at_ms=visit.now_ms))
        return whole, mine, whole

    async def next(self, visit: Visit) -> Response:
        """Take the first case that is free under the filter, and go to it."""
        asked = read_text(visit.form.text("query"))
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        asked = asked.within(chosen.program_id)
        currency = visit.console.currency(chosen.program_id)
        back, wanted = f"{QUEUE}?{asked.query()}", asked.chosen(visit.viewer.actor, visit.now_ms, currency)
        if not visit.viewer.may("approve"):
            states = tuple(one for one in wanted.states or ("open", "in_progress") if one != "escalated")
            if not states:
                return visit.back(back, _SENIORS, "note")
            wanted = structs.replace(wanted, states=states)
        case = await self._desk.claim_next(scope_of(visit, chosen.program_id), who(visit), wanted)
        if case is None:
            return visit.back(back, "No case here is free to take.", "note")
        return visit.back(f"{CASES}/{case.case_id}", _yours(case, visit.now_ms), undo=undo_href(case))

    async def claim(self, visit: Visit) -> Response:
        """Take this case, and stay."""
        asked = read_text(visit.form.text("query"))
        chosen = await self._programmes.chosen(visit, asked.one("program"))
        scope, case_id = scope_of(visit, chosen.program_id), visit.form.text("claim")
        back = f"{QUEUE}?{asked.within(chosen.program_id).query()}"
        case = next(iter(await self._desk.some(scope, [case_id])), None)
        if case is None:
            raise turned(404, again=back)
        wish = Wish(move="claim")
        done = turned_down(visit.viewer, case, wish, visit.now_ms) or await self._desk.move(
            scope, case_id, who(visit), wish, case.version
        )
        if isinstance(done, Refusal):
            return visit.back(back, await to_thread.run_sync(self.why_not, done, visit), "warn")
        return visit.back(back, _yours(done, visit.now_ms), undo=undo_href(done))

    async def undo(self, visit: Visit) -> Response:
        """Take back one's own last move of a case."""
        chosen = await self._programmes.chosen(visit, visit.query.get("program", ""))
        scope, version = scope_of(visit, chosen.program_id), visit.path["version"]
        back = _ours(visit.form.text("back"))
        if not version.isdecimal() or len(version) > VERSION_DIGITS:
            raise turned(404, again=back)
        done = await self._desk.undo(scope, visit.path["case_id"], who(visit), int(version))
        if isinstance(done, Refusal) and done.why == "unknown":
            raise turned(404, again=back)
        if isinstance(done, Refusal):
            return visit.back(back, await to_thread.run_sync(self.why_not, done, visit), "warn")
        return visit.back(back, "Taken back: the case is as it was before.")

    def why_not(self, refusal: Refusal, visit: Visit) -> str:
        """A refusal in words that name people, and until when they have a case."""
        case = refusal.case
        if case is not None and is_held(case, visit.viewer.actor, visit.now_ms) and case.lease_ms is not None:
            name = self._colleagues.names([case.assignee]).get(case.assignee or "", "Somebody")
            return (
                f"{name} has this case until {when(case.lease_ms, visit.now_ms).absolute}. Nothing was done."
            )
        if refusal.why == "stale":
            return "Somebody was first: the case has changed since you saw it. Nothing was done."
        return refusal.message

    def _seen_views(self, visit: Visit, chosen: Chosen) -> Sequence[SavedView]:
        """One's own; of others' only who sees whole programmes."""
        shared = visit.viewer.scope.programs if visit.viewer.scope.is_whole_programme else frozenset[str]()
        found = self._views.views(visit.viewer.user_id, shared)
        return [one for one in found if one.program_id in chosen.programs]


def who(visit: Visit) -> Who:
    """Who acts."""
    return Who(visit.viewer.actor, visit.viewer.ip_hash)


def undo_href(case: Case) -> str:
    """Where the move that led to this version is taken back."""
    return f"{QUEUE}/{case.case_id}/undo/{case.version}?{urlencode({'program': case.program_id})}"


def _yours(case: Case, now_ms: int) -> str:
    until = "" if case.lease_ms is None else f" until {when(case.lease_ms, now_ms).absolute}"
    return f"The case of {case.account_id} is yours{until}."


def _ours(path: str) -> str:
    return own_path(path) if path else QUEUE
