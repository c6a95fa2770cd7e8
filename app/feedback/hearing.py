"""What a worker has heard of what people said: in memory, by account, read on from where it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from app.feedback.ports import News, PairRow, PairVerdict, Word
from app.feedback.standing import Standing, standing
from detectors.said import NOTHING_SAID, Said
from detectors.verdict import ListHit

ALIVE: Final = frozenset({"fraud", "policy_abuse", "legitimate"})
UNSAID: Final = Standing()


class _Pair(NamedTuple):
    """What was said of an account and another, and until when."""

    verdict: PairVerdict
    expires_ms: int | None


class Heard:
    """What was said in one programme. Accounts by their 8-byte key; changed by `Hearing` alone, between decisions."""

    __slots__ = ("_frauds", "_pairs", "_standings", "_words")

    def __init__(self) -> None:
        self._pairs: dict[bytes, dict[str, _Pair]] = defaultdict(dict)
        self._words: dict[bytes, dict[str, Word]] = defaultdict(dict)
        self._standings: dict[bytes, Standing] = {}
        self._frauds: dict[str, int] = {}

    def of(self, account_key: bytes, at_ms: int) -> Said:
        """What a decision on an event of this account at this instant minds."""
        pairs, stands = self._pairs.get(account_key), self._standings.get(account_key)
        if not (pairs or stands or self._frauds):
            return NOTHING_SAID
        released: list[str] = []
        confirmed: list[str] = []
        for key, pair in (pairs or {}).items():
            if pair.expires_ms is None or at_ms < pair.expires_ms:
                (confirmed if pair.verdict == "same_person" else released).append(key)
        excused: Mapping[str, float] = stands.excused(at_ms) if stands else {}
        return Said(frozenset(released), frozenset(confirmed), self._frauds, excused)

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
        for key, other in ((row.account_key, row.other_key), (row.other_key, row.account_key)):
            if row.verdict is None:
                self._pairs[key].pop(other.hex(), None)
                if not self._pairs[key]:
                    del self._pairs[key]
            else:
                self._pairs[key][other.hex()] = _Pair(row.verdict, row.expires_ms)


NOTHING_HEARD: Final = Heard()


class Hearing:
    """Everything said in all programmes, up to `version`."""

    def __init__(self) -> None:
        self.version = 0
        self._programmes: dict[str, Heard] = {}

    def of(self, program_id: str) -> Heard:
        """What was said in this one; the same object for as long as anything was."""
        return self._programmes.get(program_id, NOTHING_HEARD)

    def news(self, heard_since: Callable[[int], News]) -> tuple[News, bool]:
        """
        What is new, and whether it is everything: where the record was put back to before what we heard, all of it
        is read again. Raises RecordAway.
        """
        news = heard_since(self.version)
        if news.version < self.version:
            return heard_since(0), True
        return news, False

    def take(self, news: News, *, everything: bool) -> None:
        """Hear it."""
        if everything:
            self._programmes = {}
        for word in news.words:
            self._programmes.setdefault(word.program_id, Heard()).take_word(word)
        for pair in news.pairs:
            self._programmes.setdefault(pair.program_id, Heard()).take_pair(pair)
        self.version = news.version
