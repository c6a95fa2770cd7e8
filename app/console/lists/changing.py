"""Adding to a list and taking from it: what it would have touched is shown first, and it can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_network
from typing import Final, NamedTuple, get_args
from urllib.parse import urlencode

from anyio import to_thread
from starlette.responses import Response

from app.console.accounts.naming import who
from app.console.lists.showing import LISTS, SHELF_TEXTS, SHELF_WORDS, shelf_of, whole_programme
from app.console.programmes import Programmes
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.faults import is_card_number
from app.feedback.desk import ContextWish, FeedbackDesk
from app.feedback.ports import ByTwo, ContextKind, ContextName
from app.ports.lists import ListEntry
from app.reviewing import hrefs
from app.reviewing.listed import KIND_WORDS, REACH_MOST, Listed, Reach, Shelf, list_of, masked_value
from app.sighting import LISTED_KINDS
from app.users.rights import Action

VALUE_MOST: Final = 256
REASON_MOST: Final = 500
INVALID: Final = 422
USUAL_DAYS: Final = 90
"""An entry's length where nobody says another: a quarter, after which somebody looks again."""
CONTEXT_KINDS: Final[tuple[str, ...]] = get_args(ContextKind)
CONTEXT_WORDS: Final[dict[ContextName, str]] = {
    "household": "A household", "store_tablet": "A tablet in a store", "call_centre": "A call centre",
    "office_nat": "An office's network", "kiosk": "A kiosk", "corporate_buyer": "A company that buys for many",
}  # fmt: skip
Digest = Callable[[str, str, str], bytes]


class Typed(NamedTuple):
    """What the form says, and what is wrong with it by field."""

    shelf: Shelf
    kind: str
    value: str
    context: str
    reason: str
    until: str
    expires_ms: int | None
    faults: dict[str, str]


class ListDeeds:
    """
    Args:
        listed: tells what an entry would have touched.
        feedback: adds and takes out.
        digest: programme, kind, value → keyed hash; ValueError where the value is none.
        new_id: prefix → a fresh id.
        programmes: which there are.
    """

    def __init__(
        self,
        listed: Listed,
        feedback: FeedbackDesk,
        digest: Digest,
        new_id: Callable[[str], str],
        programmes: Programmes,
    ) -> None:
        self._listed, self._feedback, self._digest = listed, feedback, digest
        self._new_id, self._programmes = new_id, programmes

    def gestures(self) -> list[Gesture]:
        """What can be done. Shared contexts need a right of their own, asked for besides."""
        return [
            Get(f"{LISTS}/new", "edit_lists", self.ask),
            Post(f"{LISTS}/check", "edit_lists", self.check),
            Post(LISTS, "edit_lists", self.add),
            Post(f"{LISTS}/{{list}}/{{entry_id}}/remove", "edit_lists", self.remove),
        ]

    async def ask(self, visit: Visit) -> Response:
        """The form, begun by what the address says."""
        whole_programme(visit)
        shelf = shelf_of(visit.query.get("list", "block"))
        if shelf is None:
            raise turned(404, again=LISTS)
        usual = datetime.fromtimestamp(visit.now_ms / 1_000, UTC).date() + timedelta(days=USUAL_DAYS)
        typed = Typed(
            shelf, visit.query.get("kind", ""), visit.query.get("value", "")[:VALUE_MOST], "", "",
            usual.isoformat(), None, {},
        )  # fmt: skip
        chosen = await self._programmes.chosen(visit, visit.query.get("program", ""))
        return _form(visit, chosen.program_id, typed)

    async def check(self, visit: Visit) -> Response:
        """What it would have touched, before anything is done."""
        program_id, typed = await self._typed(visit)
        if typed.faults:
            return _form(visit, program_id, typed)
        is_countable = typed.kind != "terminal" and not _is_range(typed.kind, typed.value)
        digest = self._digest(program_id, typed.kind, typed.value) if is_countable else b""
        reach = await to_thread.run_sync(
            self._listed.reach, program_id, typed.kind, typed.value, digest, visit.viewer.scope, visit.now_ms
        )
        return _form(visit, program_id, typed, reach)

    async def add(self, visit: Visit) -> Response:
        """Put it in."""
        program_id, typed = await self._typed(visit)
        if typed.faults:
            return _form(visit, program_id, typed)
        by, name = who(visit), list_of(typed.shelf)
        if name is None:
            wish = ContextWish(
                program_id, typed.kind, typed.value, typed.context, typed.reason,  # type: ignore[arg-type] # checked above
                visit.viewer.actor, typed.expires_ms,
            )  # fmt: skip
            row, _ = await self._feedback.mark_context(wish, by)
            entry_id = row.context_id
        else:
            entry = ListEntry(
                self._new_id("lst"), program_id, name, typed.kind, typed.value,  # type: ignore[arg-type] # checked above
                self._digest(program_id, typed.kind, typed.value), typed.reason, visit.viewer.actor, visit.now_ms,
                typed.expires_ms,
            )  # fmt: skip
            await self._feedback.add_to_list(entry, by)
            entry_id = entry.entry_id
        undo = f"{LISTS}/{typed.shelf}/{hrefs.segment(entry_id)}/remove?{urlencode({'program': program_id})}"
        return visit.back(
            _back(program_id, typed.shelf), "Added. Every decision minds it from now on.", undo=undo
        )

    async def remove(self, visit: Visit) -> Response:
        """Take it out; it is not asked again, for it can be added again."""
        whole_programme(visit)
        asked = visit.form.text("program") or visit.query.get("program", "")
        program_id = (await self._programmes.chosen(visit, asked)).program_id
        shelf, entry_id = shelf_of(visit.path["list"]), hrefs.plain(visit.path["entry_id"])
        if shelf is None or "\0" in entry_id:
            raise turned(404, again=LISTS)
        _may_change(visit, shelf)
        name, by = list_of(shelf), who(visit)
        if name is None:
            there = await self._feedback.unmark_context(program_id, entry_id, by)
        else:
            try:
                there = await self._feedback.remove_from_list(program_id, name, entry_id, by)
            except ByTwo as by_two:
                raise turned(409, str(by_two), LISTS) from by_two
        if not there:
            raise turned(404, "It was taken out already, or was never there.", again=LISTS)
        return visit.back(_back(program_id, shelf), "Taken out. Decisions mind it no more.")

    async def _typed(self, visit: Visit) -> tuple[str, Typed]:
        whole_programme(visit)
        form, shelf = visit.form, shelf_of(visit.form.text("list"))
        if shelf is None:
            raise turned(404, again=LISTS)
        _may_change(visit, shelf)
        program_id = (await self._programmes.chosen(visit, form.text("program"))).program_id
        kind, value, context = form.text("kind"), form.text("value"), form.text("context")
        reason, until = form.text("reason"), form.text("until")
        expires_ms, faults = _ends(until, visit.now_ms)
        if not 0 < len(reason) <= REASON_MOST:
            faults["reason"] = "Say why, in a sentence: whoever meets this entry will ask."
        if shelf == "contexts" and context not in CONTEXT_WORDS:
            faults["context"] = "Choose what it is."
        fault = self._value_fault(program_id, shelf, kind, value)
        if fault:
            faults["value"] = fault
        return program_id, Typed(shelf, kind, value, context, reason, until, expires_ms, faults)

    def _value_fault(self, program_id: str, shelf: Shelf, kind: str, value: str) -> str:
        kinds = CONTEXT_KINDS if shelf == "contexts" else LISTED_KINDS
        if kind not in kinds:
            return "Choose what kind of thing it is."
        if not 0 < len(value) <= VALUE_MOST or "\0" in value:
            return "Give its value."
        if kind == "payment" and is_card_number(value):
            return "That is a card number. Give the fingerprint of it; card numbers are never kept here."
        if shelf == "contexts" and _is_range(kind, value):
            return "" if _is_network(value) else "This is no network, as in 192.0.2.0/24."
        try:
            self._digest(program_id, kind, value)
        except ValueError:
            return f"This is no {KIND_WORDS[kind].lower()}."
        return ""


