"""One person, many accounts: duplicate members and sign-up farms, told apart from households and tills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from detectors.acquaintance import DAY_MS, member_ms
from detectors.base import Abstained, Clear, Judgement, Reason, Signal, noisy_or
from detectors.event import Event
from detectors.identity.farms import Farm, farms, ties
from detectors.identity.pairs import Evidence, Pair, as_a_whole, compare
from detectors.identity.sharing import telling
from detectors.identity.weights import AUTO_CLUSTER, LINK_FLOOR, PERSON, REVIEW
from detectors.snapshot import Snapshot, Traits
from detectors.thresholds import Threshold

__all__ = ["AUTO_CLUSTER", "LINK_FLOOR", "REVIEW", "Duplicates", "LinkedAccount", "linked"]

REFERRED_ONESELF: Final = Threshold(
    0.6, "weight", "one device for both: no reward before somebody looked (typology 7)", "domain"
)
YOUNG: Final = Threshold(
    90,
    "d",
    "a farm takes its bonus within a season; later an old link is old news",
    "docs/decisions/0003-duplicate-evidence.md",
)
REVIEW_POWER: Final = Threshold(
    3.1,
    "exponent",
    "probability^3.1 turns REVIEW, 0.80, into a weight of 0.50",
    "domain finding 8: 0.5 review",
)
DISPOSABLE: Final = Threshold(
    0.25, "weight", "supports, and never acts alone: privacy is no abuse", "domain typology 6"
)
REASON_FLOOR: Final = Threshold(
    0.20, "weight", "below it nothing is said, only ranked", "half of a review's 0.5, less"
)
WHISPER: Final = Threshold(
    0.01,
    "weight",
    "a possibility of one in a hundred ranks, and is no reason to name a member",
    "chosen: data minimisation",
)
IDLE_SHARE: Final = Threshold(
    0.5,
    "ratio",
    "a second account that only shops or looks has gained nothing yet",
    "domain typology 6: bonus",
)
MOST_WEIGHT: Final = Threshold(1 - 1e-9, "weight", "a weight stays below 1", "detectors.base.Reason")
GAINFUL: Final = frozenset({"signup", "profile_change", "referral", "redeem", "transfer", "adjust"})
"""Events at which a second account pays off, or is made."""
BONUSES: Final = frozenset(
    {
        "welcome_bonus",
        "referral",
        "mission",
        "game",
        "review",
        "social",
        "birthday",
        "survey",
        "partner",
        "goodwill",
    }
)
"""Reasons of `earn` that are granted once a person, not for money spent."""
KNOWN_FRAUD: Final = Threshold(
    0.6,
    "weight",
    "one hand with an account confirmed as fraud: look before anything is paid out; it refuses nothing alone",
    "docs/decisions/0012-feedback.md",
)
WORDS: Final = {
    "email": "e-mail address",
    "phone": "telephone number",
    "payment": "payment instrument",
    "ip": "IP",
    "name_dob": "name and date of birth",
    "given_name": "given name",
    "family_name": "family name",
    "date_of_birth": "date of birth",
}
"""Identifiers as an analyst reads them, where the word is another."""


class LinkedAccount(NamedTuple):
    """
    Another account held by the same hand: one person, or one farm.

    key:         16 hexadecimal digits, as in `snapshot.Peer`.
    probability: in [0, 1]. From AUTO_CLUSTER on cluster without asking, from REVIEW on ask.
    evidence:    what it rests on, heaviest first.
    """

    key: str
    probability: float
    evidence: tuple[Evidence, ...]


def linked(seen: Snapshot) -> tuple[LinkedAccount, ...]:
    """
    Every account more likely than not (LINK_FLOOR) held by the same hand, likeliest first. Never itself.

    Takes the greatest of: the comparison of the two accounts; a link found before, unless a household is
    declared; the sign-up farm they both arrived in. For a count of linked accounts keep those from REVIEW on. Whom
    a person has released is left out; whom one has confirmed counts as found, so that a word taken back leaves
    nothing behind.
    """
    own, pairs = _pairs(seen)
    found = {account.key: account for account in _links(seen, pairs)}
    for farm in farms(seen, own):
        for key, tie in ties(seen, farm):
            known = found.get(key)
            if known is None or tie > known.probability:
                together = as_a_whole("sign_ups", "together", tie)
                found[key] = LinkedAccount(key, tie, (together, *(known.evidence if known else ())))
    kept = [account for account in found.values() if account.probability >= LINK_FLOOR.value]
    return tuple(sorted(kept, key=_likeliest_first))


@dataclass(frozen=True, slots=True)
class Duplicates:
    """
    Whether this account is one of several of one person, or one of a farm.

    Returns:
        Signal, its reasons DUPLICATE_PERSON, DUPLICATE_OF_FRAUD, SIGNUP_FARM_{DEVICE,PAYMENT,PHONE,EMAIL,ADDRESS,IP} and
        DISPOSABLE_EMAIL;
        Clear with a score that ranks; Abstained where nothing is known that could link.

    Source: docs/decisions/0003-duplicate-evidence.md.
    """

    name: str = "duplicates"

    def judge(self, seen: Snapshot) -> Judgement:
        """Judge one event. Weights are halved at events by which a second account gains nothing."""
        if not _linkable(seen):
            return Abstained(
                self.name, "no profile, device, payment instrument or earlier link to compare by"
            )
        if _alone(seen) and seen.event.type != "referral":
            return Clear(self.name)
        own, pairs = _pairs(seen)
        gainful = _gainful(seen.event)
        young = gainful and member_ms(seen) < YOUNG.value * DAY_MS
        linked_with, together = _confirmed(seen, _links(seen, pairs)), _counted(seen, own)
        links = [link for link in linked_with if young or not _is_carried(link)]
        reasons = [farm.reason for farm in together]
        of_fraud = _of_fraud(seen, linked_with, together)
        if of_fraud is not None:
            reasons.append(of_fraud)
        if links and links[0].probability >= LINK_FLOOR.value:
            reasons.append(_duplicate_person(links))
        if seen.disposable_email:
            reasons.append(_DISPOSABLE_REASON)
        referred = _referred_oneself(seen)
        if referred is not None:
            reasons.append(referred)
        if not reasons:
            return Clear(self.name)
        if not gainful:
            reasons = [
                Reason(each.code, each.weight * IDLE_SHARE.value, each.message, each.evidence)
                for each in reasons
            ]
        reasons.sort(key=_strongest_first)
        told = [reason for reason in reasons if reason.weight >= WHISPER.value]
        score = noisy_or([reason.weight for reason in told])
        if score < REASON_FLOOR.value:
            return Clear(self.name, min(REASON_FLOOR.value, noisy_or([reason.weight for reason in reasons])))
        return Signal(self.name, score, tuple(told))


_DISPOSABLE_REASON: Final = Reason(
    "DISPOSABLE_EMAIL",
    DISPOSABLE.value,
    "the e-mail address belongs to a throw-away mail service",
    {"disposable_email": 1, "limit_disposable_email": 0},
)


def _linkable(seen: Snapshot) -> bool:
    return bool(
        seen.device is not None
        or seen.payment is not None
        or seen.identifiers
        or seen.account.links
        or seen.said.confirmed
        or seen.disposable_email
        or seen.event.type == "referral"
        or (seen.ip is not None and seen.event.type == "signup")
    )


def _alone(seen: Snapshot) -> bool:
    """Whether this account shares nothing with anybody, as at most events: then nothing need be compared."""
    if seen.disposable_email or seen.account.links or seen.said.confirmed:
        return False
    shared = (seen.device, seen.payment, seen.ip, *seen.identifiers.values())
    return all(
        peer.key == seen.self_key
        for entity in shared
        if entity is not None
        for peer in entity.peers.get("account", ())
    )


def _gainful(event: Event) -> bool:
    return event.type in GAINFUL or (event.type == "earn" and event.reason in BONUSES)


def _counted(seen: Snapshot, own: Traits) -> list[Farm]:
    """The farms that weigh anything: a lone relative who came years ago does not."""
    return [farm for farm in farms(seen, own) if farm.reason.weight > 0.0]


def _pairs(seen: Snapshot) -> tuple[Traits, dict[str, Pair]]:
    """This account's traits as far as known, and how it compares with every account it meets."""
    own = _own_traits(seen)
    met = telling(seen)
    shared: dict[str, dict[str, int]] = {}
    traits: dict[str, Traits] = {}
    for role, accounts in met.items():
        for peer in accounts:
            if role == "ip" and peer.key not in shared:
                continue
            shared.setdefault(peer.key, {})[role] = len(accounts)
            traits[peer.key] = _merged(traits.get(peer.key, _UNKNOWN), peer.traits)
    return own, {key: compare(values, own, traits[key]) for key, values in shared.items()}


