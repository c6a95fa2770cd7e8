"""One telephone, one spelling: E.164."""

from __future__ import annotations

from functools import lru_cache

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    parse,
)


@lru_cache(maxsize=4096)
def canonical_phone(text: str, region: str | None) -> str | None:
    """
    The number in E.164, without its extension; None where no such number can exist.

    Args:
        text: As the member typed it.
        region: ISO 3166-1 alpha-2 country of a number without a country code; None refuses such numbers.

    Possible is enough: number ranges open every month, so `valid` would refuse real members of a new range.
    """
    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return format_number(number, PhoneNumberFormat.E164)
