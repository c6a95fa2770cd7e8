"""The law of labels: what those of an account and its events come to. The last word of each counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from app.feedback.ports import Word
from detectors.released import EXCUSED_FOR
from detectors.snapshot import DAY_S

AGAINST: Final = frozenset({"fraud", "policy_abuse"})
VICTIM: Final = frozenset(
    {
        "ato_drain", "probe_drain", "card_clone", "cred_stuff", "dormant_hijack", "giftcard_drain", "link_abuse",
        "social_eng",
    }
)  # fmt: skip
"""Typologies by which the account was robbed: who holds it did nothing."""
EXCUSED_FOR_MS: Final = int(EXCUSED_FOR.value) * DAY_S * 1_000


class Excuse(NamedTuple):
    """Reasons judged legitimate, with the greatest weight they had, and until when that counts."""

    codes: Mapping[str, float]
    until_ms: int


class Standing(NamedTuple):
    """What the labels of an account come to. `fraud`: the word that says the member is one."""

    fraud: Word | None = None
    excuses: tuple[Excuse, ...] = ()

    def excused(self, at_ms: int) -> Mapping[str, float]:
        """Reason code → the greatest weight it is excused at, at this instant."""
        codes: dict[str, float] = {}
        for excuse in self.excuses:
            if at_ms < excuse.until_ms:
                for code, weight in excuse.codes.items():
                    codes[code] = max(weight, codes.get(code, 0.0))
        return codes


def standing(words: Iterable[Word]) -> Standing:
    """
    What these words, the last of each subject, come to.

    Fraud said of the account makes it one, unless it was robbed. Said of the account or of any of its events, it
    ends every excuse given before.
    """
    given = list(words)
    against = [word for word in given if word.label in AGAINST]
    since = max((word.version for word in against), default=0)
    fraud = next((one for one in against if not one.subject and one.typology not in VICTIM), None)
    excuses = tuple(
        Excuse(word.codes, word.said_ms + EXCUSED_FOR_MS)
        for word in sorted(given, key=lambda word: word.version)
        if word.label == "legitimate" and word.codes and word.version > since
    )
    return Standing(fraud, excuses)
