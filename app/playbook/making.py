"""
Makes the practice cases anew: `python -m app.playbook.making`.

The demo programme of one seed is decided by the code and the policy that decide live traffic, and of each typology it
plays a fraud and honest look-alikes are taken. The same code and policy make the same file, byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from app.demo.intents import DAY_MS, Label
from app.demo.programme import Programme, generate
from app.offline.replaying import Replayer, private_sighter
from app.playbook.cases import FILE, Case
from app.playbook.loading import load
from app.playbook.seen import Seen, Told
from app.playbook.shapes import Practice
from app.policy.file import DEFAULT_FILE
from app.policy.file import load as load_policy
from detectors.event import Event, instant_ms
from detectors.typologies import points_to

SEED: Final = 11
MEMBERS: Final = 500
DAYS: Final = 60
END_MS: Final = 1_772_323_200_000
"""1 March 2026: fixed, so that the cases are."""
INCIDENTS: Final = 0.17
"""Per member in 120 days: two of each typology."""
EACH: Final = 3
"""Cases of a typology: a fraud, a look-alike, and another of either, so that nobody knows the third by the two."""
TRAITS: Final = {
    "household": "shares a home and a tablet with family", "saver": "saves for long and spends at once",
    "dormant": "hardly ever comes", "returner": "was away for long and came back", "traveller": "was on a journey",
    "commuter": "works in another town", "new_phone": "had bought a new phone", "carrier_nat": "is behind a carrier's "
    "shared address", "referrer": "likes to bring friends", "campaign": "follows campaigns", "regular": "comes for a "
    "small thing nearly every day", "office_nat": "shares the office's address with colleagues", "student_hall": "lives "
    "in a student hall", "newcomer": "had just joined", "tablet_signup": "signed up at the store's tablet",
    "leaver": "was about to leave",
}  # fmt: skip
"""Ways of life in the demo programme, as they are told after the answer."""


def make() -> tuple[Case, ...]:
    """All practice cases, by typology."""
    programme = generate(seed=SEED, members=MEMBERS, days=DAYS, end_ms=END_MS, fraud_share=INCIDENTS)
    told = list(_decided(programme))
    truth = {label.event_id: label for label in programme.labels}
    seen = Seen(told)
    picked = _Picker(programme, told, truth)
    made = []
    for typology, one in load().typologies.items():
        if one.practice is None:
            continue
        chosen = sorted(picked.of(typology, one.practice), key=lambda each: _mixed(each.event.event_id))
        for number, each in enumerate(chosen, start=1):
            label = truth.get(each.event.event_id)
            told_after = picked.what_it_was(each, label, one.practice.traits)
            made.append(seen.case(f"{typology}-{number}", typology, each, label is not None, told_after))
    return tuple(made)


def write(file: Path = FILE) -> int:
    """Make and write them; how many."""
    made = make()
    file.write_bytes(b"[\n" + b",\n".join(msgspec.json.encode(case) for case in made) + b"\n]\n")
    return len(made)


def _decided(programme: Programme) -> Iterator[Told]:
    replayer = Replayer(load_policy(DEFAULT_FILE), private_sighter())
    for at, raw in enumerate(programme.events):
        event = msgspec.convert(raw, Event)
        yield Told(at, event, instant_ms(event), replayer.take(event).verdict)


def _fits(one: Told, practice: Practice) -> bool:
    return one.event.type in practice.types and (
        not practice.channels or one.event.channel in practice.channels
    )


def _rank(trait: str, alike: Sequence[str]) -> tuple[int, str]:
    """The likeliest look-alike first, then the rest by name."""
    return alike.index(trait) if trait in alike else len(TRAITS), trait


def _mixed(event_id: str) -> bytes:
    """An order that says nothing, always the same."""
    return blake2b(event_id.encode(), digest_size=8).digest()


class _Picker:
    """Chooses decisions that teach: of frauds the riskiest of an incident, of honest ones those most alike."""

    def __init__(self, programme: Programme, told: Sequence[Told], truth: Mapping[str, Label]) -> None:
        self._told, self._truth = told, truth
        self._traits = {member.account_id: member.traits for member in programme.members}
        guilty = {label.account_id for label in programme.labels}
        self._honest = [
            one
            for one in told
            if one.event.account_id not in guilty
            and "fraudster" not in self._traits[one.event.account_id]
            and one.at_ms > END_MS - (DAYS - 15) * DAY_MS  # something is known of everybody by then
        ]
        self._taken: set[str] = set()
        self._incidents: dict[str, list[Label]] = defaultdict(list)
        for label in programme.labels:
            self._incidents[label.incident_id].append(label)

    def of(self, typology: str, practice: Practice) -> list[Told]:
        """The cases of a typology."""
        frauds, honest = self._frauds(typology, practice), self._look_alikes(typology, practice)
        more_fraud = len(frauds) > 1 and (_mixed(typology)[0] % 2 == 0 or len(honest) == 1)
        chosen = [*frauds[: 1 + more_fraud], *honest[: 2 - more_fraud]][:EACH]
        self._taken |= {one.event.account_id for one in chosen}
        return chosen

    def what_it_was(self, one: Told, label: Label | None, alike: Sequence[str]) -> str:
        """In a sentence, for afterwards."""
        if label is None:
            known = sorted(self._traits[one.event.account_id], key=lambda trait: _rank(trait, alike))
            lives = [TRAITS[trait] for trait in known if trait in TRAITS]
            return (
                f"An honest member who {' and '.join(lives[:2])}."
                if lives
                else "An honest member on an ordinary day."
            )
        incident = self._incidents[label.incident_id]
        accounts = len({each.account_id for each in incident})
        points = sum(each.points for each in incident)
        people = "one account" if accounts == 1 else f"{accounts} accounts"
        return (
            f"Part of an incident of {len(incident)} events at {people}; {points:,} points were moved in it."
        )

    def _frauds(self, typology: str, practice: Practice) -> list[Told]:
        riskiest: dict[str, Told] = {}
        for one in self._told:
            label = self._truth.get(one.event.event_id)
            if label is None or label.typology != typology or not _fits(one, practice):
                continue
            known = riskiest.get(label.incident_id)
            if known is None or self._telling(one, typology, practice) > self._telling(
                known, typology, practice
            ):
                riskiest[label.incident_id] = one
        return sorted(riskiest.values(), key=lambda one: self._telling(one, typology, practice), reverse=True)

    def _look_alikes(self, typology: str, practice: Practice) -> list[Told]:
        found: dict[str, Told] = {}
        fit = [
            one for one in self._honest if _fits(one, practice) and one.event.account_id not in self._taken
        ]
        for one in sorted(
            fit, key=lambda one: (*self._alike(one, typology, practice), -one.at), reverse=True
        ):
            found.setdefault(one.event.account_id, one)
        return list(found.values())

    def _telling(self, one: Told, typology: str, practice: Practice) -> tuple[bool, bool, float, int]:
        return (
            one.event.type == practice.types[0],
            self._points_here(one, typology),
            one.verdict.risk,
            one.event.points or 0,
        )

    def _alike(
        self, one: Told, typology: str, practice: Practice
    ) -> tuple[bool, bool, bool, int, float, int]:
        traits = self._traits[one.event.account_id]
        return (
            one.event.type == practice.types[0],
            self._points_here(one, typology),
            one.verdict.action != "allow",
            -min((_rank(trait, practice.traits)[0] for trait in traits), default=len(TRAITS)),
            round(one.verdict.risk, 1),  # below a cut-off finer steps mean nothing: take the larger deed
            one.event.points or 0,
        )

    def _points_here(self, one: Told, typology: str) -> bool:
        return any(typology in points_to(reason.code) for reason in one.verdict.reasons)


if __name__ == "__main__":
    print(f"{write()} practice cases in {FILE}")  # noqa: T201 - the command's one line of output
