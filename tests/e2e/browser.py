"""Chromium as members have it, and everything it did: requests, console, errors, what the policy stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

CHROMIUM: Final = "/usr/bin/chromium"
PHONE: Final = {"width": 390, "height": 844}
"""CSS pixels of a common telephone."""


class Seen(NamedTuple):
    """A page, and what it did beside showing itself."""

    page: Page
    requests: list[Request]
    complaints: list[str]

    def nothing_is_wrong(self, token: str | None = None) -> None:
        """No complaint, no other origin, no Referer, and the token in no address that was asked for."""
        assert self.complaints == []
        assert len({urlsplit(request.url).netloc for request in self.requests}) == 1
        for request in self.requests:
            assert not request.headers.get("referer")
            assert token is None or token not in urldefrag(request.url).url


Open = Callable[..., Seen]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests of a file; with a session's, the loop that Playwright runs would stand in others' way."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """A function that opens a window of its own, without cookies, from an address of its own."""
    contexts = []

    def window(comes_from: str, **options: Any) -> Seen:
        context = browser.new_context(
            **({"locale": "en-GB"} | options), extra_http_headers={"X-Forwarded-For": comes_from}
        )
        contexts.append(context)
        context.add_init_script(
            "addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective))"
        )
        seen = Seen(context.new_page(), [], [])
        context.on("request", lambda request: seen.requests.append(request))  # noqa: PLW0108 - it cannot be a builtin
        context.on("console", lambda told: _complain(seen, told.type, told.text))
        context.on("weberror", lambda error: seen.complaints.append(str(error.error)))
        return seen

    yield window
    for context in contexts:
        context.close()


def _complain(seen: Seen, kind: str, text: str) -> None:
    """A page whose status says that something went wrong is told of as an error, and is none."""
    if kind in {"error", "warning"} and "the server responded with a status of" not in text:
        seen.complaints.append(f"{kind}: {text}")
