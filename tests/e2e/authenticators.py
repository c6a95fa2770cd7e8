"""Chromium with an authenticator of its own, at a programme it takes for `localhost`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from benchmarks.installation import Installation
from tests.e2e.browser import CHROMIUM
from tests.e2e.rewards import database
from tests.e2e.test_passkeys import Member

DAYS_4_MS = 4 * 86_400_000
"""Longer than the 72 hours in which a passkey proves nothing here."""


@contextmanager
def chromium(house: Installation) -> Iterator[Browser]:
    """To which `localhost` is the installation, and a shop of its own another host."""
    where = urlsplit(house.address).netloc
    with sync_playwright() as playwright:
        rules = f"--host-resolver-rules=MAP localhost {where}"
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
        yield launched
        launched.close()


def let_passkeys_age(house: Installation) -> None:
    """As if all of them had been made four days ago."""
    with database(house) as connection:
        connection.execute(
            "UPDATE passkeys SET made_ms = made_ms - ?, rests_until_ms = rests_until_ms - ?",
            (DAYS_4_MS, DAYS_4_MS),
        )


New = Callable[..., Member]
Options = dict[str, Any]
