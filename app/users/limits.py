"""Every number of signing in: value, unit, reason, source."""

from __future__ import annotations

from typing import Final

SHORTEST_PASSWORD: Final = 12
"""Characters. NIST SP 800-63B-4, 3.1.1.2, asks for 15 alone and 8 beside a second factor, which there always is; more is
safer."""
LONGEST_PASSWORD: Final = 128
"""Characters. NIST asks to take 64 at least; ASVS 6.2.9 the same; a limit keeps hashing cheap."""
IDLE_MS: Final = 1_800_000
"""A session nobody used for 30 minutes is over: NIST SP 800-63B-4, 2.2.3 (AAL2: an hour at most), halved, since what is
seen is other people's data."""
ABSOLUTE_MS: Final = 43_200_000
"""No session is longer than 12 hours, a shift and its handover; NIST allows 24 (AAL2)."""
SEEN_EVERY_MS: Final = 60_000
"""That a session is used is written down once a minute, not at every page: it ends up to a minute early."""
LINK_LIFE_MS: Final = 86_400_000
"""An enrolment link is good for 24 hours: the contract; and NIST SP 800-63B-4, 4.1.2.1, for codes sent by mail."""
TICKET_LIFE_MS: Final = 300_000
"""Between password and second factor: five minutes, time to find the telephone."""
RECOVERY_CODES: Final = 10
"""As many as the large services give; each works once."""
RECOVERY_LETTERS: Final = 12
"""Of 31 each: 59 bits; NIST SP 800-63B-4, 3.1.2.1, asks for 20 where tries are limited, as they are."""
TRIES_BEFORE_WAITING: Final = 5
"""Wrong passwords or codes of one account before the next has to wait."""
WAITS_MS: Final = (30_000, 60_000, 120_000, 300_000, 600_000, 900_000)
"""How long after each further one, the last for all that follow: growing to 15 minutes, so that a stranger who locks
somebody out does not do it for a day, and guesses about a hundred times a day (NIST SP 800-63B-4, 3.2.2)."""
ADDRESS_TRIES_BEFORE_WAITING: Final = 30
"""Of one network address, whichever accounts: an office has many people behind one address, and they mistype."""
DEVICE_LIFE_MS: Final = 7_776_000_000
"""A browser is known for 90 days after its last sign-in: whoever works here comes back sooner, holidays included."""
DEVICE_USERS: Final = 8
"""Who signed in last with one browser: a desk shared by shifts. The cookie stays far below the 4 KB browsers keep."""
FORGET_MS: Final = 86_400_000
"""Wrong tries a day old count no more."""
SECOND_WAIT_MS: Final = 259_200_000
"""What is asked for somebody who approves, and nobody seconds, may go ahead after 72 hours: they have worked a day in
between, since Friday evening leads to Monday evening. Emergency access in password managers waits the same way."""
REQUEST_LIFE_MS: Final = 604_800_000
"""After a week it is over: four days in which it may go ahead by itself, with a weekend among them."""
PASSKEYS_PER_USER: Final = 10
HASHING_AT_ONCE: Final = 2
"""Passwords hashed at the same time by one process: each takes 64 MiB."""


def wait_ms(tries: int, free: int) -> int:
    """How long after so many wrong tries the next has to wait, when `free` of them cost nothing."""
    return 0 if tries < free else WAITS_MS[min(tries - free, len(WAITS_MS) - 1)]
