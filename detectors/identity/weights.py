"""How much an agreement proves: the Fellegi-Sunter table, against two kinds of other people.

Two accounts belong to one person, or to two strangers, or to two of one household. Each agreement and each
difference is weighed against strangers and against household members, and the three share the posterior:

    P = 1 / (1 + 2^-S + 2^-H)
    S, H = log2 of the prior odds + Σ log2(m/u) agreeing + Σ log2((1-m)/(1-u)) differing

This is P = 2^M / (1 + 2^M) with the total M = -log2(2^-S + 2^-H). A shared device or address says much
against strangers and nothing against a spouse; only what a household does not share (birth date, given name,
mailbox) tells two of one household apart.

Source: Fellegi and Sunter 1969; docs/decisions/0003-duplicate-evidence.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp2, log2
from typing import Final, NamedTuple

from detectors.thresholds import Threshold


class Bits(NamedTuple):
    """Weight of one observation in bits, against each alternative. Positive speaks for one person."""

    stranger: float
    household: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    How often one identifier agrees. Probabilities, dimensionless.

    m:         among two accounts of one person.
    stranger:  among two strangers who are the only two carrying the value; grows with how many carry it.
    household: among two people of one household.
    source:    why these.
    """

    m: float
    stranger: float
    household: float
    source: str


AUTO_CLUSTER: Final = Threshold(
    0.98, "probability", "above, two accounts are treated as one person without asking", "domain section 2"
)
REVIEW: Final = Threshold(
    0.80, "probability", "from here to AUTO_CLUSTER a person decides", "domain section 2"
)
LINK_FLOOR: Final = Threshold(
    0.50,
    "probability",
    "below, one person is the less likely reading, and the pair is not shown",
    "definition",
)
LONE_STRANGER: Final = Threshold(
    6.0,
    "bits",
    "what one agreeing identifier can say against strangers: as much as a mailbox, prior included",
    "chosen: a review, never a block",
)
LONE_HOUSEHOLD: Final = Threshold(
    3.2,
    "bits",
    "the same against a household; both together are P 0.89, a weight of 0.70",
    "chosen: a review, never a block",
)
PRIOR_STRANGER: Final = Threshold(
    1e-4, "odds", "one person against strangers, for two accounts drawn at random", "Splink default 0.0001"
)
PRIOR_HOUSEHOLD: Final = Threshold(
    0.08,
    "odds",
    "one person against household: 0.1 second registrations per member to 1.3 others at home",
    "AHIMA: 10 % duplicate records; Eurostat: 2.3 people a household",
)

AGREEMENTS: Final[dict[str, Agreement]] = {
    "email": Agreement(0.60, 1e-6, 0.01, "one mailbox is one person; a few couples share one"),
    "phone": Agreement(
        0.60, 1e-5, 0.15, "numbers are reassigned after months (FCC); landlines, parents' mobiles"
    ),
    "payment": Agreement(0.50, 1e-5, 0.30, "a card names its holder; joint accounts and partner cards"),
    "device": Agreement(0.70, 5e-3, 0.35, "sold, lent and colliding fingerprints; the family tablet"),
    "ip": Agreement(0.70, 5e-2, 0.70, "carrier-grade NAT: nearly no evidence; one router a household"),
    "address": Agreement(0.80, 1e-4, 0.95, "flats written without their number; people move"),
    "given_name": Agreement(0.95, 1e-2, 0.02, "Splink exact 0.95; commonest names about 1 %; father and son"),
    "family_name": Agreement(
        0.95, 2e-3, 0.70, "US Census 2010: the commonest surname is 0.8 %, most far rarer"
    ),
    "date_of_birth": Agreement(0.97, 1e-4, 0.015, "1/(365 x 27 likely years); CDC: twins are 3 % of births"),
}
"""m: the share of true pairs that agree exactly after canonicalisation, Splink's default 0.95 where people
are asked, less where they have several. `stranger` includes the 1/65,535 collisions of 16-bit traits."""


def _agree(found: Agreement) -> Bits:
    return Bits(max(0.0, log2(found.m / found.stranger)), max(0.0, log2(found.m / found.household)))


def _differ(found: Agreement) -> Bits:
    return Bits(
        min(0.0, log2((1 - found.m) / (1 - found.stranger))),
        min(0.0, log2((1 - found.m) / (1 - found.household))),
    )


_AGREE: Final = {name: _agree(found) for name, found in AGREEMENTS.items()}
_DIFFER: Final = {name: _differ(found) for name, found in AGREEMENTS.items()}
PRIOR: Final = Bits(log2(PRIOR_STRANGER.value), log2(PRIOR_HOUSEHOLD.value))
LONE: Final = Bits(LONE_STRANGER.value, LONE_HOUSEHOLD.value)
PERSON: Final = ("given_name", "family_name", "date_of_birth")
"""The attributes a `name_dob` identifier holds, so that it is not counted beside them."""


def agree(identifier: str, others: int = 1) -> Bits:
    """
    What an agreement weighs, when `others` other accounts carry the value (term frequency). Never negative.

    `name_dob` weighs what its three attributes weigh.
    """
    if identifier == "name_dob":
        stranger, household = sum_bits([_AGREE[name] for name in PERSON])
    else:
        stranger, household = _AGREE[identifier]
    return Bits(max(0.0, stranger - log2(others)), household)


def differ(attribute: str) -> Bits:
    """What a difference weighs where both values are known. Never positive."""
    return _DIFFER[attribute]


def sum_bits(bits: list[Bits]) -> Bits:
    """Weights of independent observations add up."""
    return Bits(sum(each.stranger for each in bits), sum(each.household for each in bits))


def probability(total: Bits) -> float:
    """P(one person) from total weights, prior included."""
    return 1.0 / (1.0 + exp2(-total.stranger) + exp2(-total.household))
