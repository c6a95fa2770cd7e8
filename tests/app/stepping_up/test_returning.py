"""The way back: what came of it is appended, once, and nothing else of the address changes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.returning import PLAIN, is_allowed
from app.stepping_up.returning import returned

NAME = "chl_" + "0" * 33


@pytest.mark.parametrize(
    ("address", "back"),
    [
        ("https://shop.example/p/", "https://shop.example/p/?challenge_id=c&status=open"),
        (
            "https://shop.example/p/x?a=1&a=2#top",
            "https://shop.example/p/x?a=1&a=2&challenge_id=c&status=open#top",
        ),
        (
            "https://shop.example/p/?status=passed&%73tatus=passed&b",
            "https://shop.example/p/?b&challenge_id=c&status=open",
        ),
        ("/redeem", "/redeem?challenge_id=c&status=open"),
    ],
)
def test_what_came_of_it_takes_the_place_of_whatever_was_said(address, back):
    assert returned(address, "c", "open") == back


@given(st.from_regex(PLAIN, fullmatch=True).map(lambda rest: f"https://shop.example/p/{rest}"))
def test_the_way_back_leads_where_the_list_allows(address):
    """Whatever is allowed stays allowed, and says one status."""
    if not is_allowed(address, ["https://shop.example/p/"]):
        return
    back = returned(address, NAME, "passed")
    assert is_allowed(back, ["https://shop.example/p/"])
    said = parse_qs(urlsplit(back).query, keep_blank_values=True)
    assert (said["status"], said["challenge_id"]) == (["passed"], [NAME])
