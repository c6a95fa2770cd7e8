"""What a profile identifies a person by: four canonical identifiers and four comparable attributes.

Plaintext, and only inside this process: the service hashes each with a programme's key before it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from detectors.event import Profile
from detectors.identity.address import canonical_address
from detectors.identity.birth import canonical_birth
from detectors.identity.email import canonical_email
from detectors.identity.name import canonical_family, canonical_given
from detectors.identity.phone import canonical_phone


class Attributes(NamedTuple):
    """Canonical plaintext of the fields of `snapshot.Traits`, in its order. Empty where unknown."""

    given_name: str = ""
    family_name: str = ""
    date_of_birth: str = ""
    address: str = ""


def identifiers(profile: Profile, region: str | None) -> Mapping[str, str]:
    """
    The identifiers present and valid: key (`email`, `phone`, `address`, `name_dob`) → canonical plaintext.

    Args:
        profile: As received.
        region: ISO 3166-1 alpha-2 country of the programme, for profiles that name none.

    In `name_dob` the two names stand in alphabetical order: swapped fields are a common slip, and
    few pairs of people differ only in which of two names comes first.
    """
    found: dict[str, str] = {}
    if profile.email and (email := canonical_email(profile.email)):
        found["email"] = email
    if profile.phone and (phone := canonical_phone(profile.phone, profile.country or region)):
        found["phone"] = phone
    known = attributes(profile, region)
    if known.address:
        found["address"] = known.address
    if known.given_name and known.family_name and known.date_of_birth:
        first, second = sorted((known.given_name, known.family_name))
        found["name_dob"] = f"{first}|{second}|{known.date_of_birth}"
    return found


def attributes(profile: Profile, region: str | None) -> Attributes:
    """The canonical attributes two accounts can agree or differ in. Arguments as in `identifiers`."""
    return Attributes(
        (canonical_given(profile.given_name) if profile.given_name else None) or "",
        (canonical_family(profile.family_name) if profile.family_name else None) or "",
        (canonical_birth(profile.date_of_birth) if profile.date_of_birth else None) or "",
        canonical_address(profile.street, profile.postcode, profile.city, profile.country or region) or "",
    )
