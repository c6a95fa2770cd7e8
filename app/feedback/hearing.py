"""What a worker has heard of what people said: in memory, by account, read on from where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from app.feedback.ports import News, PairRow, Word
from app.feedback.standing import Standing, standing
from detectors.said import NOBODY, NOTHING_SAID, Said
from detectors.verdict import ListHit

ALIVE: Final = frozenset({"fraud", "policy_abuse", "legitimate"})
UNSAID: Final = Standing()
RELEASED: Final = frozenset({"household", "unrelated"})
CONFIRMED: Final = frozenset({"same_person"})
FOR_EVER_MS: Final = 2**62


class Heard:
    """What was said in one programme. Accounts by their 8-byte key; changed by `Hearing` alone, between decisions."""

    __slots__ = ("_apart", "_frauds", "_same", "_standings", "_words")

    def __init__(self) -> None:
        self._apart: dict[str, dict[str, int]] = {}
        self._same: dict[str, dict[str, int]] = {}
        self._words: dict[bytes, dict[str, Word]] = defaultdict(dict)
        self._standings: dict[bytes, Standing] = {}
        self._frauds: dict[str, int] = {}

    def of(self, account_key: bytes, at_ms: int) -> Said:
        """What a decision on an event of this account at this instant minds."""
        stands, key = self._standings.get(account_key), account_key.hex()
        if not (stands or self._frauds or self._apart or self._same):
            return NOTHING_SAID
        excused: Mapping[str, float] = stands.excused(at_ms) if stands else {}
        released, confirmed = _alive(self._apart.get(key), at_ms), _alive(self._same.get(key), at_ms)
        return Said(released, confirmed, self._frauds, self._apart, excused)

    def watched(self, account_key: bytes) -> tuple[ListHit, ...]:
        """An account that was labelled as fraud or abuse is as if it were on the watch list."""
        fraud = self._standings.get(account_key, UNSAID).fraud
        if fraud is None:
            return ()
        why = f"labelled {fraud.label}" + (f" ({fraud.typology})" if fraud.typology else "")
        return (ListHit("watch", "account", fraud.label_id, why),)

    def take_word(self, word: Word) -> None:
        """The last label of an account or event."""
        key = word.account_key
        if word.label in ALIVE:
            self._words[key][word.subject] = word
        else:
            self._words[key].pop(word.subject, None)
        stands = standing(self._words[key].values())
        if not self._words[key]:
            del self._words[key]
        if stands == UNSAID:
            self._standings.pop(key, None)
        else:
            self._standings[key] = stands
        if stands.fraud is None:
            self._frauds.pop(key.hex(), None)
        else:
            self._frauds[key.hex()] = stands.fraud.said_ms

    def take_pair(self, row: PairRow) -> None:
        """What was said last of two accounts."""
        until_ms = FOR_EVER_MS if row.expires_ms is None else row.expires_ms
        one, two = row.account_key.hex(), row.other_key.hex()
        for key, other in ((one, two), (two, one)):
            for verdicts, kept in ((RELEASED, self._apart), (CONFIRMED, self._same)):
                if row.verdict in verdicts:
                    kept.setdefault(key, {})[other] = until_ms
                elif kept.get(key, {}).pop(other, None) is not None and not kept[key]:
                    del kept[key]


def _alive(others: Mapping[str, int] | None, at_ms: int) -> frozenset[str]:
    return frozenset([key for key, until_ms in others.items() if at_ms < until_ms]) if others else NOBODY


NOTHING_HEARD: Final = Heard()


class Hearing:
    """Everything said in all programmes, up to `version`."""

    def __init__(self) -> None:
        self.version = 0
        self._programmes: dict[str, Heard] = {}

    def of(self, program_id: str) -> Heard:
        """What was said in this one, as of now."""
        return self._programmes.get(program_id, NOTHING_HEARD)

    def read(self, heard_since: Callable[[int], News]) -> Read:
        """
        What is new, in a thread: nothing changes here. Everything, the first time and where the record was put back to
        before what we heard. Raises RecordAway.
        """
        news = heard_since(self.version)
        if 0 < self.version <= news.version:
            return Read(news, None)
        if self.version:
            news = heard_since(0)
        return Read(news, _heard({}, news))

    def take(self, read: Read) -> None:
        """Hear it, between decisions."""
        news, programmes = read
        self._programmes = _heard(self._programmes, news) if programmes is None else programmes
        self.version = news.version


class Read(NamedTuple):
    """What was read; `programmes`: where it is everything, all of it made."""

    news: News
    programmes: dict[str, Heard] | None


def _heard(programmes: dict[str, Heard], news: News) -> dict[str, Heard]:
    for word in news.words:
        programmes.setdefault(word.program_id, Heard()).take_word(word)
    for pair in news.pairs:
        programmes.setdefault(pair.program_id, Heard()).take_pair(pair)
    return programmes
