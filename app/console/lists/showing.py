"""The lists as somebody reads them: what stands, what ends soon, and a value in clear for whoever says why."""

from __future__ import annotations

from asyncio import gather
from typing import Any, Final
from urllib.parse import urlencode

from anyio import to_thread
from starlette.responses import Response

from app.console.accounts.naming import ID_MOST, who
from app.console.colleagues import Colleagues
from app.console.place import HOME, Place
from app.console.programmes import Programmes, remember
from app.console.revealing import REASON_WORDS, reason_of
from app.console.visit import Gesture, Get, Post, Visit, turned
from app.reviewing.listed import KIND_WORDS, LASTS, SHELVES, Chosen, Lasts, Listed, Shelf
from app.reviewing.noting import Noting

LISTS: Final = f"{HOME}/lists"
PLACE: Final = Place("lists", "Lists", LISTS, "view_lists", "l")
ROWS: Final = 50
SHELF_WORDS: Final[dict[Shelf, str]] = {
    "block": "Block", "watch": "Watch", "allow": "Allow", "contexts": "Shared by many",
}  # fmt: skip
SHELF_TEXTS: Final[dict[Shelf, str]] = {
    "block": "Whatever names one of these is blocked, whoever it is.",
    "watch": "Whatever names one of these is looked at by a person.",
    "allow": "Whatever names one of these is allowed, past every detector. A lock still holds.",
    "contexts": "Devices, addresses, terminals and cards that many honest members share: sharing one counts for nothing.",
}
LAST_WORDS: Final[dict[Lasts, str]] = {
    "live": "In force", "soon": "Ends within a week", "expired": "Ended", "all": "All",
}  # fmt: skip


class ListPages:
    """
    Args:
        listed: reads entries.
        noting: where it is written down who looked.
        programmes: which there are.
        colleagues: who is behind an author.
    """

    def __init__(
        self, listed: Listed, noting: Noting, programmes: Programmes, colleagues: Colleagues
    ) -> None:
        self._listed, self._noting = listed, noting
        self._programmes, self._colleagues = programmes, colleagues

    def gestures(self) -> list[Gesture]:
        """What can be looked at."""
        return [
            Get(LISTS, "view_lists", self.show),
            Post(f"{LISTS}/reveal", "reveal_personal", self.reveal),
        ]

    async def show(self, visit: Visit) -> Response:
        """A list, filtered."""
        return await self._page(visit, visit.query.get("program", ""), _read(visit))

    async def reveal(self, visit: Visit) -> Response:
        """A value in clear, on this one page; written down first."""
        program, reason = visit.form.text("program"), reason_of(visit.form)
        shelf, entry_id = shelf_of(visit.form.text("list")), visit.form.text("entry")
        chosen = await self._programmes.chosen(visit, program)
        whole_programme(visit)
        if shelf is None or not entry_id or len(entry_id) > ID_MOST or "\0" in entry_id:
            raise turned(404, again=LISTS)
        if reason is None:
            return await self._page(visit, chosen.program_id, Chosen(shelf), fault="Choose why you look.")

        def opened() -> str | None:
            value = self._listed.value(chosen.program_id, shelf, entry_id)
            if value is not None:
                self._noting.note(
                    visit.now_ms, chosen.program_id, "personal.revealed", entry_id, who(visit), f"{reason}: {shelf}"
                )  # fmt: skip
            return value

        value = await to_thread.run_sync(opened)
        if value is None:
            raise turned(404, again=LISTS)
        return await self._page(visit, chosen.program_id, Chosen(shelf, lasts="all"), clear=(entry_id, value))

    async def _page(self, visit: Visit, program: str, asked: Chosen, **given: Any) -> Response:
        chosen = await self._programmes.chosen(visit, program)
        whole_programme(visit)

        def read() -> Any:
            return self._listed.entries(
                chosen.program_id, asked, now_ms=visit.now_ms, limit=ROWS, cursor=visit.query.get("cursor") or None
            )  # fmt: skip

        try:
            page, counts = await gather(
                to_thread.run_sync(read),
                to_thread.run_sync(self._listed.counts, chosen.program_id, visit.now_ms),
            )
        except ValueError:
            raise turned(404, again=LISTS) from None
        names = await to_thread.run_sync(self._colleagues.names, [one.author for one in page.items])
        shown = {"clear": None, "fault": ""} | given
        response = visit.page(
            "lists/list.html", "Lists", 422 if shown["fault"] else 200,
            page=page, counts=counts, chosen=chosen, asked=asked, names=names, shelves=SHELF_WORDS,
            texts=SHELF_TEXTS, lasts=LAST_WORDS, kinds=KIND_WORDS, reasons=REASON_WORDS,
            href=lambda **more: href(chosen.program_id, asked, **more), **shown,
        )  # fmt: skip
        return remember(visit, response, chosen.program_id)


def whole_programme(visit: Visit) -> None:
    """A list is of the whole programme: who sees a part of it sees none. Raises Turned: 404."""
    if not visit.viewer.scope.is_whole_programme:
        raise turned(404, "Lists are of a whole programme, and you see some of its partners or stores.")


def shelf_of(text: str) -> Shelf | None:
    """The list of that name."""
    return next((shelf for shelf in SHELVES if shelf == text), None)


def href(program_id: str, asked: Chosen, **more: str) -> str:
    """A list's page, with what was asked, or something else."""
    said = {"program": program_id, "list": asked.shelf, "kind": asked.kind, "lasts": asked.lasts} | more
    return f"{LISTS}?{urlencode({name: value for name, value in said.items() if value})}"


def _read(visit: Visit) -> Chosen:
    query = visit.query
    lasts: Lasts = next((one for one in LASTS if one == query.get("lasts")), "live")
    kind = query.get("kind", "")
    shelf = shelf_of(query.get("list", "block"))
    if shelf is None:
        raise turned(404, again=LISTS)
    return Chosen(shelf, kind if kind in KIND_WORDS else "", lasts=lasts)
