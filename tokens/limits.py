"""Every number of a one-time token and its codes: value, unit, reason, source. Pure functions of counts only.

Sources: [800-63B] NIST SP 800-63B-4; [ASVS] OWASP ASVS 5.0; [6238] RFC 6238; [20022-6] NIST SP 800-38D.
"""

from __future__ import annotations

from typing import Final

SHORTEST_LIFE_S: Final = 300
"""Seconds. A mail alone may take minutes."""
LONGEST_LIFE_S: Final = 1_209_600
"""Seconds: 14 days. The server's daily keys are destroyed soon after, so nothing may need them longer."""
USUAL_LIFE_S: Final = 259_200
"""Seconds: 72 h. A weekend away from the mailbox."""
BACKDATED_S: Final = 5
"""Seconds an issue time is put back, so that a reader whose clock is behind does not call it early."""
SKEW_S: Final = 30
"""Seconds by which two honest clocks may differ when a token's own times are read."""

CODE_DIGITS: Final = 6
"""A guess at a delivered code is right once in 10^6; ten a token: 1 in 10^5 ([800-63B] 3.1.3.2)."""
HIGH_VALUE_CODE_DIGITS: Final = 8
"""From the policy's high value on: ten guesses are right once in 10^7."""
CODE_LIFE_S: Final = 300
"""Seconds a delivered code is good for: within the 10 minutes of [800-63B] 3.1.3.2."""
TRIES_PER_CHALLENGE: Final = 5
"""Then a new code must be asked for."""
TRIES_PER_SUBJECT: Final = 10
"""For life, over all sessions, addresses and codes: then it is frozen, for a new code never resets it."""
TRIES_PER_CLIENT: Final = 5
"""Fails of one client at one subject, before it must wait."""
CLIENT_WAIT_S: Final = 900
"""Seconds such a client waits; others, the member among them, do not."""
TRIES_PER_ACCOUNT_DAY: Final = 30
"""Over all of an account's tokens and challenges in 24 h."""
FAILS_PER_AUTHENTICATOR: Final = 100
"""Consecutive: then it is disabled and must be enrolled anew ([800-63B] 3.2.2)."""
LONGEST_BACKOFF_S: Final = 60
"""Seconds between two tries at one challenge, at most."""
SENDS_PER_SUBJECT: Final = 5
SENDS_PER_HOUR: Final = 3
"""Codes sent for one subject: for life and in any hour. Resending costs the programme money and the member peace."""
SENDS_PER_RECIPIENT_DAY: Final = 10
"""Codes sent to one number or mailbox in 24 h, whoever asks: nobody's phone is a weapon against them."""
RESEND_AFTER_S: Final = (60, 120, 300)
"""Seconds until the next code after the first, second and any later one."""
VERIFIED_FOR_S: Final = 120
"""Seconds a passed code may wait for the redemption it was asked for."""

TOTP_STEP_S: Final = 30
TOTP_WINDOW: Final = 1
"""Steps to either side that are read too ([6238] 5.2): with one, 3 codes of 10^6 are right."""
TOTP_SEED_BYTES: Final = 20
"""160 bits ([RFC 4226] R6 recommends it)."""
AUTHENTICATOR_REST_S: Final = 259_200
"""Seconds: 72 h in which a replaced authenticator proves nothing; a thief's first act is to enrol his own."""
PASSKEYS_PER_ACCOUNT: Final = 10
"""Live ones: every device of a household, and a key in the drawer."""
PASSKEY_LINK_SHORTEST_S: Final = 900
PASSKEY_LINK_LONGEST_S: Final = 86_400
"""Seconds an enrolment link lives: 15 minutes for a member who is there, 24 h for one who fetches their telephone."""

SESSION_S: Final = 900
"""Seconds between "Continue" and the reward in the browser."""
REPLAY_S: Final = 600
"""Seconds in which a lost answer is given again, to the same caller only."""
CALL_KEPT_S: Final = 86_400
"""Seconds an Idempotency-Key is remembered: 24 h, the contract's."""
ROWS_PER_BULK: Final = 10_000

SIGNING_KEY_LIFE_S: Final = 30 * 86_400
SIGNING_KEY_KEPT_S: Final = LONGEST_LIFE_S + 3_600
"""Seconds a replaced signing key still verifies: the longest token's life and an hour."""
SIGNING_KEYS_MOST: Final = 3
"""Keys tried at most ([ASVS] 11: and itsdangerous tries every one)."""
SIGNING_KEY_WAITS_S: Final = 60
"""Seconds a new signing key is only verified with, so that every process knows it before a token needs it."""
VAULT_KEY_KEPT_S: Final = 15 * 86_400
"""Seconds after its day's beginning when a daily server key is destroyed, and with it every copy of what it sealed."""


def wait_before_try_s(fails: int) -> int:
    """Seconds to wait after so many fails at one challenge: 0, 0, 1, 2, 4 … 60. A slip of the thumb costs nothing."""
    return min(1 << fails >> 2, LONGEST_BACKOFF_S)


def wait_before_resend_s(sends: int) -> int:
    """Seconds to wait after so many codes were sent for one subject."""
    return 0 if sends < 1 else RESEND_AFTER_S[min(sends, len(RESEND_AFTER_S)) - 1]
