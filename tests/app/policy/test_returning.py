"""A member is sent back only below an address of the list, as browsers and servers read it."""

from __future__ import annotations

import pytest

from app.policy.file import PolicyRefused, parse
from app.policy.returning import is_allowed

LIST = ("https://shop.example/points/", "http://localhost:8000/")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/points/",
        "https://shop.example:443/points/42?from=mail&x=%20",
        "https://SHOP.example/points/a/b#top",
        "http://localhost:8000/anything",
    ],
)
def test_what_is_below_an_entry_is_allowed(url):
    assert is_allowed(url, LIST)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://shop.example/pointsless",
        "https://shop.example/points",
        "https://shop.example.evil.example/points/",
        "https://evil.example/points/",
        "https://shop.example@evil.example/points/",
        "https://evil.example\\@shop.example/points/",
        "https://shop.example/points/../admin",
        "https://shop.example/points/%2e%2e/admin",
        "https://shop.example/points/%252e%252e/admin",
        "https://shop.example/points/..%2fadmin",
        "https://shop.example/points/%5c..",
        "http://shop.example/points/",
        "https://shop.example:8443/points/",
        "//shop.example/points/",
        "javascript:alert(1)//shop.example/points/",
        "data:text/html,https://shop.example/points/",
        " https://shop.example/points/",
        "https://shop.example/points/\r\nLocation: https://evil.example",
        "https://shop.example/points/é",
        "https://shop.example:x/points/",
        "https://[/points/",
        "https://shop.example/points/" + "a" * 2_000,
    ],
)
def test_everything_else_is_not(url):
    assert not is_allowed(url, LIST)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/points",
        "http://shop.example/",
        "shop.example",
        "https://shop.example/?a=b",
        "https://u@shop.example/",
        "https://shop.example/a/../",
    ],
)
def test_an_entry_that_could_be_read_two_ways_is_refused(url):
    with pytest.raises(PolicyRefused, match=r"step_up\.return_urls"):
        parse(f'name = "x"\n[step_up]\nreturn_urls = ["{url}"]\n')


def test_a_challenge_needs_a_method_and_none_twice():
    for methods in ("[]", '["totp", "totp"]'):
        with pytest.raises(PolicyRefused, match=r"step_up\.methods"):
            parse(f'name = "x"\n[step_up]\nmethods = {methods}\n')
