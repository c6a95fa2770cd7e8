"""What can go wrong with the service's own keys and content: NoKey, VaultBroken. A bad token is None, never an error.

And what a browser says of a passkey, where it does not hold: PasskeyRefused.
"""

from __future__ import annotations


class NoKey(Exception):
    """There is no key to sign with: none is active, or the one named has ended or was removed."""


class VaultBroken(Exception):
    """The content was not sealed by these secrets for this place, or was changed since. Nothing about it is told."""


class PasskeyRefused(Exception):
    """No answer of a passkey for this site and challenge, by a verified user. Why is for a log, never for a page."""