def _links(seen: Snapshot, pairs: dict[str, Pair]) -> list[LinkedAccount]:
    """The compared pairs, and links found before where they are likelier; likeliest first."""
    found = {key: LinkedAccount(key, pair.probability, pair.evidence) for key, pair in pairs.items()}
    declared, released = _declared_household(seen), seen.said.released
    for link in seen.account.links:
        if link.key == seen.self_key or declared is None or link.key in declared or link.key in released:
            continue
        known = found.get(link.key)
        if known is not None and _contradicted(known):
            continue
        if known is None or link.probability > known.probability:
            carried = as_a_whole("earlier", "carried", link.probability)
            found[link.key] = LinkedAccount(
                link.key, link.probability, (carried, *(known.evidence if known is not None else ()))
            )
    return sorted(found.values(), key=_likeliest_first)


def _confirmed(seen: Snapshot, links: list[LinkedAccount]) -> list[LinkedAccount]:
    """These, and with certainty the accounts that a person has said to be the same person's."""
    if not seen.said.confirmed:
        return links
    found = {link.key: link for link in links}
    for key in seen.said.confirmed:
        compared = found[key].evidence if key in found else ()
        found[key] = LinkedAccount(key, 1.0, (as_a_whole("analyst", "confirmed", 1.0), *compared))
    return sorted(found.values(), key=_likeliest_first)


