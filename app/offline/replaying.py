"""History decided again: each event as if it had been asked of the API at its own instant, on private state.

The way is the live one, by the very functions: sighted, counted, judged, settled. So a redemption that would not
have been allowed burns nothing, and accounts found linked stay linked. Nothing leaves the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from app.answering import entry_of
from app.capping.capping import Case, asked_of, judged_with, wanted_of
from app.capping.reservations import moves
from app.feedback.ports import ContextRow, News
from app.judging import Judged, judge
from app.policy.file import PolicyFile
from app.ports.journal import Action, LinkFound
from app.ports.lists import ListEntry
from app.rulebook import Rulebook
from app.settings import MASTER_KEY_BYTES
from app.settlement import burned_points, settled, settlement
from app.sighting import Sighted, Sighter
from app.store.memory import MemoryHistory
from detectors.anomaly import Model
from detectors.event import Event
from detectors.forest.features import segment
from detectors.forest.gathering import Segment
from detectors.verdict import Verdict

KEY: Final = bytes(MASTER_KEY_BYTES)
"""Of the hashes by which entities are told apart here. They are shown to nobody; that it never changes makes a
replay repeatable, byte for byte, where a tie is broken by a hash."""


class Replayed(NamedTuple):
    """
    What was decided of one event.

    vector: as it was scored (see `detectors.forest.features`).
    links:  accounts found held by the same hand, as they are remembered.
    """

    verdict: Verdict
    vector: bytes
    links: Sequence[LinkFound]


class Looked(NamedTuple):
    """What a model learns from one event: its vector, and whom it is compared with."""

    vector: bytes
    segment: Segment


def private_sighter(region: str | None = None) -> Sighter:
    """A sighter for state that nobody else sees; the same for every replay. For `region` see `Sighter`."""
    return Sighter(KEY, region)


class Replayer:
    """
    Decides events, given in the order of their instants, each once. Lists are empty: they say who is who today.

    Args:
        file: The policy to decide by.
        sighter: `private_sighter`, unless the state of another installation is to be compared with.
        model: Of the anomaly detector, where there is one.
    """

    def __init__(self, file: PolicyFile, sighter: Sighter, model: Model | None = None) -> None:
        self._sighter = sighter
        self._rulebook = Rulebook(file, _NoLists(), sighter, model)
        self._state = MemoryHistory()

    def take(self, event: Event, sighted: Sighted | None = None) -> Replayed:
        """Decide one event, and remember it. `sighted`: where it was sighted already."""
        sighted = sighted or self._sighter.sight(event)
        sighting = sighted.sighting
        programme = self._rulebook.programme(event.program_id)
        entities = self._state.count(sighting)
        judged = judge(programme, event, sighted, entities, sighting.at_ms)
        case = Case(event, sighted, entities["account"], judged, programme.policy)
        judged = self._capped(case)
        entry = entry_of(event, sighting, judged, programme, "decision", sighting.at_ms, b"")
        self._state.settle(sighting, settlement(entry))
        self._state.move(moves(entry, sighting.event_key))
        return Replayed(judged.verdict, judged.vector, entry.links)

    def retake(
        self, event: Event, decision: Action, links: Sequence[LinkFound], sighted: Sighted | None = None
    ) -> None:
        """Remember an event that was decided before, as `take` would, without judging it again."""
        sighted = sighted or self._sighter.sight(event)
        self._state.count(sighted.sighting)
        self._settle(event, sighted, decision, links)

    def _capped(self, case: Case) -> Judged:
        """As `app.capping.capping.capped`, on private state."""
        asked = asked_of(case, self._sighter)
        wanted, at_ms = wanted_of(case, asked), case.sighted.sighting.at_ms
        rooms = None if wanted is None else self._state.reserve(wanted, at_ms)
        return judged_with(case, asked, rooms, "decision", at_ms)

    def look(self, event: Event) -> Looked:
        """The event's vector; it is remembered as if it had been allowed."""
        sighted = self._sighter.sight(event)
        programme = self._rulebook.programme(event.program_id)
        seen = programme.snapshot(event, sighted, self._state.count(sighted.sighting))
        looked = Looked(seen.vector, segment(seen))
        self._settle(event, sighted, "allow", ())
        return looked

    def _settle(self, event: Event, sighted: Sighted, decision: Action, links: Sequence[LinkFound]) -> None:
        sighting = sighted.sighting
        burned = burned_points(event, decision, "decision")
        account = sighting.touches[0].key
        self._state.settle(sighting, settled(event, decision, "decision", burned, account, links))


class _NoLists:
    """Of a replay: nobody was on a list, and nobody said anything."""

    def live_list_entries(self, now_ms: int) -> Sequence[ListEntry]:  # noqa: ARG002 - whenever it is asked
        return ()

    def live_contexts(self, now_ms: int) -> Sequence[ContextRow]:  # noqa: ARG002 - the same
        return ()

    def heard_since(self, version: int) -> News:
        return News(version, (), ())