def _is_range(kind: str, value: str) -> bool:
    return kind == "ip" and "/" in value


def _is_network(value: str) -> bool:
    try:
        ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _may_change(visit: Visit, shelf: Shelf) -> None:
    right: Action = "mark_context" if shelf == "contexts" else "edit_lists"
    if not visit.viewer.may(right):
        raise turned(403)


def _ends(until: str, now_ms: int) -> tuple[int | None, dict[str, str]]:
    """The end of that day, UTC; None where none was given."""
    if not until:
        return None, {}
    try:
        day = date.fromisoformat(until)
    except ValueError:
        return None, {"until": "Write the day as in 2026-12-31."}
    ends_ms = int(datetime.combine(day, time.max, UTC).timestamp() * 1_000)
    return ends_ms, {} if ends_ms > now_ms else {"until": "That day is over."}


def _back(program_id: str, shelf: Shelf) -> str:
    return f"{LISTS}?{urlencode({'list': shelf, 'program': program_id})}"


def _form(visit: Visit, program_id: str, typed: Typed, reach: Reach | None = None) -> Response:
    kinds = CONTEXT_KINDS if typed.shelf == "contexts" else LISTED_KINDS
    return visit.page(
        "lists/new.html",
        "Mark as shared" if typed.shelf == "contexts" else f"Add to the {typed.shelf} list",
        INVALID if typed.faults else 200,
        program_id=program_id, typed=typed, reach=reach, shelves=SHELF_WORDS, texts=SHELF_TEXTS,
        kinds=[(kind, KIND_WORDS[kind]) for kind in kinds], contexts=CONTEXT_WORDS, reach_most=REACH_MOST,
        uncounted=typed.kind == "terminal" or _is_range(typed.kind, typed.value),
        shown=masked_value(typed.kind, typed.value) if reach else "", today=visit.now_ms,
    )  # fmt: skip
