"""Amounts of money in minor units, told with as many digits as their currency has."""

from __future__ import annotations

from typing import Final

USUAL_DIGITS: Final = 2
_OTHER_DIGITS: Final = {
    **dict.fromkeys(
        ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
         "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}  # fmt: skip
"""Source: ISO 4217."""


def minor_digits(currency: str) -> int:
    """Digits after the point: 2 of EUR, 0 of JPY, 3 of KWD."""
    return _OTHER_DIGITS.get(currency, USUAL_DIGITS)


def decimal(minor: int, currency: str) -> str:
    """`-1234.50`: minor units as a decimal number, exact, without grouping."""
    digits = minor_digits(currency)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}" + (f".{part:0{digits}d}" if digits else "")


def amount(minor: int, currency: str) -> str:
    """`1,234.50 EUR`."""
    whole, point, part = decimal(abs(minor), currency).partition(".")
    return f"{'-' if minor < 0 else ''}{int(whole):,}{point}{part} {currency}"