def _of_fraud(seen: Snapshot, links: list[LinkedAccount], together: list[Farm]) -> Reason | None:
    """The likeliest link with an account confirmed as fraud, however long ago it was found."""
    frauds = seen.said.frauds
    if not frauds:
        return None
    chances = {link.key: link.probability for link in links if link.key in frauds}
    for farm in together:
        chances |= {key: max(tie, chances.get(key, 0.0)) for key, tie in farm.ties if key in frauds}
    likely = [chance for chance in chances.values() if chance >= LINK_FLOOR.value]
    if not likely:
        return None
    return Reason(
        "DUPLICATE_OF_FRAUD",
        KNOWN_FRAUD.value * max(likely),
        f"probability {max(likely):.3f} that the same hand holds an account confirmed as fraud, {len(likely)} of them "
        f"(from {LINK_FLOOR.value:.2f})",
        {
            "probability": round(max(likely), 4),
            "limit_probability": LINK_FLOOR.value,
            "frauds": len(likely),
        },
    )


def _referred_oneself(seen: Snapshot) -> Reason | None:
    """At a referral: a device or payment instrument that both have used. Who lives together has devices in common too."""
    other = seen.counterparty
    if seen.event.type != "referral" or other is None:
        return None
    if seen.met.get("counterparty") in seen.said.released:
        return None
    shared = [
        role
        for role in ("device", "payment")
        if role not in seen.contexts
        and {peer.key for peer in seen.account.peers.get(role, ())}
        & {peer.key for peer in other.peers.get(role, ())}
    ]
    if not shared:
        return None
    weight = 1.0 - (1.0 - REFERRED_ONESELF.value) ** len(shared)
    return Reason(
        "REFERRED_ONESELF",
        weight,
        f"who refers and who is referred use the same {_listed(shared)} (limit 0)",
        {"shared": ", ".join(shared), "count": len(shared), "limit": 0},
    )


def _is_carried(link: LinkedAccount) -> bool:
    """Whether only an earlier decision says so: it was told then, and need not be at every purchase since."""
    return link.evidence[0].agreement == "carried"


def _contradicted(compared: LinkedAccount) -> bool:
    """Whether what is known by now says two people, whatever an earlier decision had to go by."""
    return any(each.agreement == "different" and each.identifier in PERSON for each in compared.evidence)


def _declared_household(seen: Snapshot) -> frozenset[str] | None:
    """Accounts whose earlier links a registered household explains; None: all, the account is registered."""
    if "account" in seen.contexts:
        return None
    declared: set[str] = set()
    for role, context in seen.contexts.items():
        entity = seen.entity(role)
        if context == "household" and entity is not None:
            declared.update(peer.key for peer in entity.peers.get("account", ()))
    return frozenset(declared)


def _own_traits(seen: Snapshot) -> Traits:
    """From this event's profile, else from what the account left at a shared entity when it signed up."""
    own = seen.traits
    if any(own):
        return own
    for role in ("device", "payment", "ip", *seen.identifiers):
        entity = seen.entity(role)
        for peer in entity.peers.get("account", ()) if entity is not None else ():
            if peer.key == seen.self_key:
                own = _merged(own, peer.traits)
    return own


def _merged(known: Traits, more: Traits) -> Traits:
    return Traits(*(one or two for one, two in zip(known, more, strict=True))) if known != more else known


def _duplicate_person(links: list[LinkedAccount]) -> Reason:
    """The likeliest link decides; how many there are is told, and does not add: they share their evidence."""
    top = links[0]
    certain = sum(1 for account in links if account.probability >= REVIEW.value)
    agreeing = [each.identifier for each in top.evidence if each.agreement == "exact"]
    differing = [each.identifier for each in top.evidence if each.agreement == "different"]
    basis = (
        "confirmed by an analyst"
        if top.evidence[0].agreement == "confirmed"
        else "linked by an earlier decision"
        if _is_carried(top)
        else f"same {_listed(agreeing)}"
    )
    against = f"; different {_listed(differing)}" if differing else ""
    return Reason(
        "DUPLICATE_PERSON",
        min(MOST_WEIGHT.value, top.probability**REVIEW_POWER.value),
        f"probability {top.probability:.3f} that another account is the same person's: {basis}{against} "
        f"(review from {REVIEW.value:.2f})",
        {
            "probability": round(top.probability, 4),
            "limit_probability": REVIEW.value,
            "accounts_above_limit": certain,
            "agreeing": ", ".join(agreeing),
            "differing": ", ".join(differing),
        },
    )


def _listed(identifiers: list[str]) -> str:
    """In words: `device, given name and date of birth`."""
    *first, last = [WORDS.get(each, each) for each in identifiers]
    return f"{', '.join(first)} and {last}" if first else last


def _likeliest_first(account: LinkedAccount) -> tuple[float, str]:
    return -account.probability, account.key


def _strongest_first(reason: Reason) -> tuple[float, str]:
    return -reason.weight, reason.code


_UNKNOWN: Final = Traits()
